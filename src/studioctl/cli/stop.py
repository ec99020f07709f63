"""`studioctl stop`."""

import shlex
from typing import Annotated

import typer

from studioctl.cli import options

All = Annotated[bool, typer.Option("--all", help="Stop the apps of every space in the environment.")]


def stop(
    space: options.Space = None,
    config: options.Config = options.DEFAULT_CONFIG,
    env: options.Env = None,
    local: options.Local = False,
    everything: All = False,
    wait: options.Wait = True,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Stop a space's app, and with it the cost of its instance. Files are kept. Does nothing if it is stopped.

    With [bold]--all[/] it also lists the apps that it does not stop, such as Canvas, with the commands that do.
    """
    from studioctl.cli import choose, context
    from studioctl.errors import ExitCode, StudioctlError
    from studioctl.operations.spaces import start_stop
    from studioctl.presentation import daily
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import follow

    if everything and space:
        raise StudioctlError(
            f"Either '{space}' or --all.", hint=f"studioctl stop {shlex.quote(space)}", exit_code=ExitCode.USAGE
        )
    terminal = Terminal()
    account = context.account(config, local=local, env=env)
    domain_id = start_stop.domain_id(account) if everything else None
    if domain_id:
        found = start_stop.editors(account, domain_id)
    else:
        found = (start_stop.find(account, choose.space(account, space, terminal)),)
    stopped = follow(start_stop.stop(account, found, wait=wait), terminal, verbose=verbose)
    left = start_stop.left_running(account, domain_id) if domain_id else ()
    if json:
        typer.echo(dumps({"stopped": stopped, "left_running": left}))
    else:
        daily.stopped(stopped, terminal, waited=wait)
        daily.left_running(left, terminal, local=local)
