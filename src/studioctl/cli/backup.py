"""`studioctl backup`."""

import os
from typing import Annotated

import typer

from studioctl.cli import options

Where = Annotated[
    str,
    typer.Argument(help="Your own bucket, which is not part of the environment.", metavar="s3://BUCKET[/PREFIX]"),
]
Only = Annotated[
    str | None,
    typer.Option("--space", help="Copy only this space and its owner's home.", metavar="SPACE", show_default=False),
]


def backup(
    where: Where,
    space: Only = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    yes: options.Yes = False,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Copy the volumes of spaces and users' home directories to a bucket, and verify the copies.

    For example: [bold]studioctl backup s3://acme-copies/late[/]. The bucket must exist.

    Each space is read over ssh, as one .tar.gz. A stopped space is started for the copy and stopped again, and a space
    that runs on too small an instance is stopped too. Asks before it does either.
    """
    from studioctl.cli import confirm, context, rehearsal
    from studioctl.errors import RefusedError
    from studioctl.operations.costs import rates
    from studioctl.operations.data import backup as operation
    from studioctl.presentation import backup as views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import follow, waiting

    terminal = Terminal()
    place = operation.Place.parse(where)
    account = context.account(config, local=local)
    with waiting(terminal, "Looking for what to copy"):
        plan = operation.plan(account, place, os.environ, only=space)
    views.planned(plan, terminal)
    views.rates(plan, terminal, per_hour=rates.of_starts(account, plan))
    if not plan.volumes and not plan.unreadable:
        rehearsal.note(terminal, f"backup {where}", config, account.config.name, local=local)
    if not plan.volumes and plan.unreadable:
        raise RefusedError("None of it can be copied. Nothing was changed.", hint="do what is said above, then again")
    if plan.starts:
        confirm.agreed(views.question(plan), yes=yes)
    copies = follow(operation.run(account, plan, os.environ), terminal, verbose=verbose)
    if json:
        typer.echo(dumps(copies))
    else:
        views.copied(copies, terminal, usd=rates.of_copies(account, copies))
