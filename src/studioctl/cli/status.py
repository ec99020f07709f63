"""`studioctl status`."""

from studioctl.cli import options


def status(
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
) -> None:
    """Show the domain, its users and spaces, and what is running: live from AWS."""
    import typer

    from studioctl.cli import context
    from studioctl.operations.status import status as look
    from studioctl.presentation import views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    found = look(context.account(config, local=local))
    if json:
        typer.echo(dumps(found))
    else:
        views.status(found, Terminal(), flags=context.repeated(config, local=local))
