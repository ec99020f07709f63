"""Making the environment what the file says."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studioctl.catalog.kinds import APP_IMAGE_CONFIG, DOMAIN, IMAGE
from studioctl.errors import RefusedError
from studioctl.events import Expected, Noted, Stage, Work
from studioctl.infrastructure.database import CLUSTER, INSTANCE
from studioctl.operations import limits
from studioctl.operations.data import databases
from studioctl.operations.environment import Environment
from studioctl.operations.prices.priced import refuse_limits_without_prices
from studioctl.operations.provisioning import (
    assignments,
    data_loss,
    database_user,
    durations,
    endpoint_zones,
    file_systems,
    hidden_apps,
    meeting,
    network_costs,
    occupants,
    ownership,
    preflight,
    reach,
    studio_settings,
)
from studioctl.operations.provisioning.guards import refuse_another_case, refuse_to_forget
from studioctl.terraform.plan import PlanSummary
from studioctl.terraform.state_resources import Estate

if TYPE_CHECKING:
    from studioctl.aws.values import App


def plan(
    environment: Environment, *, move_state: bool = False, adopt: str | None = None, refresh: bool = False
) -> Work[PlanSummary]:
    """Plan what `apply` would do.

    Args:
        environment: The environment.
        move_state: Whether the state may move, if `[state]` now names another place.
        adopt: The environment's name once more, if it may be one that has no record here.
        refresh: Whether to ask AWS about every resource, including those that the last `up` left unchanged.

    Raises:
        RefusedError: The file had another name, region or account before, and its resources there still exist; or
            another environment of this name is being created or removed.
        ConfigError: Studio cannot use the VPC that the file names, AWS lacks an endpoint that it needs, or a limit
            needs a price that is unknown.
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
    yield from databases.take_up(environment)
    summary = studio_settings.complete(environment, (yield from reach.plan(environment, adopt=adopt, refresh=refresh)))
    summary = database_user.complete(environment, summary)
    assignments.refuse_unknown(environment, summary)
    lacking = zones.lacking() if zones else {}
    if network_costs.begins(summary) and (costs := network_costs.told(environment.config, lacking)):
        yield Noted(costs)
    yield from map(Noted, occupants.not_looked_at(environment, summary))
    yield from map(Noted, hidden_apps.still(environment, summary))
    return summary


def cleared(
    environment: Environment,
    summary: PlanSummary,
    *,
    stop_apps: bool = False,
    delete_data: bool = False,
    adopt: str | None = None,
    met: meeting.Met | None = None,
) -> tuple["App", ...]:
    """The apps that `apply` has to stop first, once it is sure that the plan can be applied and loses nothing unasked.

    Args:
        environment: The environment.
        summary: The result of `plan`.
        stop_apps: Whether running apps may be stopped.
        delete_data: Whether the data in what the plan destroys may be lost.
        adopt: The environment's name once more, if it may be one of which there is no record here.
        met: The things that it meets, where somebody has just looked for them.

    Raises:
        RefusedError: No record here tells of a living environment of the name; or AWS cannot do it, data or its key
            would be lost, apps are in the way, or an image is not there.
    """
    refuse_whatever_is_said(environment, summary, adopt=adopt)
    met = met or meeting.obstacles(environment, summary)
    if not delete_data:
        data_loss.refuse_to_lose(environment, summary, met.held)
    if not stop_apps:
        refuse_to_stop(met.apps.in_the_way)
    return met.apps.in_the_way


def refuse_whatever_is_said(environment: Environment, summary: PlanSummary, *, adopt: str | None = None) -> None:
    """Refuses what no flag allows.

    Raises:
        RefusedError: As `cleared` does, except for apps that could be stopped and data that may be lost on one's word.
    """
    if adopt is None:
        ownership.refuse_takeover(environment, summary)
    data_loss.refuse_a_second_key(environment, summary)
    data_loss.refuse_the_impossible(environment, summary)
    occupants.refuse_change(environment, summary)
    if environment.config.images.custom:
        from studioctl.operations.provisioning.custom_images import refuse_missing  # noqa: PLC0415 (botocore is needed only here)

        refuse_missing(environment)


def refuse_to_stop(apps: Sequence["App"]) -> None:
    """Refuses when apps would have to be stopped.

    Raises:
        RefusedError: It names them.
    """
    if not apps:
        return
    titles = "\n".join(f"  {app.title}" for app in apps)
    raise RefusedError(
        "These running apps block the plan. AWS deletes a space, a profile, a lifecycle configuration, an image or a"
        " subnet only when no running app uses it, and changes a domain's network, or whether CloudTrail names users,"
        f" only when none runs:\n{titles}",
        hint="studioctl up --stop-apps   (stops them first; their files are kept)",
    )


def apply(
    environment: Environment, summary: PlanSummary, *, stop: Sequence["App"] = (), lose: Collection[str] = ()
) -> Work[Mapping[str, Any]]:
    """Do what the plan says, and return the outputs.

    Args:
        environment: The environment.
        summary: The result of `plan`; exactly this is applied.
        stop: Apps to stop first, because they are in the way. Their files are kept.
        lose: Addresses of what `data_loss.held` names, and the user gave the word for: emptied before it goes.

    Raises:
        RefusedError: Somebody planned or applied here since the plan was shown.
        TerraformError: AWS refused something. Planning and applying again continues from there.
    """
    environment.terraform.refuse_stale(summary)
    expected = durations.of(environment, summary, stops=bool(stop))
    yield Expected(durations.things(summary), expected.seconds if expected else None)
    return (yield from durations.noted(environment, summary, _apply(environment, summary, stop, lose)))


def _apply(
    environment: Environment, summary: PlanSummary, stop: Sequence["App"], lose: Collection[str]
) -> Work[Mapping[str, Any]]:
    if stop and (domain := environment.domain()):
        from studioctl.operations.studio.stop_apps import stop_apps  # noqa: PLC0415 (botocore is needed only here)

        yield Stage("Stopping apps")
        yield from stop_apps(environment.studio, domain.id, stop)
    if any(c.type in {IMAGE, APP_IMAGE_CONFIG} and c.destroys for c in summary.changes):
        from studioctl.operations.provisioning import custom_images  # noqa: PLC0415 (as above)

        if emptied := custom_images.emptied(environment, summary):
            yield from custom_images.detach_from_users(environment, emptied)
    if left := [change.label for change in summary.changes if file_systems.lets_go_of_all(change)]:
        yield from file_systems.let_go(environment, left)
    if any(change.address == limits.HOLD and change.destroys for change in summary.changes):
        yield from limits.release(environment)
    environment.terraform.workspace.claim()
    yield from _settle(environment, summary)
    if any(change.type == DOMAIN and change.action in {"create", "replace"} for change in summary.changes):
        from studioctl.operations.provisioning import failed_domain  # noqa: PLC0415 (botocore is needed only here)

        yield from failed_domain.clear(
            environment, replaced=any(c.type == DOMAIN and c.is_unfinished for c in summary.changes)
        )
    if any(change.address == CLUSTER and change.destroys for change in summary.changes):
        yield from databases.remove(environment, keep=True)
    elif any(change.address in {CLUSTER, INSTANCE} and change.action == "update" for change in summary.changes):
        yield from databases.awake(environment)
    data_loss.clear_the_dataless(environment, summary)
    data_loss.clear_the_lost(environment, summary, lose)
    outputs = yield from studio_settings.carry_out(environment, summary)
    if environment.config.tuning.has_database:
        yield from databases.prepare(environment)
    yield from reach.remember(environment, summary)
    return outputs


def _settle(environment: Environment, summary: PlanSummary) -> Work[None]:
    """Waits for what somebody asked Studio for, if the plan changes something there.

    That may be a run that was interrupted, or anybody while the user thought about the plan.
    """
    known = Estate(environment.terraform.state()).ids(DOMAIN)
    if known and any(change.type.startswith("aws_sagemaker_") for change in summary.changes):
        from studioctl.operations.studio.delete import settle  # noqa: PLC0415 (boto3 is needed only here)

        for domain_id in known:
            yield from settle(environment.studio, domain_id, since=summary.reach.settled_at)


def outputs(environment: Environment) -> Work[Mapping[str, Any]]:
    """Return the outputs of the last `apply`, by name; empty if there was none."""
    yield from environment.terraform.init()
    return environment.terraform.outputs()
