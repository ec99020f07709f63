"""`studioctl up`."""

from pathlib import Path
from typing import Annotated

import typer

from studioctl.cli import options

StopApps = Annotated[
    bool, typer.Option("--stop-apps", help="Stop running apps that are in the way. Their files are kept.")
]
DeleteData = Annotated[
    bool,
    typer.Option("--delete-data", help="Also delete, for ever, the volumes of spaces that the file no longer has."),
]

PlanFile = Annotated[
    Path | None,
    typer.Argument(help="A plan from plan --out: apply exactly this, or nothing.", metavar="FILE", show_default=False),
]


def up(
    plan_file: PlanFile = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
    yes: options.Yes = False,
    stop_apps: StopApps = False,
    delete_data: DeleteData = False,
    adopt: options.Adopt = None,
    verbose: options.PlanVerbose = False,
    backend_config: options.BackendConfig = None,
) -> None:
    """Make the environment what the file says: show the plan, ask, apply.

    Run it again after a change of the file, or when it was interrupted: it goes on from where things are.
    """
    from studioctl.cli import confirm, context
    from studioctl.operations.costs import change
    from studioctl.operations.data import inventory
    from studioctl.operations.provisioning import durations
    from studioctl.operations.provisioning import up as provision
    from studioctl.presentation import costs, views
    from studioctl.presentation import review as presented
    from studioctl.presentation.addresses import addresses
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import follow, waiting
    from studioctl.review.reviewing import review

    terminal = Terminal()
    environment = context.environment(config, local=local, backend_settings=backend_config)
    move = confirm.backend_change(terminal, environment.terraform.backend_change(), yes=yes)
    if plan_file is None:
        work = provision.plan(environment, move_state=move, adopt=adopt)
    else:
        from studioctl.operations.provisioning import reviewed

        work = reviewed.planned_again(environment, reviewed.read(plan_file), plan_file, move_state=move)
    summary = follow(work, terminal, verbose=verbose)
    seconds = durations.expected(environment.terraform.blueprint, summary, durations.known(environment))
    presented.text(review(environment.config, environment.source, summary), summary, terminal.err, seconds=seconds)
    if summary.has_changes:
        costs.planned(change.of_environment(environment, summary), environment.source, terminal.err)
    if verbose and summary.has_changes:
        addresses(summary, terminal.err)
    with waiting(terminal, "Looking for what would be lost"):
        in_the_way = provision.cleared(environment, summary, stop_apps=stop_apps, delete_data=delete_data, adopt=adopt)
    if summary.has_changes:
        terminal.say(f"\nIn {environment.place}.")
        confirm.agreed("Apply this plan?", yes=yes)
    outputs = follow(provision.apply(environment, summary, stop=in_the_way), terminal, verbose=verbose)
    if json:
        typer.echo(dumps(outputs))
    else:
        homes = inventory.kept_homes(environment)
        kept = sum(home.usd_per_month or 0 for home in homes)
        views.kept_homes([h.name for h in homes], kept, {h.name: h.directories for h in homes}, terminal)
        views.ready(terminal, environment.config.name, outputs, flags=context.repeated(config, local=local))
