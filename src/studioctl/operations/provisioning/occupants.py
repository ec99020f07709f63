"""Refusing to take away a network in which something of somebody else's is: before anything goes, with its owner."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from studioctl.errors import RefusedError
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, kept_tags
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import at_work
from studioctl.terraform.plan import PlanSummary
from studioctl.terraform.state_resources import Estate

if TYPE_CHECKING:
    from studioctl.aws.leftovers import DomainTraces
    from studioctl.aws.occupants import Occupant, Ours, Seen

DATABASE = "aws_security_group.database"
VPC, SUBNET, GROUP = "aws_vpc", "aws_subnet", "aws_security_group"


def refuse_removal(
    environment: Environment, estate: Estate, unrecorded: Mapping[str, str], traces: Iterable["DomainTraces"]
) -> tuple[str, ...]:
    """Refuses to remove what jobs need, and a network that others are in. A VPC that we only use is looked at for
    our groups alone.

    Returns:
        What could not be looked at, and why.

    Raises:
        RefusedError: It names each with its owner. Nothing was changed.
    """
    from studioctl.aws import leftovers, occupants  # noqa: PLC0415 (boto3 is needed only here)

    unseen = at_work.refuse_running(environment, "studioctl down")
    traces = tuple(traces)
    vpcs, groups = (
        {*estate.ids(type_), *(i for address, i in unrecorded.items() if address.startswith(f"{type_}."))}
        for type_ in (VPC, GROUP)
    )
    groups |= {group for trace in traces for group in leftovers.nfs_groups(environment.session, trace.domain_id)}
    if not vpcs | groups:
        return unseen
    ours = _ours(environment, estate, unrecorded, traces)
    seen = occupants.in_vpcs(environment.session, sorted(vpcs), ours)
    seen += occupants.on_groups(environment.session, groups, ours)
    _refuse(seen.occupants, "studioctl down")
    return (*unseen, *seen.unseen)


def refuse_change(environment: Environment, summary: PlanSummary) -> None:
    """Refuses a plan that takes away a VPC, subnets or groups that others are in.

    Raises:
        RefusedError: It names each with its owner.
    """
    seen = _seen(environment, summary)
    if seen and seen.occupants:
        at_work.refuse_running(environment, "studioctl up")  # their interfaces are no strangers'
        _refuse(seen.occupants, "studioctl up")


def not_looked_at(environment: Environment, summary: PlanSummary) -> tuple[str, ...]:
    """The parts of the network to be deleted in which you may not look for other people's resources, and why."""
    seen = _seen(environment, summary)
    return seen.unseen if seen else ()


def _seen(environment: Environment, summary: PlanSummary) -> "Seen | None":
    doomed = {change.address for change in summary.changes if change.destroys and change.type in {VPC, SUBNET, GROUP}}
    if not doomed:
        return None
    from studioctl.aws import leftovers, occupants  # noqa: PLC0415 (boto3 is needed only here)

    estate = Estate(environment.terraform.state())
    ids = {
        type_: {str(attributes["id"]) for address, attributes in estate.resources(type_) if address in doomed}
        for type_ in (VPC, SUBNET, GROUP)
    }
    homes = leftovers.in_vpcs(environment.session, estate.ids(VPC))
    ours = _ours(environment, estate, {}, homes)
    vpcs = estate.ids(VPC) if ids[VPC] | ids[SUBNET] else ()
    seen = occupants.in_vpcs(environment.session, vpcs, ours)
    found = tuple(each for each in seen.occupants if ids[VPC] or each.subnets & ids[SUBNET])
    return occupants.Seen(found, seen.unseen) + occupants.on_groups(environment.session, ids[GROUP], ours)


def _ours(
    environment: Environment, estate: Estate, unrecorded: Mapping[str, str], traces: Iterable["DomainTraces"]
) -> "Ours":
    from studioctl.aws import leftovers  # noqa: PLC0415
    from studioctl.aws.occupants import Ours  # noqa: PLC0415

    session, domains = environment.session, {trace.domain_id: trace.domain_arn for trace in traces}
    recorded: list[Mapping[str, Any]] = [attributes for _, attributes in estate.addresses()]
    homes = [home for arn in domains.values() for home in leftovers.home_file_systems(session, arn)]
    kept = leftovers.marked(session, kept_tags(environment.config.name))
    ids = {str(attributes["id"]) for attributes in recorded if attributes.get("id")}
    tag = (ENVIRONMENT_TAG, environment.config.name)
    groups = {address: str(attributes.get("id")) for address, attributes in estate.resources(GROUP)} | dict(unrecorded)
    databases = {groups[DATABASE]} if DATABASE in groups else set()
    every = ids.union(unrecorded.values(), homes, kept)
    return Ours(tag, frozenset(every), frozenset(domains), frozenset(databases))


def _refuse(found: "Collection[Occupant]", command: str) -> None:
    lines = list(dict.fromkeys(f"  {occupant}" for occupant in found))
    if lines:
        raise RefusedError(
            "Others use the network that would go, and AWS deletes nothing that is in use:\n"
            + "\n".join(lines)
            + "\nNothing was changed.",
            hint=f"remove these, or ask their owners to; then: {command}",
        )
