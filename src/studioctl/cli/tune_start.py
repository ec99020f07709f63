"""Start or follow a study for `studioctl tune`: here, with jobs, or with workers."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from studioctl.cli import options

if TYPE_CHECKING:
    from collections.abc import Generator

    from studioctl.events import Noted
    from studioctl.operations.tuning.sizes import AccountOf
    from studioctl.tuning.controller import Progress
    from studioctl.tuning.runs import RunResult, Settings


def account_of(config: Path) -> "AccountOf":
    """Signs in to where a study's jobs are."""
    from studioctl.cli import context

    return lambda is_local: context.account(config, local=is_local)


def begin(settings: "Settings", config: Path, *, yes: bool, json: bool) -> None:
    """Runs a study on this machine, or with jobs or workers, which are asked about first."""
    from studioctl.tuning import runs

    if settings.jobs is None:
        _shown(runs.run(config, settings), config, json=json)
        return
    from studioctl.cli import confirm
    from studioctl.operations.tuning import sizes, workers
    from studioctl.presentation import tuning
    from studioctl.presentation.console import Terminal

    found = sizes.prepared(config, settings, account_of(config))
    given = (found.packed, found.settings, found.account.place, Terminal())
    if isinstance(found.most, workers.Estimate):
        tuning.show_workers(found.most, *given)
    else:
        tuning.show_estimate(found.most, *given)
    confirm.agreed("Start it?", yes=yes)
    _shown(found.work, config, json=json)


def _shown(
    work: "Generator[Progress | Noted, None, RunResult]",
    config: Path,
    *,
    json: bool,
) -> None:
    from studioctl.presentation import tuning
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    terminal = Terminal()
    result = tuning.follow(work, terminal)
    if json:
        typer.echo(dumps(result))
    else:
        tuning.ended(result, terminal, flags=options.config_flag(config))


def fresh(config: Path, study: str | None) -> None:
    """Takes the newest copy of a study that workers share, and tells of it."""
    from studioctl.operations.tuning import sizes
    from studioctl.presentation.console import Terminal

    for told in sizes.fresh(config, study, account_of(config)):
        Terminal().say(told)
