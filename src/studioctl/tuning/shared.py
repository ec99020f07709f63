"""A database that many workers share: how each connects, how many trials there may be, and when one is lost.

It is sent into jobs, where there is Optuna, SQLAlchemy and, for the token, boto3. Optuna decides by the database alone
what comes next, so no process has to know which workers there are.
"""

from __future__ import annotations

import contextlib
import functools
import math
import random
import threading
import time
import warnings
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, ClassVar

import optuna
import sqlalchemy
from optuna.storages import RDBStorage
from studioctl_again import ERROR, FIRST, HISTORY, JOB, end_and_queue  # type: ignore[import-not-found] # beside it, in the job

TOKEN_SECONDS = 600.0  # a token holds for 15 minutes, and AWS asks to use one more than once
TRIES = 10  # of one statement, whose connections go
READ_ONLY = "25006"  # PostgreSQL's code where a connection leads to an instance that is no writer any more
WAKE_SECONDS = 240.0  # a paused database wakes in 15 to 60 seconds; one that fails over needs a minute or two
IDLE_SECONDS = 10.0
CONNECTIONS = 2  # of a storage at most: for trials, and beside them for heartbeats and copies
REFUSED = "authentication failed"
COUNTED = sqlalchemy.text(
    "SELECT count(*) FROM trials t JOIN studies s ON s.study_id = t.study_id"
    " WHERE t.study_id = :study AND s.study_name = :name AND NOT EXISTS"
    " (SELECT 1 FROM trial_system_attributes a WHERE a.trial_id = t.trial_id AND a.key = 'failed_trial')"
)
BEATS = sqlalchemy.text(
    "SELECT t.trial_id, h.heartbeat FROM trials t LEFT JOIN trial_heartbeats h ON h.trial_id = t.trial_id"
    " WHERE t.study_id = :study AND t.state = 'RUNNING'"
)


__all__ = [
    "ERROR",
    "FIRST",
    "HISTORY",
    "JOB",
    "EnoughError",
    "Storage",
    "Terms",
    "keep_to",
    "sign_in",
]


class EnoughError(Exception):
    """The study has as many trials as it may have; no further one was begun."""


@dataclass(frozen=True)
class Terms:
    """The rules that all workers of a study keep to.

    Args:
        study: Its name. Others in the same database, of a script, are left alone.
        trials: The number of trials that the study may have, without those that repeat a lost one.
        retries: The number of times that a trial is tried again after its worker was lost.
        heartbeat_seconds: Between two signs of life. A trial without one for twice as long is lost. None: somebody else
            sees which workers end.
    """

    study: str
    trials: int
    retries: int
    heartbeat_seconds: int | None


def _is_passing(error: BaseException | None) -> bool:
    """Whether a connection was at fault, or the server that it led to, and another one may do better."""
    if not isinstance(error, sqlalchemy.exc.DBAPIError):
        return False
    is_lost = error.connection_invalidated or isinstance(
        error, (sqlalchemy.exc.OperationalError, sqlalchemy.exc.InterfaceError)
    )
    return is_lost or getattr(error.orig, "pgcode", None) == READ_ONLY


def _patiently(method: Callable[..., Any], is_done: Callable[..., bool] | None = None) -> Callable[..., Any]:
    """The method of a storage, which is a transaction: once more where its connection went, within bounds.

    A commit may have been done though nobody could say so. Then a trial has ended already, as it should; or one has
    been begun that nobody runs, which its missing heartbeat tells.

    Args:
        method: The storage's, which returns True where it has ended a trial.
        is_done: Of one that ends a trial: whether that trial has this very end. It takes the same arguments.
    """

    @functools.wraps(method)
    def patient(self: Storage, *arguments: Any, **named: Any) -> Any:
        until, tries = time.monotonic() + WAKE_SECONDS, 0
        while True:
            try:
                return method(self, *arguments, **named)
            except optuna.exceptions.UpdateFinishedTrialError:
                if tries and is_done is not None and is_done(self, *arguments, **named):
                    return True
                raise
            except optuna.exceptions.StorageInternalError as error:
                tries += 1
                if not _is_passing(error.__cause__) or tries > TRIES or time.monotonic() > until:
                    raise
                self.engine.dispose()
                time.sleep(min(2**tries, 10) * (0.5 + random.random()))  # noqa: S311 (not all at once)

    return patient


class Storage(RDBStorage):
    """Optuna's storage with heartbeats and a limit, which lets connections go that nobody uses.

    An open connection keeps Aurora from pausing. A new one for each statement would cost a handshake of TLS every time,
    and IAM lets in 200 a second.
    """

    terms: ClassVar[Terms | None] = None
    engines: ClassVar[weakref.WeakSet[sqlalchemy.Engine]] = weakref.WeakSet()  # of the study's database
    ours: ClassVar[str | None] = None  # the address of the study's database; None: any is

    def __init__(self, url: str, engine_kwargs: dict[str, Any] | None = None, *rest: Any, **named: Any) -> None:
        """Open it as Optuna does; given arguments win. One of a database other than the study's is Optuna's alone."""
        if self.ours is not None and url != self.ours:
            super().__init__(url, engine_kwargs, *rest, **named)
            return
        engine = dict(engine_kwargs or {})
        if "poolclass" not in engine:
            engine = {"pool_size": 1, "max_overflow": CONNECTIONS - 1, "pool_pre_ping": True, **engine}
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)  # heartbeats
        if self.terms is not None:
            named.setdefault("heartbeat_interval", self.terms.heartbeat_seconds)
        for left in range(TRIES, -1, -1):
            try:
                super().__init__(url, engine, *rest, **named)
            except (sqlalchemy.exc.DBAPIError, optuna.exceptions.StorageInternalError) as error:
                passing = error if isinstance(error, sqlalchemy.exc.DBAPIError) else error.__cause__
                if not left or not _is_passing(passing):
                    raise
                time.sleep(1)
            else:
                break
        self.engines.add(self.engine)
        self._is_used = threading.Event()
        sqlalchemy.event.listen(self.engine, "checkin", lambda *_: self._is_used.set())
        threading.Thread(target=self._let_go, daemon=True).start()

    def record_heartbeat(self, trial_id: int) -> None:
        """Record a heartbeat like Optuna's, whose thread would not outlive one that fails: the next one may not."""
        with contextlib.suppress(optuna.exceptions.StorageInternalError):
            super().record_heartbeat(trial_id)

    def now(self) -> datetime:
        """The time of the database's clock."""
        with self.engine.connect() as connection:
            found: datetime = connection.execute(sqlalchemy.select(sqlalchemy.func.now())).scalar_one()
        return found if found.tzinfo else found.replace(tzinfo=timezone.utc)  # noqa: UP017

    def beats(self, study_id: int) -> dict[int, Any]:
        """The last sign of life of each running trial; a first one is noted for those that have none.

        Optuna takes a trial without any for living, and its worker may have gone before it could give one.
        """
        with self.engine.connect() as connection:
            found = dict(map(tuple, connection.execute(BEATS, {"study": study_id})))
        for trial, beat in found.items():
            if beat is None:
                self.record_heartbeat(trial)
        return found

    def has_ended(self, trial_id: int, state: optuna.trial.TrialState, values: Any = None) -> bool:
        """Whether a trial has this end."""
        trial = self.get_trial(trial_id)
        return trial.state == state and (values is None or trial.values == list(values))

    @_patiently
    def end_and_queue(self, trial_id: int, *, lost: bool) -> None:
        """Ends a running trial of the study, and queues it as often as its terms allow; see `again.py`."""
        end_and_queue(self, trial_id, lost=lost, retries=self.terms.retries if self.terms else 0)

    @_patiently
    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        """The lost trials that Optuna is to end: none of the study's, which end here, unless a script has its own way.

        Optuna ends all of them first and queues their copies afterwards: who is killed in between loses them.
        """
        lost = super()._get_stale_trial_ids(study_id)
        has_own_way = self.heartbeat_stale_trial_callback is not None
        if not lost or has_own_way or not self.terms or self.get_study_name_from_id(study_id) != self.terms.study:
            return lost
        for trial_id in lost:
            self.end_and_queue(trial_id, lost=True)
        return []

    def _let_go(self) -> None:
        while True:
            time.sleep(IDLE_SECONDS)
            if not self._is_used.is_set():
                self.engine.dispose()
            self._is_used.clear()


for _name in (
    "create_new_study",
    "delete_study",
    "set_study_user_attr",
    "set_study_system_attr",
    "get_study_id_from_name",
    "get_study_name_from_id",
    "get_study_directions",
    "get_study_user_attrs",
    "get_study_system_attrs",
    "get_all_studies",
    "_create_new_trial",
    "_set_trial_param",
    "get_trial_id_from_study_id_trial_number",
    "_get_best_trial_id",
    "set_trial_intermediate_value",
    "set_trial_user_attr",
    "set_trial_system_attr",
    "get_trial",
    "_get_trials",
):
    setattr(Storage, _name, _patiently(getattr(RDBStorage, _name)))
Storage.set_trial_state_values = _patiently(  # type: ignore[method-assign]
    RDBStorage.set_trial_state_values, Storage.has_ended
)


def keep_to(terms: Terms) -> None:
    """Begin no trial in this process from now on that the study may not have.

    Counted by the transaction that inserts the trial, after it has locked the study (SQLite: the file) as Optuna's
    does, so that no other one can be inserted at the same time.
    """
    from optuna.storages._rdb import models  # noqa: PLC0415 (its tables have no public name)

    Storage.terms = terms

    def count(_mapper: object, connection: sqlalchemy.Connection, trial: Any) -> None:
        kept = Storage.terms
        most, name = (kept.trials, kept.study) if kept else (math.inf, "")
        begins = (
            connection.engine in Storage.engines
            and trial.datetime_start is not None
            and trial.datetime_complete is None
        )
        if begins and connection.execute(COUNTED, {"study": trial.study_id, "name": name}).scalar_one() > most:
            raise EnoughError(f"the study has its {most} trials")

    sqlalchemy.event.listen(models.TrialModel, "after_insert", count)


def sign_in(host: str, port: int, user: str, region: str) -> None:
    """Give every connection of this process to this host a token of IAM's for a password from now on.

    By whoever makes it: a program that is given an address without a password gets in, and never sees one.
    """
    import boto3  # noqa: PLC0415 (it may have been installed just now)

    rds = boto3.client("rds", region_name=region)
    known: list[Any] = [0.0, ""]

    @sqlalchemy.event.listens_for(sqlalchemy.Engine, "do_connect")
    def connect(dialect: Any, _record: object, arguments: Any, named: dict[str, Any]) -> Any:
        if named.get("host") != host:
            return None
        until = time.monotonic() + WAKE_SECONDS
        while True:
            if time.monotonic() - known[0] > TOKEN_SECONDS or not known[1]:
                known[:] = [time.monotonic(), rds.generate_db_auth_token(host, port, user)]
            try:
                return dialect.connect(*arguments, **{**named, "password": known[1]})
            except dialect.loaded_dbapi.OperationalError as error:
                if REFUSED in str(error) or time.monotonic() > until:
                    raise
                time.sleep(1 + random.random())  # noqa: S311 (so that workers do not come all at once)
