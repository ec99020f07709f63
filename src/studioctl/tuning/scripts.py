"""Scripts that load their study themselves, as several processes of this machine over a file of SQLite.

Each process decides by the file what comes next, as workers do by a database (`worker.py`, `shared.py`). The controller
starts them, sees which end, and queues what a lost one has left. It is the only one, so that there are no
heartbeats: a machine that slept would have missed them all, and nothing is lost.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import optuna
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from studioctl.errors import StudioctlError
from studioctl.tuning import studies
from studioctl.tuning.again import JOB, end_and_queue
from studioctl.tuning.controller import Goal, Looked, Progress, TrialEnded
from studioctl.tuning.package import OURS, PROGRAMS
from studioctl.tuning.places import Place
from studioctl.tuning.records import StudyStatus, TrialRecord
from studioctl.tuning.runner import NOTHING
from studioctl.tuning.workers import Program

TICK_SECONDS = 0.5
OPTUNA = "STUDIOCTL_OPTUNA"  # as in jobs
STILLBORN = 3  # so many processes that fail while no trial ends are taken for a mistake


@dataclass
class Scripts:
    """The processes of one study.

    Args:
        found: The study's place, which is held.
        program: The script, its Python, and how many run side by side.
        goal: The limits of the run.
        directions: "minimize" or "maximize" for each objective; empty where the script makes the study.
    """

    found: Place
    program: Program
    goal: Goal
    directions: tuple[str, ...] = ()
    _running: dict[int, tuple["subprocess.Popen[bytes]", int]] = field(default_factory=dict)
    _begun: dict[int, int] = field(default_factory=dict)
    _known: int = -1
    _failures: int = 0
    _study: optuna.Study | None = None

    def run(self) -> Generator[Progress, None, StudyStatus]:
        """Runs the processes until all have ended, or somebody asks to stop; the study's last status.

        Raises:
            StudioctlError: The script fails before any trial ends.
        """
        self._lay_programs()
        studies.make_tables(self.found)
        self._take_up(None, lost=False)
        seen = self._ended()
        try:
            for slot in range(min(self.program.workers, self.goal.trials - self._finished())):
                self._begin(slot)
            while self._running and not self.found.is_asked_to_stop:
                time.sleep(TICK_SECONDS)
                self._look()
                if self._opened() is None:
                    continue
                status, ended = self._status(), self._ended()
                for number in sorted(ended.keys() - seen.keys()):
                    yield TrialEnded(ended[number], status)
                seen = ended
                yield Looked(status)
        finally:
            for slot in tuple(self._running):
                self._end(slot)
            self._take_up(None, lost=False)
        if self._opened() is None:
            raise StudioctlError(
                f"'{self.program.file.name}' {NOTHING}'{self.found.name}'.",
                hint="let it load the study that the variable OPTUNA_STUDY names, from what OPTUNA_STORAGE holds",
            )
        return self._status()

    def _opened(self) -> optuna.Study | None:
        """The study, once there is one."""
        if self._study is None and self.found.database.is_file():
            with contextlib.suppress(studies.UnreadableError):
                self._study = studies.opened(self.found)
        return self._study

    def _status(self) -> StudyStatus:
        study = self._opened()
        assert study is not None  # noqa: S101 (whoever asks has looked)
        return studies.status_of(self.found, study)

    def _finished(self) -> int:
        return self._status().finished if self._opened() else 0

    def _ended(self) -> dict[int, TrialRecord]:
        study = self._opened()
        found = studies.records_of(study.get_trials(deepcopy=False) if study else ())
        return {each.number: each for each in found if each.state in {"complete", "pruned", "failed"}}

    def _lay_programs(self) -> None:
        here = Path(__file__).parent
        self.found.programs.mkdir(exist_ok=True)
        for name in (*PROGRAMS, "script.py"):
            shutil.copyfile(here / name, self.found.programs / f"{OURS}{name}")

    def _begin(self, slot: int) -> None:
        number = self._begun[slot] = self._begun.get(slot, 0) + 1
        told = {
            "job": f"worker-{slot}-{number}",
            "study": self.found.name,
            "name": self.found.name,
            "code": str(self.program.file.parent),
            "file": self.program.file.name,
            "is_script": True,
            "trials": self.goal.trials,
            "directions": list(self.directions),
            "retries": self.goal.retries,
            "heartbeat_seconds": None,
            "until": time.time() + self.goal.timeout_seconds if self.goal.timeout_seconds else None,
            "url": studies.address(self.found),
        }
        environment = {OPTUNA: f"optuna=={version('optuna')}", **self.program.environment(os.environ)}
        settings = self.found.programs / f"worker-{slot}.json"
        settings.write_text(json.dumps(told), encoding="utf-8")
        read_end, write_end = os.pipe()
        with self.found.worker_log(slot).open("ab") as output:
            process = subprocess.Popen(
                [self.program.python, self.found.programs / f"{OURS}script.py", str(read_end), settings],
                cwd=self.program.file.parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(read_end,),
                start_new_session=True,
            )
        os.close(read_end)
        self._running[slot] = (process, write_end)

    def _look(self) -> None:
        """Sees which processes have ended; what a lost one ran is queued, and another one takes its place."""
        for slot, (process, _) in tuple(self._running.items()):
            if process.poll() is None:
                continue
            code = self._end(slot)
            self._take_up(f"worker-{slot}-{self._begun[slot]}", lost=True)
            if not code:
                continue  # the script is through
            finished = self._finished()
            self._failures = self._failures + 1 if finished == self._known else 1
            self._known = finished
            if self._failures >= STILLBORN:
                raise StudioctlError(
                    f"'{self.program.file.name}' ended with exit code {code} {self._failures} times, and no trial ended"
                    " in between. No more were begun.",
                    hint=f"read {self.found.worker_log(slot)}",
                )
            if self._begun[slot] <= self.goal.retries and finished < self.goal.trials:
                self._begin(slot)

    def _end(self, slot: int) -> int:
        """Ends a process with all that it started; its exit code."""
        process, lifeline = self._running.pop(slot)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        os.close(lifeline)
        return code

    def _take_up(self, job: str | None, *, lost: bool) -> None:
        """Queues what a process ran that has ended, or what all have: none is left that could tell."""
        study = self._opened()
        if study is None:
            return
        storage: RDBStorage = study._storage._backend  # type: ignore[attr-defined] # noqa: SLF001 (behind a cache)
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if job is not None and trial.user_attrs.get(JOB) != job:
                continue
            end_and_queue(storage, trial._trial_id, lost=lost, retries=self.goal.retries)  # noqa: SLF001
