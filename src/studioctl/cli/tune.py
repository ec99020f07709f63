"""`studioctl tune ...`: what begins, goes on with and ends a study."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from studioctl.cli import completion, options, tune_look, tune_start
from studioctl.cli.group import Group

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
    int, typer.Option("--trials", "-n", help="Total number of finished trials in the study.", metavar="N")
]
Workers = Annotated[int, typer.Option("--workers", "-w", help="Number of trials that run in parallel.", metavar="K")]
Direction = Annotated[
    list[str] | None,
    typer.Option(
        "--direction",
        help="minimize or maximize, once for each value that the objective returns. If left out: minimize.",
        metavar="DIRECTION",
        show_default=False,
        autocompletion=completion.directions,
    ),
]
Sampler = Annotated[
    str,
    typer.Option(help="Sampler, which suggests parameters: tpe, random or nsga2.", autocompletion=completion.samplers),
]
Pruner = Annotated[
    str,
    typer.Option(help="Pruner that ends bad trials: median, hyperband or none.", autocompletion=completion.pruners),
]
Seed = Annotated[
    int | None,
    typer.Option(
        help="Seed of the sampler. With random, trials do not depend on the number of workers.",
        show_default=False,
    ),
]
Retries = Annotated[int, typer.Option(help="Number of retries of a trial whose worker was lost.", min=0, max=100)]
Timeout = Annotated[
    str | None,
    typer.Option(
        help="Begin no trial after this time: 90s, 30m, 2h or a number of seconds.", metavar="TIME", show_default=False
    ),
]
Python = Annotated[
    Path | None,
    typer.Option(
        help="The Python that runs your file. If left out: one with the packages of requirements.txt beside the file.",
        metavar="PROGRAM",
        show_default=False,
    ),
]
Jobs = Annotated[
    bool, typer.Option("--jobs", help="With --local: rehearse SageMaker jobs on the emulator instead of processes.")
]
JobType = Annotated[
    str,
    typer.Option(
        "--instance-type", help="Instance type of jobs.", metavar="TYPE", autocompletion=completion.instance_types
    ),
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
    int | None,
    typer.Option(
        help="Minutes until a job is stopped. If left out: 60 for a trial's job, 480 for a worker of many trials.",
        metavar="MINUTES",
        min=1,
        max=40320,
        show_default=False,
    ),
]
Image = Annotated[
    str | None,
    typer.Option(
        help="Container image of the jobs. If left out: AWS's for scikit-learn.", metavar="URI", show_default=False
    ),
]
User = Annotated[
    str | None,
    typer.Option(
        "--user",
        help="The user whose role jobs use, if users have their own roles.",
        metavar="NAME",
        show_default=False,
        autocompletion=completion.users,
    ),
]
File = Annotated[
    Path,
    typer.Argument(
        help="Your file: it defines objective(trial), or loads its study from OPTUNA_STORAGE.", metavar="FILE"
    ),
]
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="The file to write.", metavar="FILE")] = Path("objective.py"),
    json: options.Json = False,
) -> None:
    """Write a small objective that trains a classifier, and its requirements.txt.

    For example: [bold]studioctl tune init digits.py[/]
    """
    from studioctl.extras import require
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.tuning import template

    require("tune")
    terminal = Terminal()
    written = template.write(file)
    if json:
        typer.echo(dumps({"files": written}))
        return
    for each in written:
        terminal.say(f"Wrote {each}")
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
    longest: Longest = None,
    image: Image = None,
    user: User = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: Here = False,
    jobs: Jobs = False,
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Run trials until the study has the given number. Run it again to continue.

    Each trial is a SageMaker training job of the environment in studio.toml. The command first shows the cost and asks.
    If the environment has a database of studies, jobs are workers that run many trials of a shared study. With --local,
    processes of this machine run the trials, without a studio.toml. A trial whose worker is lost is retried. Ctrl-C
    ends processes and queues their trials; jobs continue.

    For example: [bold]studioctl tune run objective.py --local --trials 40 --workers 4[/]
    """
    from studioctl.extras import require

    require("tune")
    from studioctl.tuning import runs

    far = {
        "instance_type": instance_type,
        "image": image,
        "longest_minutes": longest,
        "is_spot": spot,
        "max_usd": max_usd,
        "user": user,
    }
    if local and not jobs:
        _refuse_jobs_options(far)
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
    tune_start.begin(settings, config, yes=yes, json=json)


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
    """Continue a study with its last options.

    For example: [bold]studioctl tune resume --study objective --trials 80[/]
    """
    from studioctl.extras import require

    require("tune")
    from studioctl.tuning import runs

    settings = runs.as_before(config, study, trials=trials, workers=workers)
    tune_start.begin(settings, config, yes=yes, json=json)


@app.command()
def stop(
    study: tune_look.Study = None, config: options.Config = options.DEFAULT_CONFIG, json: options.Json = False
) -> None:
    """Stop a running study. Finished trials are kept, and running trials are queued.

    For example: [bold]studioctl tune stop --study objective[/]
    """
    from studioctl.extras import require
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    require("tune")
    from studioctl.operations.tuning import sizes

    name, ran = sizes.stop(config, study, tune_start.account_of(config))
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
    from studioctl.extras import require
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps

    require("tune")
    from studioctl.operations.tuning import sizes
    from studioctl.tuning import places, runs, studies

    tune_start.fresh(config, study)
    status = studies.status_if_readable(config, study)
    erase, known = sizes.eraser(config, status, tune_start.account_of(config)) if status else (None, "")
    terminal = Terminal()
    if known:
        terminal.say(known)
    if not yes:
        has = f"has {status.finished} trials" if status else "cannot be read"
        terminal.say(
            f"Study '{study}' {has}. It would be permanently deleted: {places.chosen(config, study).directory}"
        )
    confirm.typed(study, "Type its name to delete it", yes=yes)
    runs.delete(config, study, erase)
    if json:
        typer.echo(dumps({"study": study, "deleted": True, "trials": status.finished if status else None}))
    else:
        terminal.say(f"Deleted study '{study}'" + (f" with {status.finished} trials." if status else "."))


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


def _refuse_jobs_options(given: Mapping[str, object]) -> None:
    """Refuses what is said about jobs where there are none."""
    from studioctl.errors import ExitCode, StudioctlError

    names = {
        "is_spot": "--spot",
        "max_usd": "--max-usd",
        "longest_minutes": "--longest",
        "image": "--image",
        "user": "--user",
    }
    said = [option for key, option in names.items() if given[key] not in (None, False)]
    if said:
        raise StudioctlError(
            f"{' and '.join(said)} {'is' if len(said) == 1 else 'are'} for jobs, and --local runs the trials in"
            " processes of this machine. Nothing was started.",
            hint=f"leave {' and '.join(said)} out; or add --jobs, to rehearse jobs on the emulator",
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
