"""Images of the repository that apps offer besides AWS's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studioctl.config.apps import CODE_EDITOR, JUPYTERLAB, App
from studioctl.config.stores import CustomImage
from studioctl.infrastructure.block import Module, Ref, Resource, literal
from studioctl.infrastructure.iam import Iam
from studioctl.infrastructure.naming import Naming, label

# The domain must stop naming an image before the image is deleted. With this setting Terraform creates a replacement
# first, and also orders a plain removal that way.
LAST = {"create_before_destroy": True}
# The programs that start them in AWS's images, and the arguments of Terraform's:
# https://github.com/aws/sagemaker-distribution, https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-byoi.html
ENTRYPOINTS: Mapping[App, str] = {CODE_EDITOR: "entrypoint-code-editor", JUPYTERLAB: "entrypoint-jupyter-server"}
CONFIGS: Mapping[App, str] = {
    CODE_EDITOR: "code_editor_app_image_config",
    JUPYTERLAB: "jupyter_lab_image_config",
}


@dataclass(frozen=True)
class CustomImages:
    """The images' blocks, and by app `custom_image` of the settings that offer them."""

    module: Module
    offered: Mapping[App, tuple[dict[str, Any], ...]]


def build(images: Sequence[CustomImage], *, repository_url: Ref, iam: Iam, naming: Naming) -> CustomImages:
    """Build SageMaker's images for these images of the repository.

    Each container image becomes a separate SageMaker image with one version, named by its digest. Versions of one
    image could not be replaced, because the provider only looks at the newest and AWS keeps a version in use.
    """
    purpose = "Images of the repository that apps offer besides AWS's own."
    built = [_image(image, repository_url, iam, naming) for image in images]
    return CustomImages(
        module=Module("custom_images", purpose, tuple(block for blocks, _ in built for block in blocks)),
        offered={app: tuple(offered[app] for _, offered in built if app in offered) for app in ENTRYPOINTS},
    )


def _image(
    image: CustomImage, repository_url: Ref, iam: Iam, naming: Naming
) -> tuple[tuple[Resource, ...], dict[App, dict[str, Any]]]:
    name = naming.custom_image(image.digest)
    made = Resource(
        "aws_sagemaker_image",
        label(image.name),
        {
            "image_name": name,
            "display_name": image.name,
            "role_arn": iam.role_arn,
            # SageMaker pulls the image with this role.
            "depends_on": [attachment.address for attachment in iam.attachments],
            "lifecycle": LAST,
        },
    )
    version = Resource(
        "aws_sagemaker_image_version",
        label(image.name),
        {
            "image_name": made.ref("image_name"),
            "base_image": f"{repository_url}@{image.digest}",
            "lifecycle": LAST,
        },
    )
    configs = {app: _config(image, app, name) for app in ENTRYPOINTS if app in image.apps}
    offered = {
        app: {
            "app_image_config_name": config.ref("app_image_config_name"),
            "image_name": version.ref("image_name"),
            "image_version_number": version.ref("version"),
        }
        for app, config in configs.items()
    }
    return (made, version, *configs.values()), offered


def _config(image: CustomImage, app: App, name: str) -> Resource:
    """The settings with which an app runs the image. AWS has one of these for each app."""
    container = {"container_entrypoint": [literal(image.entrypoint or ENTRYPOINTS[app])]}
    is_first = app == CODE_EDITOR  # which had none beside it once
    return Resource(
        "aws_sagemaker_app_image_config",
        label(image.name) if is_first else f"{label(image.name)}_{app}",
        {
            "app_image_config_name": name if is_first else f"{name}-{app}",
            CONFIGS[app]: {"container_config": container},
            "lifecycle": LAST,
        },
    )
