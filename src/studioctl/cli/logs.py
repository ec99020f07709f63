"""`studioctl logs`."""

from typing import Annotated

import typer

from studioctl.cli import options

Follow = Annotated[bool, typer.Option("--follow", "-f", help="Also show new lines, until Ctrl-C.")]
Lines = Annotated[int, typer.Option("--lines", "-n", help="Number of earlier lines of each stream.", min=1, max=10_000)]


def logs(
    space: options.Space = None,
    config: options.Config = options.DEFAULT_CONFIG,
    env: options.Env = None,
    local: options.Local = False,
    follow: Follow = False,
    lines: Lines = 100,
    json: options.JsonLines = False,
) -> None:
    """Show the logs of a space's lifecycle script and editor, by time. They are in CloudWatch."""
    from studioctl.cli import choose, context
    from studioctl.errors import ExitCode
    from studioctl.operations.spaces import logs as operation
    from studioctl.operations.spaces import start_stop
    from studioctl.presentation import daily
    from studioctl.presentation.console import Terminal

    terminal = Terminal()
    account = context.account(config, local=local, env=env)
    found = start_stop.find(account, choose.space(account, space, terminal))
    look = operation.follow if follow else operation.read
    try:
        count = daily.log(look(account, found, lines=lines), terminal, as_json=json)
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    if not count:
        terminal.say(f"'{found.name}' has not written anything yet.")
