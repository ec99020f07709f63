"""`studioctl up`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from studioctl.cli import options

StopApps = Annotated[
    bool, typer.Option("--stop-apps", help="Stop running apps that block the plan. Their files are kept.")
]
DeleteData = Annotated[
    bool,
    typer.Option(
        "--delete-data", help="Also permanently delete the data in what the plan deletes: volumes, objects, images."
    ),
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
    refresh: options.Refresh = False,
    verbose: options.PlanVerbose = False,
    backend_config: options.BackendConfig = None,
) -> None:
    """Create or change the environment as the file describes: show the plan, ask, apply.

    Run it again after a change of the file or after an interruption: it continues from there.
    """
    from studioctl.cli import confirm, context
    from studioctl.cli.hints import repeating
    from studioctl.config.file_systems import restored
    from studioctl.operations.data import inventory
    from studioctl.operations.provisioning import up as provision
    from studioctl.presentation import views, whole_plan
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import follow, waiting

    terminal = Terminal()
    environment = context.environment(config, local=local, backend_settings=backend_config)
    move = confirm.backend_change(terminal, environment.terraform.backend_change(), yes=yes)
    if plan_file is None:
        work = provision.plan(environment, move_state=move, adopt=adopt, refresh=refresh)
    else:
        from studioctl.operations.provisioning import reviewed

        work = reviewed.planned_again(environment, reviewed.read(plan_file), plan_file, move_state=move)
    summary = follow(work, terminal, verbose=verbose)
    with waiting(terminal, "Looking for who works and what would be lost"):
        provision.refuse_whatever_is_said(environment, summary, adopt=adopt)
        found = whole_plan.look(environment, summary)
    given = _given(stop_apps=stop_apps, delete_data=delete_data)
    found.tell(
        terminal.err,
        verbose=verbose,
        flags=() if set(found.now.flags) <= given else None,
        repeat=partial(repeating, flags=context.repeated(config, local=local), plan_file=plan_file),
    )
    with waiting(terminal, "Looking for what would be lost"), _telling_all(found.now.flags, plan_file):
        in_the_way = provision.cleared(
            environment, summary, stop_apps=stop_apps, delete_data=delete_data, adopt=adopt, met=found.met
        )
    if summary.has_changes:
        terminal.say(f"\nIn {environment.place}.")
        confirm.agreed("Apply this plan?", yes=yes)
    lose = tuple(found.met.held) if delete_data else ()  # what was shown, and no more
    outputs = follow(provision.apply(environment, summary, stop=in_the_way, lose=lose), terminal, verbose=verbose)
    if json:
        typer.echo(dumps(outputs))
    else:
        homes = inventory.kept_homes(environment)
        mounted = restored(environment.config.storage.file_systems)
        kept = sum(home.usd_per_month or 0 for home in homes)
        views.kept_homes([h.name for h in homes], kept, {h.name: h.directories for h in homes}, mounted, terminal)
        views.ready(terminal, environment.config.name, outputs, flags=context.repeated(config, local=local))


@contextmanager
def _telling_all(needed: Sequence[str], plan_file: Path | None) -> Iterator[None]:
    """Complete the command that a refusal offers: all the flags that `up` needs, and the reviewed plan's file."""
    from studioctl.cli.hints import going_on
    from studioctl.errors import RefusedError

    try:
        yield
    except RefusedError as refusal:
        refusal.hint = going_on(refusal.hint, needed, plan_file)
        raise


def _given(*, stop_apps: bool, delete_data: bool) -> set[str]:
    from studioctl.operations.provisioning.meeting import DELETE_DATA, STOP_APPS

    return {flag for flag, is_given in ((STOP_APPS, stop_apps), (DELETE_DATA, delete_data)) if is_given}
