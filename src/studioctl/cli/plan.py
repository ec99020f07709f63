"""`studioctl plan`."""

import typer

from studioctl.cli import options
from studioctl.errors import ExitCode, RefusedError


def plan(
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
    yes: options.Yes = False,
    verbose: options.Verbose = False,
    backend_config: options.BackendConfig = None,
) -> None:
    """Show what [bold]up[/] would create, change and destroy, and whether it would refuse to. Nothing is changed.

    Exits with 0 when there is nothing to do and with 2 when there is.
    """
    from studioctl.cli import confirm, context
    from studioctl.cli.hints import repeating
    from studioctl.operations.costs import change
    from studioctl.operations.provisioning import up
    from studioctl.presentation import costs, views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import follow

    terminal = Terminal()
    environment = context.environment(config, local=local, backend_settings=backend_config)
    move = confirm.backend_change(terminal, environment.terraform.backend_change(), yes=yes)
    summary = follow(up.plan(environment, move_state=move), terminal, verbose=verbose)
    cost = change.of_environment(environment, summary)
    if json:
        typer.echo(dumps(summary.to_json() | {"cost": costs.planned_json(cost, environment.source)}))
    else:
        views.plan(summary, terminal.out)
        costs.planned(cost, environment.source, terminal.out)
    if summary.has_changes:
        try:
            up.cleared(environment, summary)
        except RefusedError as refusal:
            terminal.say(f"\nstudioctl up refuses this plan. {refusal.message}")
            terminal.say(f"Next:  {repeating(refusal.hint, context.repeated(config, local=local))}")
        raise typer.Exit(ExitCode.CHANGES)
