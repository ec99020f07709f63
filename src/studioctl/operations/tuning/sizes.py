"""A study in the size that its environment has: with a job for each trial, or with workers in a database.

The command and the Python API both come here. Nothing is asked or told: who begins a study looks first at what it
would cost.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from studioctl.errors import ExitCode, StudioctlError
from studioctl.events import Noted
from studioctl.operations.environment import Account
from studioctl.operations.tuning import jobs, owners, workers
from studioctl.operations.tuning.jobs import JobSettings
from studioctl.tuning import package, places, runs, studies
from studioctl.tuning.controller import Progress
from studioctl.tuning.package import Package
from studioctl.tuning.places import Place
from studioctl.tuning.records import StudyStatus
from studioctl.tuning.runs import RunResult, Settings

AccountOf = Callable[[bool], Account]
"""Signs in: to the emulator where it is True, else to AWS."""


@dataclass(frozen=True)
class Prepared:
    """A study that can begin.

    Args:
        account: The account.
        settings: The settings, with absolute paths.
        packed: The user's files, which go along.
        most: The highest cost, and the needs.
        work: Runs it. Nothing begins before.
    """

    account: Account
    settings: Settings
    packed: Package
    most: jobs.Estimate | workers.Estimate
    work: Generator[Progress | Noted, None, RunResult]


def prepared(beside: Path, settings: Settings, account_of: AccountOf) -> Prepared:
    """A study that jobs or workers are to run, once it is clear that they can.

    Args:
        beside: The environment's file.
        settings: The settings, with those of the jobs.
        account_of: Signs in.

    Raises:
        AbsentError: There is no such environment.
        StudioctlError: Something in the settings is wrong, or cannot be.
    """
    settings = runs.checked(settings)
    if not beside.exists():
        raise StudioctlError(
            f"There is no file '{beside}', so there is no environment that training jobs could run in. Nothing was"
            " started.",
            hint="add --local to run them in processes of this machine",
            exit_code=ExitCode.USAGE,
        )
    account, wanted = far(settings, account_of)
    packed = package.packed(settings.file)
    if workers.are_chosen(account.config, places.place(beside, settings.name)):
        return _with_workers(beside, account, settings, wanted, packed)
    crew = jobs.crew_of(account, packed, wanted)
    left = max(0, settings.trials - studies.finished(beside, settings.name))
    most = jobs.estimate(account, wanted, trials=left, retries=settings.retries)
    return Prepared(account, settings, packed, most, runs.run(beside, settings, crew))


def _with_workers(beside: Path, account: Account, settings: Settings, wanted: JobSettings, packed: Package) -> Prepared:
    wanted = workers.with_hours(wanted, (settings.jobs or {}).get("longest_minutes"))
    fleet = workers.fleet_of(account, packed, settings, wanted)
    most = workers.estimate(
        account,
        wanted,
        workers=settings.workers,
        retries=settings.retries,
        is_script=package.is_script(settings.file),
    )
    return Prepared(account, settings, packed, most, runs.share(beside, settings, fleet))


def far(settings: Settings, account_of: AccountOf) -> tuple[Account, JobSettings]:
    """The account of a study's jobs, and what they run on."""
    plain = dict(settings.jobs or {})
    account = account_of(bool(plain.pop("is_local")))
    plain["user"] = owners.user_of(account, plain.get("user"))
    return account, JobSettings(**{name: value for name, value in plain.items() if value is not None})


def stop(beside: Path, study: str | None, account_of: AccountOf) -> tuple[str, bool]:
    """Stops a study, also jobs and workers that run without a controller. Returns its name, and whether it ran.

    Raises:
        StudioctlError: There is no such study, or it does not stop.
    """
    name, ran = runs.stop(beside, study)
    return name, ran or _stopped(beside, name, account_of)


def _stopped(beside: Path, study: str, account_of: AccountOf) -> bool:
    """Stops jobs that run without a controller; whether there were any."""
    is_shared = places.chosen(beside, study).is_shared
    if not is_shared and not studies.status(beside, study).running:
        return False
    settings = runs.as_before(beside, study)
    if not is_shared and settings.jobs is None:
        return False
    account, wanted = far(settings, account_of)
    if is_shared:
        return runs.stop_workers(beside, settings, workers.looked_at(account, settings, wanted))
    runs.stop_jobs(beside, settings, jobs.crew_of(account, package.packed(settings.file), wanted))
    return True


def eraser(beside: Path, status: StudyStatus, account_of: AccountOf) -> tuple[Callable[[Place], None] | None, str]:
    """Makes who deletes a study from the database, and what is to be known before; nobody where it is in none, or runs.

    Raises:
        RefusedError: The database is stopped.
        AwsError: AWS refuses.
    """
    if not status.is_shared or status.live:
        return None, ""
    settings = runs.as_before(beside, status.study)
    account, wanted = far(settings, account_of)
    wanted = workers.with_hours(wanted, None)
    return workers.eraser(account, package.programs(beside.absolute().parent), settings, wanted)


def fresh(beside: Path, study: str | None, account_of: AccountOf) -> tuple[str, ...]:
    """Takes the newest copy of a study that workers share, unless a process here does so anyway.

    Returns:
        What is to be told of it; also that there is none newer to be had.
    """
    found = places.chosen(beside, study)
    if not found.is_shared or found.is_held():
        return ()
    try:
        settings = runs.as_before(beside, found.name)
        account, wanted = far(settings, account_of)
        fleet = workers.looked_at(account, settings, wanted)(found)
        fleet.look()
    except StudioctlError as error:
        return (f"The newest copy cannot be had, so this is an older one: {error}",)
    return tuple(note.message for note in fleet.told())
