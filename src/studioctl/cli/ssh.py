"""`studioctl ssh`."""

import os
from typing import Any

import typer
from typer.core import TyperCommand

from studioctl.cli import options

AFTER_DASHES = "studioctl.after_dashes"


class WithRemoteCommand(TyperCommand):
    """A command whose line may go on after `--`: everything there is somebody else's, word by word."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keeps what follows the first `--` from being read as ours."""
        if "--" in args:
            position = args.index("--")
            ctx.meta[AFTER_DASHES] = args[position + 1 :]
            args = args[:position]
        return super().parse_args(ctx, args)


def ssh(
    ctx: typer.Context,
    space: options.Space = None,
    config: options.Config = options.DEFAULT_CONFIG,
    env: options.Env = None,
    local: options.Local = False,
) -> None:
    """Open a shell in a space, or run a command there: [bold]studioctl ssh SPACE -- COMMAND ...[/]

    One word after [bold]--[/] is a line for the shell over there; several are a command and its arguments. The exit
    code is the command's, or 255 when ssh itself failed. Writes nothing to ssh's configuration.
    """
    from studioctl.cli import choose, context
    from studioctl.operations.spaces import connect, start_stop
    from studioctl.presentation.console import Terminal

    account = context.account(config, local=local, env=env)
    found = start_stop.find(account, choose.space(account, space, Terminal()))
    connect.shell(account, found, ctx.meta.get(AFTER_DASHES, []), os.environ)
