"""Training jobs and their mailbox, for tuning: what `studioctl.tuning.cloud.Cloud` asks of AWS."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import botocore.session
from botocore.exceptions import ClientError

from studioctl.aws.errors import OTHERS_WROTE, MissingError, code_of, translated
from studioctl.aws.logs import UNPRINTABLE
from studioctl.aws.session import Session
from studioctl.errors import AwsError

GROUP = "/aws/sagemaker/TrainingJobs"
OVER = {"Completed", "Failed", "Stopped"}
MOST_DELETED = 1000  # in one request
NOT_THERE = "not found"
"""In SageMaker's words about a job that is not there, "Requested resource not found.": its code says less."""


def instance_types() -> list[str]:
    """The instance types of training jobs that botocore knows; AWS may have newer ones."""
    model = botocore.session.get_session().get_service_model("sagemaker")
    return list(getattr(model.shape_for("TrainingInstanceType"), "enum"))  # noqa: B009 - of strings alone


class NoRoomError(AwsError):
    """A quota does not allow one more job now."""


@dataclass(frozen=True)
class JobState:
    """A training job at a moment.

    Args:
        name: Its name.
        is_over: Whether it has ended, and costs nothing more.
        status: As AWS says it, such as "Completed".
        reason: Why it failed; empty unless it did.
        seconds: The paid time: billed seconds of a job that is over, else seconds since it began to train.
    """

    name: str
    is_over: bool
    status: str
    reason: str
    seconds: float


@dataclass(frozen=True)
class ListedJob:
    """A training job as AWS lists it.

    Args:
        name: Its name.
        status: As AWS says it, such as "InProgress".
        created: When it was asked for.
    """

    name: str
    status: str
    created: datetime

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status in OVER


@dataclass(frozen=True)
class TrainingCloud:
    """One bucket and the region's training jobs."""

    session: Session
    bucket: str

    def put(self, key: str, content: bytes) -> None:
        """Store an object."""
        with translated():
            self.session.client("s3").put_object(Bucket=self.bucket, Key=key, Body=content)

    def put_new(self, key: str, content: bytes) -> bool:
        """Store an object where there is none; False where there is one, whoever stored it at the same moment."""
        try:
            self.session.client("s3").put_object(Bucket=self.bucket, Key=key, Body=content, IfNoneMatch="*")
        except ClientError as error:
            if code_of(error) in OTHERS_WROTE:
                return False
            with translated():
                raise
        return True

    def get(self, key: str) -> bytes | None:
        """An object's content; None where there is none."""
        try:
            with translated():
                return self.session.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except MissingError:
            return None

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin so, in order."""
        with translated():
            pages = (
                self.session.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            )
            return [each["Key"] for page in pages for each in page.get("Contents", ())]

    def delete(self, keys: Collection[str]) -> None:
        """Delete objects."""
        left = list(keys)
        while left:
            some, left = left[:MOST_DELETED], left[MOST_DELETED:]
            with translated():
                self.session.client("s3").delete_objects(
                    Bucket=self.bucket, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True}
                )

    def create(self, request: Mapping[str, Any]) -> None:
        """Start a training job; one of this name that is there already is the one that was meant.

        Raises:
            NoRoomError: A quota does not allow it now.
            AwsError: AWS refused.
        """
        try:
            self.session.client("sagemaker").create_training_job(**request)
        except ClientError as error:
            if code_of(error) == "ResourceInUse":
                return
            if code_of(error) == "ResourceLimitExceeded":
                raise NoRoomError(
                    f"AWS starts no job: {error.response['Error']['Message']}",
                    hint="ask for more in Service Quotas, or take a type that the account may use: --instance-type",
                ) from None
            with translated():
                raise

    def job(self, name: str) -> JobState | None:
        """A job's state; None where there is none."""
        try:
            answer = self.session.client("sagemaker").describe_training_job(TrainingJobName=name)
        except ClientError as error:
            if code_of(error) == "ValidationException" and NOT_THERE in str(error):
                return None
            with translated():
                raise
        found: dict[str, Any] = {**answer}  # before it has begun, AWS leaves out what its stubs promise
        status = found["TrainingJobStatus"]
        is_over = status in OVER
        if is_over:
            seconds = float(found.get("BillableTimeInSeconds", 0))
        else:
            seconds = (
                (datetime.now(UTC) - found["TrainingStartTime"]).total_seconds()
                if "TrainingStartTime" in found
                else 0.0
            )
        return JobState(name, is_over, status, found.get("FailureReason", ""), seconds)

    def listed(self, prefix: str) -> list[ListedJob]:
        """The jobs whose names begin so, whoever started them."""
        with translated():
            pages = (
                self.session.client("sagemaker").get_paginator("list_training_jobs").paginate(NameContains=prefix[:63])
            )
            found = [each for page in pages for each in page["TrainingJobSummaries"]]
        return [
            ListedJob(each["TrainingJobName"], each["TrainingJobStatus"], each["CreationTime"])
            for each in found
            if each["TrainingJobName"].startswith(prefix)
        ]

    def stop(self, name: str) -> None:
        """Ask a job to stop; one that has ended is fine."""
        try:
            self.session.client("sagemaker").stop_training_job(TrainingJobName=name)
        except ClientError as error:
            if code_of(error) not in {"ValidationException", "ResourceNotFound"}:
                with translated():
                    raise

    def log(self, name: str) -> list[str]:
        """The lines of a job's log; none where it has not begun to write."""
        logs = self.session.client("logs")
        try:
            with translated():
                streams = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{name}/")["logStreams"]
                return [line for stream in streams for line in self._stream(stream["logStreamName"])]
        except MissingError:
            return []

    def _stream(self, name: str) -> list[str]:
        lines: list[str] = []
        token: dict[str, Any] = {}
        while True:
            with translated():
                answer = self.session.client("logs").get_log_events(
                    logGroupName=GROUP, logStreamName=name, startFromHead=True, **token
                )
            lines += [UNPRINTABLE.sub("", event["message"]) for event in answer["events"]]
            if answer["nextForwardToken"] == token.get("nextToken"):
                return lines
            token = {"nextToken": answer["nextForwardToken"]}
