"""Running a study on this machine: `tune run`, `resume`, `stop` and `delete`."""

import dataclasses
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from studioctl.errors import ExitCode, InterruptedByUserError, RefusedError, StudioctlError
from studioctl.events import Noted
from studioctl.tuning import choices, environments, journals, package, places, private, refusals, samplers, studies
from studioctl.tuning.controller import Controller, Goal, Progress
from studioctl.tuning.crew import Crew
from studioctl.tuning.fleet import Fleet
from studioctl.tuning.places import Place
from studioctl.tuning.processes import Processes
from studioctl.tuning.records import StudyStatus
from studioctl.tuning.scripts import Scripts
from studioctl.tuning.workers import Program

STOP_SECONDS = 30.0
FAR_STOP_SECONDS = 360.0  # of jobs: they have two minutes, and AWS takes its time
MOST_WORKERS = 200


@dataclass(frozen=True)
class Settings:
    """The settings of a run.

    Args:
        file: The user's file, which defines `objective(trial)`.
        trials: Total number of finished trials in the study.
        workers: The number of workers side by side, each in a process.
        study: The study's name; None takes the file's.
        directions: "minimize" or "maximize" for each objective value; empty takes what the study has, or "minimize".
        sampler: "tpe", "random" or "nsga2".
        pruner: "median", "hyperband" or "none".
        seed: Of the sampler; None draws other parameters at each run.
        retries: The number of times that a trial is tried again after its worker was lost.
        timeout_seconds: No trial begins later than this; None is no limit.
        python: The Python that has what the file needs; None as `environments.prepare` says.
        jobs: The settings of SageMaker jobs, for the crew's maker; None for processes of this machine.
    """

    file: Path
    trials: int
    workers: int = 1
    study: str | None = None
    directions: tuple[str, ...] = ()
    sampler: str = "tpe"
    pruner: str = "median"
    seed: int | None = None
    retries: int = 2
    timeout_seconds: float | None = None
    python: Path | None = None
    jobs: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The study's name."""
        return self.study or self.file.stem


@dataclass(frozen=True)
class RunResult:
    """The result of a run.

    Args:
        status: The study afterwards.
        reason: "finished", "stopped", "timeout", "money" where another job could cost more than it may, or "workers"
            where each has been replaced as often as it may, or "script" where a script ended by itself.
    """

    status: StudyStatus
    reason: str


def run(
    beside: Path, settings: Settings, far_crew: Callable[[Place], Crew] | None = None
) -> Generator[Progress | Noted, None, RunResult]:
    """Tunes on this machine until the study has its trials.

    Args:
        beside: The environment's file, which need not exist; the study is in `tuning/` beside it.
        settings: The settings of the run.
        far_crew: Makes who runs the trials of a study; None are processes of this machine.

    Raises:
        OccupiedError: Another process tunes this study.
        StudioctlError: Something in the settings is wrong, the file cannot be loaded, or every trial fails.
    """
    settings = checked(settings)
    found = places.place(beside, settings.name)
    is_script = package.is_script(settings.file)
    refusals.another_user(found, settings)
    refusals.another_kind(found, settings, is_script=is_script, is_far=far_crew is not None)
    python = None if far_crew else (yield from environments.prepare(settings.file, settings.python))
    with found.hold({"trials": settings.trials, "workers": settings.workers}):
        if is_script:
            return (yield from _scripted(beside, found, settings, python or Path(sys.executable)))
        if aside := journals.set_torn_line_aside(found.journal):
            yield Noted(f"The last line of the study's journal was cut off, and is left out. As it was: {aside}")
        crew: Crew
        if far_crew:
            crew = far_crew(found)
        else:
            crew = Processes(found, Program(settings.file, python or Path(sys.executable), settings.workers))
        controller = _controller(found, settings, crew)
        places.remember(found, _plain(settings, found))
        try:
            status = yield from controller.run()
        except KeyboardInterrupt:
            what = "jobs that run go on" if crew.is_far_away else "no worker runs, and trials that ran are queued"
            raise InterruptedByUserError(
                f"Stopped the controller of study '{found.name}': {what}.",
                hint=f"studioctl tune resume --study {found.name}",
            ) from None
        if status.finished >= settings.trials:
            reason = "finished"
        else:
            reason = "timeout" if controller.is_over_time else "stopped" if crew.may_begin() else "money"
    return RunResult(studies.status(beside, found.name), reason)


def _scripted(
    beside: Path, found: Place, settings: Settings, python: Path
) -> Generator[Progress | Noted, None, RunResult]:
    goal = Goal(settings.trials, settings.timeout_seconds, settings.retries, in_order=False)
    scripts = Scripts(found, Program(settings.file, python, settings.workers), goal, settings.directions)
    places.remember(found, _plain(settings, found))
    began = time.monotonic()
    try:
        status = yield from scripts.run()
    except KeyboardInterrupt:
        raise InterruptedByUserError(
            f"Stopped the controller of study '{found.name}': no worker runs, and trials that ran are queued.",
            hint=f"studioctl tune resume --study {found.name}",
        ) from None
    limit = settings.timeout_seconds
    if status.finished >= settings.trials:
        reason = "finished"
    elif found.is_asked_to_stop:
        reason = "stopped"
    else:
        reason = "timeout" if limit and time.monotonic() - began >= limit else "script"
    return RunResult(studies.status(beside, found.name), reason)


def share(
    beside: Path, settings: Settings, fleet_of: Callable[[Place], Fleet]
) -> Generator[Progress | Noted, None, RunResult]:
    """Tunes with workers that share the study in a database, until it has its trials.

    Args:
        beside: The environment's file; the study's copy is in `tuning/` beside it.
        settings: The settings of the run.
        fleet_of: Makes the workers of a study.

    Raises:
        OccupiedError: Another process of this machine watches over this study.
        StudioctlError: AWS refuses, the file cannot be loaded, or every trial fails.
    """
    settings = checked(settings)
    found = places.place(beside, settings.name)
    refusals.another_user(found, settings)
    with found.hold({"trials": settings.trials, "workers": settings.workers}):
        fleet = fleet_of(found)
        places.remember(found, _plain(settings, found))
        try:
            status = yield from fleet.run()
        except KeyboardInterrupt:
            raise InterruptedByUserError(
                f"Stopped watching study '{found.name}': its workers go on.",
                hint=f"studioctl tune resume --study {found.name}",
            ) from None
        if status.finished >= settings.trials:
            reason = "finished"
        elif fleet.is_asked_to_stop:
            reason = "stopped"
        else:
            reason = "timeout" if fleet.is_over_time else "workers" if fleet.has_money() else "money"
    return RunResult(studies.status(beside, found.name), reason)


def stop_workers(beside: Path, settings: Settings, fleet_of: Callable[[Place], Fleet]) -> bool:
    """Stops the workers of a study that no process here watches over; whether there were any.

    Raises:
        OccupiedError: One does.
        StudioctlError: AWS does not stop them in time.
    """
    found = places.chosen(beside, settings.study)
    with found.hold({"trials": settings.trials, "workers": settings.workers}):
        fleet = fleet_of(found)
        fleet.look()
        ran = fleet.has_workers
        fleet.stop()
    return ran


def _controller(found: Place, settings: Settings, crew: Crew) -> Controller:
    sampler = samplers.SAMPLERS[settings.sampler](settings.seed)
    study = studies.created(
        found, settings.directions or None, sampler=sampler, pruner=samplers.PRUNERS[settings.pruner]()
    )
    if isinstance(sampler, samplers.InOrder) and settings.seed is not None:
        sampler.go_on_after(study)
    elif settings.seed is not None and study.get_trials(deepcopy=False):
        study.sampler = samplers.SAMPLERS[settings.sampler](settings.seed + len(study.get_trials(deepcopy=False)))
    goal = Goal(settings.trials, settings.timeout_seconds, settings.retries, in_order=settings.seed is not None)
    return Controller(found, study, crew, settings.file, settings.workers, goal)


def as_before(beside: Path, name: str | None, **changed: Any) -> Settings:
    """The settings of a study's last run.

    Args:
        beside: The environment's file.
        name: The study's name; None takes the one that changed last.
        changed: Settings to change, such as `trials`; None leaves one as it was.

    Raises:
        StudioctlError: There is no such study, or it was not run by this person on this machine.
    """
    known = places.remembered(places.chosen(beside, name))
    return _settings({**known, **{key: value for key, value in changed.items() if value is not None}})


def stop(beside: Path, name: str | None) -> tuple[str, bool]:
    """Stops a study's workers; trials that run are queued for the next run. Returns its name, and whether it ran.

    Args:
        beside: The environment's file.
        name: The study's name; None takes the one that runs.

    Raises:
        StudioctlError: There is no such study, or its controller does not stop.
    """
    running = [each for each in places.places(beside) if each.is_held()] if name is None else []
    found = running[0] if running else places.chosen(beside, name)
    if len(running) > 1:
        raise StudioctlError(
            f"{len(running)} studies run here: {', '.join(each.name for each in running)}. Nothing was stopped.",
            hint=f"studioctl tune stop --study {running[0].name}",
            exit_code=ExitCode.USAGE,
        )
    if not found.is_held():
        return found.name, False
    pid = (found.holder() or {}).get("pid")
    found.ask_to_stop()
    has_jobs = found.is_shared or bool(found.jobs())
    until = time.monotonic() + (FAR_STOP_SECONDS if has_jobs else STOP_SECONDS)
    while found.is_held():
        if time.monotonic() > until and has_jobs:
            raise StudioctlError(
                f"The controller of study '{found.name}', process {pid}, does not stop.",
                hint=f"kill -9 {pid}; then, for its jobs: studioctl tune stop --study {found.name}",
            )
        if time.monotonic() > until:
            raise StudioctlError(
                f"The controller of study '{found.name}', process {pid}, does not stop.",
                hint=f"kill -9 {pid}   (its workers end with it, and no finished trial is lost)",
            )
        time.sleep(0.1)
    return found.name, True


def stop_jobs(beside: Path, settings: Settings, far_crew: Callable[[Place], Crew]) -> None:
    """Stops the jobs of a study that has no controller; its trials are queued.

    Raises:
        OccupiedError: It has one.
        StudioctlError: AWS does not stop them in time.
    """
    found = places.chosen(beside, settings.study)
    with found.hold({"trials": settings.trials, "workers": settings.workers}):
        journals.set_torn_line_aside(found.journal)
        _controller(found, settings, far_crew(found)).clear_up()


def delete(beside: Path, name: str, erase: Callable[[Place], None] | None = None) -> None:
    """Permanently deletes a study with its logs.

    Args:
        beside: The environment's file.
        name: Its name.
        erase: Of one that workers share in a database: deletes it there.

    Raises:
        StudioctlError: There is none.
        RefusedError: It runs, or jobs of it do.
    """
    found = places.chosen(beside, name)
    if found.is_held():
        raise RefusedError(
            f"Study '{name}' is being tuned. Nothing was deleted.", hint=f"studioctl tune stop --study {name}"
        )
    status = studies.status_if_readable(beside, name)
    if status is None and (found.is_shared or found.jobs()):
        studies.opened(found)  # nobody knows what of it runs: it says what is wrong
    if status and (status.live or (found.jobs() and status.running)):
        raise RefusedError(
            f"Jobs of study '{name}' run without a controller. Nothing was deleted.",
            hint=f"studioctl tune stop --study {name}",
        )
    if found.is_shared:
        if erase is None:
            raise RefusedError(
                f"Study '{name}' is in a database, too. Nothing was deleted.",
                hint=f"studioctl tune delete --study {name}",
            )
        with found.hold({}):
            erase(found)
    places.forget(found)
    shutil.rmtree(found.directory)


def checked(settings: Settings) -> Settings:
    """The settings with absolute paths.

    Raises:
        StudioctlError: One of them is wrong.
    """
    if other := private.changed():
        raise StudioctlError(
            f"Optuna {version('optuna')} has another {other} than {private.TRIED}, which tuning was tried with. Nothing"
            " was started.",
            hint=f"{shlex.quote(sys.executable)} -m pip install optuna=={private.TRIED}",
        )
    names = (
        ("sampler", settings.sampler, choices.SAMPLERS),
        ("pruner", settings.pruner, choices.PRUNERS),
        *(("direction", each, choices.DIRECTIONS) for each in settings.directions),
    )
    wrong = [
        f"--{key} is '{value}', not one of {', '.join(known)}" for key, value, known in names if value not in known
    ]
    ranges = (("trials", settings.trials, 10**6), ("workers", settings.workers, MOST_WORKERS))
    wrong += [f"--{key} is {value}, not from 1 to {most}" for key, value, most in ranges if not 1 <= value <= most]
    if wrong:
        raise StudioctlError(
            f"{'; '.join(wrong)}. Nothing was started.", hint="studioctl tune run --help", exit_code=ExitCode.USAGE
        )
    file = settings.file.absolute()
    if not file.is_file():
        raise StudioctlError(
            f"There is no file '{settings.file}'. Nothing was started.",
            hint=f"studioctl tune init {shlex.quote(str(settings.file))}   (writes one to begin with)",
            exit_code=ExitCode.USAGE,
        )
    if file.suffix != ".py":
        raise StudioctlError(
            f"'{settings.file}' is not a Python file: its name does not end in .py. Nothing was started.",
            hint="name the file that has `objective(trial)`, or loads its study itself",
            exit_code=ExitCode.USAGE,
        )
    return dataclasses.replace(settings, file=file)


def _plain(settings: Settings, found: Place) -> dict[str, Any]:
    """The settings for JSON."""
    plain = dataclasses.asdict(settings)
    python = str(settings.python) if settings.python else None
    return {**plain, "file": str(settings.file), "python": python, "study": found.name}


def _settings(plain: dict[str, Any]) -> Settings:
    """The settings from JSON."""
    python = Path(plain["python"]) if plain.get("python") else None
    known = {each.name for each in dataclasses.fields(Settings)}
    rest = {key: value for key, value in plain.items() if key in known}
    return Settings(**{**rest, "file": Path(plain["file"]), "directions": tuple(plain["directions"]), "python": python})
