"""`studioctl connect`."""

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from studioctl.cli import options
from studioctl.errors import ExitCode, StudioctlError

if TYPE_CHECKING:
    from pathlib import Path

    from studioctl.operations.environment import Account
    from studioctl.operations.remote import Survey
    from studioctl.presentation.console import Terminal


class EditorChoice(StrEnum):
    """An editor on this machine, or none: then only ssh, scp and rsync."""

    CODE = "code"
    CURSOR = "cursor"
    KIRO = "kiro"
    NONE = "none"


def connect(
    space: options.Space = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    editor: Annotated[EditorChoice, typer.Option(help="Which editor; none: only ssh.")] = EditorChoice.CODE,
    instance_type: options.InstanceType = None,
    check: Annotated[bool, typer.Option("--check", help="Say what is missing, and change nothing.")] = False,
    show: Annotated[bool, typer.Option("--print", help="Print what would be written and run; change nothing.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take our block out of ssh's configuration.")] = False,
    yes: options.Yes = False,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Open a space in VS Code, Cursor or Kiro on this machine, over ssh.

    Allows remote access where [bold]remote_access[/] in the file asks for it, which needs a new start, and starts
    what is stopped: both only after you agreed. Adds the space to ~/.ssh/config, in one block that [bold]--remove[/]
    takes out again: all of it, or with SPACE that space. [bold]--json[/] goes with [bold]--check[/].
    """
    from studioctl.cli import choose, context
    from studioctl.operations import remote, spaces
    from studioctl.presentation.console import Terminal
    from studioctl.remote import editors

    if json and not check:
        raise StudioctlError(
            "--json goes with --check.", hint="studioctl connect --check --json", exit_code=ExitCode.USAGE
        )
    terminal = Terminal()
    if remove:
        _remove(space, config, terminal, local=local)
        return
    account = context.account(config, local=local)
    found = remote.survey(
        account,
        spaces.find(account, choose.space(account, space, terminal)),
        editor=None if editor == EditorChoice.NONE else editors.of(editor),
        environ=os.environ,
        instance_type=instance_type,
    )
    if check:
        raise typer.Exit(_check(account, found, terminal, json=json))
    command = None if editor == EditorChoice.NONE else editors.of(editor).command_line(found.host.alias)
    if show:
        _show(found, command)
    else:
        _go(account, found, command, terminal, yes=yes, verbose=verbose, flags=context.repeated(config, local=local))


def _remove(space: str | None, config: "Path", terminal: "Terminal", *, local: bool) -> None:
    """Needs no account, and with no space not even the file."""
    from studioctl.config.load import load
    from studioctl.presentation import remote as views
    from studioctl.remote.host import alias_of, config_path
    from studioctl.remote.ssh_config import SshConfig

    alias = alias_of(space, load(config).name, local=local) if space else None
    path = config_path()
    views.removed(SshConfig(path).remove(alias), path, terminal)


def _check(account: "Account", found: "Survey", terminal: "Terminal", *, json: bool) -> ExitCode:
    from studioctl.operations import remote
    from studioctl.presentation import remote as views
    from studioctl.presentation.json import dumps
    from studioctl.remote.finding import is_ready

    everything = (*found.needs, remote.session_finding(account, found), *found.machine)
    if json:
        typer.echo(dumps(views.as_json(found, everything)))
    else:
        views.findings(everything, terminal)
    return ExitCode.OK if is_ready(everything) else ExitCode.FAILED


def _show(found: "Survey", command: list[str] | None) -> None:
    import shlex

    from studioctl.remote.ssh_config import section

    typer.echo(section(found.host), nl=False)
    if command:
        typer.echo(f"\n# then: {shlex.join(command)}")


def _go(
    account: "Account",
    found: "Survey",
    command: list[str] | None,
    terminal: "Terminal",
    *,
    yes: bool,
    verbose: bool,
    flags: str,
) -> None:
    from studioctl.cli import confirm
    from studioctl.operations import remote
    from studioctl.presentation import remote as views
    from studioctl.presentation.progress import follow
    from studioctl.remote import editors
    from studioctl.remote.host import config_path
    from studioctl.remote.ssh_config import SshConfig

    remote.refuse_unfit(found)
    if found.question:
        confirm.agreed(found.question, yes=yes)
    app = follow(remote.prepare(account, found), terminal, verbose=verbose)
    found.host.forget_key_before(app.created_at)
    path = config_path()
    changed = SshConfig(path).put(found.host)
    views.connected(found.space.name, found.host.alias, path, terminal, changed=changed, flags=flags)
    if found.host.local:
        views.rehearsed(command, terminal)
    elif command:
        editors.launch(command, os.environ)
