"""The image that AWS fills in when a space or an app names none, and versions of it that may be named."""

from studio_emulator.distribution import CPU, GPU, image_arn, support
from studio_emulator.facts import has_gpu
from studio_emulator.studio.exceptions import ValidationException
from studio_emulator.studio.resource import Settings

JUPYTER_SERVER_ACCOUNTS = {
    "us-east-1": "081325390199",
    "us-west-2": "236514542706",
    "eu-central-1": "936697816551",
}
"""AWS's accounts for images of Studio Classic, as far as they were seen in public configurations."""

ON_SYSTEM = frozenset({"JupyterServer", "RStudioServerPro", "RSessionGateway"})
"""Apps that run on `system` and nothing else: API reference, ResourceSpec, for JupyterServer; assumed for RStudio's."""


def default_image(region: str, partition: str, app_type: str, instance_type: str) -> str:
    """The ARN of JupyterServer's own image, or of SageMaker Distribution for CPU or, on an instance that has one, GPU.

    A region that is not in AWS's table is given us-east-1's account, which AWS does not promise.
    """
    if app_type == "JupyterServer":
        account = JUPYTER_SERVER_ACCOUNTS.get(region, JUPYTER_SERVER_ACCOUNTS["us-east-1"])
        return f"arn:{partition}:sagemaker:{region}:{account}:image/jupyter-server-3"
    gpu = has_gpu(instance_type)
    found = image_arn(region, gpu=gpu, partition=partition) or image_arn("us-east-1", gpu=gpu, partition=partition)
    return str(found).replace(":us-east-1:", f":{region}:")


def check_version(spec: Settings) -> None:
    """Raises ValidationException for a version that SageMaker Distribution does not have; the text is assumed."""
    arn, alias = spec.get("SageMakerImageArn"), spec.get("SageMakerImageVersionAlias")
    if arn and alias and arn.endswith((CPU, GPU)) and not support().is_known(alias):
        raise ValidationException(f"ImageVersion [{alias}] of Image [{arn}] does not exist.")
