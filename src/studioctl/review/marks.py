"""Weigh each entry of a reviewed plan by its importance to people."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from studioctl.catalog.kinds import KINDS, POLICY, PROFILE, SPACE
from studioctl.config.checks import LONGEST_IDLE
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location
from studioctl.infrastructure.naming import label
from studioctl.review.causes import IDLE, LIMITS, plain, says
from studioctl.review.entry import WEIGHTS, Weight
from studioctl.review.facts import Facts
from studioctl.review.met import Touch
from studioctl.terraform.plan import AttributeChange, ResourceChange

STATEMENTS = ("iam", "extra_statements")
# What holds people's data, and what a plan that destroys it says.
LOST = {kind.type: kind.lost for kind in KINDS.values() if kind.lost or kind.store}


@dataclass(frozen=True)
class Part:
    """A resource that an entry concerns, with those of its attributes that belong to it."""

    change: ResourceChange
    attributes: tuple[AttributeChange, ...] = ()


Parts = Sequence[Part]


def weights(key: Location, parts: Parts, facts: Facts, touched: Touch | None) -> tuple[Weight, ...]:
    """The weights of an entry, with the reasons: the heaviest first, each once."""
    return tuple(dict.fromkeys(sorted(_weights(key, parts, facts, touched), key=WEIGHTS.index)))


def _weights(key: Location, parts: Parts, facts: Facts, touched: Touch | None) -> Iterator[Weight]:
    changes = [part.change for part in parts]
    if lost := [change for change in changes if is_lost(change, facts)]:
        yield "deleted" if all(KINDS[change.type].renewable for change in lost) else "lost"
    elif any(c.action == "replace" and not c.is_unfinished and c.type not in REMADE for c in changes):
        yield "replaced"
    if deletes_older(key, parts):
        yield "lost"
    if touched and not touched.is_harmless:
        yield "interrupts"
    if not facts.is_new:
        yield from _marked(key, parts, facts)
    if all(change.action == "delete" for change in changes):
        yield "removed"
    else:
        yield "created" if all(_is_new(part) for part in parts) else "changed"


def is_lost(change: ResourceChange, facts: Facts) -> bool:
    """Whether it holds something of somebody's, as far as is known, and is destroyed."""
    return change.type in LOST and change.destroys and not change.is_unfinished and not facts.holds_nothing(change)


def leaves_with_spaces(changes: Collection[ResourceChange], facts: Facts) -> bool:
    """Whether a user goes while spaces with files do: those of the user go too."""
    left = {change.label for change in changes if change.type == PROFILE and change.action == "delete"}
    if not left:
        return False
    gone = [it for it in facts.summary.changes if it.type == SPACE and it.action == "delete" and is_lost(it, facts)]
    if facts.now is None:
        return bool(gone)
    owners = {label(space): label(owner) for space, owner in facts.now.owners.items()}
    return any(owners.get(change.label, "") in left for change in gone)


def _marked(key: Location, parts: Parts, facts: Facts) -> Iterator[Weight]:
    """The marks of changes that matter, although they stop nobody."""
    if key == ("storage", "versioning") and not facts.config.storage.versioning:
        yield "unprotected"
    if _takes(key, parts, facts) or leaves_with_spaces([part.change for part in parts], facts):
        yield "takes"
    if _widens(key, parts, facts):
        yield "widens"
    if any(plain(a.path) == IDLE and a.after == LONGEST_IDLE for part in parts for a in part.attributes):
        yield "costs"


def _takes(key: Location, parts: Parts, facts: Facts) -> bool:
    """Whether people can no longer do or reach what they could."""
    config = facts.config
    less: Mapping[Location, bool] = {
        ("network", "access"): loses_docker_hub(facts) or not has_internet(config),
        ("network", "internet"): not has_internet(config),
        ("studio", "docker"): not config.studio.docker,
        ("studio", "remote_access"): not config.studio.remote_access,
        ("iam", "per_user_roles"): config.iam.per_user_roles,
        ("iam", "permissions"): config.iam.permissions == "scoped",
        ("storage", "extra_buckets"): bool(buckets(parts)[0]),
        ("images", "immutable_tags"): config.images.immutable_tags,
        STATEMENTS: "Allow" in statements(parts, config)[0] or "Deny" in statements(parts, config)[1],
        **{("limits", name): _begins(name, parts, config) for name in LIMITS},
    }
    if key[:1] == ("users",) and key[-1] == "push_images":
        return not config.users[int(key[1])].push_images
    return less.get(key, False)


def has_internet(config: EnvironmentConfig) -> bool:
    """Whether editors reach the internet."""
    return config.network.access == "public" or config.network.internet == "nat"


def loses_docker_hub(facts: Facts) -> bool:
    """Whether Docker reached every registry before, and from now on ECR alone."""
    studio = facts.config.studio
    return facts.opens_or_closes and facts.config.network.is_closed and studio.docker and not studio.rootless_docker


def _widens(key: Location, parts: Parts, facts: Facts) -> bool:
    """Whether people may do or reach more than before."""
    config = facts.config
    more: Mapping[Location, bool] = {
        ("iam", "permissions"): config.iam.permissions == "managed",
        ("iam", "per_user_roles"): not config.iam.per_user_roles,
        STATEMENTS: "Allow" in statements(parts, config)[1] or "Deny" in statements(parts, config)[0],
        **{("limits", name): getattr(config.limits, name) is None for name in LIMITS},
        ("iam", "permissions_boundary"): config.iam.permissions_boundary is None,
        ("studio", "remote_access"): config.studio.remote_access,
        ("storage", "extra_buckets"): bool(buckets(parts)[1] & set(config.storage.extra_buckets)),
    }
    if key[:1] == ("users",) and key[-1] == "push_images":
        return config.users[int(key[1])].push_images
    return more.get(key, False)


def statements(parts: Parts, config: EnvironmentConfig) -> tuple[set[str], set[str]]:
    """The effects of people's own statements that go, and of those that come: "Allow", "Deny".

    A statement that is changed counts as a new allowance, or as a denial that is less.
    """
    gone: set[str] = set()
    new: set[str] = set()
    for part in parts:
        if part.change.action == "create":
            new |= {it.effect for it in config.iam.extra_statements}
        for attribute in part.attributes:
            found = _STATEMENT.match(attribute.path)
            if found is None or not found["inside"]:
                gone |= _effects(attribute.before) - _effects(attribute.after)
                new |= _effects(attribute.after) - _effects(attribute.before)
            elif found["inside"].lower() == ".effect":
                gone.add(str(attribute.before or "Allow"))
                new.add(str(attribute.after or "Allow"))
            elif (number := int(found["number"])) < len(config.iam.extra_statements):
                effect = config.iam.extra_statements[number].effect
                (gone if effect == "Deny" else new).add(effect)
    return gone, new


_STATEMENT = re.compile(r"policy\.statement\[(?P<number>\d+)\](?P<inside>.*)", re.IGNORECASE)
_EFFECT = re.compile(r"""["']effect["']: *["'](Allow|Deny)["']""", re.IGNORECASE)


def _effects(text: object) -> set[str]:
    """The effects of the statements in a policy, or of one; Terraform leaves out that of an allowance."""
    if not text:
        return set()
    said = set(_EFFECT.findall(str(text)))
    return said or {"Allow"}


def _begins(name: str, parts: Parts, config: EnvironmentConfig) -> bool:
    """Whether a limit was not there before."""
    policies = [part for part in parts if part.change.type == POLICY]
    came = any(part.change.action == "create" or _comes(LIMITS[name], part.attributes) for part in policies)
    return came and getattr(config.limits, name) is not None


def _comes(sid: str, attributes: Sequence[AttributeChange]) -> bool:
    return any(says(sid, a.after) for a in attributes) and not any(says(sid, a.before) for a in attributes)


def buckets(parts: Parts) -> tuple[set[str], set[str]]:
    """The buckets that policies no longer name, and those that they name anew."""
    texts = [(str(a.before), str(a.after)) for part in parts for a in part.attributes if not a.unknown]
    before, after = ({name for pair in texts for name in _BUCKET.findall(pair[side])} for side in (0, 1))
    return before - after, after - before


_BUCKET = re.compile(r":s3:::([a-z0-9][a-z0-9.-]+)")


def _is_new(part: Part) -> bool:
    """Whether it is added, or taken over as it is."""
    return part.change.action == "create" or (part.change.action == "import" and not part.attributes)


# AWS cannot change these. What people have is not in them, so they are made anew.
REMADE = {kind.type for kind in KINDS.values() if kind.remade}


# A smaller value makes AWS delete what is older.
KEPT: Mapping[Location, str] = {
    ("storage", "keep_old_versions_days"): "Those that are older are deleted within days.",
    ("images", "keep_latest"): "Those that are there now and too many or too old are deleted within a day.",
    ("images", "expire_untagged_days"): "Those that are there now and too many or too old are deleted within a day.",
}


def deletes_older(key: Location, parts: Parts) -> bool:
    """Whether a smaller value makes AWS delete what is there."""
    values = [(a.before, a.after) for part in parts for a in part.attributes if not a.unknown]
    numbers = [(was, now) for was, now in values if isinstance(was, int) and isinstance(now, int)]
    return key in KEPT and any(now < was for was, now in numbers)
