"""`studioctl quotas`."""

from typing import Annotated

import typer

from studioctl.cli import options
from studioctl.errors import ExitCode, StudioctlError

REQUEST = "request"
Action = Annotated[
    str | None,
    typer.Argument(
        help="request: show what is missing, and ask AWS for it.",
        metavar="[request]",
        show_default=False,
    ),
]


def quotas(
    action: Action = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    yes: options.Yes = False,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Show what the file needs of AWS's quotas, and what the account has: profiles, spaces, apps, types, VPCs, IAM.

    Exits with 2 while something is missing. [bold]studioctl quotas request[/] files the requests, each for exactly
    what is needed; what is asked for already is not asked for again. AWS decides within minutes or days.
    """
    from studioctl.cli import confirm, context
    from studioctl.operations import quotas as operation
    from studioctl.presentation import quotas as view
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import follow, waiting

    if action not in {None, REQUEST}:
        raise StudioctlError(f"'{action}' is nothing to do.", hint="studioctl help quotas", exit_code=ExitCode.USAGE)
    terminal = Terminal()
    account, everything = context.account_with_blueprint(config, local=local)
    with waiting(terminal, "Asking AWS"):
        found = operation.demands(account, everything)
        pending = operation.open_requests(account, found)
    wanted = operation.to_file(found, pending)
    filed: tuple[operation.Asked, ...] = ()
    if action == REQUEST and wanted:
        view.requests(wanted, terminal)
        terminal.say(f"\nIn {account.place}.")
        confirm.agreed("File these requests?", yes=yes)
        filed = follow(operation.file(account, wanted), terminal, verbose=verbose)
    asked = {**pending, **{each.demand.quota.code: each for each in filed if each.demand.quota}}
    if json:
        typer.echo(dumps(view.as_json(found, asked)))
    else:
        view.show(found, asked, terminal, flags=context.repeated(config, local=local))
    if not all(demand.is_met for demand in found):
        raise typer.Exit(ExitCode.CHANGES)
