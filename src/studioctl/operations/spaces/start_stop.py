"""Spaces during the day: found by name, started, stopped, started again. Their files stay on the space's volume."""

import re
import shlex
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from studio_emulator.facts import has_gpu
from studioctl.aws.errors import InUseError
from studioctl.aws.studio import Studio
from studioctl.aws.values import NOTHING, SETTINGS, UNSETTLED, ResourceSpec, SpaceDetails
from studioctl.aws.values import App as App  # noqa: PLC0414 (the command line may not look into `aws`)
from studioctl.aws.values import Space as Space  # noqa: PLC0414 (as above)
from studioctl.aws.wait import until
from studioctl.config import checks
from studioctl.config.text import listed, nearest, sentence
from studioctl.errors import AbsentError, AwsError, ExitCode, RefusedError, StudioctlError
from studioctl.events import Noted, Work
from studioctl.infrastructure.naming import ENVIRONMENT_TAG
from studioctl.operations import holds
from studioctl.operations.environment import Account
from studioctl.operations.spaces import diagnose_start, owners, remote_access
from studioctl.operations.studio.stop_apps import OVER, stop_apps

START_TIMEOUT = 1200.0  # seconds; AWS takes one to five minutes, and five more for a lifecycle script
UPDATE_TIMEOUT = 600.0
UPDATE_FAILED = "Update_Failed"
LISTED = 20  # names in a message
CPU_IMAGE, GPU_IMAGE = "sagemaker-distribution-cpu", "sagemaker-distribution-gpu"
ELSEWHERE = "studioctl list   (shows what there is; AWS_REGION=... looks in another region)"


def domain_id(account: Account) -> str:
    """The id of the environment's domain.

    Raises:
        AbsentError: There is no environment.
    """
    domain = account.domain()
    if domain is None:
        raise absent(account)
    return domain.id


def absent(account: Account) -> AbsentError:
    """The error that there is no environment, and which one was meant where it was found by its name."""
    meant = None
    if account.is_without_file:
        with suppress(AwsError):  # who may not list domains is told the rest
            tags = [account.studio.tag_of(domain.arn, ENVIRONMENT_TAG) for domain in account.studio.domains()]
            meant = nearest(account.config.name, filter(None, tags))
    return AbsentError(
        f"There is no '{account.config.name}' in {account.target.region}{f'; did you mean {meant}?' if meant else '.'}",
        hint=ELSEWHERE if account.is_without_file else "create it: studioctl up",
        is_local=account.target.is_local,
    )


def editors(account: Account, domain_id: str) -> tuple[Space, ...]:
    """Every space of a domain for Code Editor or JupyterLab, by name; also when there is none."""
    return tuple(space for space in account.studio.spaces(domain_id) if space.app_type in SETTINGS)


def candidates(account: Account) -> tuple[Space, ...]:
    """Every space of the environment for Code Editor or JupyterLab, by name.

    Raises:
        StudioctlError: There is no environment, or no such space in it.
    """
    found = editors(account, domain_id(account))
    if not found:
        raise StudioctlError(
            f"'{account.config.name}' has no space for Code Editor or JupyterLab.",
            hint="give a user a space in the file (left out, each has one), then: studioctl up",
        )
    return found


def find(account: Account, name: str | None) -> Space:
    """The space of this name; without a name, the only one.

    Raises:
        StudioctlError: There is none of this name, or there are several and none was named.
    """
    if name is not None and re.fullmatch(checks.SAGEMAKER_NAME, name):  # AWS refuses to look for another one
        space = account.studio.space(domain_id(account), name)
        if space is not None and space.app_type in SETTINGS:
            return space
        if space is not None:
            raise RefusedError(
                f"Space '{name}' is {_kind(space)}, and studioctl starts Code Editor and JupyterLab only.",
                hint=f"start or stop it in Studio, or name one of: {_listed(candidates(account))}",
            )
    found = candidates(account)
    if name is None and len(found) == 1:
        return found[0]
    problem = f"There is no space '{name}' in" if name else f"Which space? There are {len(found)} in"
    meant = _meant(name, found) if name else None
    guess = f" Did you mean '{meant}'?" if meant else ""
    raise StudioctlError(
        f"{problem} '{account.config.name}'.{guess}", hint=f"name one of: {_listed(found)}", exit_code=ExitCode.USAGE
    )


def _kind(space: Space) -> str:
    return f"for {space.app_type}" if space.app_type else "one of Studio Classic"


def _meant(name: str, found: Iterable[Space]) -> str | None:
    """The space that was probably meant: a user's only one, if their name was typed, or one of a similar name."""
    named = [space.name for space in found]
    owned = [space.name for space in found if space.owner == name]
    return owned[0] if len(owned) == 1 else nearest(name, named)


def state(account: Account, space: Space) -> str:
    """The space's editor now: "InService", "Pending", "Deleting", "Failed", or "Stopped".

    Raises:
        AwsError: AWS refused.
    """
    app = account.studio.editor(space)
    return app.status if app and app.status != "Deleted" else "Stopped"


def start(
    account: Account,
    space: Space,
    *,
    instance_type: str | None = None,
    wait: bool = True,
    script: bool = True,
    for_remote_access: bool = False,
    recovery: bool = False,
) -> Work[App]:
    """Starts a space's editor. One that runs already is left as it is.

    Args:
        account: The environment's account.
        space: From `find`.
        instance_type: For this time only, such as "ml.t3.xlarge": the space itself stays as the file says. Else the
            first of the file's that the account and AWS have.
        wait: Until it can be opened; else until AWS has accepted it.
        script: Whether its lifecycle script runs.
        for_remote_access: Whether it is started to be reached by ssh. Else a type that is too small for that is
            started all the same: remote access is turned off before.
        recovery: Whether it is started to be repaired: with an empty home directory beside the volume, and without the
            lifecycle script. https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-troubleshooting.html

    Raises:
        StudioctlError: There is no such instance type.
        RefusedError: It runs on another instance type, or not to be repaired.
        AwsError: AWS refused, or it failed; the message says why.
    """
    check_instance_type(account, instance_type)
    types = [instance_type] if instance_type else _types(account, space)
    refused: list[diagnose_start.UnavailableError] = []
    for place, each in enumerate(types):
        try:
            with owners.told([space]):
                return (yield from _start(account, space, each, wait, script, for_remote_access, recovery))
        except diagnose_start.UnavailableError as error:
            refused.append(error)
            if place + 1 == len(types):
                raise diagnose_start.exhausted(account, space, refused) from error
            yield Noted(f"{error.why}; trying {types[place + 1]}")
    raise AssertionError("there is at least one type")


def _types(account: Account, space: Space) -> tuple[str | None, ...]:
    """The instance types to try, the space's own first: that is None. The others are the file's, in its order."""
    mine = (each.alternatives for each in account.config.resolved_spaces() if each.name == space.name)
    return (None, *next(mine, ()))


def _start(
    account: Account,
    space: Space,
    instance_type: str | None,
    wait: bool,
    script: bool,
    for_remote_access: bool,
    recovery: bool,
) -> Work[App]:
    studio = account.studio
    app = studio.editor(space)
    if app is not None and app.status == "Deleting":
        yield from stop_apps(studio, space.domain_id, [app])
        app = None
    if app is None or not app.is_running:
        details = yield from _settled(account, space)
        spec = _spec_for(studio, details, instance_type)
        spec = spec if script and not recovery else replace(spec, lifecycle_config_arn=NOTHING)
        if not for_remote_access:
            yield from remote_access.turn_off_where_too_small(account, details, spec)
        app = yield from _create(account, details, spec, for_remote_access=for_remote_access, recovery=recovery)
        yield from holds.told(account, space.owner)
    else:
        _refuse_another_type(app, instance_type)
        _refuse_while_at_work(app, recovery=recovery)
        if app.status == "InService":
            yield Noted(f"'{space.name}' runs already")
    if wait and app.status != "InService":
        app = yield from _until_ready(account, space)
    return app


def stop(account: Account, spaces: Iterable[Space], *, wait: bool = True) -> Work[tuple[str, ...]]:
    """Stops the editors of these spaces, side by side, and returns the names of those in which it ran.

    Where AWS refuses one, the others are stopped all the same.

    Args:
        account: The environment's account.
        spaces: From `find` or `candidates`.
        wait: Until each is stopped; else until AWS has accepted it.

    Raises:
        AwsError: AWS refused.
    """
    by_name = {space.name: space for space in spaces}
    if not by_name:
        return ()
    domain_id = next(iter(by_name.values())).domain_id
    apps = [
        app
        for app in account.studio.apps(domain_id)
        if app.space in by_name and app.type == by_name[app.space].editor_type and app.status not in OVER
    ]
    with owners.told(by_name.values()):
        yield from stop_apps(account.studio, domain_id, apps, wait=wait)
    return tuple(app.space for app in apps if app.space)


@dataclass(frozen=True)
class LeftRunning:
    """An app that runs and that studioctl does not stop.

    Args:
        title: The app and its owner: "Canvas of 'ada'".
        instance_type: Its instance type; None if AWS does not tell.
        stop: The AWS CLI's command that stops it.
    """

    title: str
    instance_type: str | None
    stop: str


def left_running(account: Account, domain_id: str) -> tuple[LeftRunning, ...]:
    """The apps that `stop` leaves alone and that are paid for: Canvas, Studio Classic's, RStudio's.

    Raises:
        AwsError: AWS refused.
    """
    return tuple(
        LeftRunning(app.title, app.instance_type, _deletion(domain_id, app) + account.target.aws_flags)
        for app in account.studio.apps(domain_id)
        if app.type not in SETTINGS and app.is_running
    )


def _deletion(domain_id: str, app: App) -> str:
    owner = ("--space-name", app.space) if app.space else ("--user-profile-name", app.user_profile or "")
    key = ("--domain-id", domain_id, *owner, "--app-type", app.type, "--app-name", app.name)
    return shlex.join(("aws", "sagemaker", "delete-app", *key))


def restart(
    account: Account, space: Space, *, instance_type: str | None = None, wait: bool = True, recovery: bool = False
) -> Work[App]:
    """Stops a space's editor, if it runs, and starts it; see `start`."""
    check_instance_type(account, instance_type)
    yield from stop(account, [space])
    return (yield from start(account, space, instance_type=instance_type, wait=wait, recovery=recovery))


def check_instance_type(account: Account, instance_type: str | None) -> None:
    """Makes sure that it is one of Studio's, before anything stops for it. None is one.

    Raises:
        StudioctlError: It is none; the message says what was meant.
    """
    if instance_type is None or instance_type in account.studio.instance_types():
        return
    try:
        checks.instance_type(instance_type)
    except ValueError as why:
        message = f"--instance-type: {sentence(str(why))} Nothing was stopped or started."
        hint = "name another type, or leave --instance-type out: then it is the file's"
        raise StudioctlError(message, hint=hint, exit_code=ExitCode.USAGE) from None


def _listed(spaces: Iterable[Space]) -> str:
    return listed((space.name for space in spaces), LISTED)


def _settled(account: Account, space: Space) -> Work[SpaceDetails]:
    """The space's details, once AWS has finished making or changing it.

    One whose change failed is told once more what it is: else AWS may refuse to start it, for as long as it stays so.
    """
    studio = account.studio

    def look() -> SpaceDetails:
        found = studio.space(space.domain_id, space.name)
        if found is None or found.status in {"Failed", "Deleting", "Delete_Failed"}:
            why = f"is {found.status}: {found.failure or 'AWS does not say why'}" if found else "is gone"
            raise AwsError(f"Space '{space.name}' {why}.", hint="look at it: studioctl status")
        return found

    found = look()
    if found.status in UNSETTLED:
        yield from until(
            lambda: look().status not in UNSETTLED,
            subject=f"space '{space.name}'",
            action="update",
            timeout=UPDATE_TIMEOUT,
        )
        found = look()
    if found.status == UPDATE_FAILED:
        yield Noted(f"AWS has failed to change '{space.name}': {found.failure or 'it does not say why'}")
        yield from remote_access.change(account, space, allowed=found.remote_access)
        found = look()
    return found


def _spec_for(studio: Studio, space: SpaceDetails, instance_type: str | None) -> ResourceSpec:
    """The space's own spec, with the lifecycle configuration of its owner where it has none.

    A configuration that is only in the list of allowed ones does not run: CreateApp has to name it.
    https://docs.aws.amazon.com/sagemaker/latest/dg/jl-lcc-create.html
    An instance type given to CreateApp overrides the others, so the space need not be changed, and Terraform has
    nothing to put back. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateApp.html
    """
    spec = space.spec
    if spec.lifecycle_config_arn is None and space.owner:
        defaults = studio.editor_defaults(space.domain_id, space.owner, space.editor_type)
        spec = replace(spec, lifecycle_config_arn=defaults.spec.lifecycle_config_arn)
    if instance_type:
        # A plan reserves one instance type; on another the app starts outside of it.
        leaves_plan = spec.training_plan is not None and instance_type != spec.instance_type
        plan = NOTHING if leaves_plan else spec.training_plan_arn
        spec = replace(spec, instance_type=instance_type, training_plan_arn=plan)
    if has_gpu(spec.instance_type) and spec.image_arn and not spec.image_version_arn:
        # https://docs.aws.amazon.com/sagemaker/latest/dg/code-editor-launch-cli.html
        spec = replace(spec, image_arn=spec.image_arn.replace(CPU_IMAGE, GPU_IMAGE))
    return spec


def _create(
    account: Account, space: SpaceDetails, spec: ResourceSpec, *, for_remote_access: bool, recovery: bool
) -> Work[App]:
    try:
        account.studio.create_editor(space, spec, recovery=recovery)
    except InUseError:  # somebody else was faster
        yield Noted(f"'{space.name}' is being started already")
    except AwsError as error:
        if not for_remote_access and remote_access.is_refused(error):  # a type of which only AWS knows that
            yield from remote_access.turn_off(account, space, spec.instance_type)
            return (yield from _create(account, space, spec, for_remote_access=True, recovery=recovery))
        raise diagnose_start.refused(account, space, error, instance_type=spec.instance_type) from error
    app = account.studio.editor(space)
    if app is None:
        raise AwsError(f"AWS took the start of '{space.name}' and does not know it.", hint="run the same command again")
    return app


def _refuse_another_type(app: App, instance_type: str | None) -> None:
    if instance_type and instance_type != app.instance_type:
        raise RefusedError(
            f"'{app.space}' runs on {app.instance_type} already; another instance type needs a restart.",
            hint=f"save your work, then: studioctl restart {app.space} --instance-type {instance_type}",
        )


def _refuse_while_at_work(app: App, *, recovery: bool) -> None:
    if recovery and not app.in_recovery:
        raise RefusedError(
            f"'{app.space}' runs already; recovery needs a restart.",
            hint=f"save your work, then: studioctl restart {app.space} --recovery",
        )


def _until_ready(account: Account, space: Space) -> Work[App]:
    def look() -> App:
        app = account.studio.editor(space)
        if app is not None and app.status == "Failed":
            raise diagnose_start.failed(account, space, app)
        if app is None or not app.is_running:
            raise AwsError(f"'{space.name}' was stopped while it was starting.", hint=f"studioctl start {space.name}")
        return app

    yield from until(
        lambda: look().status == "InService", subject=f"'{space.name}'", action="start", timeout=START_TIMEOUT
    )
    return look()
