"""The image of a job: whether it can be pulled, and what of it the emulator stands in for."""

import json
import re
from dataclasses import dataclass

from moto.ecr.models import ecr_backends

from studio_emulator.ecr import StrictECRBackend
from studio_emulator.iam.roles import may
from studio_emulator.studio.resource import Settings
from studio_emulator.training import registries

NOT_THERE = (  # aws/sagemaker-python-sdk#57
    "ClientError: Cannot pull algorithm container. Either the image does not exist or its permissions are incorrect."
)
_ADDRESS = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/"
    r"(?P<repository>[a-z0-9._/-]+?)(:(?P<tag>[\w.-]+)|@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


@dataclass(frozen=True)
class TrainingImage:
    """An image, as far as the emulator knows it.

    Args:
        distributions: The Python packages in it, as far as they are installed where the emulator runs.
        has_toolkit: Whether SageMaker's training toolkit is in it.
        entrypoint: Its ENTRYPOINT.
        variables: Its ENV.
    """

    distributions: tuple[str, ...]
    has_toolkit: bool = False
    entrypoint: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()

    def start(self, algorithm: Settings) -> tuple[str, ...]:
        """The command: `docker run IMAGE train`, unless the request says otherwise.

        Source: API reference, AlgorithmSpecification: an entry point alone replaces ENTRYPOINT, arguments alone CMD.
        """
        entrypoint = tuple(algorithm.get("ContainerEntrypoint") or ())
        arguments = tuple(algorithm.get("ContainerArguments") or ())
        if entrypoint:
            return entrypoint + arguments
        return self.entrypoint + (arguments or ("train",))


def find(uri: str, region: str, account_id: str, role_arn: str, extra: tuple[str, ...]) -> TrainingImage | None:
    """The image, or None where AWS could not pull it.

    Args:
        uri: As the request names it.
        region: The job's.
        account_id: The job's.
        role_arn: The role that pulls images of this account.
        extra: Distributions that images of this account have.
    """
    found = _ADDRESS.fullmatch(uri)
    if found is None or found["region"] != region:
        return None
    if found["account"] != account_id:
        name = found["repository"]
        if registries.account(name, region) != found["account"] or not found["tag"]:
            return None
        return TrainingImage(registries.DISTRIBUTIONS[name], has_toolkit=True)
    return _own(found, region, account_id, role_arn, extra)


def _own(
    found: "re.Match[str]", region: str, account_id: str, role_arn: str, extra: tuple[str, ...]
) -> TrainingImage | None:
    ecr = ecr_backends[account_id][region]
    assert isinstance(ecr, StrictECRBackend)  # noqa: S101 - install.py sees to it
    repository = ecr.repositories.get(found["repository"])
    if repository is None:
        return None
    resource = f"arn:aws:ecr:{region}:{account_id}:repository/{repository.name}"
    allowed = all(may(role_arn, account_id, action, resource) for action in _PULL)
    if not allowed or not may(role_arn, account_id, "ecr:GetAuthorizationToken", "*"):
        return None
    tag, digest = found["tag"] or (None if found["digest"] else "latest"), found["digest"]
    for image in repository.images:
        if (digest and image.get_image_digest() == digest) or (tag and tag in image.image_tags):
            return _configured(ecr, repository.name, image.image_manifest, extra)
    return None


def _configured(ecr: StrictECRBackend, repository: str, manifest: str, extra: tuple[str, ...]) -> TrainingImage:
    """The image with its configuration, if it was pushed with one."""
    try:
        digest = json.loads(manifest)["config"]["digest"]
        config = json.loads(ecr.blobs[repository, digest])["config"]
    except (KeyError, TypeError, ValueError):
        config = {}
    variables = (each.partition("=") for each in config.get("Env") or ())
    return TrainingImage(
        ("boto3", *extra),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        variables=tuple((name, value) for name, _, value in variables if name != "PATH"),
    )
