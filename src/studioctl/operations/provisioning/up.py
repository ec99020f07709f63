"""Making the environment what the file says."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studioctl.errors import RefusedError
from studioctl.events import Expected, Noted, Stage, Work
from studioctl.infrastructure import studio_api
from studioctl.operations import limits
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import adopt as adoption
from studioctl.operations.provisioning import (
    data_loss,
    durations,
    endpoint_zones,
    network_costs,
    occupants,
    ownership,
    preflight,
    studio_settings,
)
from studioctl.operations.provisioning.guards import refuse_another_case, refuse_to_forget
from studioctl.operations.provisioning.priced import refuse_limits_without_prices
from studioctl.terraform.plan import PlanSummary, ResourceChange
from studioctl.terraform.state_resources import Estate, instance_of

if TYPE_CHECKING:
    from studioctl.aws.values import App

DOMAIN = studio_api.DOMAIN
LIFECYCLE_CONFIG = "aws_sagemaker_studio_lifecycle_config"
SPACE = studio_api.SPACE
PROFILE = "aws_sagemaker_user_profile"
IMAGE = "aws_sagemaker_image"
IMAGE_VERSION = "aws_sagemaker_image_version"
# Type -> the attribute by which an app refers to it.
NEEDED_BY_APPS = {
    LIFECYCLE_CONFIG: "arn",
    SPACE: "space_name",
    PROFILE: "user_profile_name",
    IMAGE: "arn",
    IMAGE_VERSION: "arn",
}
# What AWS changes in a domain only while no app runs in it.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateDomain.html
ACCESS = "app_network_access_type"
# Whether CloudTrail shows the users' names.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DomainSettings.html
IDENTITY = "domain_settings[0].execution_role_identity_config"
NO_IDENTITY = {None, "", "DISABLED"}
# A subnet that leaves. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateDomain.html
SUBNETS = studio_api.SUBNETS


def plan(environment: Environment, *, move_state: bool = False, adopt: str | None = None) -> Work[PlanSummary]:
    """What `apply` would do.

    Args:
        environment: The environment.
        move_state: Whether the state may move, if `[state]` now says another place.
        adopt: The environment's name once more, if it may be one of which there is no record here.

    Raises:
        RefusedError: The file had another name, region or account before, and what it made there still exists; or
            another environment of the name is being made or removed.
        ConfigError: Studio cannot live in the VPC that the file names, or AWS lacks an endpoint that it needs, or
            nobody knows the prices that a limit needs.
    """
    ownership.check_word(environment.config.name, adopt)
    refuse_limits_without_prices(environment.config)
    if zones := (yield from preflight.check_named(environment)):
        endpoint_zones.place(environment, zones)
    yield from environment.terraform.init(migrate=move_state)
    environment.terraform.warm_up()
    refuse_to_forget(environment)
    refuse_another_case(environment, {})
    known = {address for address, _ in Estate(environment.terraform.state()).addresses()}
    yield from preflight.check_names(environment, environment.terraform.blueprint, known)
    summary = studio_settings.complete(environment, (yield from adoption.plan(environment, adopt=adopt)))
    lacking = zones.lacking() if zones else {}
    if network_costs.begins(summary) and (costs := network_costs.told(environment.config, lacking)):
        yield Noted(costs)
    yield from map(Noted, occupants.not_looked_at(environment, summary))
    return summary


def apps_in_the_way(environment: Environment, summary: PlanSummary) -> tuple["App", ...]:
    """Running apps without whose end AWS refuses what the plan destroys.

    A space, a profile, a script or an image is in use by some; no subnet leaves a domain in which any runs, no such
    domain is closed or opened, and what CloudTrail shows of the users does not change there.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteStudioLifecycleConfig.html and its like
    """
    destroyed = {instance_of(change) for change in summary.changes if change.destroys}
    types = {address.split(".")[0] for address in destroyed}
    concerns_all = any(map(needs_rest, summary.changes))
    domain = environment.domain() if concerns_all or types & NEEDED_BY_APPS.keys() else None
    if domain is None:
        return ()
    if concerns_all:
        return tuple(app for app in environment.studio.apps(domain.id) if app.is_running)
    estate = Estate(environment.terraform.state())
    gone = {
        type_: {attributes[key] for address, attributes in estate.resources(type_) if address in destroyed} - {None}
        for type_, key in NEEDED_BY_APPS.items()
    }
    return tuple(
        app
        for app in environment.studio.apps(domain.id)
        if app.is_running
        and (
            app.lifecycle_config_arn in gone[LIFECYCLE_CONFIG]
            or app.space in gone[SPACE]
            or app.user_profile in gone[PROFILE]
            or app.spec.image_arn in gone[IMAGE]
            or app.spec.image_version_arn in gone[IMAGE_VERSION]
        )
    )


def cleared(
    environment: Environment,
    summary: PlanSummary,
    *,
    stop_apps: bool = False,
    delete_data: bool = False,
    adopt: str | None = None,
) -> tuple["App", ...]:
    """The apps that `apply` has to stop first, once it is sure that the plan can be applied and loses nothing unasked.

    Args:
        environment: The environment.
        summary: What `plan` returned.
        stop_apps: Whether running apps may be stopped.
        delete_data: Whether volumes of spaces that the file no longer has may be lost.
        adopt: The environment's name once more, if it may be one of which there is no record here.

    Raises:
        RefusedError: No record here tells of a living environment of the name; or AWS cannot do it, data or its key
            would be lost, apps are in the way, or an image is not there.
    """
    if adopt is None:
        ownership.refuse_takeover(environment, summary)
    data_loss.refuse_a_second_key(environment, summary)
    data_loss.refuse_the_impossible(environment, summary)
    occupants.refuse_change(environment, summary)
    if not delete_data:
        data_loss.refuse_to_lose(environment, summary)
    if environment.config.images.custom:
        from studioctl.operations.provisioning.custom_images import refuse_missing  # noqa: PLC0415 (botocore is needed only here)

        refuse_missing(environment)
    in_the_way = apps_in_the_way(environment, summary)
    if not stop_apps:
        refuse_to_stop(in_the_way)
    return in_the_way


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


def refuse_to_stop(apps: Sequence["App"]) -> None:
    """Refuses when apps would have to be stopped.

    Raises:
        RefusedError: It names them.
    """
    if not apps:
        return
    titles = "\n".join(f"  {app.title}" for app in apps)
    raise RefusedError(
        "AWS deletes a space, a profile, a lifecycle configuration, an image or a subnet only when no running app"
        " uses it. It opens or closes a domain's network, and lets CloudTrail name users or no longer, only when none"
        f" runs. These are in the way:\n{titles}",
        hint="studioctl up --stop-apps   (stops them first; their files are kept)",
    )


def apply(environment: Environment, summary: PlanSummary, *, stop: Sequence["App"] = ()) -> Work[Mapping[str, Any]]:
    """Do what the plan says, and return the outputs.

    Args:
        environment: The environment.
        summary: What `plan` returned; exactly this is applied.
        stop: Apps to stop first, because they are in the way. Their files are kept.

    Raises:
        TerraformError: AWS refused something. Planning and applying again goes on from there.
    """
    seconds = durations.expected(environment.terraform.blueprint, summary, durations.known(environment))
    yield Expected(durations.things(summary), seconds)
    return (yield from durations.noted(environment, summary, _apply(environment, summary, stop)))


def _apply(environment: Environment, summary: PlanSummary, stop: Sequence["App"]) -> Work[Mapping[str, Any]]:
    if stop and (domain := environment.domain()):
        from studioctl.operations.studio.stop_apps import stop_apps  # noqa: PLC0415 (botocore is needed only here)

        yield Stage("Stopping apps")
        yield from stop_apps(environment.studio, domain.id, stop)
    if not environment.config.images.custom and any(c.type == IMAGE and c.destroys for c in summary.changes):
        from studioctl.operations.provisioning.custom_images import detach_from_users  # noqa: PLC0415 (as above)

        yield from detach_from_users(environment)
    if any(change.address == limits.HOLD and change.destroys for change in summary.changes):
        yield from limits.release(environment)
    environment.terraform.workspace.claim()
    yield from _settle(environment, summary)
    if any(change.type == DOMAIN and change.action in {"create", "replace"} for change in summary.changes):
        from studioctl.operations.provisioning import failed_domain  # noqa: PLC0415 (botocore is needed only here)

        yield from failed_domain.clear(
            environment, replaced=any(c.type == DOMAIN and c.is_unfinished for c in summary.changes)
        )
    return (yield from studio_settings.carry_out(environment, summary))


def _settle(environment: Environment, summary: PlanSummary) -> Work[None]:
    """Waits for what an interrupted run asked Studio for, if the plan changes something there."""
    known = Estate(environment.terraform.state()).ids("aws_sagemaker_domain")
    if known and any(change.type.startswith("aws_sagemaker_") for change in summary.changes):
        from studioctl.operations.studio.delete import settle  # noqa: PLC0415 (boto3 is needed only here)

        for domain_id in known:
            yield from settle(environment.studio, domain_id)


def outputs(environment: Environment) -> Work[Mapping[str, Any]]:
    """What the last `apply` made: the outputs by name; empty if there was none."""
    yield from environment.terraform.init()
    return environment.terraform.outputs()
