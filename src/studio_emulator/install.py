"""The single seam into moto: no other module replaces a part of it."""

import functools
from collections.abc import Mapping
from pathlib import Path

from moto import backends as moto_backends
from moto.awslambda import models as lambda_models
from moto.ce import urls as ce_urls
from moto.cloudformation.models import cloudformation_backends
from moto.cloudtrail import urls as cloudtrail_urls
from moto.cloudtrail.models import cloudtrail_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.core import loaders as moto_loaders
from moto.core import responses as moto_responses
from moto.core import utils as moto_utils
from moto.ec2 import urls as ec2_urls
from moto.ec2.models import ec2_backends
from moto.ecr import urls as ecr_urls
from moto.ecr.models import ecr_backends
from moto.efs.models import efs_backends
from moto.iam.access_control import PermissionResult
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.rds import urls as rds_urls
from moto.rds.models import rds_backends
from moto.rdsdata import urls as rdsdata_urls
from moto.resourcegroupstaggingapi.models import resourcegroupstaggingapi_backends
from moto.s3 import models as s3_models
from moto.s3.models import FakeBucket, s3_backends
from moto.sagemaker import urls as sagemaker_urls
from moto.sagemaker.models import sagemaker_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.servicequotas import urls as quotas_urls
from moto.servicequotas.models import servicequotas_backends
from moto.sns import urls as sns_urls
from moto.sns.models import sns_backends
from moto.ssoadmin import urls as identity_center_urls
from moto.ssoadmin.models import ssoadmin_backends
from moto.sts import urls as sts_urls
from moto.sts.models import sts_backends

from studio_emulator.account import StrictIAMBackend, StrictSecretsManagerBackend
from studio_emulator.backends import each
from studio_emulator.buckets import StrictS3Backend, now
from studio_emulator.cloudformation import StrictCloudFormationBackend
from studio_emulator.costs import BillingResponse
from studio_emulator.database import clusters
from studio_emulator.database.data_api import DataApiResponse
from studio_emulator.database.rds import StrictRDSBackend, StrictRDSResponse
from studio_emulator.ecr import StrictECRBackend, StrictECRResponse
from studio_emulator.functions.running import processes
from studio_emulator.gateways import GatewayBackend
from studio_emulator.iam.credentials import AdministratorKey
from studio_emulator.identity_center import IdentityCenterBackend, IdentityCenterResponse
from studio_emulator.keys import StrictKmsBackend
from studio_emulator.logs import StrictLogsBackend
from studio_emulator.mail import ConfirmingSNSBackend, ConfirmingSNSResponse
from studio_emulator.metrics import MeasuringCloudWatchBackend
from studio_emulator.network import StrictEC2Backend, StrictEFSBackend
from studio_emulator.quotas import QuotaBackend, QuotaResponse
from studio_emulator.sandbox import trees
from studio_emulator.security_groups import StrictEC2Response
from studio_emulator.settings import EmulatorSettings
from studio_emulator.sts import StrictSTSBackend, StrictTokenResponse
from studio_emulator.studio.models import StudioBackend
from studio_emulator.studio.responses import StudioResponse
from studio_emulator.studio.store import FILE_SYSTEMS
from studio_emulator.tagging import StrictTaggingBackend
from studio_emulator.trail import RecordingCloudTrailBackend, RecordingCloudTrailResponse

# moto finds these out anew for each request, by its directory and by reflection: a tenth of an answer's time.
_list_modules = moto_backends.list_of_moto_modules
_modules = functools.cache(lambda: tuple(_list_modules()))
_method_names = functools.cache(moto_utils.method_names_from_class)
_loader = functools.cache(moto_loaders.create_loader)  # a new one looks up again which services botocore describes


def install(
    settings: EmulatorSettings,
    endpoint_url: str,
    key: AdministratorKey,
    *,
    volumes: Path | None = None,
    reach: Mapping[str, str] | None = None,
) -> None:
    """Put Studio and the stricter backends in moto's place. Call once, before the first request.

    Args:
        settings: The settings that the emulator was started with.
        endpoint_url: Its address, without a slash at the end; presigned addresses and the registry lead there.
        key: The credentials of scripts in apps.
        volumes: The directory for spaces' files, if apps are to run their scripts.
        reach: The variables that those need to get to package indexes.
    """
    StudioBackend.settings = settings
    StudioBackend.endpoint_url = endpoint_url
    StudioBackend.key = key
    clusters.Cluster.key = key
    QuotaBackend.settings = settings
    StrictRDSBackend.settings = settings
    GatewayBackend.settings = settings
    StudioBackend.volumes = volumes
    StudioBackend.job_directory = jobs_beside(volumes) if volumes else None
    StrictEFSBackend.files = volumes / FILE_SYSTEMS if volumes else None
    StudioBackend.reach = reach or {}
    StrictECRBackend.endpoint_url = endpoint_url
    sagemaker_backends.backend = StudioBackend
    RecordingCloudTrailBackend.settings = settings
    BillingResponse.settings = settings
    cloudtrail_backends.backend = RecordingCloudTrailBackend
    cloudwatch_backends.backend = MeasuringCloudWatchBackend
    cloudformation_backends.backend = StrictCloudFormationBackend
    ec2_backends.backend = StrictEC2Backend
    ecr_backends.backend = StrictECRBackend
    efs_backends.backend = StrictEFSBackend
    iam_backends.backend = StrictIAMBackend
    kms_backends.backend = StrictKmsBackend
    logs_backends.backend = StrictLogsBackend
    rds_backends.backend = StrictRDSBackend
    resourcegroupstaggingapi_backends.backend = StrictTaggingBackend
    s3_backends.backend = StrictS3Backend
    secretsmanager_backends.backend = StrictSecretsManagerBackend
    servicequotas_backends.backend = QuotaBackend
    sns_backends.backend = ConfirmingSNSBackend
    ssoadmin_backends.backend = IdentityCenterBackend
    sts_backends.backend = StrictSTSBackend
    ce_urls.url_paths["{0}/$"] = BillingResponse.dispatch
    cloudtrail_urls.url_paths["{0}/$"] = RecordingCloudTrailResponse.dispatch
    ec2_urls.url_paths["{0}/"] = StrictEC2Response.dispatch
    ecr_urls.url_paths["{0}/$"] = StrictECRResponse.dispatch
    # Policies are stored, not enforced. moto would enforce a bucket's without its conditions, so that "deny without
    # TLS" denies everything.
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL  # type: ignore[method-assign]
    setattr(s3_models, "utcnow", now)  # noqa: B010 (the dates of objects)
    setattr(lambda_models, "iso_8601_datetime_with_nanoseconds", _dated)  # noqa: B010 (the dates of functions)
    rds_urls.url_paths["{0}/$"] = StrictRDSResponse.dispatch
    rdsdata_urls.url_paths["{0}/Execute$"] = DataApiResponse.dispatch
    sagemaker_urls.url_paths["{0}/$"] = StudioResponse.dispatch
    quotas_urls.url_paths["{0}/$"] = QuotaResponse.dispatch
    sns_urls.url_paths["{0}/$"] = ConfirmingSNSResponse.dispatch
    identity_center_urls.url_paths["{0}/$"] = IdentityCenterResponse.dispatch
    sts_urls.url_paths["{0}/$"] = StrictTokenResponse.dispatch
    setattr(moto_backends, "list_of_moto_modules", _modules)  # noqa: B010 (they are moto's)
    setattr(moto_responses, "method_names_from_class", _method_names)  # noqa: B010
    setattr(moto_utils, "create_loader", _loader)  # noqa: B010


def _dated() -> str:
    """The date of a function that is made or changed, as Lambda writes it."""
    return now().strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def settle() -> None:
    """Let everything in Studio that is due by now happen, in all accounts and regions."""
    for _, backend in each(sagemaker_backends):
        if isinstance(backend, StudioBackend):
            backend.schedule.settle()
            backend.settle_scripts()
            backend.settle_jobs()


def disturb_job(region: str, name: str, event: str) -> None:
    """Let AWS do something to a training job. Raises ValueError, see `disturb_training_job`."""
    for known, backend in each(sagemaker_backends):
        if known == region and isinstance(backend, StudioBackend):
            backend.disturb_training_job(name, event)
            return
    raise ValueError(f"no training job '{name}' runs in {region}")


def stop() -> None:
    """Leave no process and no files of spaces behind."""
    processes.stop()
    clusters.stop()
    for _, backend in each(sagemaker_backends):
        if isinstance(backend, StudioBackend):
            backend.stop()
            backend.join()
    if StudioBackend.volumes:
        trees.remove(StudioBackend.volumes)
        trees.remove(jobs_beside(StudioBackend.volumes))


def jobs_beside(volumes: Path) -> Path:
    """The directory of training jobs' containers."""
    return volumes.with_name("jobs")
