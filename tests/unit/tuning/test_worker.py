"""A worker whose program has a handler of SIGTERM of its own, which raises: it queues its trial and leaves a copy."""

import importlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
import pytest

from studioctl.tuning import again, bucket, copies, private, runner
from tests.unit.tuning.test_sharing import URL, Bucket

pytestmark = [
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore:Heartbeat of storage"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]

OBJECTIVE = """
import handler

def objective(trial):
    trial.suggest_float("x", 0, 1)
    if trial.number == 1:
        handler.stops()
    return 1.0
"""
SCRIPT = f"""
import os
import optuna
{OBJECTIVE}
study = optuna.create_study(
    study_name=os.environ["OPTUNA_STUDY"], storage=os.environ["OPTUNA_STORAGE"], load_if_exists=True
)
study.optimize(objective, n_trials=4)
"""


class _GoneError(BaseException):
    """As some programs end themselves."""


@dataclass
class Job:
    """A job in this process."""

    program: Any
    url: str
    bucket: Bucket = field(default_factory=Bucket)
    raised: BaseException | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    codes: list[int] = field(default_factory=list)

    def on_stop(self, stopped: threading.Event, leave: Any) -> None:
        def end() -> None:
            stopped.wait()
            leave()

        self.stopped = stopped
        threading.Thread(target=end, daemon=True).start()

    def stops(self) -> None:
        """As a handler that raises at once: a thread notices later."""
        threading.Timer(0.3, self.stopped.set).start()
        if self.raised is not None:
            raise self.raised

    def exit(self, code: int) -> None:
        self.codes.append(code)
        self.over.set()
        sys.exit()

    def run(self) -> int:
        """Its exit code."""

        def work() -> None:
            code = self.program.main()
            self.codes.append(code)
            self.over.set()

        threading.Thread(target=work, daemon=True).start()
        assert self.over.wait(600)  # it makes the tables of a study, and a busy machine takes a minute for that
        return self.codes[0]


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    modules = {"bucket": bucket, "copies": copies, "runner": runner, "again": again, "private": private}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, f"studioctl_{name}", module)
    for name in ("shared", "job"):
        monkeypatch.setitem(sys.modules, f"studioctl_{name}", importlib.import_module(f"studioctl.tuning.{name}"))
    program = importlib.import_module("studioctl.tuning.worker")
    shared = sys.modules["studioctl_shared"]
    found = Job(program, URL.format(tmp_path / "study.db"))
    monkeypatch.setattr(optuna.Study, "optimize", optuna.Study.optimize)
    monkeypatch.setattr(optuna.storages, "RDBStorage", optuna.storages.RDBStorage)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.chdir(tmp_path)
    for name in ("OPTUNA_STORAGE", "OPTUNA_STUDY", "STUDIOCTL_PLACE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("STUDIOCTL_WORKER", "w0")
    monkeypatch.setitem(sys.modules, "handler", found)
    monkeypatch.setattr(program.job, "on_stop", found.on_stop)
    monkeypatch.setattr(program.job, "install", lambda *_: None)
    monkeypatch.setattr(program.job, "FINISHED", threading.Event())
    monkeypatch.setattr(program.job, "FAILURE", tmp_path / "failure")
    monkeypatch.setattr(shared, "sign_in", lambda *_: None)
    monkeypatch.setattr(bucket, "Bucket", lambda _: found.bucket)
    monkeypatch.setattr(bucket, "address", lambda *_: found.url)
    monkeypatch.setattr(os, "_exit", found.exit)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    yield found
    signal.signal(signal.SIGTERM, before)
    shared.Storage.terms = shared.Storage.ours = None


def told(tmp_path: Path, *, is_script: bool) -> bytes:
    (tmp_path / "square.py").write_text(SCRIPT if is_script else OBJECTIVE, encoding="utf-8")
    settings: dict[str, Any] = {
        **dict.fromkeys(("study", "name"), "s"),
        "job": "w0",
        "code": str(tmp_path),
        "file": "square.py",
        "is_script": is_script,
        "trials": 4,
        "directions": [],
        "sampler": "random",
        "pruner": "none",
        "seed": 1,
        "retries": 1,
        "heartbeat_seconds": 60,
        "until": None,
        "longest_seconds": 3600,
        "database": {"id": "cluster-1", "host": "h", "port": 5432, "user": "u", "region": "us-east-1", "name": "n"},
    }
    return json.dumps(settings).encode()


@pytest.mark.parametrize("is_script", [False, True], ids=["objective", "script"])
@pytest.mark.parametrize(
    "raised",
    [SystemExit(0), KeyboardInterrupt(), RuntimeError("saved"), _GoneError()],
    ids=lambda each: type(each).__name__,
)
def test_a_handler_that_raises_loses_no_trial(
    job: Job, tmp_path: Path, raised: BaseException, is_script: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job.program.job, "NOTICE_SECONDS", 60.0)
    job.bucket.put("workers/w0.json", told(tmp_path, is_script=is_script))
    job.raised = raised

    assert job.run() == job.program.job.STOPPED

    study = optuna.load_study(study_name="s", storage=f"sqlite:///{tmp_path / 'study.db'}")
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "FAIL", "WAITING"]
    assert again.ERROR not in study.trials[1].user_attrs
    assert study.trials[2].system_attrs[again.LOSSES] == 0
    assert [copies.Written.of(name).ended for name in job.bucket.objects if name.startswith(copies.PREFIX)] == [2]  # type: ignore[union-attr]


def test_a_failure_without_a_stop_is_one(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job.bucket.put("workers/w0.json", told(tmp_path, is_script=False))
    job.raised = KeyboardInterrupt("odd")
    monkeypatch.setattr(threading, "Timer", lambda *_: threading.Thread(target=lambda: None))

    assert job.run() == 0

    study = optuna.load_study(study_name="s", storage=f"sqlite:///{tmp_path / 'study.db'}")
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    assert study.trials[1].user_attrs[again.ERROR] == "KeyboardInterrupt: odd"
