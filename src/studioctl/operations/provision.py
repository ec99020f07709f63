"""Making the environment what the file says."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studioctl.errors import RefusedError
from studioctl.events import Stage, Work
from studioctl.operations.environment import Environment
from studioctl.operations.estate import Estate
from studioctl.terraform.plan import PlanSummary

if TYPE_CHECKING:
    from studioctl.aws.studio import App

LIFECYCLE_CONFIG = "aws_sagemaker_studio_lifecycle_config"


def plan(environment: Environment, *, move_state: bool = False) -> Work[PlanSummary]:
    """What `apply` would do.

    Args:
        environment: The environment.
        move_state: Whether the state may move, if `[state]` now says another place.

    Raises:
        RefusedError: The file had another name before, and what it made under that name still exists.
    """
    _refuse_to_forget(environment)
    yield from environment.terraform.init(migrate=move_state)
    return (yield from environment.terraform.plan())


def apps_in_the_way(environment: Environment, summary: PlanSummary) -> tuple["App", ...]:
    """Running apps that use a lifecycle configuration which the plan deletes: AWS refuses that while they run.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteStudioLifecycleConfig.html
    """
    if not any(change.type == LIFECYCLE_CONFIG and change.destroys for change in summary.changes):
        return ()
    estate = Estate(environment.terraform.state())
    deleted = {attributes["arn"] for attributes in estate.attributes(LIFECYCLE_CONFIG)}
    domain = environment.domain()
    if domain is None:
        return ()
    apps = environment.studio.apps(domain.id)
    return tuple(app for app in apps if app.is_running and app.lifecycle_config_arn in deleted)


def refuse_to_stop(apps: Sequence["App"]) -> None:
    """Refuses when apps would have to be stopped.

    Raises:
        RefusedError: It names them.
    """
    if not apps:
        return
    titles = "\n".join(f"  {app.title}" for app in apps)
    raise RefusedError(
        "The lifecycle configuration changes, and AWS deletes the old one only when no running app uses it."
        f" These do:\n{titles}",
        hint="studioctl up --stop-apps   (stops them first; their files are kept)",
    )


def apply(environment: Environment, summary: PlanSummary, *, stop: Sequence["App"] = ()) -> Work[Mapping[str, Any]]:
    """Does what the plan says, and returns the outputs.

    Args:
        environment: The environment.
        summary: What `plan` returned; exactly this is applied.
        stop: Apps to stop first, because they are in the way. Their files are kept.

    Raises:
        TerraformError: AWS refused something. Planning and applying again goes on from there.
    """
    if stop and (domain := environment.domain()):
        from studioctl.operations.apps import stop_apps  # noqa: PLC0415 (boto3 is needed only here)

        yield Stage("Stopping apps")
        yield from stop_apps(environment.studio, domain.id, stop)
    environment.terraform.workspace.claim()
    return (yield from environment.terraform.apply(summary))


def _refuse_to_forget(environment: Environment) -> None:
    """A new name is a new environment: the old one would stay, cost money, and be in nobody's file."""
    name = environment.config.name
    for earlier in environment.terraform.workspace.predecessors():
        raise RefusedError(
            f"The file now says name = \"{name}\", but '{earlier}', which it made before, still exists.",
            hint=f'write name = "{earlier}" again; to start anew, run studioctl down first, then change the name',
        )


def outputs(environment: Environment) -> Work[Mapping[str, Any]]:
    """What the last `apply` made: the outputs by name; empty if there was none."""
    yield from environment.terraform.init()
    return environment.terraform.outputs()
