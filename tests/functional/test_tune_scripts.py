"""A script that loads its study itself runs on this machine in several processes, as it stands."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from tests.functional.conftest import STUDIOCTL, Shell

SCRIPT = """\
import os, time
import optuna

def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    print("x is", x)
    open(f"{os.getpid()}.pid", "w").close()
    time.sleep(float(os.environ.get("NAP", "0.1")))
    return (x - 2) ** 2

study = optuna.create_study(
    study_name=os.environ["OPTUNA_STUDY"], storage=os.environ["OPTUNA_STORAGE"], load_if_exists=True
)
study.optimize(objective, n_trials=50)
print("done with", os.environ["OPTUNA_STUDY"])
"""
RUN = ("tune", "run", "search.py", "--local")


@pytest.fixture
def here(tmp_path: Path) -> Shell:
    """A directory with a script and no studio.toml."""
    (tmp_path / "search.py").write_text(SCRIPT, encoding="utf-8")
    return Shell(tmp_path)


def rows(here: Shell) -> list[tuple[Any, ...]]:
    """Number and state of each trial, from the file itself."""
    with sqlite3.connect(here.directory / "tuning/search/study.db") as connection:
        return connection.execute("SELECT number, state FROM trials ORDER BY number").fetchall()


def test_processes_share_a_scripts_study_and_no_trial_is_too_many(here: Shell) -> None:
    done = here.studioctl(*RUN, "--trials", "9", "--workers", "3")

    assert "Study 'search' has 9 trials (9 complete)." in done.err
    assert rows(here) == [(number, "COMPLETE") for number in range(9)]
    logs = "".join(file.read_text() for file in (here.directory / "tuning/search/logs").glob("worker-*.log"))
    assert logs.count("done with search") == 3  # what comes after the trials runs, too
    best = json.loads(here.studioctl("tune", "best", "--json").out)["best"][0]
    told = here.studioctl("tune", "logs", "--trial", str(best["number"])).out
    assert told == f"x is {best['params']['x']}\n"
    assert here.studioctl("tune", "export", "--output", "trials.csv").code == 0
    refused = here.studioctl("tune", "run", "search.py", "--local", "--jobs", "--trials", "9", expect=None)
    assert refused.code != 0
    again = here.studioctl(*RUN, "--trials", "11", "--workers", "2")
    assert "Study 'search' has 11 trials (11 complete)." in again.err
    here.studioctl("tune", "delete", "--study", "search", "--yes")
    assert not (here.directory / "tuning/search").exists()


def test_what_a_killed_controller_left_is_run_again(here: Shell) -> None:
    process = subprocess.Popen(
        [STUDIOCTL, *RUN, "--trials", "4", "--workers", "2"],
        cwd=here.directory,
        env={**here.environment, "NAP": "600"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 180
    while len(list(here.directory.glob("*.pid"))) < 2:
        assert time.monotonic() < until
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert [state for _, state in rows(here)] == ["RUNNING"] * 2

    done = here.studioctl("tune", "resume")

    assert "Study 'search' has 4 trials (4 complete)." in done.err
    states = [state for _, state in rows(here)]
    assert (states.count("COMPLETE"), states.count("FAIL"), len(states)) == (4, 2, 6)


def test_a_script_that_fails_or_loads_nothing_is_told(here: Shell) -> None:
    file = here.directory / "search.py"
    file.write_text("import os\nos.environ['OPTUNA_STORAGE']\nraise SystemExit(3)\n", encoding="utf-8")
    failed = here.studioctl(*RUN, "--trials", "4", "--workers", "1", expect=1)
    assert (
        "'search.py' ended with exit code 3 3 times, and no trial ended in between. No more were begun." in failed.err
    )
    file.write_text("import os\nos.environ['OPTUNA_STORAGE']\n", encoding="utf-8")
    nothing = here.studioctl(*RUN, "--trials", "4", "--workers", "1", expect=1)
    assert "'search.py' ended without a study 'search'." in nothing.err
