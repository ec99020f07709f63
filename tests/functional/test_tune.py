"""A person tunes on this machine: every verb, what they see, and the remedies that they are given."""

import json
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import optuna
import pytest
from tests.functional.conftest import STUDIOCTL, Shell
from tests.processes import is_alive

SQUARE = """\
import os, time

def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    print("x is", x)
    open(f"{os.getpid()}.pid", "w").close()
    time.sleep(float(os.environ.get("NAP", "0")))
    return (x - 2) ** 2
"""
RUN = ("tune", "run", "square.py", "--local", "--sampler", "random", "--seed", "1")


@pytest.fixture
def here(tmp_path: Path) -> Shell:
    """A directory with an objective and no studio.toml."""
    (tmp_path / "square.py").write_text(SQUARE, encoding="utf-8")
    return Shell(tmp_path)


def follow(here: Shell, said: str) -> None:
    """Runs the command that an error names as the next one."""
    hint = next(line for line in said.splitlines() if line.startswith("Next:")).removeprefix("Next:").split("   (")[0]
    words = shlex.split(hint)
    assert words[0] == "studioctl", hint
    here.studioctl(*words[1:])


def begin(here: Shell, *arguments: str, nap: str) -> "subprocess.Popen[bytes]":
    """Starts a run, and waits until trials run."""
    process = subprocess.Popen(
        [STUDIOCTL, *RUN, *arguments],
        cwd=here.directory,
        env={**here.environment, "NAP": nap},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 180
    while not list(here.directory.glob("*.pid")):
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.1)
    return process


def living(here: Shell) -> list[int]:
    """The workers that are alive."""
    return [int(file.stem) for file in here.directory.glob("*.pid") if is_alive(int(file.stem))]


def test_a_study_from_its_first_trial_to_its_end(here: Shell) -> None:
    done = here.studioctl(*RUN, "--trials", "3")
    assert done.out == ""
    assert done.err == (
        "trial 0: 8.00765   1 of 3   best 8.00765 (trial 0)\n"
        "trial 1: 0.0413085   2 of 3   best 0.0413085 (trial 1)\n"
        "trial 2: 48.984   3 of 3   best 0.0413085 (trial 1)\n"
        "Study 'square' has 3 trials (3 complete).\n"
        "Best: 0.0413085 in trial 1: x=2.20324.\n"
        "\n"
        "Next:\n"
        "  studioctl tune plot --study square  draw it\n"
        "  studioctl tune best --study square  show it again\n"
    )
    assert here.studioctl("tune", "status").out == (
        "study   square  (minimize)\n"
        "state   stopped\n"
        "trials  3 trials (3 complete)\n"
        "now     0 running, 0 queued, 0 tried again\n"
        "best    0.0413085 in trial 1: x=2.20324\n"
        "rate    -\n"
        "ends    -\n"
        "cost    $0.00: it runs on this machine\n"
    )
    assert here.studioctl("tune", "best").out == "trial  1\nvalue  0.0413085\nx      2.20324\n"
    assert here.studioctl("tune", "logs", "--trial", "1").out == "x is 2.2032449344215808\n"

    again = json.loads(here.studioctl("tune", "resume", "--trials", "5", "--json").out)
    assert (again["reason"], again["status"]["finished"], again["status"]["failed"]) == ("finished", 5, 0)
    (listed,) = json.loads(here.studioctl("tune", "list", "--json").out)
    assert (listed["study"], listed["finished"], listed["is_running"]) == ("square", 5, False)

    drawn = json.loads(here.studioctl("tune", "plot", "--directory", "plots", "--json").out)
    page = (here.directory / drawn["html"]).read_text(encoding="utf-8")
    assert "Optimization History Plot" in page
    assert "Timeline Plot" in page
    assert 'src="http' not in page
    assert (here.directory / drawn["png"]).read_bytes().startswith(b"\x89PNG")

    here.studioctl("tune", "export", "--output", "t.csv")
    rows = (here.directory / "t.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "number,state,value,param_x,started_at,seconds,retry_of,error"
    assert rows[2].startswith("1,complete,0.04130850")
    assert len(rows) == 6
    refused = here.studioctl("tune", "export", "--output", "t.csv", expect=4)
    assert refused.err == "Error: t.csv is there already. Nothing was written.\nNext:  add --force to replace it\n"
    here.studioctl("tune", "export", "--output", "t.csv", "--force")
    wrong = here.studioctl("tune", "export", "--output", "t.xls", expect=64)
    follow(here, wrong.err)
    here.studioctl("tune", "export", "--output", "t.json")
    assert len(json.loads((here.directory / "t.json").read_text(encoding="utf-8"))) == 5
    here.studioctl("tune", "export", "--output", "t.db")
    assert len(optuna.load_study(study_name="square", storage=f"sqlite:///{here.directory}/t.db").trials) == 5
    with sqlite3.connect(here.directory / "t.db") as database:
        assert database.execute("select count(*) from trials").fetchone() == (5,)

    unsure = here.studioctl("tune", "delete", "--study", "square", expect=4)
    assert unsure.err.endswith("Next:  add --yes to go on unasked\n")
    assert (
        here.studioctl("tune", "delete", "--study", "square", "--yes").err == "Deleted study 'square' with 5 trials.\n"
    )
    assert here.studioctl("tune", "list").err == "There is no study here.\n"


def test_a_controller_that_is_killed_leaves_nothing_behind_and_is_gone_on_with(here: Shell) -> None:
    controller = begin(here, "--trials", "4", "--workers", "2", nap="300")
    second = here.studioctl(*RUN, "--trials", "4", expect=4)
    assert second.err == (
        f"Error: Study 'square' is being tuned by process {controller.pid}. Nothing was changed.\n"
        "Next:  studioctl tune status --study square\n"
    )
    follow(here, second.err)
    status = json.loads(here.studioctl("tune", "status", "--json").out)
    assert (status["is_running"], status["controller"], status["workers"]) == (True, controller.pid, 2)
    busy = here.studioctl("tune", "delete", "--study", "square", "--yes", expect=4)
    assert busy.err == (
        "Error: Study 'square' is being tuned. Nothing was deleted.\nNext:  studioctl tune stop --study square\n"
    )

    os.kill(controller.pid, signal.SIGKILL)
    controller.wait()
    until = time.monotonic() + 60
    while living(here):
        assert time.monotonic() < until
        time.sleep(0.05)

    done = json.loads(here.studioctl(*RUN, "--trials", "4", "--workers", "2", "--json").out)
    assert done["reason"] == "finished"
    assert (done["status"]["finished"], done["status"]["complete"], done["status"]["running"]) == (4, 4, 0)
    assert done["status"]["retried"] >= 1


def test_stop_and_ctrl_c_end_workers_and_say_how_to_go_on(here: Shell) -> None:
    controller = begin(here, "--trials", "2", nap="300")
    follow(here, "Next:  studioctl tune stop --study square")
    assert controller.wait() == 0
    assert living(here) == []
    for file in here.directory.glob("*.pid"):
        file.unlink()

    again = begin(here, "--trials", "2", nap="300")
    os.kill(again.pid, signal.SIGINT)
    assert again.wait() == 130
    assert living(here) == []
    follow(here, "Next:  studioctl tune resume --study square")
    assert json.loads(here.studioctl("tune", "status", "--json").out)["complete"] == 2
    assert here.studioctl("tune", "stop").err == "Study 'square' does not run.\n"


def test_two_studies_at_once_are_stopped_by_name(here: Shell) -> None:
    first = begin(here, "--trials", "2", nap="300")
    for file in here.directory.glob("*.pid"):
        file.unlink()
    second = begin(here, "--trials", "2", "--study", "other", nap="300")

    unclear = here.studioctl("tune", "stop", expect=64)
    follow(here, unclear.err)
    follow(here, "Next:  studioctl tune stop")
    assert (first.wait(), second.wait()) == (0, 0)


def test_what_is_typed_wrong_is_told_with_the_way_out(here: Shell) -> None:
    nothing = here.studioctl("tune", "status", expect=1)
    assert nothing.err == "Error: There is no study here.\nNext:  studioctl tune init\n"
    (here.directory / "new").mkdir()
    written = json.loads(here.studioctl("tune", "init", "new/objective.py", "--json").out)
    assert written == {"files": ["new/objective.py", "new/requirements.txt"]}
    follow(here, nothing.err)
    assert (here.directory / "requirements.txt").read_text(encoding="utf-8") == "scikit-learn>=1.5\n"
    taken = here.studioctl("tune", "init", expect=4)
    assert taken.err == (
        "Error: objective.py is there already. Nothing was changed.\n"
        "Next:  name another file, such as: studioctl tune init other.py\n"
    )
    here.studioctl("tune", "init", "other.py")
    (here.directory / "requirements.txt").unlink()

    lost = here.studioctl("tune", "run", "lost.py", "--local", "--trials", "1", expect=64)
    assert lost.err.startswith("Error: There is no file 'lost.py'. Nothing was started.\n")
    follow(here, lost.err)
    (here.directory / "requirements.txt").unlink()

    for arguments, message, hint in (
        (("--sampler", "bayes"), "--sampler is 'bayes', not one of tpe, random, nsga2. Nothing was started.", True),
        (("--workers", "0"), "--workers is 0, not from 1 to 200. Nothing was started.", True),
        (("--direction", "up"), "--direction is 'up', not one of minimize, maximize. Nothing was started.", True),
        (
            ("--spot", "--max-usd", "5"),
            "--spot and --max-usd are for jobs, and --local runs the trials in processes of this machine.",
            False,
        ),
        (("--timeout", "soon"), "--timeout is 'soon', which is no time. Nothing was started.", False),
        (("--study", "a/b"), "'a/b' cannot be a study's name", False),
        (("--python", "/no/python"), "'/no/python' is not there, or is no program. Nothing was started.", False),
    ):
        refused = here.studioctl("tune", "run", "square.py", "--local", "--trials", "1", *arguments, expect=64)
        assert refused.err.startswith(f"Error: {message}"), refused.err
        if hint:
            follow(here, refused.err)
    here.studioctl(*RUN, "--trials", "1", "--timeout", "90s", "--study", "named", "--python", sys.executable)
    elsewhere = here.studioctl("tune", "run", "square.py", "--trials", "1", expect=64)
    assert elsewhere.err.endswith("Next:  add --local to run them in processes of this machine\n")

    other = here.studioctl("tune", "run", "square.py", "--local", "--trials", "1", "--study", "named", "--direction",
                           "maximize", expect=64)  # fmt: skip
    assert other.err == (
        "Error: Study 'named' exists, and it is to minimize. Nothing was changed.\n"
        "Next:  leave --direction out, or begin another study with --study\n"
    )
    unknown = here.studioctl("tune", "best", "--study", "lost", expect=1)
    assert unknown.err.startswith("Error: There is no study 'lost' here. There are: 'named'.\n")
    follow(here, unknown.err)
    unborn = here.studioctl("tune", "logs", "--trial", "99", expect=1)
    follow(here, unborn.err)
    (here.directory / "bad.py").write_text("def objective(trial):\n    raise ValueError('bad')\n", encoding="utf-8")
    failing = here.studioctl("tune", "run", "bad.py", "--local", "--trials", "9", expect=1)
    assert "The first 3 trials failed, the last one with: ValueError: bad." in failing.err
    follow(here, failing.err)
    unplotted = here.studioctl("tune", "plot", expect=1)
    follow(here, unplotted.err)


def test_requirements_that_cannot_be_installed_start_nothing(here: Shell) -> None:
    """That something is installed needs a network: the demo does it."""
    (here.directory / "requirements.txt").write_text("./no-such-directory\n", encoding="utf-8")

    refused = here.studioctl(*RUN, "--trials", "1", expect=1)

    assert "requirements.txt could not be installed:" in refused.err
    assert refused.err.endswith(
        "Nothing was started.\nNext:  correct it, or name a Python that has everything: --python .venv/bin/python\n"
    )
    here.studioctl(*RUN, "--trials", "1", "--python", sys.executable)


def test_the_dashboard_is_on_loopback(here: Shell) -> None:
    here.studioctl(*RUN, "--trials", "1")
    process = subprocess.Popen(
        [STUDIOCTL, "tune", "dashboard", "--port", "0", "--json"],
        cwd=here.directory,
        env=here.environment,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        address = json.loads(process.stdout.readline())["url"]
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{address}/api/studies") as answer:
            assert [each["study_name"] for each in json.load(answer)["study_summaries"]] == ["square"]
        taken = here.studioctl("tune", "dashboard", "--port", address.rsplit(":", 1)[1], expect=1)
        assert taken.err.endswith("Next:  studioctl tune dashboard --port 0\n")
    finally:
        process.send_signal(signal.SIGINT)
        process.stdout.close()
    assert process.wait() == 0
