"""`studioctl tune ...`: what only looks at a study."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studioctl.cli import completion, options

if TYPE_CHECKING:
    from studioctl.tuning.places import Place

Study = Annotated[
    str | None,
    typer.Option(
        "--study",
        "-s",
        help="The study. Left out: the one that changed last; for run, the file's name.",
        metavar="NAME",
        show_default=False,
        autocompletion=completion.studies,
    ),
]
Watch = Annotated[bool, typer.Option("--watch", help="Look again every second, until Ctrl-C.")]
Trial = Annotated[int, typer.Option("--trial", "-t", help="The trial's number.", metavar="N", min=0)]
Output = Annotated[Path, typer.Option("--output", "-o", help="The file: .csv, .json or .db (SQLite).", metavar="FILE")]
Directory = Annotated[
    Path | None,
    typer.Option(help="Where the files go. Left out: the study's directory.", metavar="DIR", show_default=False),
]
Port = Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


def status(
    study: Study = None,
    config: options.Config = options.DEFAULT_CONFIG,
    watch: Watch = False,
    json: options.Json = False,
) -> None:
    """Show a study: trials by state, the best so far, the rate, the cost, and when it will end.

    For example: [bold]studioctl tune status --watch[/]
    """
    from studioctl.errors import ExitCode
    from studioctl.presentation import json as as_json
    from studioctl.presentation import tuning
    from studioctl.presentation.console import Terminal
    from studioctl.tuning import needs

    needs.require()
    from studioctl.tuning import studies

    terminal = Terminal()
    if not watch:
        found = studies.status(config, study)
        typer.echo(as_json.dumps(found)) if json else tuning.show(found, terminal)
        return
    try:
        tuning.watch((studies.status(config, study) for _ in iter(int, 1)), terminal, time.sleep, as_json=json)
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def best(study: Study = None, config: options.Config = options.DEFAULT_CONFIG, json: options.Json = False) -> None:
    """Show the best trial and its parameters; of several objectives, those that no other is better than in all.

    For example: [bold]studioctl tune best --json[/]
    """
    from studioctl.presentation import tuning
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.tuning import needs

    needs.require()
    from studioctl.tuning import studies

    found = studies.status(config, study)
    if json:
        typer.echo(dumps({"study": found.study, "best": found.best}))
    else:
        tuning.show_best(found, Terminal())


def list_(config: options.Config = options.DEFAULT_CONFIG, json: options.Json = False) -> None:
    """List the studies, the one that changed last first.

    For example: [bold]studioctl tune list[/]
    """
    from studioctl.presentation import tuning
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.tuning import needs

    needs.require()
    from studioctl.tuning import studies

    found = studies.all_of(config)
    typer.echo(dumps(found)) if json else tuning.show_all(found, Terminal())


def logs(
    trial: Trial,
    study: Study = None,
    config: options.Config = options.DEFAULT_CONFIG,
    json: options.Json = False,
) -> None:
    """Show everything that a trial wrote.

    For example: [bold]studioctl tune logs --trial 7[/]
    """
    from studioctl.errors import StudioctlError
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.tuning import needs, places

    needs.require()
    found = places.chosen(config, study)
    file = found.log(trial)
    if job := found.job_of(trial):
        _log_of_job(config, found, trial, job, json=json)
        return
    if not file.is_file():
        raise StudioctlError(
            f"There is no log of trial {trial} of study '{found.name}': it has not begun.",
            hint=f"studioctl tune status --study {found.name}",
        )
    text = file.read_text(encoding="utf-8", errors="replace")
    if json:
        typer.echo(dumps({"study": found.name, "trial": trial, "lines": text.splitlines()}))
    elif text:
        Terminal().out.print(text.rstrip("\n"), no_wrap=True, overflow="ignore", crop=False)
    else:
        Terminal().say(f"Trial {trial} has not written anything.")


def _log_of_job(config: Path, found: "Place", trial: int, job: str, *, json: bool) -> None:
    from studioctl.cli import context
    from studioctl.operations import tuning as operation
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.tuning import places

    account = context.account(config, local=places.remembered(found)["jobs"]["is_local"])
    lines = operation.log_of(account, job)
    if json:
        typer.echo(dumps({"study": found.name, "trial": trial, "job": job, "lines": lines}))
    elif lines:
        Terminal().out.print("\n".join(lines), soft_wrap=True)
    else:
        Terminal().say(f"The job '{job}' of trial {trial} has not written anything.")


def plot(
    study: Study = None,
    directory: Directory = None,
    config: options.Config = options.DEFAULT_CONFIG,
    json: options.Json = False,
) -> None:
    """Draw Optuna's plots of a study: an HTML file that needs no network, and a PNG.

    For example: [bold]studioctl tune plot --directory plots[/]
    """
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import waiting
    from studioctl.tuning import needs

    needs.require()
    from studioctl.tuning import plots

    terminal = Terminal()
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
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import line
    from studioctl.tuning import needs

    needs.require()
    from studioctl.tuning import dashboard as served

    terminal = Terminal()

    def ready(name: str, address: str) -> None:
        if json:
            terminal.data(line({"study": name, "url": address}))
        else:
            terminal.say(f"Study '{name}' is at {address} until you press Ctrl-C.")

    try:
        served.serve(config, study, port, ready)
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
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.tuning import needs

    needs.require()
    from studioctl.tuning import exports

    count = exports.export(config, study, output, replace=force)
    if json:
        typer.echo(dumps({"file": output, "trials": count}))
    else:
        Terminal().say(f"Wrote {count} trials to {output}")
