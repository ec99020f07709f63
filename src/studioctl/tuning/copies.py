"""Copies of a study for whoever cannot reach its database: one object in the bucket, which a worker renews.

A copy is Optuna's journal, so everything that reads one reads it. Its name begins with the time at which it was read,
by the database's own clock, so that the largest name is the newest, whoever wrote it: a number of trials would say
less, as a database that was restored from a backup has fewer.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend

PREFIX = "copies/"
KEPT = "kept/"  # copies with ended trials that the database no longer has
SECONDS = 15.0
_NAME = re.compile(r"(\d{13})-(\d{6,})-([a-z0-9]*)-[^/]*\.gz")


@dataclass(frozen=True)
class Written:
    """The content of a copy's name.

    Args:
        moment: When it was read from the database, by its clock.
        ended: The number of trials that had ended.
        database: The end of the database's identity: one that was made anew has another.
    """

    moment: datetime
    ended: int
    database: str

    @classmethod
    def of(cls, key: str) -> Written | None:
        """Read the content of an object's key; None if it is not a copy's."""
        found = _NAME.fullmatch(key.rpartition("/")[2])
        if found is None:
            return None
        moment = datetime.fromtimestamp(int(found[1]) / 1000, timezone.utc)  # noqa: UP017
        return cls(moment, int(found[2]), found[3])

    def name(self, job: str) -> str:
        """The copy's name, as this job writes it."""
        return f"{round(self.moment.timestamp() * 1000):013}-{self.ended:06}-{self.database}-{job}.gz"


def identity(database: str) -> str:
    """The end of a database's identity, as copies name it."""
    return re.sub(r"[^a-z0-9]", "", database.lower())[-8:]


class _Lines(BaseJournalBackend):
    """A journal in memory."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        return self.lines[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        self.lines += logs


def journal_of(study: optuna.Study, name: str) -> tuple[int, bytes]:
    """The study as a journal, by this name; before it, how many of its trials have ended."""
    lines = _Lines()
    to = optuna.create_study(study_name=name, storage=JournalStorage(lines), directions=study.directions)
    for key, value in study.user_attrs.items():
        to.set_user_attr(key, value)
    trials = study.get_trials(deepcopy=False)
    to.add_trials(trials)
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines.lines)
    return _ended(trials), gzip.compress(text.encode(), 6)


def _ended(trials: list[optuna.trial.FrozenTrial]) -> int:
    return sum(trial.state.is_finished() for trial in trials)


class Copier:
    """Renews the copy while workers run, whichever of them comes first, and when this one leaves.

    Args:
        bucket: Of the study.
        name: The copy's study.
        job: The job that writes.
        database: The database's identity.
        opened: Opens the study in its database.
    """

    def __init__(self, bucket: Any, name: str, job: str, database: str, opened: Callable[[], optuna.Study]) -> None:
        self._bucket, self._name, self._job, self._opened = bucket, name, job, opened
        self._database = identity(database)
        self._study: optuna.Study | None = None
        self._turn = threading.Lock()
        threading.Thread(target=self._renew, daemon=True).start()

    def copy(self) -> None:
        """Write a copy, and delete those that are older; one with trials that the database has lost is kept."""
        with self._turn:
            self._study = self._study or self._opened()
            # Before the trials are read: what had ended by then is in it.
            moment = self._study._storage._backend.now()  # type: ignore[attr-defined] # noqa: SLF001 (see shared.py)
            ended, content = journal_of(self._study, self._name)
            name = PREFIX + Written(moment, ended, self._database).name(self._job)
            self._bucket.put(name, content)
            older = [each for each, _ in self._bucket.names(PREFIX) if each < name]
            for each in older:
                written = Written.of(each)
                if written is not None and written.ended > ended and written.ended > self._ended_now():
                    self._bucket.put(KEPT + each.removeprefix(PREFIX), self._bucket.get(each))
            self._bucket.delete(older)

    def _ended_now(self) -> int:
        return _ended(self._opened().get_trials(deepcopy=False))

    def _renew(self) -> None:
        while True:
            threading.Event().wait(SECONDS * (0.5 + random.random()))  # noqa: S311 (so that not all look at once)
            try:
                written = [moment for _, moment in self._bucket.names(PREFIX)]
                age = (datetime.now(timezone.utc) - max(written)).total_seconds() if written else SECONDS  # noqa: UP017
                if age >= SECONDS:
                    self.copy()
            except KeyError:
                continue  # a script has not made its study yet
            except Exception:  # noqa: BLE001 (the next one may be better, and trials go on without)
                traceback.print_exc()
