"""The things that a plan meets in AWS: running apps, and things that hold files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studioctl.catalog.kinds import DOMAIN, IMAGE, IMAGE_VERSION, KINDS, PROFILE, SCRIPT, SPACE, SUBNET
from studioctl.infrastructure import studio_api
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import data_loss, reach
from studioctl.review.now import Now, Running
from studioctl.terraform.plan import PlanSummary, ResourceChange
from studioctl.terraform.state_resources import Estate, instance_of

if TYPE_CHECKING:
    from studioctl.aws.values import App, Space
    from studioctl.operations.data.inventory import Holding

STOP_APPS, DELETE_DATA = "--stop-apps", "--delete-data"
# Type -> the attribute by which an app refers to it.
NEEDED_BY_APPS = {kind.type: kind.use.attribute for kind in KINDS.values() if kind.use and kind.use.attribute}
# What AWS changes in a domain only while no app runs in it.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateDomain.html
ACCESS = "app_network_access_type"
# Whether CloudTrail shows the users' names.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DomainSettings.html
IDENTITY = "domain_settings[0].execution_role_identity_config"
NO_IDENTITY = {None, "", "DISABLED"}
# A subnet that leaves. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateDomain.html
SUBNETS = studio_api.SUBNETS


@dataclass(frozen=True)
class Apps:
    """Running apps, as far as a plan meets them.

    Args:
        running: Every app that runs in the domain.
        using: Those that use what the plan destroys, by its address.
        concerns_all: Whether AWS wants none to run at all.
        listed: Every app of which AWS still knows; None where it was not asked.
    """

    running: tuple["App", ...] = ()
    using: Mapping[str, tuple["App", ...]] = field(default_factory=dict)
    concerns_all: bool = False
    listed: tuple["App", ...] | None = None

    @property
    def in_the_way(self) -> tuple["App", ...]:
        """The apps that have to end before AWS takes the plan."""
        if self.concerns_all:
            return self.running
        used = [app for apps in self.using.values() for app in apps]
        return tuple(app for app in self.running if app in used)


@dataclass(frozen=True)
class Met:
    """The things that a plan meets.

    Args:
        apps: Running apps.
        held: The data of users in what is destroyed, by its address.
        domain_id: The domain that is there; None where there is none, or nothing to do.
        spaces: Its spaces.
    """

    apps: Apps
    held: Mapping[str, "Holding"]
    domain_id: str | None = None
    spaces: tuple["Space", ...] = ()


def needs_rest(change: ResourceChange) -> bool:
    """Whether AWS makes this change only while no app runs in the domain."""
    return change.type == DOMAIN and any(
        attribute.path == ACCESS
        or (attribute.path == IDENTITY and not {attribute.before, attribute.after} <= NO_IDENTITY)
        or (
            attribute.path == SUBNETS
            and not attribute.unknown
            and not set(attribute.before or ()) <= set(attribute.after)
        )
        for attribute in change.attributes
    )


def apps(environment: Environment, summary: PlanSummary, *, every: bool = False) -> Apps:
    """The running apps that a plan meets.

    A space, a profile, a script or an image is in use by some; no subnet leaves a domain in which any runs, no such
    domain is closed or opened, and what CloudTrail shows of the users does not change there.

    Args:
        environment: The environment.
        summary: The plan.
        every: Whether all that run are asked for, also where none is in the way.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteStudioLifecycleConfig.html and its like
    """
    destroyed = {instance_of(change): change for change in summary.changes if change.destroys}
    types = {address.split(".")[0] for address in destroyed}
    concerns_all = any(map(needs_rest, summary.changes))
    domain_id = environment.domain_id() if every or concerns_all or types & NEEDED_BY_APPS.keys() else None
    if domain_id is None:
        return Apps()
    listed = environment.studio.apps(domain_id)
    running = tuple(app for app in listed if app.is_running)
    estate = Estate(environment.terraform.state())
    using = {
        destroyed[address].address: tuple(app for app in running if _uses(app, type_, attributes[key]))
        for type_, key in NEEDED_BY_APPS.items()
        for address, attributes in estate.resources(type_)
        if address in destroyed and attributes[key] is not None
    }
    return Apps(running, using, concerns_all, listed)


def _uses(app: "App", type_: str, called: str) -> bool:
    names: Mapping[str, str | None] = {
        SCRIPT: app.lifecycle_config_arn,
        SPACE: app.space,
        PROFILE: app.user_profile,
        IMAGE: app.spec.image_arn,
        IMAGE_VERSION: app.spec.image_version_arn,
    }
    return names[type_] == called


def obstacles(environment: Environment, summary: PlanSummary) -> Met:
    """The things that stand in the way of a plan, which AWS is asked for now."""
    found = apps(environment, summary)
    return Met(found, data_loss.held(environment, summary, apps=found.listed))


def all_of(environment: Environment, summary: PlanSummary) -> Met:
    """The things that a plan meets: who works, and what it would lose. Terraform must have been initialised.

    Spaces are those that the plan has listed.
    """
    is_there = not any(change.type == DOMAIN and change.action == "create" for change in summary.changes)
    met = apps(environment, summary, every=is_there and bool(summary.changes))
    domain_id = environment.domain_id() if is_there and summary.changes else None
    there = summary.reach.there.rooms if summary.reach.there else None
    spaces = (environment.studio.spaces(domain_id) if there is None else there) if domain_id else ()
    listed = spaces if domain_id else None
    return Met(met, data_loss.held(environment, summary, apps=met.listed, spaces=listed), domain_id, spaces)


def look(environment: Environment, summary: PlanSummary, met: Met | None = None) -> Now:
    """The things that a plan meets, for its review. `met` where somebody has just looked for them."""
    from studioctl.operations import emulation  # noqa: PLC0415 (only here, as is botocore)
    from studioctl.operations.data import inventory  # noqa: PLC0415

    met = met or all_of(environment, summary)
    spaces, listed = met.spaces, met.apps.listed or ()
    unstarted = inventory.unstarted(spaces, listed, emulation.now(environment.target)) if spaces else ()
    owners = {space.name: space.owner for space in spaces if space.owner}

    def read(found: tuple["App", ...]) -> tuple[Running, ...]:
        return tuple(Running(app.space, owners.get(app.space or "") or app.user_profile) for app in found)

    same = reach.same(environment) if met.domain_id else reach.Same()
    return Now(
        running=read(met.apps.running),
        using={address: read(found) for address, found in met.apps.using.items()},
        held={address: holding.contents for address, holding in met.held.items()},
        owners=owners,
        unstarted=frozenset(space.name for space in unstarted),
        flags=(*((STOP_APPS,) if met.apps.in_the_way else ()), *((DELETE_DATA,) if met.held else ())),
        zones=_zones(environment, summary),
        same_keys=same.keys,
        same_resources=same.resources,
        is_unfinished=same.is_unfinished,
    )


def _zones(environment: Environment, summary: PlanSummary) -> dict[str, str]:
    """The zone of each subnet that a plan destroys, by its address."""
    gone = {change.address for change in summary.changes if change.type == SUBNET and change.destroys}
    subnets = Estate(environment.terraform.state()).resources(SUBNET) if gone else ()
    return {address: str(attributes.get("availability_zone", "")) for address, attributes in subnets if address in gone}
