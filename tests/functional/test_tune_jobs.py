"""A person tunes with training jobs, each of which runs for real on the emulator: verbs, kills, and what it costs."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from tests.functional.conftest import STUDIOCTL
from tests.functional.living import NAME, Living, living
from tests.unit.emulator.emulated import TRUST, eventually

from studio_emulator import server
from studioctl import JobSettings, Tuner

BUCKET = f"{NAME}-data-123456789012"
SQUARE = """\
import os, time

def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    kind = trial.suggest_categorical("kind", ["a", None])
    print("x is", x)
    if os.path.exists("slow"):
        time.sleep(600)
    return (x - 2) ** 2 + (kind == "a")
"""
RUN = ("tune", "run", "square.py", "--jobs", "--yes", "--sampler", "random", "--seed", "1")


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """An environment with the role and the bucket that jobs use."""
    settings = {"training_stop_seconds": 5, "lifecycle_network": "emulator"}
    with living(tmp_path_factory.mktemp("tune"), users={"ada": ()}, **settings) as made:
        role = f"{NAME}-execution"
        made.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
        rights = {"Effect": "Allow", "Action": ["s3:*", "logs:*"], "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
        made.client("iam").put_role_policy(RoleName=role, PolicyName="jobs", PolicyDocument=document)
        made.client("s3").create_bucket(Bucket=BUCKET)
        yield made


@pytest.fixture
def here(account: Living) -> Iterator[Living]:
    """The same with an objective and no study, in which nothing goes wrong."""
    directory = account.shell.directory
    (directory / "square.py").write_text(SQUARE, encoding="utf-8")
    yield account
    account.faults()
    (directory / "slow").unlink(missing_ok=True)
    account.shell.studioctl("tune", "stop", "--study", "square", expect=None)
    account.shell.studioctl("tune", "delete", "--study", "square", "--yes", expect=None)
    assert running(account) == []


def jobs(here: Living) -> dict[str, str]:
    """The status of each of the study's jobs that is not of an earlier test."""
    noted = [file.read_text() for file in sorted((here.shell.directory / "tuning/square/logs").glob("*.job"))]
    sagemaker = here.client("sagemaker")
    return {name: sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"] for name in noted}


def running(here: Living) -> list[str]:
    """The jobs of any study that have not ended."""
    found = here.client("sagemaker").list_training_jobs(MaxResults=100)["TrainingJobSummaries"]
    return [
        job["TrainingJobName"] for job in found if job["TrainingJobStatus"] not in {"Completed", "Failed", "Stopped"}
    ]


def mail(here: Living) -> list[str]:
    """The messages left in the mailbox."""
    found = here.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="tuning/shared/square/").get("Contents", [])
    return [each["Key"] for each in found if each["Key"].split("/")[3] in {"begin", "in", "out"}]


def status(here: Living) -> dict[str, Any]:
    return dict(json.loads(here.shell.studioctl("tune", "status", "--study", "square", "--json").out))


def begin(here: Living, *arguments: str) -> "subprocess.Popen[bytes]":
    """Starts a run of slow trials, and waits until its jobs run the objective."""
    (here.shell.directory / "slow").touch()
    process = subprocess.Popen(
        [STUDIOCTL, *RUN, "--local", "--sampler", "tpe", *arguments],
        cwd=here.shell.directory,
        env=here.shell.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: len(running(here)), lambda count: count == 2, seconds=120)
    for name in running(here):
        eventually(lambda name=name: secondary(here, name), lambda found: found == "Training", seconds=60)  # type: ignore[misc]
    return process


def secondary(here: Living, name: str) -> str:
    return str(here.client("sagemaker").describe_training_job(TrainingJobName=name)["SecondaryStatus"])


def test_each_trial_is_a_job_with_optunas_parameters(here: Living) -> None:
    done = here.run(*RUN, "--trials", "4", "--workers", "3")

    assert "Cost: $1.38 at most, for 12 jobs (each trial 3 times) of 60 minutes at $0.115 an hour" in done.err
    quota = "Quota: 3 of 'ml.m5.large for training job usage', and the account has 0. On AWS nothing would start.\n"
    assert quota in done.err
    trials = json.loads(here.shell.studioctl("tune", "export", "--output", "t.json", "--force", "--json").out)
    assert trials["trials"] == 4
    plain = optuna.create_study(sampler=optuna.samplers.RandomSampler(1))
    plain.optimize(namespace()["objective"], 4)
    told = status(here)
    assert (told["finished"], told["complete"], told["retried"], told["is_running"]) == (4, 4, 0, False)
    assert told["best"][0]["values"] == [plain.best_value]
    assert told["best"][0]["params"] == plain.best_params
    assert list(jobs(here).values()) == ["Completed"] * 4
    assert mail(here) == []
    number = plain.best_trial.number
    logged = here.shell.studioctl("tune", "logs", "--trial", str(number)).out
    assert logged == f"x is {plain.best_params['x']}\n"
    bills = [json.loads(line) for line in (here.shell.directory / "tuning/square/jobs.jsonl").read_text().splitlines()]
    assert sorted(bill["job"] for bill in bills) == sorted(jobs(here))
    assert all(bill["usd"] == pytest.approx(bill["seconds"] * 0.115 / 3600) for bill in bills)


def test_python_runs_jobs_as_the_command_does(here: Living, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in here.shell.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(here.shell.directory)
    tuner = Tuner(local=True)
    how: dict[str, Any] = {"trials": 2, "workers": 2, "jobs": JobSettings(max_usd=1.0), "sampler": "random", "seed": 1}

    most = tuner.estimate("square.py", **how)
    assert most.usd == pytest.approx(6 * 0.115)
    assert running(here) == []
    result = tuner.run("square.py", **how)
    assert (result.reason, list(jobs(here).values())) == ("finished", ["Completed"] * 2)
    assert tuner.resume(trials=3).status.complete == status(here)["complete"] == 3
    assert (len(jobs(here)), tuner.stop("square")) == (3, False)
    tuner.delete("square")
    assert tuner.studies() == ()


def namespace() -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(SQUARE, space)
    return space


def test_jobs_survive_their_controller_and_are_taken_up(here: Living) -> None:
    process = begin(here, "--trials", "2", "--workers", "2")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = running(here)
    told = status(here)
    assert (told["is_running"], told["running"], len(before)) == (False, 2, 2)
    refused = here.shell.studioctl("tune", "delete", "--study", "square", "--yes", expect=None)
    assert refused.code != 0
    assert "Jobs of study 'square' run without a controller" in refused.err

    stopped = here.shell.studioctl("tune", "stop", "--study", "square")
    assert "Stopped study 'square'. Nothing of it runs." in stopped.err
    assert {jobs(here)[name] for name in before} == {"Stopped"}
    told = status(here)
    assert (told["running"], told["waiting"], told["failed"]) == (0, 2, 0)

    (here.shell.directory / "slow").unlink()
    here.shell.studioctl("tune", "resume", "--study", "square", "--yes")
    told = status(here)
    assert (told["complete"], told["retried"], told["waiting"]) == (2, 2, 0)
    assert mail(here) == []


def test_ctrl_c_leaves_jobs_running_and_the_next_run_waits_for_them(here: Living) -> None:
    process = begin(here, "--trials", "2", "--workers", "2")
    before = running(here)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert running(here) == before
    resumed = subprocess.Popen(
        [STUDIOCTL, "tune", "resume", "--yes"], cwd=here.shell.directory, env=here.shell.environment
    )
    eventually(lambda: status(here)["is_running"], bool, seconds=60)
    assert status(here)["running"] == 2
    stopped = here.shell.studioctl("tune", "stop", "--json")
    assert json.loads(stopped.out) == {"study": "square", "stopped": True}
    assert resumed.wait(60) == 0
    assert {jobs(here)[name] for name in before} == {"Stopped"}
    assert sorted(jobs(here)) == sorted(before)  # no other job was begun for their trials


def test_a_job_that_aws_fails_is_tried_again(here: Living) -> None:
    server.set_faults(here.emulator, {"faults": [{"kind": "capacity", "action": "CreateTrainingJob", "times": 1}]})

    here.run(*RUN, "--trials", "2", "--workers", "1")

    told = status(here)
    assert (told["complete"], told["retried"], told["failed"]) == (2, 1, 0)
    assert list(jobs(here).values()) == ["Failed", "Completed", "Completed"]


def test_a_spot_job_that_is_interrupted_begins_again(here: Living) -> None:
    process = begin(here, "--trials", "2", "--workers", "2", "--spot")
    (name, _) = running(here)
    (here.shell.directory / "slow").unlink()
    server.disturb_job(here.emulator, "us-east-1", name, "interrupt")
    eventually(
        lambda: " ".join(transitions(here, name)).partition("Interrupted")[2],
        lambda after: "Training" in after,
        seconds=60,
    )
    here.shell.studioctl("tune", "stop")
    assert process.wait(60) == 0


def transitions(here: Living, name: str) -> list[str]:
    told = here.client("sagemaker").describe_training_job(TrainingJobName=name)
    return [each["Status"] for each in told["SecondaryStatusTransitions"]]


def test_what_cannot_be_is_refused_before_the_first_job(here: Living, tmp_path: Path) -> None:
    shell = here.shell
    refused = shell.studioctl(
        *RUN, "--local", "--trials", "2", "--max-usd", "1", "--instance-type", "ml.p4d.24xlarge", expect=64
    )
    assert "so --max-usd cannot be kept. Nothing was started." in refused.err
    misspelt = here.run(*RUN, "--trials", "2", "--instance-type", "ml.m5.xlrge", "--max-usd", "1", expect=64)
    assert "Did you mean ml.m5.xlarge?" in misspelt.err
    for user, told in (("nobody", "'nobody' is not a user in the file. There are: "), ("ada", "'ada' has no role ")):
        assert told in here.run(*RUN, "--trials", "2", "--user", user, expect=64).err
    limited = here.run(*RUN, "--trials", "2", "--max-usd", "0.05")
    assert "Study 'square' reached its limit with 0 trials" in limited.err
    typed = here.run("tune", "run", "nothing.py", "--jobs", "--trials", "2", expect=64)
    assert "There is no file 'nothing.py'. Nothing was started." in typed.err
    nobody = here.run("tune", "run", "square.py", "--jobs", "--trials", "2", expect=None)
    assert nobody.code != 0
    assert "Start it?" not in nobody.out
    absent = shell.studioctl(*RUN, "--trials", "2", "--config", str(tmp_path / "studio.toml"), expect=None)
    assert absent.code != 0
    assert running(here) == []
    assert jobs(here) == {}
