"""One job from its start to its end, in a thread: what AWS does for it, and tells of it, in that order.

The emulator answers one request at a time, so all that this needs of S3 and CloudWatch Logs it asks for by requests.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import TYPE_CHECKING

from studio_emulator.clock import clock
from studio_emulator.studio.resource import now
from studio_emulator.training import files, images, stages
from studio_emulator.training.checkpoints import Checkpoints
from studio_emulator.training.checks import DEFAULT_RUNTIME
from studio_emulator.training.files import TransferError
from studio_emulator.training.hosts import RunningHost
from studio_emulator.training.metrics import Metrics
from studio_emulator.training.peers import peers
from studio_emulator.training.stages import JobFailed, Plan

if TYPE_CHECKING:
    from studio_emulator.training.container import Container
    from studio_emulator.training.images import TrainingImage
    from studio_emulator.training.job import TrainingJob

LOOK_SECONDS = 0.05
MIRROR_SECONDS = 1.0
"""The time between two copies of checkpoints, in seconds. AWS does not say how often it copies them."""
MOST_FAILURE = 1024
INTERNAL = "InternalServerError: We encountered an internal error. Please try again."


class End(Enum):
    """The reason why an attempt is over."""

    PROGRAM = auto()
    STOPPED = auto()
    RUNTIME = auto()
    WAIT = auto()
    INTERRUPTED = auto()
    INTERNAL = auto()
    KILLED = auto()


class Execution:
    """A job that runs. `kill` ends it with the emulator, without another word.

    Attributes:
        interrupt: Set when AWS takes the instances back; heard by managed spot training alone.
        break_down: Set when AWS itself fails.
        over: Set when nothing is left of it, a moment after the job has ended.
        is_settled: Whether the account has taken note of its end.
    """

    def __init__(self, job: TrainingJob, plan: Plan) -> None:
        self.job = job
        self.interrupt = threading.Event()
        self.break_down = threading.Event()
        self.over = threading.Event()
        self.is_settled = False
        self._plan = plan
        self._began = clock.monotonic()
        self._ran = 0.0
        self._killed = threading.Event()
        self._hosts: list[RunningHost] = []
        self._containers: list[Container] = []
        self._turn = threading.Lock()
        condition = job.request["StoppingCondition"]
        self._runtime: float = condition.get("MaxRuntimeInSeconds", DEFAULT_RUNTIME)
        self._wait: float | None = condition.get("MaxWaitTimeInSeconds")
        self._metrics = Metrics(job.request["AlgorithmSpecification"].get("MetricDefinitions", ()))
        self._thread = threading.Thread(target=self._work, name=f"job {job.name}", daemon=True)
        self._thread.start()

    def kill(self) -> None:
        """Kill all that runs for it, and wait until that is gone; not for the thread, which may wait for the caller."""
        self._killed.set()
        with self._turn:
            for host in self._hosts:
                host.kill()

    def join(self, seconds: float) -> None:
        """Wait for the thread."""
        self._thread.join(seconds)

    def _work(self) -> None:
        try:
            self._live()
        except JobFailed as failed:
            self.job.finish("Failed", reason=str(failed))
        except Exception:  # noqa: BLE001 - whatever it is, the job is over, and the emulator's log says why
            if not self._killed.is_set():
                traceback.print_exc(file=sys.stderr)
                self.job.finish("Failed", reason=INTERNAL)
        finally:
            self._remove_containers()
            self.over.set()

    def _remove_containers(self) -> None:
        for container in self._containers:
            container.remove()
            container.log_path.unlink(missing_ok=True)

    def _live(self) -> None:
        """Attempt after attempt, until one of them is the last."""
        retries = self.job.request.get("RetryStrategy", {}).get("MaximumRetryAttempts", 0)
        end = self._start()
        while end is None:
            end = self._attempt()
            if end is End.INTERRUPTED:
                self.job.go_to("Interrupted")
                self.interrupt.clear()
                end = self._pause(self._plan.settings.transition_seconds) or self._start()
            elif end is End.INTERNAL:
                if not retries:
                    raise JobFailed(INTERNAL)
                retries -= 1
                self.break_down.clear()
                end = self._start()
        self._finish(end)

    def _finish(self, end: End) -> None:
        match end:
            case End.PROGRAM if not self.job.stop_wanted.is_set():
                self.job.finish("Completed")
            case End.RUNTIME:
                self.job.finish("Stopped", "MaxRuntimeExceeded")
            case End.WAIT:
                self.job.finish("Stopped", "MaxWaitTimeExceeded")
            case End.STOPPED | End.PROGRAM:
                self.job.finish("Stopped")
            case _:
                pass  # it ends with the emulator, and nobody looks any more

    def _start(self) -> End | None:
        """Instances. None when they are there, else why the job is over."""
        job, seconds = self.job, self._plan.settings.transition_seconds
        outcome = job.outcome
        job.go_to("Starting")
        if outcome is not None and outcome.status == "Failed" and not outcome.is_capacity:
            raise JobFailed(outcome.reason)
        if self._plan.is_warm:
            return self._pause(0)
        if (end := self._pause(seconds / 2)) is not None:
            return end
        if outcome is not None and outcome.is_capacity:
            job.go_to("Starting", "Insufficient capacity error from EC2 while launching instances, retrying!")
            if job.is_spot:  # it goes on looking for as long as it may wait, which is assumed
                return self._pause(float("inf"))
            if (end := self._pause(seconds)) is not None:
                return end
            raise JobFailed(outcome.reason)
        job.go_to("Starting", "Launching requested ML instances")
        end = self._pause(seconds / 2)
        job.go_to("Starting", "Preparing the instances for training")
        return end

    def _attempt(self) -> End:
        """One run on fresh instances: data in, program, artifacts out."""
        job = self.job
        if job.started is None:
            job.started = now()
        began = clock.monotonic()
        try:
            image = self._prepare()
            with self._running(image) as running:
                end = self._follow(running)
            if end not in {End.INTERRUPTED, End.INTERNAL, End.KILLED}:
                if end is End.PROGRAM:
                    job.go_to("Uploading")
                stages.take_out(job, self._plan, self._containers)
            return end
        finally:
            self._ran += clock.monotonic() - began
            job.billable_seconds = self._ran
            job.metrics = self._metrics.final

    def _prepare(self) -> TrainingImage:
        """Containers with their input; the image that is pulled into them. Raises JobFailed."""
        job, plan = self.job, self._plan
        if job.request.get("InputDataConfig") or job.request.get("CheckpointConfig"):
            job.go_to("Downloading")
        self._remove_containers()
        self._containers = stages.containers_of(job, plan)
        stages.prepare(job, plan, self._containers)
        job.go_to("Training")
        if plan.image is None:
            raise JobFailed(images.NOT_THERE)
        return plan.image

    @contextmanager
    def _running(self, image: TrainingImage) -> Iterator[list[RunningHost]]:
        """The containers' programs; afterwards they are gone, and nobody answers to their addresses."""
        job, plan = self.job, self._plan
        services = None if plan.network.internet else plan.network.services
        isolated = bool(job.request.get("EnableNetworkIsolation"))
        groups = frozenset[str]() if isolated else plan.network.groups
        known = [peers.add(services, None if isolated else plan.role.credentials, groups) for _ in self._containers]
        try:
            with self._turn:
                if not self._killed.is_set():
                    self._hosts = [
                        RunningHost(stages.launch(job, plan, image, container, peer, self._metrics))
                        for container, peer in zip(self._containers, known, strict=True)
                    ]
            job.go_to("Training", "Training image download completed. Training in progress.")
            yield self._hosts
        finally:
            for host in self._hosts:
                host.kill()
                host.close()
            for peer in known:
                peers.remove(peer)

    def _follow(self, running: list[RunningHost]) -> End:
        """Follow programs until all have ended or something ends them. Raises JobFailed."""
        config, began, mirrored = self.job.request.get("CheckpointConfig"), clock.monotonic(), time.monotonic()
        mirrors = [Checkpoints(config, container.root) for container in self._containers] if config else []
        while not self._killed.is_set():
            if all(host.over.is_set() for host in running) or any(host.exit_code for host in running):
                self._mirror(mirrors)
                return self._ended(running)
            if (end := self._disturbance(clock.monotonic() - began)) is not None:
                if end in {End.INTERRUPTED, End.INTERNAL}:
                    return end
                self._stop(running, mirrors)
                return end
            if time.monotonic() - mirrored > MIRROR_SECONDS:
                self._mirror(mirrors)
                mirrored = time.monotonic()
            running[0].over.wait(LOOK_SECONDS)
        return End.KILLED

    def _disturbance(self, seconds: float) -> End | None:
        """The reason to end an attempt before its programs do."""
        job, outcome = self.job, self.job.outcome
        if job.stop_wanted.is_set():
            return End.STOPPED
        if self.break_down.is_set():
            return End.INTERNAL
        if outcome is not None and outcome.status == "Interrupted" and seconds >= outcome.seconds:
            job.outcome = None
            self.interrupt.set()
        if job.is_spot and self.interrupt.is_set():
            return End.INTERRUPTED
        if self._ran + seconds > self._runtime:
            return End.RUNTIME
        return self._waited_too_long()

    def _waited_too_long(self) -> End | None:
        return End.WAIT if self._wait is not None and clock.monotonic() - self._began > self._wait else None

    def _stop(self, running: list[RunningHost], mirrors: list[Checkpoints]) -> None:
        """SIGTERM, time to save something, SIGKILL: API reference, StopTrainingJob."""
        for host in running:
            host.terminate()
        deadline = time.monotonic() + self._plan.settings.training_stop_seconds
        for host in running:
            while not host.over.wait(LOOK_SECONDS) and time.monotonic() < deadline and not self._killed.is_set():
                pass
            host.kill()
        self._mirror(mirrors)

    def _mirror(self, mirrors: list[Checkpoints]) -> None:
        try:
            for each in mirrors:
                each.mirror(self._plan.role.client("s3"))
        except TransferError as error:
            raise JobFailed(f"ClientError: {error}") from None

    def _ended(self, running: list[RunningHost]) -> End:
        """Exit code 0 of all is success. A failing job's artifacts are taken out, too. Raises JobFailed."""
        for host, container in zip(running, self._containers, strict=True):
            if host.failure:
                raise JobFailed(f"InternalServerError: {host.failure}")
            if host.exit_code and not self.job.stop_wanted.is_set():
                host.kill()
                said = files.read_text(container.root, "opt/ml/output/failure", MOST_FAILURE)
                self.job.go_to("Uploading")
                stages.take_out(self.job, self._plan, self._containers)
                raise JobFailed(
                    f"AlgorithmError: {said.strip()[: MOST_FAILURE - 64]}, exit code: {host.exit_code}"
                    if said and said.strip()
                    else f"AlgorithmError: Exit Code: {host.exit_code}"
                )
        return End.PROGRAM

    def _pause(self, seconds: float) -> End | None:
        """Wait; why the job is over, if something ends it before the time is up."""
        deadline = time.monotonic() + seconds
        while not self._killed.is_set():
            if self.job.stop_wanted.wait(max(0.0, min(LOOK_SECONDS, deadline - time.monotonic()))):
                return End.STOPPED
            if (end := self._waited_too_long()) is not None:
                return end
            if time.monotonic() >= deadline:
                return None
        return End.KILLED
