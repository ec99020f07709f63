"""SageMaker's jobs and S3 in memory: a job is a thread that runs the real program of a job."""

import importlib
import io
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from studioctl.aws.training import JobState, ListedJob, NoRoomError
from studioctl.tuning import runner


class NoSuchKeyError(Exception):
    """As S3's."""


class StoppedError(BaseException):
    """The job was stopped."""


@dataclass
class FakeJob:
    """A job: its request, and how it is."""

    request: Mapping[str, Any]
    status: str = "InProgress"
    reason: str = ""
    thread: threading.Thread | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class FakeCloud:
    """Fills `studioctl.tuning.cloud.Cloud`.

    Args:
        objective: What each job runs.
        room: How many jobs may run at once.
        closing_seconds: How long a job goes on after its result.
    """

    objective: Callable[[Any], Any]
    room: int = 100
    closing_seconds: float = 0.0
    objects: dict[str, bytes] = field(default_factory=dict)
    jobs: dict[str, FakeJob] = field(default_factory=dict)
    failing: dict[str, str] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def put(self, key: str, content: bytes) -> None:
        with self.lock:
            self.objects[key] = content

    def put_new(self, key: str, content: bytes) -> bool:
        with self.lock:
            return self.objects.setdefault(key, content) is content

    def get(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def keys(self, prefix: str) -> list[str]:
        with self.lock:
            return sorted(key for key in self.objects if key.startswith(prefix))

    def delete(self, keys: Collection[str]) -> None:
        with self.lock:
            for key in keys:
                self.objects.pop(key, None)

    def create(self, request: Mapping[str, Any]) -> None:
        if len(self.running()) >= self.room:
            raise NoRoomError("The account-level service limit is reached.", hint="ask for more")
        job = FakeJob(request)
        self.jobs[request["TrainingJobName"]] = job
        job.thread = threading.Thread(target=self._run, args=(job,), daemon=True)
        job.thread.start()

    def running(self) -> list[str]:
        """Jobs that are not over."""
        return [name for name, job in self.jobs.items() if job.status == "InProgress"]

    def job(self, name: str) -> JobState | None:
        job = self.jobs.get(name)
        if job is None:
            return None
        return JobState(name, job.status != "InProgress", job.status, job.reason, 36.0)

    def listed(self, prefix: str) -> list[ListedJob]:
        return [ListedJob(name, job.status, job.created) for name, job in self.jobs.items() if name.startswith(prefix)]

    def stop(self, name: str) -> None:
        self.jobs[name].status = "Stopped"

    def _run(self, job: FakeJob) -> None:
        from boto3_of_fakes import job_program  # type: ignore[import-not-found] # see `stand_in`

        environment = job.request["Environment"]
        number = int(environment["STUDIOCTL_TRIAL"])
        mailbox = job_program.Mailbox(environment["STUDIOCTL_MAILBOX"], number)
        mailbox._s3 = FakeS3(self, job)
        try:
            begun = mailbox.begun()
            if reason := self.failing.pop(str(number), None):
                job.status, job.reason = "Failed", reason
                return
            mailbox.tell(**runner.result_of(self.objective, runner.AskingTrial(mailbox, begun)))
            time.sleep(self.closing_seconds)
            job.status = "Completed" if job.status == "InProgress" else job.status
        except StoppedError:
            pass
        except BaseException as error:
            job.status, job.reason = "Failed", f"AlgorithmError: {error!r}"
            raise


@dataclass
class FakeS3:
    """A client of S3 in a job, as far as `job.py` uses it; it dies with the job."""

    cloud: FakeCloud
    job: FakeJob

    class exceptions:  # noqa: N801 (boto3's name)
        NoSuchKey = NoSuchKeyError

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803
        self._alive()
        self.cloud.put(Key, Body)

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        self._alive()
        content = self.cloud.get(Key)
        if content is None:
            raise NoSuchKeyError
        return {"Body": io.BytesIO(content)}

    def _alive(self) -> None:
        if self.job.status != "InProgress":
            raise StoppedError


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the jobs' program be imported here: in a job its neighbour is a module of its own."""
    monkeypatch.setitem(sys.modules, "studioctl_runner", runner)
    program = importlib.import_module("studioctl.tuning.job")
    monkeypatch.setattr(program, "ASK_SECONDS", 0.01)
    monkeypatch.setattr("boto3.client", lambda _service: None)
    module = type(sys)("boto3_of_fakes")
    module.job_program = program  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "boto3_of_fakes", module)
