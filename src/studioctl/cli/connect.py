"""`studioctl connect`."""

import os
import shlex
from enum import StrEnum
from typing import Annotated

import typer

from studioctl.cli import options
from studioctl.errors import ExitCode, StudioctlError


class EditorChoice(StrEnum):
    """An editor on this machine, or none: then only ssh, scp and rsync."""

    CODE = "code"
    CURSOR = "cursor"
    KIRO = "kiro"
    NONE = "none"


def connect(
    space: options.Space = None,
    config: options.Config = options.DEFAULT_CONFIG,
    env: options.Env = None,
    local: options.Local = False,
    editor: Annotated[EditorChoice, typer.Option(help="Which editor; none: only ssh.")] = EditorChoice.CODE,
    instance_type: options.InstanceType = None,
    check: Annotated[bool, typer.Option("--check", help="Report what is missing, and change nothing.")] = False,
    show: Annotated[bool, typer.Option("--print", help="Print what would be written and run; change nothing.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Remove studioctl's block from the ssh config.")] = False,
    yes: options.Yes = False,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Open a space in VS Code, Cursor or Kiro on this machine, over ssh.

    Allows remote access where [bold]remote_access[/] in the file asks for it, which needs a new start, and starts
    what is stopped: both only after you agreed. Adds the space to ~/.ssh/config, in one block that [bold]--remove[/]
    takes out again: all of it, or with SPACE that space. [bold]--json[/] goes with [bold]--check[/].
    """
    from studioctl.cli import choose, connecting, context
    from studioctl.operations.spaces import connect as remote
    from studioctl.operations.spaces import start_stop
    from studioctl.presentation.console import Terminal
    from studioctl.remote import editors

    if json and not check:
        raise StudioctlError(
            "--json goes with --check.",
            hint=f"studioctl connect {f'{shlex.quote(space)} ' if space else ''}--check --json",
            exit_code=ExitCode.USAGE,
        )
    terminal = Terminal()
    if remove:
        connecting.remove(space, config, terminal, local=local, env=env)
        return
    account, flags = context.account(config, local=local, env=env), context.repeated(config, local=local, env=env)
    chosen = None if editor == EditorChoice.NONE else editors.of(editor)
    start_stop.check_instance_type(account, instance_type)  # before a question
    found = remote.survey(
        account,
        start_stop.find(account, choose.space(account, space, terminal)),
        editor=chosen,
        environ=os.environ,
        instance_type=instance_type,
    )
    if check:
        file = None if env else config
        raise typer.Exit(connecting.check(account, found, terminal, json=json, flags=flags, file=file))
    if show:
        connecting.show(found, chosen)
    else:
        connecting.go(account, found, chosen, terminal, yes=yes, verbose=verbose, flags=flags)
