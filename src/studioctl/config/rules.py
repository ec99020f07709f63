"""The rules that hold between values. Each yields what breaks it, with the place that a person should look at.

They read plain data and pass over what has the wrong type, so that they can also be applied to a file in which
other things are wrong: a person is told everything at once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from studioctl.config import (
    access,
    closed_network,
    costs,
    editor_checks,
    file_systems,
    iam_checks,
    image_checks,
    limits,
    lists,
    partitions,
    people_limits,
    secrets_in_clear,
    state_access,
    tags,
    terraform,
    tuning,
)
from studioctl.config.apps import JUPYTERLAB, TYPES
from studioctl.config.editor_merge import SAME
from studioctl.config.git_checks import directory_of, is_github_user, is_repository
from studioctl.config.plain import list_in, table_in, whole_in
from studioctl.config.text import Location, Violation, count, quote

# AWS keeps five addresses of each subnet, and the home file system's mount target takes one.
# https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
TAKEN_ADDRESSES = 6
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_KernelGatewayAppSettings.html: five for a user profile.
MOST_CUSTOM_IMAGES = 5


def violations(data: Mapping[str, Any], written: Mapping[str, Any]) -> Iterator[Violation]:
    """Everything in this environment that breaks a rule.

    Args:
        data: The file as plain dicts and lists, with the defaults of its sections filled in.
        written: The same without them: what somebody has written down, and so expects to do something.
    """
    yield from secrets_in_clear.violations((), data)
    yield from _unique_users(data)
    yield from access.violations(data)
    yield from _spaces(data)
    yield from _volumes(data)
    yield from file_systems.violations(data)
    yield from _room_for_spaces(data)
    yield from closed_network.violations(data)
    yield from _below(("tags",), tags.violations(table_in(data, "tags")))
    yield from _lists(data)
    yield from _hidden_apps(data)
    yield from _buckets(data)
    yield from _below(("iam",), iam_checks.violations(table_in(data, "iam")))
    per_user_roles = table_in(data, "iam").get("per_user_roles") is True
    yield from iam_checks.of_users(list(_users(data)), per_user_roles=per_user_roles)
    yield from _encryption(data)
    yield from partitions.violations(data)
    yield from image_checks.violations(data, _users(data))
    yield from people_limits.violations(data, _users(data))
    yield from _custom_images(list_in(table_in(data, "images"), "custom"))
    yield from _state(data)
    yield from state_access.violations(data)
    yield from _names_on_github(data)
    yield from costs.violations(data)
    own_script = table_in(data, "editor").get("script") is not None
    bounds = limits.violations(table_in(data, "limits"), per_user_roles=per_user_roles, own_script=own_script)
    yield from _below(("limits",), bounds)
    yield from _below(("tuning",), tuning.violations(table_in(data, "tuning"), table_in(data, "network")))
    yield from _below(("limits",), limits.idle_keys(table_in(written, "limits")))
    yield from terraform.violations(data)
    yield from _raw_script(data)
    for place, editor in _editors(data):
        yield from _below(place, _editor(editor))


def _below(place: Location, found: Iterable[Violation]) -> Iterator[Violation]:
    for location, message in found:
        yield (*place, *location), message


def _users(data: Mapping[str, Any]) -> Iterator[tuple[Location, Mapping[str, Any], str]]:
    for index, user in enumerate(list_in(data, "users")):
        if isinstance(user, dict) and isinstance(user.get("name"), str):
            yield ("users", index), user, user["name"]


def _editors(data: Mapping[str, Any]) -> Iterator[tuple[Location, Mapping[str, Any]]]:
    yield ("editor",), table_in(data, "editor")
    for place, user, _ in _users(data):
        yield (*place, "editor"), table_in(user, "editor")


def _unique_users(data: Mapping[str, Any]) -> Iterator[Violation]:
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateUserProfile.html
    return _repeated((((*place, "name"), name) for place, _, name in _users(data)), "user")


def _repeated(named: Iterable[tuple[Location, str]], what: str) -> Iterator[Violation]:
    seen: dict[str, str] = {}
    for location, name in named:
        folded = name.casefold()
        if folded not in seen:
            seen[folded] = name
        elif seen[folded] == name:
            yield location, f"{quote(name)} is already the name of another {what}; write another name"
        else:
            yield (
                location,
                f"{quote(name)} differs from the {what} {quote(seen[folded])} only in case; write another name",
            )


def _spaces(data: Mapping[str, Any]) -> Iterator[Violation]:
    named: dict[Location, str] = {}
    owners: set[str] = set()
    for place, user, name in _users(data):
        if user.get("spaces") is None and name.casefold() not in owners:  # a user's own repetition is told already
            named[*place, "name"] = f"{name}-editor"
            if len(name) <= 63 < len(name) + len("-editor"):
                message = (
                    f'{quote(name)} leaves no room for its space "<user>-editor" in 63 characters;'
                    ' write at most 56, or name the space: spaces = [{ name = "..." }]'
                )
                yield (*place, "name"), message
        owners.add(name.casefold())
        for index, space in enumerate(list_in(user, "spaces")):
            if isinstance(space, dict) and isinstance(space.get("name"), str):
                named[*place, "spaces", index, "name"] = space["name"]
    yield from _repeated(named.items(), "space")


def _volumes(data: Mapping[str, Any]) -> Iterator[Violation]:
    most = whole_in(table_in(data, "studio"), "max_volume_gb")
    if most is None:
        return
    asked: list[tuple[Location, int | None]] = [
        (("studio", "volume_gb"), whole_in(table_in(data, "studio"), "volume_gb")),
        *(((*place, "volume_gb"), whole_in(user, "volume_gb")) for place, user, _ in _users(data)),
        *(
            ((*place, "spaces", index, "volume_gb"), whole_in(space, "volume_gb"))
            for place, user, _ in _users(data)
            for index, space in enumerate(list_in(user, "spaces"))
            if isinstance(space, dict)
        ),
    ]
    for location, size in asked:
        if size is not None and most < size <= 16_384:
            yield (
                location,
                f"{size} is above [studio] max_volume_gb, {most}; write at most {most}, or raise the maximum",
            )


def _room_for_spaces(data: Mapping[str, Any]) -> Iterator[Violation]:
    # A running app has a network interface in one of the subnets, through which it reaches the home file system.
    network, zones = table_in(data, "network"), whole_in(table_in(data, "network"), "availability_zones")
    try:
        vpc = IPv4Network(str(network.get("cidr")))
    except ValueError:
        return
    if not zones or zones < 0 or not 16 <= vpc.prefixlen <= 24 or network.get("vpc") is not None:
        return
    prefix = whole_in(network, "subnet_prefix")
    if prefix is not None and (wrong := _subnets_that_do_not_fit(vpc, prefix, zones, network)):
        yield ("network", "subnet_prefix"), wrong
        return
    ways = closed_network.endpoint_addresses(network)
    taken = TAKEN_ADDRESSES + ways
    addresses = vpc.num_addresses >> 4 if prefix is None else 1 << (32 - prefix)
    room = zones * max(addresses - taken, 0)
    spaces = sum(1 if user.get("spaces") is None else len(list_in(user, "spaces")) for _, user, _ in _users(data))
    if spaces > room:
        in_zones, for_spaces = count(zones, "zone"), count(spaces, "space")
        message = (
            f'"{vpc}" has {room} addresses in {in_zones} for {for_spaces}{", beside private endpoints" * bool(ways)}'
        )
        each = -(-spaces // zones) + taken  # what a subnet needs
        lengths = range(max(vpc.prefixlen - 4, 16), 15, -1) if prefix is None and vpc.prefixlen > 16 else ()
        wide = [length for length in lengths if 1 << 28 - length >= each]
        if wide:
            larger = vpc.supernet(new_prefix=wide[0])
            yield ("network", "cidr"), f'{message}; write a larger range, such as "{larger}"'
            return
        place = "cidr" if prefix is None else "subnet_prefix"
        yield ("network", place), f"{message}; {_larger_subnets(vpc, each, zones, network)}"


def _larger_subnets(vpc: IPv4Network, each: int, zones: int, network: Mapping[str, Any]) -> str:
    """The way out where no larger VPC gives each zone as many addresses: AWS has none above /16."""
    prefix = 32 - (each - 1).bit_length()
    if prefix < 17 or _subnets_that_do_not_fit(vpc, prefix, zones, network):
        return "divide the people among several environments"
    return f"write subnet_prefix = {prefix}" if network.get("subnet_prefix") is None else f"write {prefix}"


def _subnets_that_do_not_fit(vpc: IPv4Network, prefix: int, zones: int, network: Mapping[str, Any]) -> str | None:
    # A NAT gateway has a small subnet at the end of the VPC's range.
    subnets = zones + (network.get("access") == "vpc-only" and network.get("internet") == "nat")
    if 17 <= prefix <= 28 and vpc.num_addresses < subnets << (32 - prefix):
        least = vpc.prefixlen + (subnets - 1).bit_length()
        return f"/{prefix} is too large for {count(subnets, 'subnet')} in {vpc}; write {least} or more"
    return None


def _lists(data: Mapping[str, Any]) -> Iterator[Violation]:
    editors = list(_editors(data))
    for place, values, same in (
        (("storage", "extra_buckets"), list_in(table_in(data, "storage"), "extra_buckets"), str.casefold),
        (("studio", "hidden_apps"), list_in(table_in(data, "studio"), "hidden_apps"), str.casefold),
        (("studio", "hidden_tools"), list_in(table_in(data, "studio"), "hidden_tools"), str.casefold),
        *(
            ((*place, key), list_in(editor, key), SAME[key])
            for place, editor in editors
            for key in ("conda_packages", "tools", "extensions")
        ),
    ):
        yield from lists.repeated(place, values, same)
    # Each is cloned into a directory of its last name.
    for place, editor in editors:
        yield from _below(place, _repeated(_directories(editor), "repository's directory"))


def _hidden_apps(data: Mapping[str, Any]) -> Iterator[Violation]:
    """JupyterLab alone: no other app can be both hidden and what a space is for."""
    studio = table_in(data, "studio")
    spaces = [space for _, user, _ in _users(data) for space in list_in(user, "spaces") if isinstance(space, dict)]
    names = (space.get("name") for space in spaces if space.get("app") == JUPYTERLAB)
    first = next((name for name in names if isinstance(name, str)), None)
    if studio.get("app") == JUPYTERLAB:
        message = "is the app of [studio], whose spaces nobody would find in Studio; delete it"
    elif first is not None:
        message = f"is the app of the space {quote(first)}, which nobody would find in Studio; delete it"
    else:
        return
    for index, hidden in enumerate(list_in(studio, "hidden_apps")):
        if hidden == TYPES[JUPYTERLAB]:
            yield ("studio", "hidden_apps", index), message


def _directories(editor: Mapping[str, Any]) -> Iterator[tuple[Location, str]]:
    return (
        (("repositories", index), directory_of(url))
        for index, url in enumerate(list_in(editor, "repositories"))
        if isinstance(url, str) and is_repository(url)
    )


def _buckets(data: Mapping[str, Any]) -> Iterator[Violation]:
    storage = table_in(data, "storage")
    bucket = storage.get("bucket")
    if bucket is None:
        return
    for index, extra in enumerate(list_in(storage, "extra_buckets")):
        if extra == bucket:
            yield ("storage", "extra_buckets", index), "is [storage] bucket, which the role may use anyway; delete it"
    if storage.get("access_logs") == bucket:
        yield (
            ("storage", "access_logs"),
            "is [storage] bucket, and each log would be logged in turn; write another bucket",
        )


def _encryption(data: Mapping[str, Any]) -> Iterator[Violation]:
    encryption, region = table_in(data, "encryption"), data.get("region")
    key = encryption.get("key")
    if not isinstance(key, str):
        return
    if encryption.get("customer_key") is True:
        yield ("encryption", "key"), "and customer_key = true are two keys; delete one of the lines"
    place = key.split(":")[3:4]
    if place and isinstance(region, str) and place != [region]:
        yield (
            ("encryption", "key"),
            f"is a key of {place[0]}, and the environment is in {region}; write one of {region}",
        )


def _custom_images(images: Sequence[Any]) -> Iterator[Violation]:
    yield from lists.too_long(("images", "custom"), images, MOST_CUSTOM_IMAGES, "a user profile")
    places = [(("images", "custom", index), image) for index, image in enumerate(images) if isinstance(image, dict)]
    named = [((*place, "name"), image["name"]) for place, image in places if isinstance(image.get("name"), str)]
    yield from _repeated(named, "image")
    seen: set[str] = set()
    for place, image in places:
        apps, digest = list_in(image, "apps"), image.get("digest")
        if image.get("entrypoint") and len(set(map(str, apps))) > 1:
            yield (*place, "entrypoint"), "starts one app, and the image is for two; delete it, or name one app in apps"
        if isinstance(digest, str) and digest in seen:
            yield (*place, "digest"), "is the digest of another entry; delete one of the two entries"
        elif isinstance(digest, str):
            seen.add(digest)


def _state(data: Mapping[str, Any]) -> Iterator[Violation]:
    state = table_in(data, "state")
    if state.get("backend") != "local":
        return
    for key in ("bucket", "key", "region"):
        if state.get(key) is not None:
            yield ("state", key), 'belongs to the backend "s3"; write backend = "s3", or delete this line'


def _names_on_github(data: Mapping[str, Any]) -> Iterator[Violation]:
    wanted: list[tuple[Location, Mapping[str, Any]]] = [
        (("secrets", "github"), table_in(table_in(data, "secrets"), "github"))
    ]
    wanted += [((*place, "github"), table_in(user, "github")) for place, user, _ in _users(data)]
    for place, github in wanted:
        name = github.get("username")
        if isinstance(name, str) and github.get("host", "github.com") == "github.com" and not is_github_user(name):
            words = "is not a GitHub user name; write the name in github.com/<name>, or the host that it is of: host ="
            yield (*place, "username"), f'{quote(name)} {words} "..."'


def _raw_script(data: Mapping[str, Any]) -> Iterator[Violation]:
    top = table_in(data, "editor")
    for place, user, _ in _users(data):
        if table_in(user, "editor").get("script") is not None:
            yield (*place, "editor", "script"), "is for [editor], whose script everybody gets; delete it"
        elif top.get("script") is not None and table_in(user, "editor"):
            yield (*place, "editor"), "would change the script that [editor] script is; delete one of them"
    script = table_in(top, "script").get("text")
    if not isinstance(script, str):
        return
    given = sorted(key for key, value in top.items() if key != "script" and value)
    if given:
        yield ("editor", "script"), f"takes the place of everything else below [editor]; delete {', '.join(given)}"
    if not script.startswith("#!"):
        yield ("editor", "script"), "does not begin with #!; its first line is the interpreter: #!/bin/bash"


def _editor(editor: Mapping[str, Any]) -> Iterator[Violation]:
    for key, check in (
        ("settings", editor_checks.settings_violations),
        ("git", editor_checks.git_violations),
        ("conda", editor_checks.conda_violations),
        ("environment", editor_checks.environment_violations),
    ):
        yield from _below((key,), check(table_in(editor, key)))
    for index, entry in enumerate(list_in(editor, "keybindings")):
        if isinstance(entry, dict):
            yield from _below(("keybindings", index), editor_checks.keybinding_violations(entry))
