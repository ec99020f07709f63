"""`studioctl list`."""

import typer

from studioctl.cli import options


def list_(local: options.Local = False, json: options.Json = False) -> None:
    """List the environments of the account and region: their users, spaces, and what runs. Needs no file.

    The region is the one that AWS_REGION or your profile names. Domains that were made without studioctl come last.
    """
    from studioctl.cli import context
    from studioctl.operations import environments as operation
    from studioctl.presentation import environments as view
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import waiting

    terminal = Terminal()
    account = context.anywhere(local=local)
    with waiting(terminal, "Asking AWS"):
        found = operation.environments(account)
    if json:
        typer.echo(dumps(found))
    else:
        view.listing(found, terminal, region=account.target.region, local=local)
