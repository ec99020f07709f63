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
    from studioctl.operations.environment import Account
    from studioctl.operations.tuning import JobSettings
    from studioctl.tuning.controller import Progress
    from studioctl.tuning.runs import RunResult, Settings

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
Jobs = Annotated[
    bool, typer.Option("--jobs", help="With --local: rehearse SageMaker jobs on the emulator instead of processes.")
]
JobType = Annotated[
    str,
    typer.Option("--instance-type", help="Of each job.", metavar="TYPE", autocompletion=completion.instance_types),
]
Spot = Annotated[bool, typer.Option("--spot", help="Run jobs on spot instances, which AWS may interrupt.")]
MaxUsd = Annotated[
    float | None,
    typer.Option(
        help="Begin no job that could make the study cost more than this, in US dollars.",
        metavar="USD",
        min=0,
        show_default=False,
    ),
]
Longest = Annotated[
    int, typer.Option(help="Minutes after which a job is stopped.", metavar="MINUTES", min=1, max=40320)
]
Image = Annotated[
    str | None,
    typer.Option(
        help="Container image of the jobs. Left out: AWS's for scikit-learn.", metavar="URI", show_default=False
    ),
]
User = Annotated[
    str | None,
    typer.Option(
        "--user",
        help="Whose role jobs run with, where users have their own.",
        metavar="NAME",
        show_default=False,
        autocompletion=completion.users,
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
    instance_type: JobType = "ml.m5.large",
    spot: Spot = False,
    max_usd: MaxUsd = None,
    longest: Longest = 60,
    image: Image = None,
    user: User = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: Here = False,
    jobs: Jobs = False,
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Run trials until the study has as many as you say. Run again, it goes on where it ended.

    Each trial is a SageMaker training job of the environment in studio.toml, after a question that tells the cost; with
    --local it is a turn of a process of this machine, which needs no studio.toml. The study is Optuna's journal in
    tuning/. A trial whose worker is lost is tried again. Ctrl-C ends processes and queues their trials; jobs go on.

    For example: [bold]studioctl tune run objective.py --local --trials 40 --workers 4[/]
    """
    from studioctl.tuning import needs

    needs.require()
    from studioctl.tuning import runs

    far = {
        "instance_type": instance_type,
        "image": image,
        "longest_minutes": longest,
        "is_spot": spot,
        "max_usd": max_usd,
        "user": user,
    }
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
        jobs=None if local and not jobs else {**far, "is_local": local},
    )
    _started(settings, config, yes=yes, json=json)


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
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Go on with a study as it was run last.

    For example: [bold]studioctl tune resume --study objective --trials 80[/]
    """
    from studioctl.tuning import needs

    needs.require()
    from studioctl.tuning import runs

    settings = runs.as_before(config, study, trials=trials, workers=workers)
    _started(settings, config, yes=yes, json=json)


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
    if not ran:
        ran = _jobs_stopped(config, name)
    if json:
        typer.echo(dumps({"study": name, "stopped": ran}))
    else:
        Terminal().say(f"Stopped study '{name}'. Nothing of it runs." if ran else f"Study '{name}' does not run.")


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


def _jobs_stopped(config: Path, study: str) -> bool:
    """Stops jobs that run without a controller; whether there were any."""
    from studioctl.operations import tuning as operation
    from studioctl.tuning import package, runs, studies

    if not studies.status(config, study).running:
        return False
    settings = runs.as_before(config, study)
    if settings.jobs is None:
        return False
    account, wanted = _far(settings, config)
    runs.stop_jobs(config, settings, operation.crew_of(account, package.packed(settings.file), wanted))
    return True


def _far(settings: "Settings", config: Path) -> "tuple[Account, JobSettings]":
    """The account of a study's jobs, and what they run on."""
    from studioctl.cli import context
    from studioctl.operations import tuning as operation

    plain = dict(settings.jobs or {})
    return context.account(config, local=bool(plain.pop("is_local"))), operation.JobSettings(**plain)


def _started(settings: "Settings", config: Path, *, yes: bool, json: bool) -> None:
    """Runs a study on this machine, or with jobs, which are asked about first."""
    from studioctl.tuning import runs

    if settings.jobs is None:
        _shown(runs.run(config, settings), config, json=json)
        return
    from studioctl.cli import confirm
    from studioctl.errors import ExitCode, StudioctlError
    from studioctl.operations import tuning as operation
    from studioctl.presentation import tuning
    from studioctl.presentation.console import Terminal
    from studioctl.tuning import package, studies

    settings = runs.checked(settings)
    if not config.exists():
        raise StudioctlError(
            f"There is no file '{config}', so there is no environment that training jobs could run in. Nothing was"
            " started.",
            hint="add --local to run them in processes of this machine",
            exit_code=ExitCode.USAGE,
        )
    account, wanted = _far(settings, config)
    packed = package.packed(settings.file)
    crew = operation.crew_of(account, packed, wanted)
    left = max(0, settings.trials - studies.finished(config, settings.study or settings.file.stem))
    most = operation.estimate(account, wanted, trials=left, retries=settings.retries)
    tuning.show_estimate(most, packed, settings, account.place, Terminal())
    confirm.agreed("Start it?", yes=yes)
    _shown(runs.run(config, settings, crew), config, json=json)


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
