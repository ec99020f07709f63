"""The four things that `studioctl connect` can do. Imported by that command only."""

import os
import shlex
from dataclasses import replace
from pathlib import Path

import typer

from studioctl.cli import confirm
from studioctl.cli.hints import repeating
from studioctl.config.load import load
from studioctl.config.source import Source, located
from studioctl.errors import ExitCode
from studioctl.operations.environment import Account
from studioctl.operations.spaces import connect
from studioctl.operations.spaces.connect import Survey
from studioctl.presentation import findings
from studioctl.presentation import remote as views
from studioctl.presentation.console import Terminal
from studioctl.presentation.json import dumps
from studioctl.presentation.progress import follow
from studioctl.remote.editors import Editor
from studioctl.remote.host import alias_of, config_path, is_rehearsal
from studioctl.remote.ssh_config import SshConfig, section


def remove(space: str | None, config: Path, terminal: Terminal, *, local: bool, env: str | None) -> None:
    """Takes a space, or all of them, out of ssh's configuration. Needs no account; for all, not even the file.

    In a rehearsal only what a rehearsal wrote.
    """
    path = config_path()
    ssh_config = SshConfig(path)
    if space:
        aliases: tuple[str, ...] = (alias_of(space, env or load(config).name, local=local),)
    else:
        aliases = tuple(alias for alias in ssh_config.hosts() if is_rehearsal(alias) or not local)
    views.removed(ssh_config.remove(*aliases), path, terminal)


def check(
    account: Account, found: Survey, terminal: Terminal, *, json: bool, flags: str, file: Path | None
) -> ExitCode:
    """Says what is there and what is missing, with the lines of the file that have a say."""
    everything = tuple(
        replace(finding, remedy=repeating(finding.remedy, flags))
        for finding in (*found.needs, connect.session_finding(account, found), *connect.of_machine(found))
    )
    if file is not None:
        everything = tuple(located(everything, Source.of(file)))
    if json:
        typer.echo(dumps(views.as_json(found, everything)))
    else:
        findings.show(everything, terminal.out)
    return ExitCode.FAILED if connect.blocking(everything) else ExitCode.OK


def show(found: Survey, editor: Editor | None) -> None:
    """Prints what would be written and run."""
    typer.echo(section(found.host), nl=False)
    if editor:
        typer.echo(f"\n# then: {shlex.join(editor.command_line(found.host.alias))}")


def go(
    account: Account,
    found: Survey,
    editor: Editor | None,
    terminal: Terminal,
    *,
    yes: bool,
    verbose: bool,
    flags: str,
) -> None:
    """Brings about what is needed, after asking, and opens the editor."""
    connect.refuse_unfit(found)
    if found.question:
        confirm.agreed(found.question, yes=yes)
    app = follow(connect.prepare(account, found), terminal, verbose=verbose)
    reachable = connect.make_known(found, app, os.environ)
    command = editor.command_line(found.host.alias) if editor else None
    views.connected(found, reachable, terminal, command=command, flags=flags)
    if editor and not found.host.local:
        editor.open(found.host.alias, os.environ)
