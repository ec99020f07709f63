"""Helpers of the tests of training jobs: an account with a role and a bucket, and short words for jobs."""

import base64
import io
import json
import tarfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import REGION, TRUST, client, eventually

FRAMEWORK = f"763104351884.dkr.ecr.{REGION}.amazonaws.com/pytorch-training:2.8.0-cpu-py312"
LOGS = "/aws/sagemaker/TrainingJobs"
LONGEST = 256  # characters of an argument
ALLOWED = ["s3:*", "logs:*", "ecr:*"]


@dataclass(frozen=True)
class Account:
    """Clients and names of one emulator. Every name has the suffix `tag`."""

    emulator: RunningEmulator
    tag: str
    role_arn: str
    bucket: str

    @property
    def sagemaker(self) -> Any:
        return client(self.emulator, "sagemaker")

    @property
    def s3(self) -> Any:
        return client(self.emulator, "s3")

    @property
    def logs(self) -> Any:
        return client(self.emulator, "logs")

    def request(self, name: str, command: str, **changes: Any) -> dict[str, Any]:
        """The parameters of CreateTrainingJob for a command of bash."""
        algorithm = {
            "TrainingImage": FRAMEWORK,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["/bin/bash", "-c", 'eval "$(printf %s "$@")"', "run"],
            "ContainerArguments": [command[start : start + LONGEST] for start in range(0, len(command), LONGEST)],
        }
        return {
            "TrainingJobName": f"{name}-{self.tag}",
            "RoleArn": self.role_arn,
            "AlgorithmSpecification": algorithm | changes.pop("algorithm", {}),
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket}/out"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
            "StoppingCondition": {"MaxRuntimeInSeconds": 300},
        } | changes

    def start(self, name: str, command: str, **changes: Any) -> str:
        """Begin a job; its full name."""
        request = self.request(name, command, **changes)
        self.sagemaker.create_training_job(**request)
        return str(request["TrainingJobName"])

    def describe(self, job: str) -> dict[str, Any]:
        return dict(self.sagemaker.describe_training_job(TrainingJobName=job))

    def reach(self, job: str, secondary: str) -> dict[str, Any]:
        """Wait until it is there or beyond."""

        def seen(told: dict[str, Any]) -> bool:
            return secondary in [each["Status"] for each in told["SecondaryStatusTransitions"]]

        return eventually(lambda: self.describe(job), seen, seconds=60)

    def end(self, job: str) -> dict[str, Any]:
        """Wait until it is over."""
        over = {"Completed", "Failed", "Stopped"}
        return eventually(lambda: self.describe(job), lambda told: told["TrainingJobStatus"] in over, seconds=90)

    def run(self, name: str, command: str, **changes: Any) -> dict[str, Any]:
        """A job from its start to its end."""
        return self.end(self.start(name, command, **changes))

    def lines(self, job: str) -> list[str]:
        """The lines that a job wrote, in CloudWatch Logs."""
        streams = self.logs.describe_log_streams(logGroupName=LOGS, logStreamNamePrefix=f"{job}/")["logStreams"]
        return [
            event["message"]
            for stream in streams
            for event in self.logs.get_log_events(
                logGroupName=LOGS, logStreamName=stream["logStreamName"], startFromHead=True
            )["events"]
        ]

    def lines_so_far(self, job: str) -> list[str]:
        """As `lines`, also while there is no log yet."""
        try:
            return self.lines(job)
        except self.logs.exceptions.ResourceNotFoundException:
            return []

    def put(self, key: str, content: bytes | str) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content)

    def get(self, key: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def keys(self, prefix: str) -> list[str]:
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])]

    def channel(self, name: str, prefix: str, **source: Any) -> dict[str, Any]:
        there = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{self.bucket}/{prefix}"} | source
        return {"ChannelName": name, "DataSource": {"S3DataSource": there}}


def new_account(emulator: RunningEmulator, allowed: list[str] | None = None) -> Account:
    """A role that may do this on everything, and an empty bucket."""
    tag = uuid.uuid4().hex[:8]
    iam = client(emulator, "iam")
    role = iam.create_role(RoleName=f"jobs-{tag}", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    allow(emulator, f"jobs-{tag}", ALLOWED if allowed is None else allowed)
    bucket = f"jobs-{tag}"
    client(emulator, "s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    return Account(emulator, tag, role, bucket)


def allow(emulator: RunningEmulator, role: str, actions: list[str]) -> None:
    """Give a role a policy."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement] if actions else []})
    if actions:
        client(emulator, "iam").put_role_policy(RoleName=role, PolicyName="work", PolicyDocument=document)


def archive(files: Mapping[str, str]) -> bytes:
    """A tar.gz."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as opened:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            opened.addfile(entry, io.BytesIO(text.encode()))
    return made.getvalue()


def unpacked(content: bytes) -> dict[str, str]:
    """The files in a tar.gz."""
    with tarfile.open(fileobj=io.BytesIO(content)) as opened:
        return {entry.name: opened.extractfile(entry).read().decode() for entry in opened}  # type: ignore[union-attr]


def python(text: str) -> str:
    """A command of bash that runs a program in Python, as it is."""
    return f"echo {base64.b64encode(text.encode()).decode()} | base64 -d | python3 -"
