"""Remote access: making a space fit for it, and letting ssh in."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from studioctl.aws.remote import start_session
from studioctl.aws.values import App, Space, SpaceDetails
from studioctl.config.apps import title
from studioctl.errors import AwsError, StudioctlError
from studioctl.events import Failed, Finished, Started, Work
from studioctl.findings import Finding, Severity
from studioctl.operations.environment import Account
from studioctl.operations.spaces import owners, remote_access, start_stop
from studioctl.operations.spaces import remote_requirements as needs
from studioctl.remote import editors, machine, plugin, ssh
from studioctl.remote.editors import Editor
from studioctl.remote.host import Host, config_path
from studioctl.remote.ssh_config import SshConfig


@dataclass(frozen=True)
class Survey:
    """A space on its way to a remote session.

    Args:
        space: As AWS shows it.
        app: Its editor; None when nothing runs or starts.
        host: Its host for ssh.
        instance_type: The instance type that somebody asked for.
        needs: AWS's requirements for the space.
        machine: Requirements for this machine.
        runs_on: The present or default instance type; None if that is AWS's choice.
        flag: The flag by which `connect` selects this editor: " --editor none", or empty for the usual one.
    """

    space: SpaceDetails
    app: App | None
    host: Host
    instance_type: str | None
    needs: tuple[Finding, ...]
    machine: tuple[Finding, ...]
    runs_on: str | None = None
    flag: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them."""
        return self.needs + self.machine

    @property
    def must_enable(self) -> bool:
        """Whether the space has to be changed: it then takes a new start to follow."""
        return not self.space.remote_access

    @property
    def must_stop(self) -> bool:
        """Whether what runs has to end first."""
        other = self.app is not None and self.instance_type not in {None, self.app.instance_type}
        return self.app is not None and (self.must_enable or other)

    @property
    def must_start(self) -> bool:
        """Whether it has to be started."""
        return self.must_stop or self.app is None or self.app.status != "InService"

    @property
    def question(self) -> str:
        """The steps that the user confirms; empty when nothing changes in AWS."""
        steps = [f"stop '{self.space.name}' (what runs in it ends, files stay)"] if self.must_stop else []
        steps += ["allow remote access"] if self.must_enable else []
        if self.must_start:
            steps.append("start it again" if self.must_stop else f"start '{self.space.name}'")
        if not steps:
            return ""
        text = steps[0] if len(steps) == 1 else f"{', '.join(steps[:-1])} and {steps[-1]}"
        return f"{text[0].upper()}{text[1:]}?"


def survey(
    account: Account,
    space: Space,
    *,
    editor: Editor | None,
    environ: Mapping[str, str],
    instance_type: str | None = None,
) -> Survey:
    """Looks at everything that AWS and this machine must bring. Changes nothing.

    Raises:
        StudioctlError: There is no such instance type.
        AwsError: AWS refused.
    """
    start_stop.check_instance_type(account, instance_type)
    details = account.studio.space(space.domain_id, space.name)
    if details is None:
        raise AwsError(f"Space '{space.name}' is gone.", hint="studioctl status")
    found = account.studio.editor(space)
    app = found if found is not None and (found.is_running or found.status == "Deleting") else None
    host = Host.of(space.name, details.arn, account.config.name, account.target)
    spec = needs.spec_of(details, app)
    runs_on = spec.instance_type or remote_access.default_instance_type(account, details)
    flag = editors.flag(editor)
    larger = needs.large_enough(instance_type or runs_on)  # on the other AWS refuses what the rest asks for, too
    again = f"{flag} --instance-type {larger}" if larger else flag
    # A type for this time alone stands in no line.
    at = () if instance_type else account.config.place_of(space.name, "instance_type")
    wanted = (
        needs.remote_access(details, asked_for=account.config.studio.remote_access, flag=again),
        needs.instance(space.name, instance_type or runs_on, flag=flag, at=at),
        needs.image(spec, space=space.name, pinned=_pinned(account, space)),
        needs.running(space, app, flag=again),
    )
    return Survey(
        details, app, host, instance_type, wanted, tuple(machine.findings(editor, host, environ)), runs_on, again
    )


def _pinned(account: Account, space: Space) -> tuple[str | int, ...]:
    """The location in the file of the image version that the space starts; empty if the file names none."""
    pins = (each.image for each in account.config.resolved_spaces() if each.name == space.name)
    return account.config.place_of(space.name, "image") if next(pins, None) else ()


def blocking(found: Iterable[Finding]) -> list[Finding]:
    """The findings that keep a connection from working."""
    return [finding for finding in found if finding.severity is Severity.ERROR]


def session_finding(account: Account, found: Survey) -> Finding:
    """Opens a session, and lets it lapse: who may, and whether the space has registered, only AWS knows."""
    if found.must_enable or found.must_start:
        return needs.SESSION.broken(
            "not tried: the space is not ready",
            severity=Severity.WARNING,
            remedy=f"studioctl connect {found.space.name}{found.flag}",
        )
    try:
        start_session(account.target, found.space.arn)
    except StudioctlError as error:
        return needs.SESSION.broken(error.message, remedy=_restart_hint(error, found.space.name))
    return needs.SESSION.ok("AWS opens one")


def of_machine(found: Survey) -> tuple[Finding, ...]:
    """The findings about this machine. For a rehearsal they are notes: nothing is opened, and nothing is needed."""
    if not found.host.local:
        return found.machine
    return tuple(
        replace(it, severity=Severity.INFO, message=f"{it.message}; a rehearsal goes on without")
        if it.severity > Severity.INFO
        else it
        for it in found.machine
    )


def refuse_unfit(found: Survey) -> None:
    """Refuses to begin what cannot work. What is missing on this machine is no hindrance to a rehearsal.

    Raises:
        StudioctlError: Something that connecting does not bring about by itself is missing.
    """
    _refuse(found.needs if found.host.local else found.findings)


def _refuse_hopeless(found: Survey) -> None:
    """The same of what AWS wants only: this machine is looked at once the space is ready."""
    _refuse(found.needs)


def _refuse(looked_at: tuple[Finding, ...]) -> None:
    if missing := blocking(looked_at):
        first, *others = missing
        more = "".join(f"\n       {finding.message}; {finding.remedy}" for finding in others)
        raise StudioctlError(f"{first.message.rstrip('.')}.{more}", hint=first.remedy)


def prepare(account: Account, found: Survey, *, script: bool = True) -> Work[App]:
    """Stops, allows remote access, starts: what of it is needed, in the order that AWS wants.

    The order of https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access-remote-setup.html. Broken off at any
    point, the same command completes it.

    Args:
        account: The environment's account.
        found: From `survey`.
        script: Whether the lifecycle script runs, if it is started.

    Raises:
        AwsError: AWS refused, or the app did not start.
    """
    space = found.space
    before = found.app.instance_type if found.app and found.must_stop else None
    if found.must_stop:
        yield from start_stop.stop(account, [space])
    if found.must_enable:
        with owners.told([space]):
            yield from remote_access.change(account, space, allowed=True)
    app = yield from start_stop.start(
        account, space, instance_type=found.instance_type or before, script=script, for_remote_access=True
    )
    yield from _try_session(account, found)
    return app


def _try_session(account: Account, found: Survey) -> Work[None]:
    """So that a refusal is seen here, and not in an editor's log."""
    began, subject = time.monotonic(), f"session with '{found.space.name}'"
    yield Started(subject, "open")
    try:
        with owners.told([found.space]):
            start_session(account.target, found.space.arn)
    except StudioctlError as error:
        yield Failed(subject, "open", time.monotonic() - began)
        error.hint = _restart_hint(error, found.space.name)
        raise
    yield Finished(subject, "open", time.monotonic() - began)


def _restart_hint(error: StudioctlError, space: str) -> str:
    """A space that was allowed remote access while it ran only follows after a new start."""
    return f"studioctl restart {space}" if "Validation" in error.message else error.hint


@dataclass(frozen=True)
class Reachable:
    """A space that ssh knows by name.

    Args:
        path: ssh's configuration.
        changed: Whether the name was written there now.
        problem: Anything else in the configuration that keeps ssh from reaching the space as written; None for nothing.
    """

    path: Path
    changed: bool
    problem: str | None


def make_known(found: Survey, app: App, environ: Mapping[str, str]) -> Reachable:
    """Writes the space into ssh's configuration.

    Args:
        found: From `survey`.
        app: From `prepare`.
        environ: The environment in which ssh is asked what it makes of its configuration.
    """
    found.host.forget_key_before(app.created_at)
    path = config_path()
    changed = SshConfig(path).put(found.host)
    return Reachable(path, changed, ssh_disagrees(found.host, environ))


def ssh_disagrees(host: Host, environ: Mapping[str, str]) -> str | None:
    """Return the setting in the user's configuration that keeps ssh from using our entry for the host, if any."""
    program = ssh.find(environ)
    return ssh.disagreement(program, host, environ) if program else None


def shell(account: Account, space: Space, words: list[str], environ: Mapping[str, str]) -> NoReturn:
    """Becomes ssh in the space; writes nothing to the user's configuration.

    Where the space is not ready, what keeps `connect` from making it so is told first, not a command later.

    Raises:
        StudioctlError: The space is not ready for it.
    """
    details = account.studio.space(space.domain_id, space.name)
    app = account.studio.editor(space)
    if details is None or not details.remote_access or app is None or app.status != "InService":
        _refuse_hopeless(survey(account, space, editor=None, environ=environ))
        editor = title(space.editor_type)
        raise StudioctlError(
            f"'{space.name}' is not ready for ssh: remote access must be allowed, and {editor} must run.",
            hint=f"studioctl connect {space.name} --editor none",
        )
    plugin.require(environ)
    host = Host.of(space.name, details.arn, account.config.name, account.target)
    host.forget_key_before(app.created_at)
    ssh.become(host, words, environ)


def arn_of(account: Account, name: str) -> str:
    """The ARN of a space of the environment, by its name or by its name for ssh ("ada-editor.acme-ml")."""
    found = start_stop.find(account, name.partition(".")[0])  # SageMaker's names have no dots
    details = account.studio.space(found.domain_id, found.name)
    if details is None:
        raise AwsError(f"Space '{name}' is gone.", hint="studioctl status")
    return details.arn
