"""Several jobs at once, several instances of one, instances that wait, and the data that each of them gets."""

import time
from pathlib import Path

from studio_emulator import server
from studio_emulator.settings import EmulatorSettings
from tests.unit.emulator.training.jobs import Account, new_account, python, unpacked

MEETING = """
import botocore.config, botocore.session, time
config = botocore.config.Config(s3={"addressing_style": "path"})
s3 = botocore.session.get_session().create_client("s3", config=config)
while not s3.list_objects_v2(Bucket="BUCKET", Prefix="meeting/")["KeyCount"]:
    time.sleep(0.1)
"""


def test_jobs_run_side_by_side(account: Account) -> None:
    """Each waits for what is written to S3 when all of them run."""
    command, began = python(MEETING.replace("BUCKET", account.bucket)), time.monotonic()
    jobs = [account.start(f"side-{number}", command) for number in range(3)]
    for job in jobs:
        account.reach(job, "Training")
    account.put("meeting/begun", "")
    ended = [account.end(job) for job in jobs]
    assert {told["TrainingJobStatus"] for told in ended} == {"Completed"}
    latest_start = max(told["TrainingStartTime"] for told in ended)
    assert all(told["TrainingEndTime"] > latest_start for told in ended)
    assert time.monotonic() - began < 300


def test_a_cluster_has_a_container_and_a_log_for_each_instance(account: Account) -> None:
    for number in range(4):
        account.put(f"shards/{number}", str(number))
    command = (
        "hostname; ls /opt/ml/input/data/shards | tr '\\n' ' '; ls /opt/ml/input/data/all | wc -l;"
        " echo mine > /opt/ml/model/$(hostname); echo $(hostname) > /opt/ml/model/both"
    )
    told = account.run(
        "cluster",
        command,
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 5},
        InputDataConfig=[
            account.channel("shards", "shards/", S3DataDistributionType="ShardedByS3Key"),
            account.channel("all", "shards/"),
        ],
    )
    job = told["TrainingJobName"]
    assert told["TrainingJobStatus"] == "Completed"
    assert sorted(account.lines(job)) == sorted(["algo-1", "0 2 4", "algo-2", "1 3 4"])
    model = {"algo-1": "mine\n", "algo-2": "mine\n", "both": "algo-1\n"}
    assert unpacked(account.get(f"out/{job}/output/model.tar.gz")) == model


def test_one_instance_s_failure_is_the_job_s(account: Account) -> None:
    told = account.run(
        "half",
        "[ $(hostname) = algo-1 ] && sleep 60; exit 4",
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 5},
    )
    assert told["FailureReason"] == "AlgorithmError: Exit Code: 4"


def test_fast_file_is_to_be_read_only_and_a_model_may_stay_unpacked(account: Account) -> None:
    account.put("fast/a", "1")
    told = account.run(
        "fast",
        "cd /opt/ml/input/data/fast; cat a; echo; touch b || echo closed; cp a /opt/ml/model/copy",
        algorithm={"TrainingInputMode": "FastFile"},
        InputDataConfig=[account.channel("fast", "fast/")],
        OutputDataConfig={"S3OutputPath": f"s3://{account.bucket}/plain/", "CompressionType": "NONE"},
    )
    job = told["TrainingJobName"]
    assert [line for line in account.lines(job) if "touch" not in line] == ["1", "closed"]
    assert told["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{account.bucket}/plain/{job}/output/model/"
    assert account.get(f"plain/{job}/output/model/copy") == b"1"


def test_the_driver_of_sagemakers_sdk_finds_what_it_needs(account: Account) -> None:
    """SDK 3 sends its scripts as channels, and writes beside them."""
    account.put(
        "drivers/sm_train.sh",
        "echo export SM_MADE=1 > /opt/ml/input/sm_training.env\n. /opt/ml/input/sm_training.env\n",
    )
    account.put("code/train.py", "import os; print('made', os.environ['SM_MADE'])")
    command = ". /opt/ml/input/data/sm_drivers/sm_train.sh && cd /opt/ml/input/data/code && python3 train.py"
    channels = [account.channel("sm_drivers", "drivers/"), account.channel("code", "code/")]
    told = account.run("sdk", command, InputDataConfig=channels)
    assert account.lines(told["TrainingJobName"]) == ["made 1"]


def test_a_warm_pool_needs_its_quota_and_serves_the_next_job_alike(tmp_path: Path, account: Account) -> None:
    resources = {
        "InstanceType": "ml.m5.large",
        "InstanceCount": 1,
        "VolumeSizeInGB": 5,
        "KeepAlivePeriodInSeconds": 600,
    }
    assert "WarmPoolStatus" not in account.run("cold", "true", ResourceConfig=resources)
    settings = EmulatorSettings(transition_seconds=0.1, quotas={"L-2DD73636": 1}, lifecycle_network="emulator")
    try:
        warm = new_account(server.start(settings=settings, state_dir=tmp_path))
        first = warm.run("first", "true", ResourceConfig=resources)["TrainingJobName"]
        assert warm.describe(first)["WarmPoolStatus"]["Status"] == "Available"
        second = warm.run("second", "true", ResourceConfig=resources)["TrainingJobName"]
        told = warm.describe(first)["WarmPoolStatus"]
        assert (told["Status"], told["ReusedByJob"]) == ("Reused", second)
        warm.sagemaker.update_training_job(TrainingJobName=second, ResourceConfig={"KeepAlivePeriodInSeconds": 1})
        time.sleep(1.1)
        assert warm.describe(second)["WarmPoolStatus"]["Status"] == "Terminated"
        warm.sagemaker.delete_training_job(TrainingJobName=second)
    finally:
        server.stop(tmp_path)
