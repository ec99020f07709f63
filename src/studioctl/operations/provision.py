"""Making the environment what the file says."""

from collections.abc import Mapping
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


def apply(environment: Environment, summary: PlanSummary, *, stop_apps: bool = False) -> Work[Mapping[str, Any]]:
    """Does what the plan says, and returns the outputs.

    Args:
        environment: The environment.
        summary: What `plan` returned; exactly this is applied.
        stop_apps: Whether running apps that are in the way may be stopped. Their files are kept.

    Raises:
        RefusedError: Apps are in the way and may not be stopped. Nothing was changed.
        TerraformError: AWS refused something. Planning and applying again goes on from there.
    """
    yield from _clear_the_way(environment, summary, stop_apps=stop_apps)
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


def _clear_the_way(environment: Environment, summary: PlanSummary, *, stop_apps: bool) -> Work[None]:
    """A lifecycle configuration cannot be deleted while an app that runs uses it.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteStudioLifecycleConfig.html
    """
    removed = _removed_lifecycle_configs(environment, summary)
    domain = environment.domain() if removed else None
    if domain is None:
        return
    apps = _running_with(environment, domain.id, removed)
    if not apps:
        return
    if not stop_apps:
        titles = "\n".join(f"  {app.title}" for app in apps)
        raise RefusedError(
            "The lifecycle configuration changes, and AWS deletes the old one only when no running app uses it."
            f" These do:\n{titles}",
            hint="studioctl up --stop-apps   (stops them first; their files are kept)",
        )
    from studioctl.operations.apps import stop_apps as stop  # noqa: PLC0415 (boto3 is needed only here)

    yield Stage("Stopping apps")
    yield from stop(environment.studio, domain.id, apps)


def _removed_lifecycle_configs(environment: Environment, summary: PlanSummary) -> set[str]:
    if not any(change.type == LIFECYCLE_CONFIG and change.destroys for change in summary.changes):
        return set()
    return {attributes["arn"] for attributes in Estate(environment.terraform.state()).attributes(LIFECYCLE_CONFIG)}


def _running_with(environment: Environment, domain_id: str, lifecycle_configs: set[str]) -> list["App"]:
    apps = environment.studio.apps(domain_id)
    return [app for app in apps if app.is_running and app.lifecycle_config_arn in lifecycle_configs]


def outputs(environment: Environment) -> Work[Mapping[str, Any]]:
    """What the last `apply` made: the outputs by name; empty if there was none."""
    yield from environment.terraform.init()
    return environment.terraform.outputs()
