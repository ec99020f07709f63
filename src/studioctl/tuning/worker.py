"""The program of a long-lived worker: one trial after the other of a study that it shares with others in a database.

In a job it is in the channel `code`, beside its modules and `code.tar.gz`, the user's files. See `fleet.py`. The
user's objective gets Optuna's own trial: this program only opens the study, and sees to what becomes of a trial whose
worker or database goes.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import runpy
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timezone
from pathlib import Path
from typing import Any

import studioctl_bucket as buckets  # type: ignore[import-not-found] # these are beside it, in the job
import studioctl_job as job  # type: ignore[import-not-found]
import studioctl_runner as runner  # type: ignore[import-not-found]

CERTIFICATES = "studioctl_global-bundle.pem"
CHECKPOINTS = "checkpoints/"
FAILURES = 3  # so many objectives that fail, while none succeeds, are taken for a mistake in the program
ERRORS = 10  # so many troubles with the database, one after the other
LOOK_SECONDS = 2.0


class LostError(BaseException):
    """The database went while a trial ran. It is queued; no objective catches this."""


@dataclass
class Worker:
    """A worker's turn at a study.

    Args:
        settings: The settings that `fleet.py` wrote down.
        url: The database, without a password.
        bring_checkpoints: Fetches what a worker has saved since a moment, before its lost trial is tried again.
        leaving: Set when somebody has stopped this worker.
    """

    settings: Mapping[str, Any]
    url: str
    bring_checkpoints: Callable[[str, Any], None]
    leaving: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Lets every connection and every study of this process be ours."""
        import optuna  # noqa: PLC0415 (it may have been installed just now)
        import studioctl_shared as shared  # type: ignore[import-not-found] # noqa: PLC0415

        self._optuna, self._shared = optuna, shared
        self._begun = time.monotonic()
        self._longest, self._errors = 0.0, 0
        self._running: dict[int, Any] = {}
        self._storage: Any = None
        self._storing = threading.Lock()
        self._result: tuple[Any, Any] | None = None
        self.broken = ""
        wanted = self.settings
        shared.Storage.ours = self.url
        shared.keep_to(shared.Terms(wanted["study"], wanted["trials"], wanted["retries"], wanted["heartbeat_seconds"]))
        optuna.storages.RDBStorage = shared.Storage  # type: ignore[misc] # get_storage takes it, too
        self._optimize = optuna.Study.optimize
        optuna.Study.optimize = self._until_enough()  # type: ignore[method-assign]

    def opened(self) -> Any:
        """The study, which is there.

        Raises:
            KeyError: It is not.
        """
        return self._optuna.load_study(study_name=self.settings["study"], storage=self._stored())

    def prepare(self) -> None:
        """Makes tables and study; other workers do the same at this moment, so that each step may find it done."""
        directions = self.settings["directions"]
        for left in range(ERRORS, -1, -1):
            try:
                storage = self._stored()
                if directions or not self.settings["is_script"]:
                    study = self._optuna.create_study(
                        study_name=self.settings["study"],
                        storage=storage,
                        directions=directions or None,
                        load_if_exists=True,
                    )
                    has = [each.name.lower() for each in study.directions]
                    if directions and has != list(directions):
                        self.broken = f"Study '{self.settings['name']}' {runner.OTHERWISE}{' and '.join(has)}"
            except Exception:  # SQLAlchemy and Optuna have many
                if not left:
                    raise
                time.sleep(1)
            else:
                return

    def run(self, function: Callable[[Any], Any]) -> None:
        """Runs the user's objective until the study has its trials."""
        study = self._for_trials()
        while not self.leaving.is_set() and not self.broken:
            left = self.settings["until"] - time.time() if self.settings["until"] else None
            try:
                try:
                    self._optimize(
                        study, self._turn(function), timeout=left, catch=(Exception,), callbacks=[self._looked_back]
                    )
                except self._shared.EnoughError:
                    if not self._may_have_died(study):
                        return
                else:
                    return  # the objective stopped the study, or the time is over
            except (Exception, LostError):  # whatever it is, the database decides what it means
                traceback.print_exc()
                self._errors += 1
                if self._errors > ERRORS:
                    raise
                self._settle(study)

    def erase(self) -> None:
        """Deletes the study, which may be gone."""
        with contextlib.suppress(KeyError):
            self._optuna.delete_study(study_name=self.settings["study"], storage=self._stored())

    def _stored(self) -> Any:
        """The only storage of this process that is not a script's, so that its connections are counted."""
        with self._storing:
            self._storage = self._storage or self._shared.Storage(self.url)
        return self._storage

    def run_script(self) -> None:
        """Runs the user's script, which loads its study itself and says how many trials it wants."""
        os.environ.update(OPTUNA_STORAGE=self.url, OPTUNA_STUDY=self.settings["study"])
        file = Path(self.settings["code"]) / self.settings["file"]
        sys.argv, sys.path[0] = [str(file)], str(file.parent)
        with contextlib.suppress(self._shared.EnoughError):
            runpy.run_path(str(file), run_name="__main__")

    def leave(self) -> None:
        """Tells a result that nobody tells any more, and queues what runs: to be stopped is no loss of a trial's."""
        self.leaving.set()
        for _ in range(100):
            if self._result is None:  # else it is being told at this moment
                break
            time.sleep(0.05)
        self._settle(self.opened())

    def _for_trials(self) -> Any:
        seed = self.settings["seed"]
        samplers = {
            "tpe": self._optuna.samplers.TPESampler,
            "random": self._optuna.samplers.RandomSampler,
            "nsga2": self._optuna.samplers.NSGAIISampler,
        }
        pruners = {
            "median": self._optuna.pruners.MedianPruner,
            "hyperband": self._optuna.pruners.HyperbandPruner,
            "none": self._optuna.pruners.NopPruner,
        }
        study = self.opened()
        study.sampler = samplers[self.settings["sampler"]](seed=seed)
        study.pruner = pruners[self.settings["pruner"]]()
        return study

    def _until_enough(self) -> Callable[..., None]:
        """`Study.optimize` for scripts: it ends as if it had run all of its trials."""

        def optimize(study: Any, func: Callable[[Any], Any], *arguments: Any, **named: Any) -> None:
            if not self._is_ours(study):
                self._optimize(study, func, *arguments, **named)
                return
            if self.settings["until"]:
                named.setdefault("timeout", self.settings["until"] - time.time())
            with contextlib.suppress(self._shared.EnoughError):
                self._optimize(study, self._turn(func), *arguments, **named)

        return optimize

    def _is_ours(self, study: Any) -> bool:
        """Whether this is the study: a script may have others, here or elsewhere, such as one within a trial."""
        storage = getattr(study._storage, "_backend", None)  # noqa: SLF001
        return study.study_name == self.settings["study"] and isinstance(storage, self._shared.Storage)

    def _turn(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The objective, and what is noted about its trial."""

        def turn(trial: Any) -> Any:
            began = time.monotonic()
            self._running[trial.number], self._result = trial, None
            sys.stdout.write(f"{runner.MARK} {trial.number} begins\n")
            try:
                trial.set_user_attr(self._shared.JOB, self.settings["job"])
                self._bring_saved(trial)
                returned = function(trial)
                if wrong := self._wrong(trial.study, returned):
                    raise ValueError(wrong)  # noqa: TRY301 (it is told like a mistake of the objective's)
                self._result = (trial, returned)
            except self._optuna.TrialPruned:
                raise
            except self._optuna.exceptions.StorageInternalError as error:
                raise LostError(str(error)) from error
            except LostError:
                raise
            except BaseException as error:
                if job.was_stopped(self.leaving):  # the program's own handler has ended it, with whatever it raised
                    raise LostError(str(error)) from error
                traceback.print_exc()
                with contextlib.suppress(self._optuna.exceptions.StorageInternalError):
                    trial.set_user_attr(self._shared.ERROR, f"{type(error).__name__}: {error}"[:1000])
                raise (
                    error if isinstance(error, Exception) else RuntimeError(f"{type(error).__name__}: {error}")
                ) from error
            else:
                return returned
            finally:
                sys.stdout.write(f"{runner.MARK} {trial.number} ended\n")
                sys.stdout.flush()
                self._longest = max(self._longest, time.monotonic() - began)
                if sys.exc_info()[0] is not LostError:
                    self._running.pop(trial.number, None)

        return turn

    def _bring_saved(self, trial: Any) -> None:
        """Fetches what the workers of a repeated trial saved while they ran it, the last one's before the others'."""
        past = trial._cached_frozen_trial.system_attrs.get(self._shared.HISTORY, ())  # noqa: SLF001 (Optuna shows users' alone)
        for number in reversed(past):
            earlier = trial.study.get_trials(deepcopy=False)[number]
            if (job_name := earlier.user_attrs.get(self._shared.JOB)) and earlier.datetime_start:
                self.bring_checkpoints(job_name, earlier.datetime_start.astimezone(timezone.utc))  # noqa: UP017

    @staticmethod
    def _wrong(study: Any, returned: Any) -> str:
        """The reason why this is no result; empty if it is one."""
        values = returned if isinstance(returned, Sequence) and not isinstance(returned, str) else [returned]
        if len(values) != len(study.directions):
            return f"it returned {len(values)} values, and the study has {len(study.directions)} directions"
        return "it returned nan" if any(math.isnan(float(value)) for value in values) else ""

    def _looked_back(self, study: Any, trial: Any) -> None:
        """Decide after each trial whether to go on."""
        self._result, self._errors = None, 0
        self._shared_storage(study).beats(study._study_id)  # noqa: SLF001 (storages know studies by it alone)
        left = self.settings["longest_seconds"] - (time.monotonic() - self._begun)
        if left < self._longest * 1.2 or self.leaving.is_set():  # AWS would end it in the middle of the next one
            study.stop()
        if error := trial.user_attrs.get(self._shared.ERROR):
            trials = study.get_trials(deepcopy=False)
            failed = sum(self._shared.ERROR in each.user_attrs for each in trials)
            if failed >= FAILURES and all(each.state.name not in {"COMPLETE", "PRUNED"} for each in trials):
                self.broken = f"The first {failed} {runner.FAILED}{error}. No more were begun"
                study.stop()

    def _may_have_died(self, study: Any) -> bool:
        """Waits until each running trial has given a sign of life, or is lost; whether there is one to be run again.

        Who leaves before would leave the trial of a worker that has just died to nobody.
        """
        storage, study_id = self._shared_storage(study), study._study_id  # noqa: SLF001
        silent = storage.beats(study_id)
        while silent and not self.leaving.is_set():
            time.sleep(min(LOOK_SECONDS, self.settings["heartbeat_seconds"] / 2))
            self._optuna.storages.fail_stale_trials(study)
            if study.get_trials(deepcopy=False, states=(self._optuna.trial.TrialState.WAITING,)):
                return True
            now = storage.beats(study_id)
            silent = {trial: beat for trial, beat in silent.items() if trial in now and now[trial] == beat}
        return False

    @staticmethod
    def _shared_storage(study: Any) -> Any:
        return study._storage._backend  # noqa: SLF001 (Optuna puts a cache before it)

    def _settle(self, study: Any) -> None:
        """Brings a trial that this worker was about to end to its end, now that the database may be there again."""
        if (result := self._result) is not None:
            trial, returned = result
            with contextlib.suppress(
                ValueError, self._optuna.exceptions.UpdateFinishedTrialError
            ):  # others took it for lost, and it has been queued
                study.tell(trial, returned, skip_if_finished=True)
        for number in tuple(self._running):
            self._queue(study, number, lost=not self.leaving.is_set())
        self._result = None

    def _queue(self, study: Any, number: int, *, lost: bool) -> None:
        """Lets another trial take a running one's place, unless somebody has seen to it."""
        if (trial := self._running.pop(number, None)) is not None:
            self._shared_storage(study).end_and_queue(trial._trial_id, lost=lost)  # noqa: SLF001


def main() -> int:
    """Runs the worker; its exit code."""
    # No exception: an objective could catch it.
    worker: Worker | None = None
    copier: Any = None
    stopped = threading.Event()

    job.on_stop(stopped, lambda: _leave(worker, copier))
    try:
        job.install("psycopg2", "optuna")
        if other := job.other_optuna():
            return _failed(other)
        bucket = buckets.Bucket(os.environ["STUDIOCTL_PLACE"])
        settings = json.loads(bucket.get(f"workers/{os.environ['STUDIOCTL_WORKER']}.json"))
        database = settings["database"]
        import studioctl_copies as copies  # type: ignore[import-not-found] # noqa: PLC0415
        import studioctl_shared as shared  # noqa: PLC0415

        shared.sign_in(database["host"], database["port"], database["user"], database["region"])
        worker = Worker(
            settings,
            buckets.address(database, Path(__file__).with_name(CERTIFICATES)),
            lambda of, since: bucket.bring(f"{CHECKPOINTS}{of}/", since, Path("/opt/ml/checkpoints")),
            stopped,
        )
        if settings.get("erase"):
            worker.erase()
            return 0
        worker.prepare()
        if not worker.broken:
            copier = copies.Copier(bucket, settings["name"], settings["job"], database["id"], worker.opened)
            _work(worker, settings)
            job.FINISHED.set()
            try:
                copier.copy()
            except KeyError:
                worker.broken = f"'{settings['file']}' {runner.NOTHING}'{settings['study']}'"
        why = worker.broken
    except BaseException as error:  # noqa: BLE001 (as below)
        traceback.print_exc()
        why = str(error) if isinstance(error, job.InstallError) else f"{type(error).__name__}: {error}"
        job.was_stopped(stopped)  # it may have come from the program's own handler
    if stopped.is_set():
        job.FINISHED.set()
        threading.Event().wait()  # `_leave` ends it
    return _failed(why) if why else 0


def _leave(worker: Worker | None, copier: Any) -> None:
    """Ends the process of a worker that was stopped, whatever goes wrong: its main thread may wait for it."""
    steps = [*([job.let_finish, worker.leave] if worker else ()), *([copier.copy] if copier else ())]
    for step in steps:
        try:
            step()
        except BaseException:  # noqa: BLE001 (nobody else ends it)
            traceback.print_exc()
    os._exit(job.STOPPED)


def _work(worker: Worker, settings: Mapping[str, Any]) -> None:
    os.chdir(settings["code"])
    sys.path.insert(0, settings["code"])
    if settings["is_script"]:
        worker.run_script()
        return
    try:
        function = runner.loaded(Path(settings["code"]) / settings["file"])
    except BaseException as error:  # noqa: BLE001 (it is told where the user sees it)
        traceback.print_exc()
        worker.broken = f"'{settings['file']}' {runner.BROKEN}{type(error).__name__}: {error}"
        return
    worker.run(function)


def _failed(why: str) -> int:
    with contextlib.suppress(OSError):
        job.FAILURE.write_text(why[:900], encoding="utf-8")
    return 1


if __name__ == "__main__":
    sys.exit(main())
