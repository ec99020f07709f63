"""Optuna's studies in journal files, and what is to be told of them."""

import logging
import shlex
import warnings
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from studioctl.errors import ExitCode, StudioctlError
from studioctl.tuning import journals, runner
from studioctl.tuning.again import ERROR, FIRST, HISTORY, JOB, LOSSES
from studioctl.tuning.ledger import Ledger
from studioctl.tuning.places import NAME, Place, chosen, place, places
from studioctl.tuning.records import StudyStatus, TrialRecord

_DIRECTIONS = {"minimize": StudyDirection.MINIMIZE, "maximize": StudyDirection.MAXIMIZE}
_STATES = {
    TrialState.WAITING: "waiting",
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


class UnreadableError(StudioctlError):
    """The files of a study are damaged, or are another study's."""


def quiet() -> None:
    """Let Optuna write nothing by itself: it is told in our way."""
    optuna.logging.set_verbosity(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"optuna(_dashboard)?\b.*")
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def storage(found: Place) -> BaseStorage:
    """The journal of a study, or the database of one that a script loads itself.

    Raises:
        StudioctlError: It cannot be read.
    """
    quiet()
    try:
        if found.database.is_file():
            return RDBStorage(address(found))
        return JournalStorage(journals.Copy(found.journal)) if found.is_shared else journals.opened(found.journal)
    except (*journals.UNREADABLE, SQLAlchemyError, RuntimeError) as error:
        raise _unreadable(found, error) from error


def _unreadable(found: Place, error: Exception) -> UnreadableError:
    if found.database.is_file():
        return UnreadableError(
            f"The database of study '{found.name}' cannot be read: {error}. It was not changed.",
            hint=f"look at it: {shlex.quote(str(found.database))}",
        )
    line = journals.broken_line(found.journal)
    if line is None:
        return UnreadableError(
            f"The journal of study '{found.name}' cannot be read: {type(error).__name__} {error}. It was not changed.",
            hint=f"look at it: {shlex.quote(str(found.journal))}",
        )
    return UnreadableError(
        f"The journal of study '{found.name}' cannot be read: line {line} is not Optuna's. It was not changed.",
        hint=f"sed -i.bak {line}d {shlex.quote(str(found.journal))}   (deletes the line, and keeps a copy of the file)",
    )


def in_journal(journal: Path, name: str) -> optuna.Study:
    """The study of this name in a journal."""
    return optuna.load_study(study_name=name, storage=journals.opened(journal))


def address(found: Place) -> str:
    """SQLAlchemy's address of the database of a study that a script loads itself, with a minute of patience."""
    return URL.create("sqlite", database=str(found.database), query={"timeout": "60"}).render_as_string()


def make_tables(found: Place) -> None:
    """Makes the tables of a script's database, before several processes would do so at the same moment."""
    quiet()
    RDBStorage(address(found))


def opened(found: Place, **how: Any) -> optuna.Study:
    """A study that exists.

    Args:
        found: Its place.
        how: `sampler` and `pruner`, for who asks.

    Raises:
        UnreadableError: It cannot be read, or is in a directory of another name.
    """
    known = storage(found)
    try:
        return optuna.load_study(study_name=found.name, storage=known, **how)
    except KeyError:
        names = optuna.get_all_study_names(known)
    if len(names) == 1 and NAME.fullmatch(names[0]):
        paths = (shlex.quote(str(each)) for each in (found.directory, found.directory.with_name(names[0])))
        raise UnreadableError(
            f"'{found.directory}' has no study '{found.name}': the study in it is '{names[0]}'.",
            hint=f"mv {' '.join(paths)}",
        )
    raise UnreadableError(
        f"'{found.directory}' has no study '{found.name}': nothing was begun in it, or its journal was emptied.",
        hint=f"studioctl tune delete --study {found.name}",
    )


def created(found: Place, directions: Sequence[str] | None, **how: Any) -> optuna.Study:
    """The study, which is created where it does not exist.

    Args:
        found: Its place, which is held.
        directions: "minimize" or "maximize" for each objective; None takes what it has, or "minimize".
        how: `sampler` and `pruner`.

    Raises:
        StudioctlError: It has other directions.
    """
    study = optuna.create_study(
        study_name=found.name,
        storage=storage(found),
        directions=[_DIRECTIONS[each] for each in directions or _directions_of(found) or ("minimize",)],
        load_if_exists=True,
        **how,
    )
    has = directions_of(study)
    if directions and tuple(directions) != has:
        raise StudioctlError(
            f"Study '{found.name}' exists, and it is to {' and '.join(has)}. Nothing was changed.",
            hint="leave --direction out, or begin another study with --study",
            exit_code=ExitCode.USAGE,
        )
    return study


def _directions_of(found: Place) -> tuple[str, ...]:
    return directions_of(opened(found)) if found.journal.is_file() and found.journal.stat().st_size else ()


def directions_of(study: optuna.Study) -> tuple[str, ...]:
    """ "minimize" or "maximize" for each objective."""
    return tuple("maximize" if each == StudyDirection.MAXIMIZE else "minimize" for each in study.directions)


def repeated(trials: Iterable[FrozenTrial]) -> set[int]:
    """The numbers of those trials of which another has taken the place."""
    return {number for trial in trials for number in trial.system_attrs.get(HISTORY, ())}


def records_of(trials: Sequence[FrozenTrial]) -> list[TrialRecord]:
    """All trials of a study as frozen values."""
    stopped = _stopped(trials)
    return [record(trial, was_stopped=trial.number in stopped) for trial in trials]


def _stopped(trials: Sequence[FrozenTrial]) -> set[int]:
    """The numbers of those trials that were queued again without a loss: somebody stopped their workers."""
    losses = {trial.number: trial.system_attrs.get(LOSSES, 0) for trial in trials}
    before = {trial.number: trial.system_attrs[HISTORY][-1] for trial in trials if trial.system_attrs.get(HISTORY)}
    return {earlier for number, earlier in before.items() if losses.get(earlier) == losses[number]}


def record(trial: FrozenTrial, *, was_stopped: bool = False) -> TrialRecord:
    """The trial as a frozen value."""
    ending = "its worker was stopped, and the trial was queued again" if was_stopped else "its worker was lost"
    begun, ended = trial.datetime_start, trial.datetime_complete
    until = ended or datetime.now(begun.tzinfo if begun else None)
    return TrialRecord(
        number=trial.number,
        state=_STATES[trial.state],
        values=tuple(trial.values) if trial.values else None,
        params=dict(trial.params),
        user_attrs={name: value for name, value in trial.user_attrs.items() if name not in {ERROR, JOB}},
        started_at=_utc(begun),
        seconds=round((until - begun).total_seconds(), 3) if begun else None,
        error=str(trial.user_attrs.get(ERROR, ending)) if trial.state == TrialState.FAIL else None,
        retry_of=trial.system_attrs.get(FIRST),
    )


def _utc(moment: datetime | None) -> datetime | None:
    """The time in UTC; Optuna before 5 noted local times without saying so."""
    return moment.astimezone(UTC) if moment else None


def status_of(found: Place, study: optuna.Study) -> StudyStatus:
    """The status of an open study."""
    trials = study.get_trials(deepcopy=False)
    past = repeated(trials)
    living = [trial for trial in trials if trial.number not in past]
    counts = {state: sum(trial.state == state for trial in living) for state in TrialState}
    finished = sum(trial.state.is_finished() for trial in living)
    holder = found.holder() or {}
    lost = _lost(found, living) if not holder else 0
    wanted = holder.get("trials")
    rate = _per_minute(living, holder.get("since"))
    left = max(0, wanted - finished) if isinstance(wanted, int) else 0
    shared = found.shared()
    usd = Ledger(found.bills).usd + float(shared.get("usd_running", 0.0))
    return StudyStatus(
        study=found.name,
        directory=found.directory,
        directions=directions_of(study),
        is_running=bool(holder),
        controller=holder.get("pid"),
        workers=holder.get("workers"),
        wanted=wanted,
        finished=finished,
        complete=counts[TrialState.COMPLETE],
        pruned=counts[TrialState.PRUNED],
        failed=counts[TrialState.FAIL],
        running=counts[TrialState.RUNNING] - lost,
        waiting=counts[TrialState.WAITING] + lost,
        retried=len(past),
        best=tuple(record(trial) for trial in best_of(study)),
        per_minute=rate,
        jobs=int(shared.get("jobs", 0)) if shared else len(found.jobs()),
        usd=round(usd, 4),
        usd_expected=round(usd / finished * (finished + left), 4) if usd and finished and left else None,
        ends_at=datetime.now(UTC) + timedelta(minutes=left / rate) if rate and left else None,
        is_shared=found.is_shared,
        live=int(shared.get("live", 0)),
        seen_at=datetime.fromisoformat(shared["seen_at"]) if "seen_at" in shared else None,
    )


def _lost(found: Place, trials: Iterable[FrozenTrial]) -> int:
    """The number of trials that ran in processes of a controller that is gone: its workers ended with it."""
    if found.is_shared:
        return 0
    return sum(trial.state == TrialState.RUNNING and found.job_of(trial.number) is None for trial in trials)


def best_of(study: optuna.Study) -> list[FrozenTrial]:
    """The best trial; of several objectives, those that no other is better than in all; none before the first."""
    if not any(trial.state == TrialState.COMPLETE for trial in study.get_trials(deepcopy=False)):
        return []
    return study.best_trials if len(study.directions) > 1 else [study.best_trial]


def _per_minute(trials: Iterable[FrozenTrial], since: float | None) -> float | None:
    if since is None:
        return None
    begun = datetime.fromtimestamp(since, UTC)
    ended = [moment for trial in trials if (moment := _utc(trial.datetime_complete)) and moment >= begun]
    minutes = (datetime.now(UTC) - begun).total_seconds() / 60
    return len(ended) / minutes if ended and minutes > 0 else None


def lines_of(found: Place, number: int) -> list[str] | None:
    """The lines that a trial of a script wrote on this machine; None where it was none, or has not begun."""
    trials = opened(found).get_trials(deepcopy=False) if found.database.is_file() else []
    worker = trials[number].user_attrs.get(JOB) if number < len(trials) else None
    if worker is None:
        return None
    log = found.worker_log(int(str(worker).split("-")[1]))
    return runner.of_trial(log.read_text(encoding="utf-8", errors="replace").splitlines(), number)


def job_of(found: Place, number: int) -> str | None:
    """The training job that a trial ran in; None where it ran on this machine, or has not begun."""
    if not found.is_shared:
        return found.job_of(number)
    trials = opened(found).get_trials(deepcopy=False)
    return str(trials[number].user_attrs[JOB]) if number < len(trials) and JOB in trials[number].user_attrs else None


def status(beside: Path, name: str | None) -> StudyStatus:
    """The status of a study.

    Args:
        beside: The environment's file.
        name: The study's name; None takes the one that changed last.
    """
    found = chosen(beside, name)
    return status_of(found, opened(found))


def finished(beside: Path, name: str) -> int:
    """The number of finished trials of a study, which need not exist."""
    found = place(beside, name)
    return status_of(found, opened(found)).finished if found.exists else 0


def each_of(beside: Path) -> Iterator[StudyStatus | UnreadableError]:
    """The status of each study, or why it has none."""
    for found in places(beside):
        try:
            yield status_of(found, opened(found))
        except UnreadableError as error:
            yield error


def all_of(beside: Path) -> tuple[StudyStatus, ...]:
    """The status of each study that can be read."""
    return tuple(each for each in each_of(beside) if isinstance(each, StudyStatus))


def status_if_readable(beside: Path, name: str) -> StudyStatus | None:
    """The status of a study; None where its files are damaged, or another study's."""
    try:
        return status(beside, name)
    except UnreadableError:
        return None


def records(beside: Path, name: str | None) -> tuple[TrialRecord, ...]:
    """Every trial of a study, by number."""
    return tuple(records_of(opened(chosen(beside, name)).get_trials(deepcopy=False)))
