"""Warm pools: instances that a job leaves for the next one like it. Source: Developer Guide, "train-warm-pools"."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio_emulator.clock import clock
from studio_emulator.settings import EmulatorSettings
from studio_emulator.studio.resource import Settings
from studio_emulator.training import quotas
from studio_emulator.training.job import TrainingJob

_OF_RESOURCES = ("InstanceCount", "InstanceType", "VolumeKmsKeyId", "VolumeSizeInGB")
_OF_JOB = ("RoleArn", "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption")


@dataclass
class Pool:
    """Instances that wait: whose they were, since when and until when, on the monotonic clock."""

    job: TrainingJob
    since: float
    until: float


class WarmPools:
    """The pools of one account and region."""

    def __init__(self) -> None:
        self._pools: dict[str, Pool] = {}

    def open(self, job: TrainingJob, settings: EmulatorSettings) -> None:
        """Keep the instances of a job that is over; with a quota of 0, as a new account has it, silently none."""
        resources = job.request["ResourceConfig"]
        period = resources.get("KeepAlivePeriodInSeconds")
        if not period or job.is_spot or job.started is None:
            return
        limit = quotas.of_type(resources["InstanceType"], "training warm pool").limit(settings)
        used = sum(
            pool.job.request["ResourceConfig"]["InstanceCount"]
            for pool in self._pools.values()
            if pool.job.request["ResourceConfig"]["InstanceType"] == resources["InstanceType"]
        )
        if used + resources["InstanceCount"] > limit:
            return
        now = clock.monotonic()
        self._pools[job.name] = Pool(job, now, now + period)
        job.warm_pool = {"Status": "Available", "ResourceRetainedBillableTimeInSeconds": 0}

    def take(self, job: TrainingJob, jobs: Mapping[str, TrainingJob]) -> bool:
        """Give a new job the instances of an older one like it; whether there are any."""
        self.settle()
        if not job.request["ResourceConfig"].get("KeepAlivePeriodInSeconds"):
            return False
        for name, pool in self._pools.items():
            if name in jobs and _alike(pool.job.request, job.request):
                del self._pools[name]
                self._close(pool, "Reused", ReusedByJob=job.name)
                job.warm_pool = {"Status": "InUse"}
                return True
        return False

    def keep(self, job: TrainingJob, period: float) -> None:
        """Another period for a pool that waits; for a job that runs, the one that it will have."""
        with job.turn_lock:
            resources = job.request["ResourceConfig"] | {"KeepAlivePeriodInSeconds": period}
            job.request = job.request | {"ResourceConfig": resources}
        if pool := self._pools.get(job.name):
            pool.until = pool.since + period

    def settle(self) -> None:
        """Let go of those whose time is over."""
        now = clock.monotonic()
        for name, pool in list(self._pools.items()):
            if pool.until <= now:
                del self._pools[name]
                self._close(pool, "Terminated")

    @staticmethod
    def _close(pool: Pool, status: str, **more: Any) -> None:
        seconds = round(min(clock.monotonic(), pool.until) - pool.since)
        told: Settings = {"Status": status, "ResourceRetainedBillableTimeInSeconds": seconds, **more}
        pool.job.warm_pool = told


def _alike(one: Settings, other: Settings) -> bool:
    """Whether a job may take over the instances of another; images and hyperparameters may differ."""
    vpcs = [{name: sorted(ids) for name, ids in (request.get("VpcConfig") or {}).items()} for request in (one, other)]
    return (
        all(one["ResourceConfig"].get(name) == other["ResourceConfig"].get(name) for name in _OF_RESOURCES)
        and all(one.get(name) == other.get(name) for name in _OF_JOB)
        and vpcs[0] == vpcs[1]
    )
