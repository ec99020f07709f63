"""CreateTrainingJob and its siblings, in place of moto's, whose jobs are over at once."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from moto.ec2.models import ec2_backends
from moto.rds.models import rds_backends

from studio_emulator.sandbox.reach import Reach
from studio_emulator.studio.exceptions import (
    ResourceInUse,
    ThrottlingException,
    ValidationException,
    not_found,
)
from studio_emulator.studio.models.session import SessionBackend
from studio_emulator.studio.paging import between, page
from studio_emulator.studio.resource import Settings, read_tags
from studio_emulator.studio.store import StudioStore
from studio_emulator.training import checks, images, network, quotas
from studio_emulator.training.aws import Role
from studio_emulator.training.execution import Execution
from studio_emulator.training.job import TrainingJob
from studio_emulator.training.stages import Plan
from studio_emulator.training.warm_pools import WarmPools

NOT_FOUND = "Requested resource not found."
JOIN_SECONDS = 5.0


class TrainingBackend(SessionBackend):
    """Training jobs of one account and region."""

    job_directory: ClassVar[Path | None] = None
    """The directory in which containers are laid out; without it no job runs."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.executions: dict[str, Execution] = {}
        self.warm_pools = WarmPools()
        self._create_bucket = quotas.Bucket()

    def create_training_job(self, request: Settings) -> TrainingJob:  # type: ignore[override]
        """Accept a job, which runs in a thread. Raises what AWS refuses at once."""
        rate = quotas.RATE.limit(self.settings)
        if self.settings.enforce_quotas and not self._create_bucket.take(rate):
            raise ThrottlingException("Rate exceeded")
        if not self.settings.runs_jobs or self.job_directory is None:
            raise NotImplementedError("this emulator runs no training jobs: its setting run_training is off")
        request = _with_defaults(request)
        name = request["TrainingJobName"]
        if name in self.jobs:
            raise ResourceInUse(
                "Training job names must be unique within an AWS account and region, and a training job with this name"
                f" already exists ({self.jobs[name].arn})"
            )
        checks.check(self, request)
        checks.check_quotas(self, request)
        arn = self.studio_arn(f"training-job/{name}")
        job = TrainingJob(
            arn=arn,
            tags=read_tags(request.get("Tags")),
            status="InProgress",
            name=name,
            request=request,
            outcome=StudioStore.outcome,
        )
        job.go_to("Starting")
        plan = self._plan(job)
        self.jobs[name] = job
        self._plug_in(job)
        self.executions[name] = Execution(job, plan)
        return job

    def _plan(self, job: TrainingJob) -> Plan:
        """All that the job needs. Raises nothing that AWS would not: an image that is not there fails the job later."""
        request = job.request
        role = Role(self.endpoint_url, self.region_name, self.account_id, request["RoleArn"])
        image = images.find(
            request["AlgorithmSpecification"]["TrainingImage"],
            self.region_name,
            self.account_id,
            request["RoleArn"],
            self.settings.training_packages,
        )
        reached = self._network(request)
        isolated = bool(request.get("EnableNetworkIsolation"))
        internet = reached.internet and not isolated and self.settings.lifecycle_network == "internet"
        reach = Reach.the_internet(self.reach, allow=self.settings.lifecycle_allow) if internet else Reach()
        reach = replace(reach, databases=self._databases())
        assert self.job_directory is not None  # noqa: S101 - asked before
        directory = self.job_directory / self.region_name
        is_warm = self.warm_pools.take(job, self.jobs)
        return Plan(image, reached, role, self.settings, self.endpoint_url, reach, directory, is_warm)

    def _databases(self) -> dict[str, int]:
        """The clusters that run. Every name is known everywhere, as on AWS; who connects, each cluster's groups say."""
        clusters = rds_backends[self.account_id][self.region_name].clusters.values()
        return {cluster.endpoint: cluster.front_port for cluster in clusters if hasattr(cluster, "front_port")}

    def _network(self, request: Settings) -> network.Network:
        config = request.get("VpcConfig")
        if config is None:
            return network.OPEN
        ec2 = ec2_backends[self.account_id][self.region_name]
        return network.reached_from(ec2, config["Subnets"], config["SecurityGroupIds"])

    def get_training_job(self, name: str) -> TrainingJob:
        """Raises ValidationException, as AWS does here, not ResourceNotFound."""
        if name not in self.jobs:
            raise ValidationException(NOT_FOUND)
        return self.jobs[name]

    def stop_training_job(self, name: str) -> None:
        """Raises ValidationException for a job that is over, or is being stopped already, which is assumed."""
        job = self.get_training_job(name)
        with job.turn_lock:
            if job.status != "InProgress":
                raise ValidationException(
                    f"The request was rejected because the training job is in status {job.status}."
                )
            job.status = "Stopping"
            job.go_to("Stopping")
        job.stop_wanted.set()

    def delete_training_job(self, name: str) -> None:
        """Only what is over, and keeps no instances: API reference, DeleteTrainingJob."""
        job = self.jobs.get(name)
        if job is None:
            raise not_found("TrainingJob", name)
        if not job.has_ended:
            raise ResourceInUse(f"Training job {job.arn} is in status {job.status} and cannot be deleted.")  # assumed
        if job.warm_pool and job.warm_pool["Status"] == "Available":
            raise ResourceInUse(f"Training job {job.arn} retains a warm pool and cannot be deleted.")  # assumed
        del self.jobs[name]

    def update_training_job(self, request: Settings) -> TrainingJob:
        """The period of a warm pool; what concerns a profiler is kept, and nothing profiles."""
        job = self.jobs.get(request["TrainingJobName"])
        if job is None:
            raise not_found("TrainingJob", request["TrainingJobName"])
        if period := request.get("ResourceConfig", {}).get("KeepAlivePeriodInSeconds"):
            self.warm_pools.keep(job, period)
        return job

    def list_training_jobs(self, request: Settings) -> tuple[list[TrainingJob], str | None]:  # type: ignore[override]
        """A page is taken first, and StatusEquals applied to it: it can be empty, and another can follow."""
        found = [
            job
            for job in self.jobs.values()
            if request.get("NameContains", "") in job.name
            and between(job.creation_time, request, "CreationTime")
            and between(job.last_modified_time, request, "LastModifiedTime")
        ]
        shown, token = page(found, request, name=lambda job: job.name, by=_sorted_by(request))
        status, pool = request.get("StatusEquals"), request.get("WarmPoolStatusEquals")
        matching = [
            job
            for job in shown
            if status in {None, job.status} and (pool is None or (job.warm_pool or {}).get("Status") == pool)
        ]
        return matching, token

    def disturb_training_job(self, name: str, event: str) -> None:
        """Disturb a job as AWS may without being asked. Raises ValueError for what cannot happen to it."""
        execution = self.executions.get(name)
        if execution is None or execution.job.has_ended:
            raise ValueError(f"no training job '{name}' runs in {self.region_name}")
        match event:
            case "interrupt" if execution.job.is_spot:
                execution.interrupt.set()
            case "interrupt":
                raise ValueError(f"training job '{name}' is not managed spot training, so nobody takes its instances")
            case "internal-error":
                execution.break_down.set()
            case _:
                raise ValueError(f"unknown event '{event}': use interrupt or internal-error")

    def settle_jobs(self) -> None:
        """Let go of what belongs to jobs that are over."""
        for name, execution in list(self.executions.items()):
            if execution.job.has_ended and not execution.is_settled:
                execution.is_settled = True
                self._unplug(execution.job)
                self.warm_pools.open(execution.job, self.settings)
            if execution.over.is_set():
                del self.executions[name]
        self.warm_pools.settle()

    def stop(self) -> None:
        """Leave no process behind."""
        super().stop()
        running = list(self.executions.values())
        for execution in running:
            execution.kill()

    def join(self) -> None:
        """Wait for the threads of jobs, when nothing of the emulator is asked any more."""
        deadline = time.monotonic() + JOIN_SECONDS
        for execution in self.executions.values():
            execution.join(max(0.0, deadline - time.monotonic()))

    def search(self, resource: Any = None, search_expression: Any = None) -> Any:
        """moto's, which knows nothing of jobs that run."""
        if resource == "TrainingJob":
            raise NotImplementedError("Search for training jobs; ListTrainingJobs finds them")
        return super().search(resource, search_expression)

    def reset(self) -> None:
        """Forget everything, as moto does; what runs is killed first."""
        self.stop()
        super().reset()

    def _plug_in(self, job: TrainingJob) -> None:
        """An interface for each instance: Developer Guide, "train-vpc". The description is assumed."""
        config = job.request.get("VpcConfig")
        if config is None:
            return
        ec2 = ec2_backends[self.account_id][self.region_name]
        for number in range(job.request["ResourceConfig"]["InstanceCount"]):
            eni = ec2.create_network_interface(
                config["Subnets"][number % len(config["Subnets"])],
                [],
                group_ids=config["SecurityGroupIds"],
                description=f"[DO NOT DELETE] ENI managed by SageMaker for Training Job ({job.arn})",
            )
            eni.status, eni.requester_managed = "in-use", True
            job.network_interface_ids.append(eni.id)

    def _unplug(self, job: TrainingJob) -> None:
        ec2 = ec2_backends[self.account_id][self.region_name]
        for interface_id in job.network_interface_ids:
            ec2.enis.pop(interface_id, None)


def _with_defaults(request: Settings) -> Settings:
    """The request with AWS's defaults: API reference, StoppingCondition, S3DataSource, CheckpointConfig."""
    filled: dict[str, Any] = {
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
    } | request
    condition = dict(request.get("StoppingCondition") or {})
    if condition or "StoppingCondition" in request:
        filled["StoppingCondition"] = {"MaxRuntimeInSeconds": checks.DEFAULT_RUNTIME} | condition
    if "AlgorithmSpecification" in request:
        filled["AlgorithmSpecification"] = {"EnableSageMakerMetricsTimeSeries": False} | request[
            "AlgorithmSpecification"
        ]
    if "CheckpointConfig" in request:
        filled["CheckpointConfig"] = {"LocalPath": "/opt/ml/checkpoints"} | request["CheckpointConfig"]
    if "ResourceConfig" in request:
        filled["ResourceConfig"] = {"InstanceCount": 1} | request["ResourceConfig"]
    return filled


def _sorted_by(request: Settings) -> str:
    """Status sorts as the time of creation does, which is assumed; CreationTime is AWS's default."""
    return "Name" if request.get("SortBy") == "Name" else "CreationTime"
