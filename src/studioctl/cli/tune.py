"""`studioctl tune ...`: what begins, goes on with and ends a study."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studioctl.cli import completion, options, tune_look
from studioctl.cli.group import Group

if TYPE_CHECKING:
    from collections.abc import Generator

    from studioctl.events import Noted
    from studioctl.tuning.controller import Progress
    from studioctl.tuning.runs import RunResult

app = typer.Typer(
    help="Tune hyperparameters with Optuna: from one file, with several trials side by side.\n\n"
    "Begin with: [bold]studioctl tune init[/], then [bold]studioctl tune run objective.py --local --trials 40[/].",
    cls=Group,
    rich_markup_mode="rich",
)

Here = Annotated[
    bool, typer.Option("--local", help="Run the trials in processes of this machine.", envvar="STUDIOCTL_LOCAL")
]
Trials = Annotated[
    int, typer.Option("--trials", "-n", help="How many finished trials the study shall have in all.", metavar="N")
]
Workers = Annotated[int, typer.Option("--workers", "-w", help="How many trials run side by side.", metavar="K")]
Direction = Annotated[
    list[str] | None,
    typer.Option(
        "--direction",
        help="minimize or maximize; once for each value that the objective returns. Left out: minimize.",
        metavar="DIRECTION",
        show_default=False,
        autocompletion=completion.directions,
    ),
]
Sampler = Annotated[
    str,
    typer.Option(help="Who suggests parameters: tpe, random or nsga2.", autocompletion=completion.samplers),
]
Pruner = Annotated[
    str, typer.Option(help="Who gives trials up: median, hyperband or none.", autocompletion=completion.pruners)
]
Seed = Annotated[
    int | None,
    typer.Option(
        help="Seed of the sampler. With random, the trials are the same with any number of workers.",
        show_default=False,
    ),
]
Retries = Annotated[
    int, typer.Option(help="How often a trial is tried again after its worker was lost.", min=0, max=100)
]
Timeout = Annotated[
    str | None,
    typer.Option(
        help="Begin no trial after this time: 90s, 30m, 2h or a number of seconds.", metavar="TIME", show_default=False
    ),
]
Python = Annotated[
    Path | None,
    typer.Option(
        help="The Python that runs your file. Left out: one with what requirements.txt beside the file names.",
        metavar="PROGRAM",
        show_default=False,
    ),
]
File = Annotated[Path, typer.Argument(help="Your file, which defines objective(trial).", metavar="FILE")]
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="Where it is written.", metavar="FILE")] = Path("objective.py"),
) -> None:
    """Write a small objective that trains a classifier, and its requirements.txt.

    For example: [bold]studioctl tune init digits.py[/]
    """
    from studioctl.presentation.console import Terminal
    from studioctl.tuning import needs, template

    needs.require()
    terminal = Terminal()
    for written in template.write(file):
        terminal.say(f"Wrote {written}")
    run_it = f"studioctl tune run {file} --local --trials 40 --workers 4"
    terminal.next_commands((run_it, "tune it on this machine: costs nothing"))


@app.command()
def run(
    file: File,
    trials: Trials,
    workers: Workers = 1,
    study: tune_look.Study = None,
    direction: Direction = None,
    sampler: Sampler = "tpe",
    pruner: Pruner = "median",
    seed: Seed = None,
    retries: Retries = 2,
    timeout: Timeout = None,
    python: Python = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: Here = False,
    json: options.Json = False,
) -> None:
    """Run trials until the study has as many as you say. Run again, it goes on where it ended.

    The study is Optuna's journal in tuning/ beside studio.toml, which need not exist. A trial whose worker is lost is
    tried again. Ctrl-C stops it: no worker runs on, and trials that ran are queued.

    For example: [bold]studioctl tune run objective.py --local --trials 40 --workers 4[/]
    """
    from studioctl.tuning import needs

    needs.require()
    from studioctl.tuning import runs

    if not local:
        _only_local()
    settings = runs.Settings(
        file=file,
        trials=trials,
        workers=workers,
        study=study,
        directions=tuple(direction or ()),
        sampler=sampler,
        pruner=pruner,
        seed=seed,
        retries=retries,
        timeout_seconds=_seconds(timeout),
        python=python,
    )
    _shown(runs.run(config, settings), config, json=json)


@app.command()
def resume(
    study: tune_look.Study = None,
    trials: Annotated[
        int | None, typer.Option("--trials", "-n", help="Another number of trials.", metavar="N", show_default=False)
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", "-w", help="Another number of workers.", metavar="K", show_default=False)
    ] = None,
    config: options.Config = options.DEFAULT_CONFIG,
    json: options.Json = False,
) -> None:
    """Go on with a study as it was run last.

    For example: [bold]studioctl tune resume --study objective --trials 80[/]
    """
    from studioctl.tuning import needs

    needs.require()
    from studioctl.tuning import runs

    _shown(runs.resume(config, study, trials=trials, workers=workers), config, json=json)


@app.command()
def stop(
    study: tune_look.Study = None, config: options.Config = options.DEFAULT_CONFIG, json: options.Json = False
) -> None:
    """Stop a study that runs. Finished trials are kept, and those that run are queued.

    For example: [bold]studioctl tune stop --study objective[/]
    """
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.tuning import needs

    needs.require()
    from studioctl.tuning import runs

    name, ran = runs.stop(config, study)
    if json:
        typer.echo(dumps({"study": name, "stopped": ran}))
    else:
        Terminal().say(f"Stopped study '{name}'. No worker runs." if ran else f"Study '{name}' does not run.")


@app.command()
def delete(
    study: Annotated[
        str, typer.Option("--study", "-s", help="The study.", metavar="NAME", autocompletion=completion.studies)
    ],
    config: options.Config = options.DEFAULT_CONFIG,
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Permanently delete a study with its logs. Asks for its name first.

    For example: [bold]studioctl tune delete --study objective[/]
    """
    from studioctl.cli import confirm
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.tuning import needs

    needs.require()
    from studioctl.tuning import runs, studies

    status = studies.status(config, study)
    terminal = Terminal()
    if not yes:
        terminal.say(
            f"Study '{study}' has {status.finished} trials. It would be permanently deleted: {status.directory}"
        )
    confirm.typed(study, "Type its name to delete it", yes=yes)
    runs.delete(config, study)
    if json:
        typer.echo(dumps({"study": study, "deleted": True, "trials": status.finished}))
    else:
        terminal.say(f"Deleted study '{study}' with {status.finished} trials.")


for _command, _name in (
    (tune_look.status, "status"),
    (tune_look.best, "best"),
    (tune_look.list_, "list"),
    (tune_look.logs, "logs"),
    (tune_look.plot, "plot"),
    (tune_look.dashboard, "dashboard"),
    (tune_look.export, "export"),
):
    app.command(_name)(_command)


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


def _only_local() -> None:
    from studioctl.errors import ExitCode, StudioctlError

    raise StudioctlError(
        "Trials run on this machine only, so far. Nothing was started.",
        hint="add --local to run them in processes of this machine",
        exit_code=ExitCode.USAGE,
    )


def _seconds(text: str | None) -> float | None:
    from studioctl.errors import ExitCode, StudioctlError

    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if found is None or not float(found[1]):
        raise StudioctlError(
            f"--timeout is '{text}', which is no time. Nothing was started.",
            hint="write it as 90s, 30m or 2h",
            exit_code=ExitCode.USAGE,
        )
    return float(found[1]) * _SECONDS[found[2]]
