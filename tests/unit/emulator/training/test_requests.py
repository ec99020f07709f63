"""The requests that CreateTrainingJob refuses at once, in AWS's words where they are known."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio_emulator import server
from studio_emulator.settings import EmulatorSettings
from studio_emulator.training.quotas import Bucket
from tests.unit.emulator.emulated import TRUST, client, refusal
from tests.unit.emulator.training.jobs import Account, new_account

Change = Callable[[dict[str, Any], Account], None]


def _set(path: str, value: Any) -> Change:
    """A member of the request, set or, with None, left out."""

    def change(request: dict[str, Any], _: Account) -> None:
        *outer, name = path.split(".")
        for each in outer:
            request = request.setdefault(each, {})
        if value is None:
            del request[name]
        else:
            request[name] = value

    return change


def _channels(*changes: dict[str, Any]) -> Change:
    def change(request: dict[str, Any], account: Account) -> None:
        account.put("there/a", "1")
        request["InputDataConfig"] = [account.channel("in", "there") | each for each in changes]

    return change


def _no_objects(request: dict[str, Any], account: Account) -> None:
    request["InputDataConfig"] = [account.channel("in", "nothing/here")]


REFUSED: list[tuple[Change, str]] = [
    (_set("TrainingJobName", "-wrong"), "failed to satisfy constraint"),
    (_set("TrainingJobName", "a" * 64), "length less than or equal to 63"),
    (_set("ResourceConfig", None), "ResourceConfig is required"),
    (_set("ResourceConfig.InstanceType", "ml.none"), "enum value set"),
    (_set("ResourceConfig.InstanceCount", 0), "InstanceCount must be at least 1"),
    (_set("Environment", {"A": "x" * 513}), "length less than or equal to 512"),
    (_set("Environment", {"1A": "x"}), "regular expression pattern"),
    (_set("HyperParameters", {"a": "x" * 2501}), "length less than or equal to 2500"),
    (_set("AlgorithmSpecification.MetricDefinitions", [{"Name": "a", "Regex": "no group"}]), "no capture group"),
    (_set("AlgorithmSpecification.MetricDefinitions", [{"Name": "a", "Regex": "("}]), "is invalid"),
    (_set("AlgorithmSpecification.TrainingImage", None), "either AlgorithmName or TrainingImage"),
    (
        _set("StoppingCondition.MaxWaitTimeInSeconds", 900),
        "only supported when EnableManagedSpotTraining is set to true",
    ),
    (_set("EnableManagedSpotTraining", value=True), "must be present and be greater than or equal"),
    (_set("CheckpointConfig", {"S3Uri": "s3://a-bucket/c", "LocalPath": "/opt/ml/input/x"}), "Invalid LocalPath"),
    (_set("CheckpointConfig", {"S3Uri": "s3://a-bucket/c", "LocalPath": "/opt/../etc"}), "Invalid LocalPath"),
    (_set("RoleArn", "arn:aws:iam::123456789012:role/none"), "Could not assume role"),
    (_set("VpcConfig", {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}), "does not exist"),
    (_set("Tags", [{"Key": "aws:a", "Value": "b"}]), "reserved"),
    (_channels({}, {}), "Channel names in InputDataConfig must be unique"),
    (_channels({"CompressionType": "Gzip"}), "must be None in File mode"),
    (_no_objects, "No S3 objects found under S3 URL"),
]


@pytest.mark.parametrize(("change", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_it_is_refused(account: Account, change: Change, said: str) -> None:
    request = account.request("refused", "true")
    change(request, account)
    code, message = refusal(lambda: account.sagemaker.create_training_job(**request))
    assert code == "ValidationException"
    assert said in message
    listed = account.sagemaker.list_training_jobs(NameContains=f"refused-{account.tag}")
    assert listed["TrainingJobSummaries"] == []


def test_what_cannot_be_rehearsed_says_so(account: Account) -> None:
    request = account.request("pipe", "true", algorithm={"TrainingInputMode": "Pipe"})
    code, message = refusal(lambda: account.sagemaker.create_training_job(**request))
    assert (code, "Pipe" in message) == ("NotImplemented", True)


def test_a_role_that_does_not_trust_sagemaker_is_refused(account: Account) -> None:
    iam = client(account.emulator, "iam")
    trust = TRUST.replace("sagemaker.", "ec2.")
    role = iam.create_role(RoleName=f"other-{account.tag}", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    code, message = refusal(lambda: account.start("trust", "true", RoleArn=role))
    assert (code, message.startswith(f"Could not assume role {role}.")) == ("ValidationException", True)


def test_quotas_are_those_of_a_new_account_and_one_request_a_second(tmp_path: Path) -> None:
    settings = EmulatorSettings(
        transition_seconds=0.1,
        enforce_quotas=True,
        quotas={"L-21A1652A": 1000},
        lifecycle_network="emulator",
        training_stop_seconds=0,
    )
    try:
        emulator = server.start(settings=settings, state_dir=tmp_path)
        account = new_account(emulator)
        code, message = refusal(lambda: account.start("first", "true"))
        assert code == "ResourceLimitExceeded"
        assert message.startswith(
            "The account-level service limit 'ml.m5.large for training job usage' is 0 Instances, with current"
            " utilization of 0 Instances and a request delta of 1 Instances. Please use AWS Service Quotas"
        )
        spot: dict[str, Any] = {
            "EnableManagedSpotTraining": True,
            "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60},
        }
        for number in range(4):
            account.start(f"spot-{number}", "sleep 60", **spot)
        code, message = refusal(lambda: account.start("spot-4", "true", **spot))
        assert (code, "is 4 Instances, with current utilization of 4" in message) == ("ResourceLimitExceeded", True)
        quotas = client(emulator, "service-quotas")
        quota = quotas.get_service_quota(ServiceCode="sagemaker", QuotaCode="L-29688C85")["Quota"]
        assert (quota["QuotaName"], quota["Value"]) == ("ml.m5.large for spot training job usage", 4.0)
    finally:
        server.stop(tmp_path)


def test_more_than_one_request_a_second_is_throttled() -> None:
    bucket = Bucket()
    assert [bucket.take(1) for _ in range(3)] == [True, False, False]
    time.sleep(0.02)
    assert bucket.take(1000)


def test_an_emulator_that_takes_any_key_runs_no_jobs() -> None:
    assert not EmulatorSettings(accept_any_key=True).runs_jobs
    assert not EmulatorSettings(run_training=False).runs_code
