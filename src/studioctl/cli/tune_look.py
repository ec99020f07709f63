"""`studioctl tune ...`: what only looks at a study."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studioctl.cli import completion, options, tune_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from studioctl.tuning.records import StudyStatus

WATCH_SECONDS = 5.0  # between two looks at AWS

Study = Annotated[
    str | None,
    typer.Option(
        "--study",
        "-s",
        help="The study. If left out: the one that changed last; for run, the file's name.",
        metavar="NAME",
        show_default=False,
        autocompletion=completion.studies,
    ),
]
Watch = Annotated[bool, typer.Option("--watch", help="Refresh every second, until Ctrl-C.")]
Trial = Annotated[int, typer.Option("--trial", "-t", help="The trial's number.", metavar="N", min=0)]
Output = Annotated[Path, typer.Option("--output", "-o", help="The file: .csv, .json or .db (SQLite).", metavar="FILE")]
Directory = Annotated[
    Path | None,
    typer.Option(help="Directory for the files. If left out: the study's.", metavar="DIR", show_default=False),
]
Port = Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]


def status(
    study: Study = None,
    config: options.Config = options.DEFAULT_CONFIG,
    watch: Watch = False,
    json: options.Json = False,
) -> None:
    """Show a study: trials by state, the best so far, the rate, the cost, and the expected end.

    For example: [bold]studioctl tune status --watch[/]
    """
    from studioctl.errors import ExitCode
    from studioctl.extras import require
    from studioctl.presentation import json as as_json
    from studioctl.presentation import tuning
    from studioctl.presentation.console import Terminal

    require("tune")
    from studioctl.tuning import studies

    terminal = Terminal()
    tune_start.fresh(config, study)
    if not watch:
        found = studies.status(config, study)
        typer.echo(as_json.dumps(found)) if json else tuning.show(found, terminal)
        return
    try:
        tuning.watch(_looks(config, study), terminal, time.sleep, as_json=json)
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def _looks(config: Path, study: str | None) -> "Iterator[StudyStatus]":
    from studioctl.tuning import studies

    asked = time.monotonic()
    while True:
        if time.monotonic() - asked > WATCH_SECONDS:
            tune_start.fresh(config, study)
            asked = time.monotonic()
        yield studies.status(config, study)


def best(study: Study = None, config: options.Config = options.DEFAULT_CONFIG, json: options.Json = False) -> None:
    """Show the best trial and its parameters, or for several objectives the Pareto-optimal trials.

    For example: [bold]studioctl tune best --json[/]
    """
    from studioctl.extras import require
    from studioctl.presentation import tuning
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    require("tune")
    from studioctl.tuning import studies

    tune_start.fresh(config, study)
    found = studies.status(config, study)
    if json:
        typer.echo(dumps({"study": found.study, "best": found.best}))
    else:
        tuning.show_best(found, Terminal())


def list_(config: options.Config = options.DEFAULT_CONFIG, json: options.Json = False) -> None:
    """List the studies, the last changed one first.

    For example: [bold]studioctl tune list[/]
    """
    from studioctl.extras import require
    from studioctl.presentation import tuning
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    require("tune")
    from studioctl.cli.hints import repeating
    from studioctl.tuning import records, studies

    terminal, found = Terminal(), list[records.StudyStatus]()
    for each in studies.each_of(config):
        if isinstance(each, records.StudyStatus):
            found.append(each)
        else:
            terminal.say(f"{each.message} Try: {repeating(each.hint, options.config_flag(config))}")
    typer.echo(dumps(found)) if json else tuning.show_all(tuple(found), terminal)


def logs(
    trial: Trial,
    study: Study = None,
    config: options.Config = options.DEFAULT_CONFIG,
    json: options.Json = False,
) -> None:
    """Show the log of a trial.

    For example: [bold]studioctl tune logs --trial 7[/]
    """
    from studioctl.extras import require
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    require("tune")
    from studioctl.operations.tuning import logs as operation

    tune_start.fresh(config, study)
    found = operation.log(config, study, trial, tune_start.account_of(config))
    if json:
        job = {"job": found.job} if found.job else {}
        typer.echo(dumps({"study": found.study, "trial": trial, **job, "lines": found.lines}))
    elif found.text:
        Terminal().out.print(found.text.rstrip("\n"), soft_wrap=True)
    else:
        whose = f"The job '{found.job}' of trial" if found.job else "Trial"
        Terminal().say(f"{whose} {trial} has not written anything.")


def plot(
    study: Study = None,
    directory: Directory = None,
    config: options.Config = options.DEFAULT_CONFIG,
    json: options.Json = False,
) -> None:
    """Draw Optuna's plots of a study: an HTML file that needs no network, and a PNG.

    For example: [bold]studioctl tune plot --directory plots[/]
    """
    from studioctl.extras import require
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import waiting

    require("tune")
    from studioctl.tuning import plots

    terminal = Terminal()
    tune_start.fresh(config, study)
    with waiting(terminal, "Drawing the plots"):
        page, picture = plots.plot(config, study, directory)
    if json:
        typer.echo(dumps({"html": page, "png": picture}))
    else:
        terminal.say(f"Wrote {page}\nWrote {picture}")


def dashboard(
    study: Study = None,
    port: Port = 8080,
    config: options.Config = options.DEFAULT_CONFIG,
    json: options.Json = False,
) -> None:
    """Serve optuna-dashboard for a study on 127.0.0.1, until Ctrl-C.

    For example: [bold]studioctl tune dashboard --port 0[/]
    """
    from studioctl.errors import ExitCode
    from studioctl.extras import require
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import line

    require("tune")
    from studioctl.tuning.dashboard import Dashboard

    terminal = Terminal()
    tune_start.fresh(config, study)
    try:
        with Dashboard(config, study, port, lambda: tune_start.fresh(config, study)) as served:
            if json:
                terminal.data(line({"study": served.study, "url": served.url}))
            else:
                terminal.say(f"Study '{served.study}' is at {served.url} until you press Ctrl-C.")
            served.wait()
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.OK) from None


def export(
    output: Output,
    study: Study = None,
    force: Force = False,
    config: options.Config = options.DEFAULT_CONFIG,
    json: options.Json = False,
) -> None:
    """Write a study's trials as CSV or JSON, or as a database that Optuna opens anywhere.

    For example: [bold]studioctl tune export --output trials.csv[/]
    """
    from studioctl.extras import require
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    require("tune")
    from studioctl.tuning import exports

    tune_start.fresh(config, study)
    count = exports.export(config, study, output, replace=force)
    if json:
        typer.echo(dumps({"file": output, "trials": count}))
    else:
        Terminal().say(f"Wrote {count} trials to {output}")
