"""The single seam into moto: nothing else of ours replaces a part of it."""

from moto.ec2.models import ec2_backends
from moto.efs.models import efs_backends
from moto.iam.models import iam_backends
from moto.sagemaker import urls as sagemaker_urls
from moto.sagemaker.models import sagemaker_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.servicequotas import urls as quotas_urls
from moto.servicequotas.models import servicequotas_backends

from studioctl.emulator.account import StrictIAMBackend, StrictSecretsManagerBackend
from studioctl.emulator.backends import each
from studioctl.emulator.network import StrictEC2Backend, StrictEFSBackend
from studioctl.emulator.quotas import QuotaBackend, QuotaResponse
from studioctl.emulator.settings import EmulatorSettings
from studioctl.emulator.studio.models import StudioBackend
from studioctl.emulator.studio.responses import StudioResponse


def install(settings: EmulatorSettings, endpoint_url: str) -> None:
    """Put Studio and the stricter backends in moto's place. Call once, before the first request.

    Args:
        settings: What the emulator was told at its start.
        endpoint_url: Where it listens, without a slash at the end; presigned addresses lead there.
    """
    StudioBackend.settings = settings
    StudioBackend.endpoint_url = endpoint_url
    QuotaBackend.settings = settings
    sagemaker_backends.backend = StudioBackend
    ec2_backends.backend = StrictEC2Backend
    efs_backends.backend = StrictEFSBackend
    iam_backends.backend = StrictIAMBackend
    secretsmanager_backends.backend = StrictSecretsManagerBackend
    servicequotas_backends.backend = QuotaBackend
    sagemaker_urls.url_paths["{0}/$"] = StudioResponse.dispatch
    quotas_urls.url_paths["{0}/$"] = QuotaResponse.dispatch


def settle() -> None:
    """Let everything in Studio that is due by now happen, in all accounts and regions."""
    for _, backend in each(sagemaker_backends):
        if isinstance(backend, StudioBackend):
            backend.schedule.settle()
