"""A person tunes with workers that share a study in the environment's database; each runs for real on the emulator."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.functional.conftest import STUDIOCTL
from tests.functional.sharing import IMAGE, Sharing, sharing
from tests.unit.emulator.emulated import eventually

from studioctl import JobSettings, Tuner
from studioctl.operations.tuning.workers import Estimate

SQUARE = """\
import os, time

def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    print("x is", x)
    if trial.number < 2 and os.path.exists("slow"):
        time.sleep(600)
    time.sleep(0.2)
    return (x - 2) ** 2
"""
WORKERS = ("--workers", "2")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sharing]:
    with sharing(tmp_path_factory.mktemp("share")) as made:
        yield made


@pytest.fixture
def here(world: Sharing) -> Iterator[Sharing]:
    """The same with an objective; no job outlives a test."""
    (world.shell.directory / "square.py").write_text(SQUARE, encoding="utf-8")
    yield world
    (world.shell.directory / "slow").unlink(missing_ok=True)
    left = world.running()
    for job in left:
        world.client("sagemaker").stop_training_job(TrainingJobName=job)
    eventually(world.running, lambda found: not found, seconds=60)
    assert left == []


def run(name: str) -> tuple[str, ...]:
    return ("tune", "run", "square.py", "--local", "--jobs", "--yes", "--image", IMAGE, "--study", name)


def status(here: Sharing, study: str) -> dict[str, Any]:
    return dict(json.loads(here.run("tune", "status", "--study", study, "--json").out))


def value_of(trial: dict[str, Any]) -> float:
    return float((trial["params"]["x"] - 2) ** 2)


def test_workers_share_a_study_in_the_database(here: Sharing) -> None:
    done = here.run(*run("shared"), "--trials", "8", *WORKERS)

    assert (
        "Workers: 2 training jobs at a time in us-east-1 on the emulator, each for many trials; they share" in done.err
    )
    assert "Cost: $17.04 at most: $5.52 for 6 jobs (each worker 3 times) of 480 minutes at $0.115 an hour" in done.err
    assert "and $11.52 for all 4 ACU of the database in that time." in done.err
    assert "Quota: 2 of 'ml.m5.large for training job usage', and the account has 0." in done.err
    assert "Connections: up to 6 of the database's 823." in done.err
    assert "Study 'shared' has 8 trials (8 complete)." in done.err
    rows = here.trials("shared")
    assert [row[:2] for row in rows] == [[number, "COMPLETE"] for number in range(8)]
    exported = here.shell.directory / "trials.json"
    here.run("tune", "export", "--study", "shared", "--output", "trials.json", "--force")
    trials = json.loads(exported.read_text())
    assert [trial["values"] for trial in trials] == [[row[2]] for row in rows]
    assert [trial["values"] for trial in trials] == [[value_of(trial)] for trial in trials]
    best = min(trials, key=lambda trial: trial["values"])
    assert (
        json.loads(here.run("tune", "best", "--study", "shared", "--json").out)["best"][0]["number"] == best["number"]
    )
    assert here.run("tune", "logs", "--study", "shared", "--trial", "3").out == f"x is {trials[3]['params']['x']}\n"
    told = status(here, "shared")
    assert (told["finished"], told["live"], told["jobs"], told["is_shared"]) == (8, 0, 2, True)
    assert set(here.jobs().values()) == {"Completed"}
    again = here.run(*run("shared"), "--trials", "8", *WORKERS)  # nothing is left to do
    assert "Study 'shared' has 8 trials (8 complete)." in again.err
    assert len(here.jobs()) == 2
    no_token_is_left(here)

    here.run("tune", "delete", "--study", "shared", "--yes")
    assert here.trials("shared") == []
    assert not [key for key in here.objects() if "/shared/shared/" in key and "/results/" not in key]
    assert "no study" in here.run("tune", "status", expect=None).err
    anew = here.run(*run("shared"), "--trials", "2", *WORKERS)  # AWS gives out no name of a job twice
    assert "Study 'shared' has 2 trials (2 complete)." in anew.err
    assert [row[:2] for row in here.trials("shared")] == [[0, "COMPLETE"], [1, "COMPLETE"]]


def no_token_is_left(here: Sharing) -> None:
    """Neither in a job's definition and log, nor in the bucket and on this machine."""
    sagemaker, s3 = here.client("sagemaker"), here.client("s3")
    for job in here.jobs():
        told = repr(sagemaker.describe_training_job(TrainingJobName=job)) + "\n".join(here.lines(job))
        assert "X-Amz-Signature" not in told
        assert "PASSWORD" not in told.upper()
    bucket = "acme-ml-data-123456789012"
    for each in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        assert b"X-Amz-Signature" not in s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read(), each["Key"]
    files = (here.shell.directory / "tuning").rglob("*")
    assert not [file for file in files if file.is_file() and b"X-Amz-Signature" in file.read_bytes()]


def test_python_shares_a_study_as_the_command_does(here: Sharing, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in here.shell.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(here.shell.directory)
    tuner = Tuner(local=True)
    how: dict[str, Any] = {"trials": 3, "workers": 2, "study": "py", "jobs": JobSettings(image=IMAGE)}

    most = tuner.estimate("square.py", **how)
    assert isinstance(most, Estimate)
    assert (most.jobs.jobs, most.jobs.longest_minutes) == (6, 480)
    assert tuner.run("square.py", **how).status.complete == 3
    assert [row[1] for row in here.trials("py")] == ["COMPLETE"] * 3
    assert [trial.state for trial in tuner.trials("py")] == ["complete"] * 3
    assert not tuner.stop("py")
    tuner.delete("py")
    assert here.trials("py") == []


def test_workers_outlive_their_controller_and_stop_when_told_to(here: Sharing) -> None:
    (here.shell.directory / "slow").touch()
    command = [STUDIOCTL, *run("slow"), "--trials", "5", *WORKERS]
    process = subprocess.Popen(
        command,
        cwd=here.shell.directory,
        env=here.shell.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: [row[1] for row in here.trials("slow")], lambda found: found == ["RUNNING"] * 2, seconds=180)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = here.running()
    assert len(before) == 2
    told = status(here, "slow")
    assert (told["is_running"], told["live"]) == (False, 2)
    refused = here.run("tune", "delete", "--study", "slow", "--yes", expect=None)
    assert "Jobs of study 'slow' run without a controller" in refused.err

    stopped = here.run("tune", "stop", "--study", "slow")
    assert "Stopped study 'slow'. Nothing of it runs." in stopped.err
    assert {here.jobs()[name] for name in before} == {"Stopped"}
    assert sorted(row[1] for row in here.trials("slow")) == ["FAIL", "FAIL", "WAITING", "WAITING"]

    (here.shell.directory / "slow").unlink()
    resumed = here.run("tune", "resume", "--study", "slow", "--yes")
    assert "Study 'slow' has 5 trials (5 complete)." in resumed.err
    rows = here.trials("slow")
    assert [row[0] for row in rows] == list(range(7))
    assert sorted(row[1] for row in rows) == ["COMPLETE"] * 5 + ["FAIL"] * 2
    told = status(here, "slow")
    assert (told["finished"], told["retried"], told["live"]) == (5, 2, 0)


SCRIPT = """\
import os, time
import optuna

def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    time.sleep(0.5)
    return (x - 2) ** 2

study = optuna.create_study(
    study_name=os.environ["OPTUNA_STUDY"], storage=os.environ["OPTUNA_STORAGE"], load_if_exists=True
)
study.optimize(objective, n_trials=50)
print("best is", study.best_value)
"""


def test_a_script_loads_its_study_from_the_database_without_a_password(here: Sharing) -> None:
    """And a restart of the database in the middle, as of a failover, is a pause."""
    (here.shell.directory / "square.py").write_text(SCRIPT, encoding="utf-8")
    before, rds = set(here.jobs()), here.client("rds")

    def restart() -> None:
        eventually(lambda: here.trials("script"), lambda rows: len(rows) > 2, seconds=120)
        rds.reboot_db_instance(DBInstanceIdentifier="acme-ml-tuning")

    restarting = threading.Thread(target=restart)
    restarting.start()
    done = here.run(*run("script"), "--trials", "12", *WORKERS)
    restarting.join()

    assert "Study 'script' has 12 trials (12 complete)." in done.err
    assert [row[:2] for row in here.trials("script")] == [[number, "COMPLETE"] for number in range(12)]
    ours = set(here.jobs()) - before
    assert len(ours) == 2
    assert any(line.startswith("best is ") for job in ours for line in here.lines(job))
    no_token_is_left(here)
