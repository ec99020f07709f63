"""Studies and trials as values that print well. Imports no library."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class TrialRecord:
    """One trial.

    Args:
        number: From 0, unique in the study.
        state: "waiting", "running", "complete", "pruned" or "failed".
        values: One for each objective; None unless it is complete.
        params: The suggested parameters by name.
        user_attrs: The notes of the objective.
        started_at: When it began, in UTC.
        seconds: Its duration so far.
        error: Why it failed; None unless it did.
        retry_of: The trial that it repeats.
    """

    number: int
    state: str
    values: tuple[float, ...] | None
    params: Mapping[str, Any]
    user_attrs: Mapping[str, Any]
    started_at: datetime | None
    seconds: float | None
    error: str | None
    retry_of: int | None


@dataclass(frozen=True)
class StudyStatus:
    """A study at a moment.

    Args:
        study: Its name.
        directory: Its directory.
        directions: "minimize" or "maximize" for each objective.
        is_running: Whether a controller is at work.
        controller: Its process; None without one.
        workers: The number of trials that it runs side by side; None without one.
        wanted: The number of trials that the study shall have; None if that is not known.
        finished: The number of finished trials. A trial that was tried again counts once.
        complete: Trials with a result.
        pruned: Trials that the pruner gave up.
        failed: Trials whose objective failed.
        running: Trials that run.
        waiting: Trials that will be tried again.
        retried: Trials that were lost with their worker, and of which another has taken the place.
        best: The best trial; of several objectives, those that no other is better than in all.
        per_minute: Trials finished in a minute, since the controller began; None until the first.
        ends_at: When the last one will have ended at this rate.
        jobs: The number of its training jobs so far: none on this machine.
        usd: The cost of its jobs that are over, in US dollars: nothing on this machine.
        usd_expected: The cost of all of its trials at this rate; None if that is not known.
        is_shared: Whether workers share it in a database, of which this is a copy.
        live: The number of these workers that run, as AWS said last.
        seen_at: When AWS was asked last; None where the study is here.
    """

    study: str
    directory: Path
    directions: tuple[str, ...]
    is_running: bool
    controller: int | None
    workers: int | None
    wanted: int | None
    finished: int
    complete: int
    pruned: int
    failed: int
    running: int
    waiting: int
    retried: int
    best: tuple[TrialRecord, ...]
    per_minute: float | None
    ends_at: datetime | None
    jobs: int = 0
    usd: float = 0.0
    usd_expected: float | None = None
    is_shared: bool = False
    live: int = 0
    seen_at: datetime | None = None
