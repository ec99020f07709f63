"""Jobs that end before their time: stopped, out of time, interrupted, without capacity; and with the emulator."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from studio_emulator import server
from studio_emulator.errors import EmulatorError
from tests.unit.emulator.emulated import eventually, refusal
from tests.unit.emulator.training.conftest import SETTINGS
from tests.unit.emulator.training.jobs import Account, new_account, unpacked

SPOT = {
    "EnableManagedSpotTraining": True,
    "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120},
}
SAVES = "trap 'echo saved > /opt/ml/model/state; exit 0' TERM; echo ready; while true; do sleep 0.1; done"


def _lines(account: Account, job: str, wanted: str) -> None:
    def seen() -> bool:
        return account.describe(job)["SecondaryStatus"] == "Training" and wanted in account.lines_so_far(job)

    eventually(seen, bool, seconds=60)


def test_a_stopped_job_has_time_to_save_its_model(account: Account) -> None:
    job = account.start("saves", SAVES)
    _lines(account, job, "ready")
    account.sagemaker.stop_training_job(TrainingJobName=job)
    assert account.describe(job)["TrainingJobStatus"] in {"Stopping", "Stopped"}
    told = account.end(job)
    assert (told["TrainingJobStatus"], told["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert unpacked(account.get(f"out/{job}/output/model.tar.gz")) == {"state": "saved\n"}
    said = "The request was rejected because the training job is in status Stopped."
    assert refusal(lambda: account.sagemaker.stop_training_job(TrainingJobName=job)) == ("ValidationException", said)


def test_a_program_without_a_handler_hears_nothing_and_is_killed_in_the_end(account: Account) -> None:
    """It is the first process of its container, for which the kernel ignores SIGTERM."""
    job = account.start("deaf", "echo ready; while true; do sleep 0.1; done; true")
    _lines(account, job, "ready")
    began = time.monotonic()
    account.sagemaker.stop_training_job(TrainingJobName=job)
    assert account.end(job)["TrainingJobStatus"] == "Stopped"
    assert time.monotonic() - began >= SETTINGS.training_stop_seconds


def test_a_job_out_of_time_is_stopped_not_failed(account: Account) -> None:
    told = account.run("slow", SAVES, StoppingCondition={"MaxRuntimeInSeconds": 5})
    assert (told["TrainingJobStatus"], told["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert unpacked(account.get(f"out/{told['TrainingJobName']}/output/model.tar.gz")) == {"state": "saved\n"}


def test_an_interrupted_spot_job_begins_again_with_its_checkpoints(account: Account) -> None:
    command = (
        "cd /opt/ml/checkpoints; if [ -f step ]; then echo again from $(cat step); exit 0; fi;"
        " echo 7 > step; echo gone > temporary; sleep 1.2; rm temporary; echo ready; sleep 60"
    )
    place = {"S3Uri": f"s3://{account.bucket}/checkpoints"}
    job = account.start("spot", command, CheckpointConfig=place, **SPOT)
    eventually(lambda: account.keys("checkpoints/"), lambda keys: keys == ["checkpoints/step"], seconds=60)
    _lines(account, job, "ready")
    server.disturb_job(account.emulator, "eu-west-1", job, "interrupt")
    told = account.end(job)
    assert told["TrainingJobStatus"] == "Completed"
    assert [each["Status"] for each in told["SecondaryStatusTransitions"]] == [
        *("Starting", "Downloading", "Training", "Interrupted"),
        *("Starting", "Downloading", "Training", "Uploading", "Completed"),
    ]
    assert "again from 7" in account.lines(job)
    assert told["BillableTimeInSeconds"] <= told["TrainingTimeInSeconds"]
    assert account.get("checkpoints/step") == b"7\n"


def test_faults_take_away_capacity_and_instances(account: Account) -> None:
    fault = {"service": "sagemaker", "action": "CreateTrainingJob", "times": 1}
    server.set_faults(account.emulator, {"faults": [fault | {"kind": "capacity"}]})
    try:
        told = account.run("no-capacity", "true")
        assert told["FailureReason"] == (
            "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML"
            " instance type."
        )
        assert "TrainingStartTime" not in told
        server.set_faults(account.emulator, {"faults": [fault | {"kind": "failed"}]})
        reason = account.run("fault", "true")["FailureReason"]
        assert reason == "InternalServerError: We encountered an internal error. Please try again."
        server.set_faults(account.emulator, {"faults": [fault | {"kind": "interruption", "seconds": 0.2}]})
        told = account.run("interrupted", "sleep 3", **SPOT)
        assert [each["Status"] for each in told["SecondaryStatusTransitions"]].count("Interrupted") == 1
        assert told["TrainingJobStatus"] == "Completed"
    finally:
        server.set_faults(account.emulator, {})


def test_an_internal_error_is_tried_again_as_often_as_was_asked_for(account: Account) -> None:
    command = "cd /opt/ml/checkpoints; if [ -f step ]; then exit 0; fi; touch step; sleep 60"
    place = {"S3Uri": f"s3://{account.bucket}/retried"}
    job = account.start("retry", command, CheckpointConfig=place, RetryStrategy={"MaximumRetryAttempts": 1})
    eventually(lambda: account.keys("retried/"), bool)
    server.disturb_job(account.emulator, "eu-west-1", job, "internal-error")
    told = account.end(job)
    assert told["TrainingJobStatus"] == "Completed"
    assert [each["Status"] for each in told["SecondaryStatusTransitions"]].count("Starting") == 2


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_nothing_of_a_job_survives_the_emulator(tmp_path: Path, end: str, running: Callable[[str], list[str]]) -> None:
    emulator = server.start(settings=SETTINGS, state_dir=tmp_path)
    try:
        account = new_account(emulator)
        mark = f"mark-{account.tag}"
        job = account.start("survivor", f"trap '' TERM; (exec -a {mark} sleep 300) & echo ready; wait")
        _lines(account, job, "ready")
        eventually(lambda: running(mark), bool)
        if end == "stop":
            server.stop(tmp_path)
        else:
            os.kill(emulator.pid, signal.SIGKILL)
        eventually(lambda: running(mark), lambda left: left == [])
    finally:
        server.stop(tmp_path)
    if end == "stop":
        assert not (tmp_path / "jobs").exists()


def test_what_cannot_be_disturbed_is_told(account: Account) -> None:
    job = account.run("calm", "true")["TrainingJobName"]
    with pytest.raises(EmulatorError, match="no training job"):
        server.disturb_job(account.emulator, "eu-west-1", job, "interrupt")
