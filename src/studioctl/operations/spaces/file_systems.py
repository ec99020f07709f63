"""Whether the environment's spaces reach the file systems that they mount: if not, their apps do not start.

https://docs.aws.amazon.com/sagemaker/latest/dg/domain-custom-efs.html
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studioctl.config.file_systems import FileSystem
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming

if TYPE_CHECKING:
    from studioctl.aws.mount_targets import Entrance
    from studioctl.aws.session import Session

ANY_GROUP = "GROUP"
MEANING = " (GROUP is a security group that admits TCP 2049 from the users')"


@dataclass(frozen=True)
class Unreachable:
    """A file system that spaces cannot mount.

    Args:
        place: The location in the file.
        words: The problem; then, after a semicolon, the next step.
        is_early: Whether there is no domain yet that could reach it.
    """

    place: Location
    words: str
    is_early: bool = False


def places_in(config: EnvironmentConfig) -> dict[Location, FileSystem]:
    """Each file system of the file, by where its id stands."""
    found: dict[Location, FileSystem] = {
        ("storage", "file_systems", index, "id"): each for index, each in enumerate(config.storage.file_systems)
    }
    for number, user in enumerate(config.users):
        own = enumerate(user.file_systems)
        found |= {("users", number, "file_systems", index, "id"): each for index, each in own}
    return found


def unreachable(session: "Session", config: EnvironmentConfig, there: Collection[str]) -> Iterator[Unreachable]:
    """File systems that the domain does not reach. Before there is a domain, that is only told.

    Args:
        session: The account.
        config: The file.
        there: Those of the file that exist.
    """
    from studioctl.aws.mount_targets import entrances  # noqa: PLC0415 (boto3 is needed only here)
    from studioctl.aws.studio import Studio  # noqa: PLC0415 (as above)

    studio = Studio(session)
    domain = studio.find_domain(Naming.of(config).domain, tag=(ENVIRONMENT_TAG, config.name))
    described: Mapping[str, Any] = studio.described_domain(domain.id) if domain else {}
    ways: dict[str, tuple[Entrance, ...]] = {}
    for place, each in places_in(config).items():
        if each.id not in there:
            continue
        if each.id not in ways:
            ways[each.id] = entrances(session, each.id)
        if not described:
            yield from _before(each, place, ways[each.id], config)
        elif words := _wrong(session, each, ways[each.id], described):
            yield Unreachable(place, words)


def _before(
    each: FileSystem, place: Location, ways: "tuple[Entrance, ...]", config: EnvironmentConfig
) -> Iterator[Unreachable]:
    named = config.network.vpc
    lacking = [subnet for subnet in named.subnet_ids if subnet not in {way.subnet_id for way in ways}] if named else []
    if named is not None and not lacking:
        return
    where = f"{', '.join(lacking)}" if lacking else "the subnets that `up` makes"
    restore = "homes restore" if each.homes else "plan, which says what to do"
    words = f"'{each.id}' has no mount target in {where}, and spaces that mount it do not start before it has"
    yield Unreachable(place, f"{words}; after up: studioctl {restore}", is_early=True)


def _wrong(session: "Session", each: FileSystem, ways: "tuple[Entrance, ...]", domain: Mapping[str, Any]) -> str | None:
    from studioctl.aws.mount_targets import inbound_group  # noqa: PLC0415 (as above)

    elsewhere = sorted({way.vpc_id for way in ways} - {domain["VpcId"]})
    if elsewhere:
        return _in_another_vpc(each, elsewhere, domain["VpcId"])
    group = inbound_group(session, domain["DomainId"])
    by_subnet = {way.subnet_id: way for way in ways}
    if lacking := [subnet for subnet in domain["SubnetIds"] if subnet not in by_subnet]:
        return _no_way(session, each, lacking, group)
    return next((s for it in domain["SubnetIds"] if (s := _shut(session, each, by_subnet[it], group))), None)


def _in_another_vpc(each: FileSystem, elsewhere: Collection[str], vpc_id: str) -> str:
    where = f"'{each.id}' has its mount targets in {', '.join(elsewhere)}, and the domain is in {vpc_id}"
    return f"{where}; delete them, as EFS has them in one VPC only, or delete the file system from the list"


def _no_way(session: "Session", each: FileSystem, lacking: Sequence[str], group: str | None) -> str:
    create = f"aws efs create-mount-target --file-system-id {each.id}"
    rest = f"--security-groups {group or ANY_GROUP}{session.target.aws_flags}"
    make = " && ".join(f"{create} --subnet-id {subnet} {rest}" for subnet in lacking)
    if each.homes and group:
        make = f"studioctl homes restore {each.id}"
    where = f"'{each.id}' has no mount target in {', '.join(lacking)}, where the domain is"
    return f"{where}: spaces that mount it do not start{'' if group else MEANING}; make it reachable: {make}"


def _shut(session: "Session", each: FileSystem, way: "Entrance", group: str | None) -> str | None:
    from studioctl.aws.mount_targets import admits_nfs  # noqa: PLC0415 (as above)

    if group in way.groups or admits_nfs(session, way.groups):
        return None
    groups = " ".join([*way.groups, group or ANY_GROUP])
    modify = f"aws efs modify-mount-target-security-groups --mount-target-id {way.id} --security-groups {groups}"
    shut = f"the mount target {way.id} of '{each.id}' lets no NFS traffic in: spaces that mount it do not start"
    return f"{shut}{'' if group else MEANING}; let it in: {modify}{session.target.aws_flags}"
