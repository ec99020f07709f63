"""A project with an objective, and what a test does in it."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from studioctl import Tuner
from studioctl.tuning import places
from tests.processes import has_ended, is_alive

QUADRATIC = """\
import os, time

def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    y = trial.suggest_int("y", 0, 5)
    kind = trial.suggest_categorical("kind", ["a", None, 3])
    with open(f"begun-{os.getpid()}-{trial.number}", "w"):
        pass
    time.sleep(float(os.environ.get("NAP", "0.02")))
    return x * x + y + (kind == "a")
"""


@dataclass(frozen=True)
class Project:
    """A directory with `objective.py`, and the tuner of it."""

    directory: Path
    tuner: Tuner

    def write(self, text: str, name: str = "objective.py") -> Path:
        """Writes an objective."""
        file = self.directory / name
        file.write_text(text, encoding="utf-8")
        return file

    def run(self, trials: int, workers: int = 3, **settings: Any) -> Any:
        """Runs `objective.py`."""
        return self.tuner.run(self.directory / "objective.py", trials=trials, workers=workers, **settings)

    def place(self, study: str = "objective") -> places.Place:
        """The directory of the study."""
        return places.place(self.directory / "studio.toml", study)

    def begun(self) -> dict[int, int]:
        """The process of each trial that has begun, by number."""
        parts = (file.name.split("-") for file in self.directory.glob("begun-*"))
        return {int(number): int(process) for _, process, number in parts}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "NAP"):
        monkeypatch.delenv(name, raising=False)
    directory = tmp_path / "project"
    directory.mkdir()
    made = Project(directory, Tuner(directory / "studio.toml"))
    made.write(QUADRATIC)
    return made


def at_once(what: Callable[[], object], count: int) -> list[Exception]:
    """Lets so many threads do something at the same moment; what went wrong in them."""
    together, failed = threading.Barrier(count), list[Exception]()

    def one() -> None:
        together.wait()
        try:
            what()
        except Exception as error:  # noqa: BLE001 (whatever it is)
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def eventually(what: Callable[[], Any], seconds: float = 60) -> Any:
    """Return the call's result as soon as it is true."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, what
        time.sleep(0.05)
    return found


def nothing_runs(project: Project) -> bool:
    """Whether no process that ran a trial is left; one that was killed a moment ago may still be on its way out."""
    return all(has_ended(process, seconds=10) for process in project.begun().values())


__all__ = ["QUADRATIC", "Project", "eventually", "is_alive", "nothing_runs", "os"]
