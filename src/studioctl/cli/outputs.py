"""`studioctl outputs`."""

from studioctl.cli import options


def outputs(
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
    backend_config: options.BackendConfig = None,
) -> None:
    """Show what [bold]up[/] made: ids, ARNs and addresses for other programs."""
    import typer

    from studioctl.cli import context
    from studioctl.operations import provision
    from studioctl.presentation import views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import follow

    terminal = Terminal()
    environment = context.environment(config, local=local, backend_settings=backend_config, asks_aws=False)
    values = follow(provision.outputs(environment), terminal)
    if json:
        typer.echo(dumps(values))
    else:
        views.outputs(values, terminal.out)
