"""A graph of the network in DOT that shows who reaches what. Graphviz lays it out."""

import json
from collections.abc import Iterator

from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import count
from studioctl.infrastructure import endpoints

MANY = 12  # people who have a node each; more are one node
_STYLE = """\
  graph [bgcolor="transparent", fontname="Arial", fontsize=11, pad=0.2, nodesep=0.25, ranksep=0.6];
  node [shape=box, style=rounded, fontname="Arial", fontsize=11, margin="0.24,0.08"];
  edge [fontname="Arial", fontsize=9, arrowsize=0.7];"""

# Arrows end at the border of a part, so that none crosses its title.
_STANDING = "  graph [rankdir=TB, ranksep=0.3, labeljust=l, compound=true];"

_GAP = "\N{NO-BREAK SPACE}" * 2  # between a title and the rounded corner


def dot(config: EnvironmentConfig) -> str:
    """The graph of an environment, from left to right."""
    parts = (*_people(config), *_network(config), *_spaces_on(config), *_services(config))
    return "\n".join(["digraph environment {", "  rankdir=LR;", _STYLE, *parts, "}"])


def standing(config: EnvironmentConfig) -> str:
    """The same from top to bottom, so narrow that a telephone shows it in a size in which it can be read."""
    parts = (*_people_with_spaces(config), *_network(config), *_services(config, below_each_other=True))
    return "\n".join(["digraph environment {", _STYLE, _STANDING, *parts, "}"])


def in_words(config: EnvironmentConfig) -> str:
    """The same as a sentence."""
    return (
        f"{count(len(config.users), 'user')} with {count(len(config.resolved_spaces()), 'space')}. {way_out(config)}."
    )


def way_out(config: EnvironmentConfig) -> str:
    """The way in which apps reach AWS and the internet."""
    network = config.network
    if not network.is_closed:
        homes = ", and home directories through the VPC" if config.studio.home_file_system else ""
        return f"Apps reach AWS and the internet through SageMaker's own network{homes}; only Studio connects to them"
    ways = len(endpoints.interfaces(config))
    private = f"AWS through {count(ways, 'private endpoint')} and S3's gateway" if ways else "S3 through a gateway"
    if network.vpc is not None:
        private = "AWS through the VPC, which somebody else looks after"
    outside = "the internet through a NAT gateway" if network.internet == "nat" else "no internet"
    return f"All traffic of apps stays in the VPC: they reach {private}, and {outside}"


def _people(config: EnvironmentConfig) -> Iterator[str]:
    yield '  subgraph cluster_people { label="People"; style="rounded";'
    if len(config.users) > MANY:
        yield f"    people [label={_text(count(len(config.users), 'user'))}];"
    else:
        yield from (f"    user_{number} [label={_text(user.name)}];" for number, user in enumerate(config.users))
    yield "  }"
    yield '  subgraph cluster_spaces { label="Spaces"; style="rounded";'
    if len(config.users) > MANY:
        yield f"    spaces [label={_text(count(len(config.resolved_spaces()), 'space'))}];"
        yield "  }"
        yield "  people -> spaces;"
        return
    numbers = {user.name: number for number, user in enumerate(config.users)}
    for index, space in enumerate(config.resolved_spaces()):
        label = f"{space.name}\n{space.instance_type}, {space.volume_gb} GB"
        yield f"    space_{index} [label={_text(label)}];"
    yield "  }"
    for index, space in enumerate(config.resolved_spaces()):
        yield f"  user_{numbers[space.owner]} -> space_{index};"


def _network(config: EnvironmentConfig) -> Iterator[str]:
    network = config.network
    if not network.is_closed:
        yield '  way [label="SageMaker\'s network", style="rounded,dashed"];'
        yield '  internet [label="Internet", shape=ellipse];'
        yield "  way -> internet;"
        if _reaches_homes_apart(config):
            yield '  vpc [label="VPC"];'
    else:
        place = network.vpc.id if network.vpc else f"VPC {network.cidr}, {count(network.availability_zones, 'zone')}"
        yield f'  subgraph cluster_vpc {{ label={_text(f"{_GAP}{place}{_GAP}")}; style="rounded";'
        yield '    way [label="Private subnets"];'
        if network.internet == "nat" and network.vpc is None:
            yield '    nat [label="NAT gateway"];'
        if ways := len(endpoints.interfaces(config)):
            yield f"    endpoints [label={_text(count(ways, 'private endpoint'))}];"
        yield "  }"
        if network.internet == "nat" and network.vpc is None:
            yield '  internet [label="Internet", shape=ellipse];'
            yield "  way -> nat -> internet;"
        if endpoints.interfaces(config):
            yield "  way -> endpoints;"


def _spaces_on(config: EnvironmentConfig) -> Iterator[str]:
    many = len(config.users) > MANY
    spaces = ["spaces"] if many else [f"space_{index}" for index, _ in enumerate(config.resolved_spaces())]
    ways = ["way", "vpc"] if _reaches_homes_apart(config) else ["way"]
    yield from (f"  {space} -> {way};" for way in ways for space in spaces)


def _people_with_spaces(config: EnvironmentConfig) -> Iterator[str]:
    """A node for each user, below each other."""
    of_user: dict[str, list[str]] = {user.name: [user.name] for user in config.users}
    for space in config.resolved_spaces():
        of_user[space.owner] += [space.name, f"{space.instance_type}, {space.volume_gb} GB"]
    told = ["\n".join(lines) for lines in of_user.values()]
    if len(told) > MANY:
        told = [f"{count(len(config.users), 'user')}\n{count(len(config.resolved_spaces()), 'space')}"]
    yield f'  subgraph cluster_people {{ label="{_GAP}People and their spaces"; style="rounded";'
    yield from (f"    user_{number} [label={_text(label)}];" for number, label in enumerate(told))
    yield from _below_each_other("user", len(told))
    yield "  }"
    into = ", lhead=cluster_vpc" if config.network.is_closed else ""
    for way in ["way", "vpc"] if _reaches_homes_apart(config) else ["way"]:
        yield f"  user_{len(told) - 1} -> {way} [ltail=cluster_people{into}, minlen=2];"


def _below_each_other(kind: str, number: int) -> Iterator[str]:
    yield from (f"    {kind}_{each} -> {kind}_{each + 1} [style=invis];" for each in range(number - 1))


def _services(config: EnvironmentConfig, *, below_each_other: bool = False) -> Iterator[str]:
    start = "endpoints" if endpoints.interfaces(config) else "way"
    yield '  subgraph cluster_data { label="Data in AWS"; style="rounded";'
    things = ["Data bucket", "Image repository"]
    things += ["GitHub tokens"] if config.secrets.github or any(user.github for user in config.users) else []
    things += ["KMS key"] if config.encryption.customer_key or config.encryption.key else []
    things += ["Home directories"] if config.studio.home_file_system else []
    yield from (f"    thing_{number} [label={_text(thing)}];" for number, thing in enumerate(things))
    if below_each_other:
        yield from _below_each_other("thing", len(things))
    yield "  }"
    into = " [lhead=cluster_data, minlen=2]" if below_each_other else ""
    homes = len(things) - 1
    apart = _reaches_homes_apart(config)
    last = 1 if below_each_other else len(things) - apart
    yield from (f"  {start} -> thing_{number}{into};" for number in range(last))
    if apart:
        yield f"  vpc -> thing_{homes}{' [minlen=2]' if below_each_other else ''};"


def _reaches_homes_apart(config: EnvironmentConfig) -> bool:
    """Whether apps reach home directories through the VPC, and all else through SageMaker's network."""
    return config.studio.home_file_system and not config.network.is_closed


def _text(text: str) -> str:
    """A label in DOT's grammar, whatever is in it."""
    return json.dumps(text, ensure_ascii=False)
