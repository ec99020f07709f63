"""Imports the environment's resources that exist in AWS but are missing from Terraform's state.

A killed run leaves resources that AWS went on to create, and `down` leaves the data that it keeps. Each resource that a
plan would create is first looked up in AWS. The plan imports what is found instead of creating it again.
The search costs calls, so it runs only when a plan creates something. A plan without creations costs nothing more.
"""

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from studioctl.catalog.kinds import DOMAIN, IMAGE_VERSION, PROFILE, SPACE, kind_of
from studioctl.catalog.provider import constraint
from studioctl.errors import NameTakenError, RefusedError
from studioctl.events import Noted, Work
from studioctl.infrastructure import adopted
from studioctl.infrastructure.block import Resource
from studioctl.infrastructure.naming import ENVIRONMENT_TAG
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import ownership
from studioctl.operations.provisioning.guards import refuse_another_case
from studioctl.terraform.plan import CALLED_BY, PlanSummary, ResourceChange
from studioctl.terraform.reach import Reach
from studioctl.terraform.state_resources import DEPOSED, Estate

if TYPE_CHECKING:
    from studioctl.aws.belongings import Belongings
    from studioctl.aws.changes import LastChanges

VERSION_TIMEOUT = 600.0  # seconds; the provider, too, gives a version ten minutes
FAILED = "Failed"  # AWS's status of what was never finished; what worked once is `Update_Failed`


def plan(
    environment: Environment, *, adopt: str | None = None, targets: Collection[str] = (), reach: Reach | None = None
) -> Work[PlanSummary]:
    """Terraform's plan, in which nothing is created that exists already. Terraform must have been initialised.

    Args:
        environment: The environment.
        adopt: Its name once more, if it may be one of which there is no record here.
        targets: Addresses to which the plan is limited; all when empty.
        reach: The reach, if it is known already.

    Raises:
        RefusedError: Another environment of the name is being made or removed.
        AwsError, TerraformError: AWS cannot be asked, or Terraform failed.
    """
    terraform = environment.terraform
    everything = {resource.address for resource in terraform.blueprint.resources()}
    estate = Estate(terraform.state())
    if not any(estate.addresses()):
        if adopt is None:
            ownership.refuse_unfinished(environment)
        return (yield from _plan_with(environment, (yield from settled(environment, everything)), targets))
    yield from _accept_what_was_finished(environment, estate)
    refresh, is_settled = (not reach.is_known, reach.is_settled) if reach else (True, False)
    summary = yield from terraform.plan(targets=targets, refresh=refresh)
    created = {change.address for change in summary.changes if change.action == "create"}
    if reach and is_settled:
        found = existing(environment, created - _unlisted(environment, reach.there))
    else:
        found = yield from settled(environment, created)
    # An older state can still record a predecessor, which AWS no longer has: Terraform would not import beside it.
    terraform.forget(sorted(found.keys() & {address for address, _ in estate.addresses()}))
    return (yield from _plan_with(environment, found, targets, refresh=refresh)) if found else summary


def apply(environment: Environment, summary: PlanSummary, *, targets: Collection[str] = ()) -> Work[Mapping[str, Any]]:
    """Applies a plan; once more, when only what is ours and came into being unseen was in the way. The outputs.

    What a namesake's first `up` makes at the same time is not ours, and then nothing was made here.

    Args:
        environment: The environment.
        summary: The result of `plan`.
        targets: To which it was limited.

    Raises:
        TerraformError: AWS refused something.
    """
    try:
        return (yield from environment.terraform.apply(summary))
    except NameTakenError:
        ownership.give_way(environment, summary)
        again = yield from plan_after_a_clash(environment, summary, targets=targets)
        if again is None:
            raise
    return (yield from environment.terraform.apply(again))


def plan_after_a_clash(
    environment: Environment, failed: PlanSummary, *, targets: Collection[str] = ()
) -> Work[PlanSummary | None]:
    """A plan that goes on where AWS had what Terraform wanted to make; None when that is not ours, or more would go.

    It came into being unseen: a request outlived the process that was killed, or its answer was lost and it was sent
    again.

    Args:
        environment: The environment.
        failed: The plan that was agreed on and could not be applied to its end.
        targets: To which it was limited.
    """
    recorded = {address for address, _ in Estate(environment.terraform.state()).addresses()}
    missing = {change.address for change in failed.changes if change.action == "create"} - recorded
    found = yield from settled(environment, missing)
    if not found:
        return None
    again = yield from _plan_with(environment, found, targets)
    return None if _more(again, agreed=failed) else again


def record(environment: Environment, found: Mapping[str, str]) -> Work[None]:
    """Takes these into the state. Nothing is made for it that they refer to: nobody agreed to that.

    Args:
        environment: The environment.
        found: The ids for `terraform import`, by address.
    """
    terraform, whole = environment.terraform, environment.terraform.blueprint
    estate = Estate(terraform.state())
    there = ({address for address, _ in estate.addresses()} - {*estate.tainted()}) | found.keys()
    terraform.blueprint = adopted.alone(whole, there)
    try:
        # Of what the state knows, Terraform would make what is gone, if it looked.
        yield from terraform.apply((yield from terraform.plan(adopt=found, targets=found, refresh=False)))
    finally:
        terraform.blueprint = whole


def refuse_more(half: PlanSummary, *, agreed: PlanSummary, parked: Collection[str] = ()) -> None:
    """Refuses a part of a plan that does what nobody saw, or destroys what was only to change.

    Args:
        half: The part.
        agreed: The plan that was shown.
        parked: Things that go under addresses that they did not have then.

    Raises:
        RefusedError: It names it.
    """
    if more := _more(half, agreed=agreed, parked=parked):
        told = ", ".join(f"{'destroy' if change.destroys else change.action} {change.address}" for change in more)
        raise RefusedError(
            f"Terraform would now also {told}, which was not in the plan. It was not done.",
            hint="studioctl up   (shows what there is to do now)",
        )


def _more(half: PlanSummary, *, agreed: PlanSummary, parked: Collection[str] = ()) -> list[ResourceChange]:
    shown = {change.address: change for change in agreed.changes}
    beyond = [
        change
        for change in half.changes
        if change.address not in parked
        and (change.address not in shown or (change.destroys and not shown[change.address].destroys))
    ]
    return sorted(beyond, key=lambda change: change.address)


def _plan_with(
    environment: Environment, found: Mapping[str, str], targets: Collection[str], *, refresh: bool = True
) -> Work[PlanSummary]:
    refuse_another_case(environment, found)
    if len(found) == 1:
        yield Noted("1 resource of this name exists already: the plan adopts it")
    elif found:
        yield Noted(f"{len(found)} resources of this name exist already: the plan adopts them")
    broken = broken_creations(environment, found)
    return (yield from environment.terraform.plan(adopt=found, replace=broken, targets=targets, refresh=refresh))


def _accept_what_was_finished(environment: Environment, estate: Estate) -> Work[None]:
    """Keep the resources that AWS finished after Terraform was stopped, although Terraform marks them as tainted.

    Terraform would replace them. A second domain strands the home directories of the first, a second key leaves data
    under the old one, and AWS refuses a second resource of the same name.
    """
    found = yield from settled(environment, set(estate.tainted()))
    broken = broken_creations(environment, found)
    environment.terraform.accept([address for address in found if address not in broken])


def settled(environment: Environment, addresses: Collection[str]) -> Work[dict[str, str]]:
    """Return import ids, by address, of those that exist, once nothing in Studio is Pending, Updating or Deleting."""
    if not addresses:
        return {}
    domain_id = environment.domain_id() if any(a.startswith("aws_sagemaker_") for a in addresses) else None
    if domain_id is not None:
        from studioctl.operations.studio.delete import settle  # noqa: PLC0415 (boto3 is needed only here)

        yield from settle(environment.studio, domain_id)
    found = existing(environment, addresses)
    if any(address.startswith(f"{IMAGE_VERSION}.") for address in found):
        yield from _versions_made(environment, found)
        return existing(environment, addresses)
    return found


def _versions_made(environment: Environment, found: Mapping[str, str]) -> Work[None]:
    """Waits until AWS has copied the images that an interrupted run asked for: nothing runs from them before."""
    from studioctl.aws.belongings import Belongings  # noqa: PLC0415 (botocore is needed only here)
    from studioctl.aws.wait import until  # noqa: PLC0415

    ours = Belongings(environment.session, (ENVIRONMENT_TAG, environment.config.name))
    versions = [identity for address, identity in found.items() if address.startswith(f"{IMAGE_VERSION}.")]
    for image in [identity.split(",")[0] for identity in versions]:
        yield from until(
            lambda image=image: ours.image_version_status(image) != "CREATING",  # type: ignore[misc]
            subject=f"image {image}",
            action="settle",
            timeout=VERSION_TIMEOUT,
        )


def existing(environment: Environment, addresses: Collection[str]) -> dict[str, str]:
    """Import ids, by address, of the given resources that already exist in AWS."""
    search = Search(environment)
    for resource in environment.terraform.blueprint.resources():
        if resource.address in addresses:
            search.look_for(resource)
    return search.found


def _unlisted(environment: Environment, there: "LastChanges") -> set[str]:
    """The user profiles and spaces of the file that are not there, by what AWS has just listed."""
    listed = {PROFILE: there.people, SPACE: (space.name for space in there.rooms)}
    names = {type_: {name.casefold() for name in names} for type_, names in listed.items()}
    return {
        resource.address
        for resource in environment.terraform.blueprint.resources()
        if resource.type in names
        and str(resource.arguments[kind_of(resource.type).name]).casefold() not in names[resource.type]
    }


def broken_creations(environment: Environment, found: Mapping[str, str]) -> tuple[str, ...]:
    """Studio's resources that AWS could not finish: nobody has worked in them, and they are created again."""
    of_studio = {DOMAIN, PROFILE, SPACE}
    ours = [r for r in environment.terraform.blueprint.resources() if r.address in found and r.type in of_studio]
    domain = environment.domain() if ours else None
    if domain is None:
        return ()
    failed = {
        DOMAIN: {domain.name} if domain.status == FAILED else set(),
        PROFILE: {p.name for p in environment.studio.user_profiles(domain.id) if p.status == FAILED},
        SPACE: {s.name for s in environment.studio.spaces(domain.id) if s.status == FAILED},
    }
    return tuple(r.address for r in ours if r.arguments[kind_of(r.type).name] in failed[r.type])


REFERENCE = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True)
class Sought:
    """A resource as the search sees it: its arguments with every reference filled in."""

    resource: Resource
    fill_in: Callable[[str], str]

    def __getitem__(self, argument: str) -> str:
        """The argument's text. Raises UnknownError when it refers to something that does not exist."""
        return self.fill_in(str(self.resource.arguments[argument]))

    def __contains__(self, argument: str) -> bool:
        """Whether it is given at all."""
        return argument in self.resource.arguments

    @property
    def name_tag(self) -> str:
        """Its tag `Name`."""
        return str(self.resource.arguments["tags"]["Name"])


class UnknownError(LookupError):
    """A resource refers to something that does not exist, so it cannot exist either."""


def _found(ours: "Belongings", it: Sought) -> str | None:
    """The id that imports it; None where AWS has no such thing, or doing it again changes nothing."""
    method, *arguments = kind_of(it.resource.type).found or ("",)
    if not method:
        return None
    if method.endswith("_rule"):
        return _rule(ours, it, egress=method == "egress_rule")
    values = [it.name_tag if argument == "Name" else it[argument] for argument in arguments]
    found: str | None = getattr(ours, method)(*values)
    return found


def _rule(ours: "Belongings", it: Sought, *, egress: bool) -> str | None:
    says = ("cidr_ipv4", "cidr_ipv6", "ip_protocol", "from_port", "to_port", "referenced_security_group_id")
    wanted = {key: it[key] for key in says if key in it}
    return ours.security_group_rule(it["security_group_id"], egress=egress, wanted=wanted)


class Search:
    """Looks for resources in the order of the blueprint, in which what a resource needs comes before it."""

    def __init__(self, environment: Environment) -> None:
        from studioctl.aws.belongings import Belongings  # noqa: PLC0415 (boto3 is needed only here)

        self.found: dict[str, str] = {}
        self._environment = environment
        self._ours = Belongings(environment.session, (ENVIRONMENT_TAG, environment.config.name))

    def look_for(self, resource: Resource) -> None:
        """Adds what `terraform import` wants for this resource to `found`, if it exists."""
        with suppress(UnknownError):
            if identity := _found(self._ours, Sought(resource, self.filled_in)):
                called = identity.split(",")[0] if resource.type == IMAGE_VERSION else identity
                # Version 5 of the provider knows an image's version by the image, later ones by its number, too.
                self.found[resource.address] = identity if self._numbered else called
                for attribute in CALLED_BY:
                    self._known.setdefault(f"{resource.address}.{attribute}", called)

    def filled_in(self, text: str) -> str:
        """A text with what its references stand for.

        Raises:
            UnknownError: One of them stands for something that does not exist.
        """
        text = REFERENCE.sub(lambda found: self._known.get(found[1], found[0]), text)
        if any(".".join(left.split(".")[:2]) in self._addresses for left in REFERENCE.findall(text)):
            raise UnknownError(text)
        return text

    @cached_property
    def _numbered(self) -> bool:
        """Whether an image's version is known by its number, too, to the version of the provider that is used."""
        versions = self._environment.config.terraform.versions
        taken = self._environment.terraform.workspace.provider_version() if versions.spans_majors else None
        return (constraint(taken) if taken else versions).names_versions_of_images

    @cached_property
    def _known(self) -> dict[str, str]:
        """The values of references. Others call a resource by what imports it, or by its name."""
        identity = self._environment.session.identity
        recorded = Estate(self._environment.terraform.state()).addresses()
        return {
            f"{address}.{attribute}": str(value)
            for address, attributes in recorded
            for attribute in CALLED_BY
            if (value := attributes.get(attribute)) and not address.endswith(DEPOSED)
        } | {
            "data.aws_caller_identity.current.account_id": identity.account_id,
            "data.aws_partition.current.partition": identity.partition,
        }

    @cached_property
    def _addresses(self) -> frozenset[str]:
        return frozenset(resource.address for resource in self._environment.terraform.blueprint.resources())
