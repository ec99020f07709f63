"""A container's output in CloudWatch Logs, written with the job's role: group /aws/sagemaker/TrainingJobs.

Sources: Developer Guide, "logging-cloudwatch" and "sagemaker-roles" (the role needs the permissions; a job whose role
lacks them runs without logs, which is assumed).
"""

import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from studio_emulator.training.aws import Role

GROUP = "/aws/sagemaker/TrainingJobs"
LONGEST_MESSAGE = 256 * 1024 - 26  # of a log event: API reference, PutLogEvents
MOST_EVENTS = 1000
FLUSH_SECONDS = 0.3


class LogStream:
    """One host's output. Used by one thread."""

    def __init__(self, role: Role, job_name: str, host: str) -> None:
        self._role = role
        self._name = f"{job_name}/{host}-{int(time.time())}"
        self._waiting: list[dict[str, Any]] = []
        self._flushed = 0.0
        self._is_open = self._refused = False

    def write(self, line: str, milliseconds: int) -> None:
        """One line; CloudWatch takes no empty message."""
        if line:
            self._waiting.append({"timestamp": milliseconds, "message": line[:LONGEST_MESSAGE]})

    def flush(self, *, force: bool = False) -> None:
        """Send what was written, if it is time."""
        if not self._waiting or self._refused or not (force or time.monotonic() - self._flushed > FLUSH_SECONDS):
            return
        self._flushed = time.monotonic()
        try:
            client = self._role.client("logs")
            if not self._is_open:
                self._open(client)
            while self._waiting:
                events, self._waiting = self._waiting[:MOST_EVENTS], self._waiting[MOST_EVENTS:]
                client.put_log_events(logGroupName=GROUP, logStreamName=self._name, logEvents=events)
        except (ClientError, BotoCoreError):
            self._refused = True

    def _open(self, client: Any) -> None:
        try:
            client.create_log_group(logGroupName=GROUP)
        except ClientError as error:  # `client.exceptions` is not made for several threads
            if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                raise
        client.create_log_stream(logGroupName=GROUP, logStreamName=self._name)
        self._is_open = True
