"""AWS's checks before it accepts a training job. Texts without a source are assumed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from moto.ec2.models import ec2_backends
from moto.s3.models import s3_backends

from studio_emulator.iam.roles import PARTITION, may, refusal_of_sagemaker
from studio_emulator.studio.exceptions import ResourceLimitExceeded, ValidationException
from studio_emulator.studio.resource import Settings
from studio_emulator.training import quotas
from studio_emulator.training.files import Place

if TYPE_CHECKING:
    from studio_emulator.studio.quotas import Quota
    from studio_emulator.training.backend import TrainingBackend
    from studio_emulator.training.job import TrainingJob

DEFAULT_RUNTIME = 86_400
# Below /opt/ml, where SageMaker itself puts things: Developer Guide, "model-checkpoints".
RESERVED = ("/opt/ml/input", "/opt/ml/output", "/opt/ml/model", "/opt/ml/code")


def check(backend: TrainingBackend, request: Settings) -> None:
    """Raises ValidationException or ResourceLimitExceeded for what AWS would refuse at once."""
    for member in ("AlgorithmSpecification", "ResourceConfig", "StoppingCondition"):
        if member not in request:
            raise ValidationException(f"{member} is required for a training job that is not serverless")
    _check_algorithm(request["AlgorithmSpecification"])
    _check_resources(request)
    _check_stopping(request)
    _check_role(backend, request)
    _check_network(backend, request)
    _check_checkpoints(request)
    _check_channels(backend, request)
    _check_output(request["OutputDataConfig"])


def _check_algorithm(algorithm: Settings) -> None:
    """API reference, AlgorithmSpecification."""
    if ("TrainingImage" in algorithm) == ("AlgorithmName" in algorithm):
        raise ValidationException("You must specify either AlgorithmName or TrainingImage, and not both")
    if "AlgorithmName" in algorithm:
        raise NotImplementedError("a training job with an AlgorithmName, as nothing of the marketplace is here")
    if algorithm["TrainingInputMode"] == "Pipe":
        raise NotImplementedError("a training job with TrainingInputMode Pipe")
    names = [each["Name"] for each in algorithm.get("MetricDefinitions", ())]
    if len(set(names)) < len(names):
        raise ValidationException("Metric names in MetricDefinitions must be unique")
    for each in algorithm.get("MetricDefinitions", ()):
        try:
            groups = re.compile(each["Regex"]).groups
        except re.error as error:
            raise ValidationException(
                f"The regular expression of metric '{each['Name']}' is invalid: {error}"
            ) from None
        if not groups:
            raise ValidationException(f"The regular expression of metric '{each['Name']}' has no capture group")


def _check_resources(request: Settings) -> None:
    resources = request["ResourceConfig"]
    for unknown in ("InstanceGroups", "InstancePreferences", "TrainingPlanArn"):
        if unknown in resources:
            raise NotImplementedError(f"a training job with {unknown}")
    for member in ("InstanceType", "VolumeSizeInGB"):
        if not resources.get(member):
            raise ValidationException(f"ResourceConfig.{member} is required")
    if resources.get("InstanceCount", 0) < 1:
        raise ValidationException("ResourceConfig.InstanceCount must be at least 1")
    if "KeepAlivePeriodInSeconds" in resources and request.get("EnableManagedSpotTraining"):
        raise ValidationException("KeepAlivePeriodInSeconds is not supported with managed spot training")
    if "ServerlessJobConfig" in request:
        raise NotImplementedError("a serverless training job")


def _check_stopping(request: Settings) -> None:
    """API reference, StoppingCondition; the first text was seen in aws/amazon-sagemaker-examples#869."""
    condition = request["StoppingCondition"]
    wait, run = condition.get("MaxWaitTimeInSeconds"), condition.get("MaxRuntimeInSeconds", DEFAULT_RUNTIME)
    if not request.get("EnableManagedSpotTraining"):
        if wait is not None:
            raise ValidationException(
                "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to true"
            )
        return
    if wait is None or wait < run:
        raise ValidationException(
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds"
        )


def _check_role(backend: TrainingBackend, request: Settings) -> None:
    """Trust policies may ask for whose job it is: Developer Guide, "security-confused-deputy-prevention"."""
    role_arn, job_arn = request["RoleArn"], backend.studio_arn(f"training-job/{request['TrainingJobName']}")
    keys = {"aws:sourceaccount": backend.account_id, "aws:sourcearn": job_arn}
    if refusal_of_sagemaker(role_arn, backend.account_id, ["sts:AssumeRole"], keys):
        raise ValidationException(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal"
            " 'sagemaker.amazonaws.com' to assume the role."
        )


def _check_network(backend: TrainingBackend, request: Settings) -> None:
    """Subnets and groups exist and are of one VPC: Developer Guide, "train-vpc"."""
    config = request.get("VpcConfig")
    if config is None:
        return
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    known = {name: subnet for zone in ec2.subnets.values() for name, subnet in zone.items()}
    missing = [name for name in config["Subnets"] if name not in known]
    if missing:
        raise ValidationException(f"The subnet ID '{missing[0]}' does not exist")
    vpcs = {known[name].vpc_id for name in config["Subnets"]}
    for group_id in config["SecurityGroupIds"]:
        group = ec2.get_security_group_from_id(group_id)
        if group is None:
            raise ValidationException(f"The security group '{group_id}' does not exist")
        vpcs.add(group.vpc_id or "")
    if len(vpcs) > 1:
        raise ValidationException("The subnets and security groups of VpcConfig must be in the same VPC")


def _check_checkpoints(request: Settings) -> None:
    config = request.get("CheckpointConfig")
    if config is None:
        return
    path = config.get("LocalPath", "/opt/ml/checkpoints")
    parts = path.split("/")
    if not path.startswith("/") or ".." in parts or any(f"{path}/".startswith(f"{place}/") for place in RESERVED):
        raise ValidationException(f"Invalid LocalPath '{path}' in CheckpointConfig")


def _check_channels(backend: TrainingBackend, request: Settings) -> None:
    channels = request.get("InputDataConfig", [])
    names = [each["ChannelName"] for each in channels]
    if len(set(names)) < len(names):
        raise ValidationException("Channel names in InputDataConfig must be unique")
    for channel in channels:
        if "S3DataSource" not in channel["DataSource"]:
            raise NotImplementedError("an input channel that is not in S3")
        if channel.get("InputMode") == "Pipe":
            raise NotImplementedError("an input channel with InputMode Pipe")
        if channel.get("CompressionType", "None") != "None":  # API reference, Channel: "used in Pipe mode only"
            raise ValidationException(
                f"CompressionType of channel '{channel['ChannelName']}' must be None in File mode"
            )
        source = channel["DataSource"]["S3DataSource"]
        if source["S3DataType"] != "S3Prefix":
            raise NotImplementedError(f"an input channel with S3DataType {source['S3DataType']}")
        _check_source(backend, request["RoleArn"], source["S3Uri"])


def _check_source(backend: TrainingBackend, role_arn: str, uri: str) -> None:
    """aws/amazon-sagemaker-examples#2489."""
    place = Place.of(uri)
    bucket = s3_backends[backend.account_id][PARTITION].buckets.get(place.bucket)
    arn, about = f"arn:aws:s3:::{place.bucket}", {"s3:prefix": place.prefix}
    listed = may(role_arn, backend.account_id, "s3:ListBucket", arn, about)
    if bucket is None or not listed or not any(key.startswith(place.prefix) for key, _ in bucket.keys.items()):
        raise ValidationException(
            f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the bucket'
            f" exists in the selected region ({backend.region_name}), that objects exist under that S3 prefix, and that"
            f' the role "{role_arn}" has "s3:ListBucket" permissions on bucket "{place.bucket}".'
        )


def _check_output(config: Settings) -> None:
    if not config["S3OutputPath"].startswith("s3://"):
        raise ValidationException("S3OutputPath must be an S3 URI")


def check_quotas(backend: TrainingBackend, request: Settings) -> None:
    """The type's quota, that of all, the instances of one job, and the longest run. Raises ResourceLimitExceeded."""
    resources, settings = request["ResourceConfig"], backend.settings
    if not settings.enforce_quotas:
        return
    wanted, spot = resources["InstanceCount"], bool(request.get("EnableManagedSpotTraining"))
    running = [job for job in backend.jobs.values() if not job.has_ended and job.is_spot == spot]
    alike = [job for job in running if job.request["ResourceConfig"]["InstanceType"] == resources["InstanceType"]]
    use = "spot training job" if spot else "training job"
    _check_one(backend, quotas.of_type(resources["InstanceType"], use), _instances(alike), wanted)
    _check_one(backend, quotas.TOTAL_SPOT if spot else quotas.TOTAL, _instances(running), wanted)
    _check_one(backend, quotas.PER_JOB, 0, wanted)
    _check_one(backend, quotas.RUN_SECONDS, 0, request["StoppingCondition"].get("MaxRuntimeInSeconds", DEFAULT_RUNTIME))


def _instances(jobs: list[TrainingJob]) -> int:
    return sum(job.request["ResourceConfig"]["InstanceCount"] for job in jobs)


def _check_one(backend: TrainingBackend, quota: Quota, used: int, wanted: int) -> None:
    limit = int(quota.limit(backend.settings))
    if used + wanted > limit:
        raise ResourceLimitExceeded(  # aws/amazon-sagemaker-examples#2267
            f"The account-level service limit '{quota.name}' is {limit} {quota.unit}, with current utilization of"
            f" {used} {quota.unit} and a request delta of {wanted} {quota.unit}. Please use AWS Service Quotas to"
            " request an increase for this quota. If AWS Service Quotas is not available, contact AWS support to"
            " request an increase for this quota."
        )
