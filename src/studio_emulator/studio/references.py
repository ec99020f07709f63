"""Checks of resources that a request names but does not create: roles, networks and lifecycle scripts must exist.

AWS answers ValidationException; all texts here are assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from moto.ec2.models import ec2_backends
from moto.efs.models import efs_backends
from moto.iam.models import iam_backends

from studio_emulator.studio.exceptions import ValidationException
from studio_emulator.studio.resource import Settings

if TYPE_CHECKING:
    from studio_emulator.studio.store import StudioStore


OF_APP = "AppSettings"
EFS = "EFSFileSystemConfig"


def check_network(store: StudioStore, vpc_id: str, subnet_ids: list[str]) -> None:
    """The VPC exists and all subnets are in it."""
    ec2 = ec2_backends[store.account_id][store.region_name]
    if vpc_id not in ec2.vpcs:
        raise ValidationException(f"The vpc ID '{vpc_id}' does not exist")
    subnets = {subnet_id: subnet for zone in ec2.subnets.values() for subnet_id, subnet in zone.items()}
    for subnet_id in subnet_ids:
        if subnet_id not in subnets:
            raise ValidationException(f"The subnet ID '{subnet_id}' does not exist")
        if subnets[subnet_id].vpc_id != vpc_id:
            raise ValidationException(f"The subnet ID '{subnet_id}' is not in the vpc '{vpc_id}'")


def check_closed(store: StudioStore, access: str, user_settings: Settings) -> None:
    """Refuse apps without security groups in a VpcOnly domain: API reference, UserSettings. A setting."""
    if store.settings.closed_domains_need_groups and access == "VpcOnly" and not user_settings.get("SecurityGroups"):
        raise ValidationException("SecurityGroups are required when AppNetworkAccessType is VpcOnly")


def check_docker(store: StudioStore, domain_settings: Settings) -> None:
    """Rootless Docker is Docker: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-local-get-started.html.

    A setting: whether AWS refuses the one without the other is not said. The text is assumed.
    """
    docker = domain_settings.get("DockerSettings", {})
    is_lost = docker.get("RootlessDocker") == "ENABLED" and docker.get("EnableDockerAccess") != "ENABLED"
    if store.settings.rootless_docker_needs_docker and is_lost:
        raise ValidationException("RootlessDocker cannot be ENABLED when EnableDockerAccess is not ENABLED")


def check_security_groups(store: StudioStore, group_ids: list[str] | None) -> None:
    """The groups exist. AWS takes those of another VPC, too: hashicorp/terraform-provider-aws#34729."""
    ec2 = ec2_backends[store.account_id][store.region_name]
    for group_id in group_ids or []:
        if ec2.get_security_group_from_id(group_id) is None:
            raise ValidationException(f"The security group '{group_id}' does not exist")


def check_user_settings(store: StudioStore, settings: Settings) -> None:
    """The role, security groups, images and scripts that user or space settings name exist."""
    if role := settings.get("ExecutionRole"):
        check_role(store, role)
    check_custom_images(store, settings)
    check_file_systems(store, file_systems_in(settings))
    check_security_groups(store, settings.get("SecurityGroups"))
    for key in (key for key in settings if key.endswith(OF_APP)):
        app_settings, app_type = settings[key], key.removesuffix(OF_APP)
        listed = app_settings.get("LifecycleConfigArns", [])
        for arn in (*listed, app_settings.get("BuiltInLifecycleConfigArn", "None")):
            check_lifecycle_config(store, arn, app_type)
        default = app_settings.get("DefaultResourceSpec", {}).get("LifecycleConfigArn")
        if default not in {None, "None", *listed}:
            raise ValidationException(f"The default LifecycleConfigArn '{default}' is not in LifecycleConfigArns")


def file_systems_in(settings: Settings) -> dict[str, str]:
    """The file systems of EFS that user settings let spaces mount: the directory of each, by its id."""
    configs = (each["EFSFileSystemConfig"] for each in settings.get("CustomFileSystemConfigs", []) if EFS in each)
    return {each["FileSystemId"]: each.get("FileSystemPath", "/") for each in configs}


def check_file_systems(store: StudioStore, ids: Iterable[str]) -> None:
    """Refuse file systems that do not exist."""
    known = efs_backends[store.account_id][store.region_name].file_systems_by_id
    for its_id in ids:
        if its_id not in known:
            raise ValidationException(f"The file system '{its_id}' does not exist")


def check_mount(store: StudioStore, settings: Settings, *, has_homes: bool) -> None:
    """Only a home file system that is there can be mounted: whether AWS asks is not known, and its text is assumed."""
    if store.settings.mounts_need_homes and not has_homes and settings.get("AutoMountHomeEFS") == "Enabled":
        raise ValidationException("AutoMountHomeEFS cannot be Enabled: the domain has no home EFS file system.")


def check_training_plan(store: StudioStore, app_type: str, spec: Settings) -> None:
    """A plan of this account and region, for the two apps that AWS names (API reference, ResourceSpec).

    No plan can be bought here, so every name is taken for one that was. The texts are assumed.
    """
    arn = spec.get("TrainingPlanArn")
    if arn is None:
        return
    if app_type not in {"CodeEditor", "JupyterLab"}:
        raise ValidationException(f"TrainingPlanArn is not supported for an App of type {app_type}")
    if not arn.startswith(store.studio_arn("training-plan/")):
        raise ValidationException(f"The training plan '{arn}' does not exist")


def without_detached_defaults(store: StudioStore, settings: Settings, change: Settings) -> Settings:
    """Settings after a change in which an empty list detaches all scripts: that the default goes, too, is assumed."""
    if not store.settings.detach_default_script:
        return settings
    left = dict(settings)
    for key, changed in change.items():
        spec = left.get(key, {}).get("DefaultResourceSpec", {}) if key.endswith("AppSettings") else {}
        names_one = "LifecycleConfigArn" in changed.get("DefaultResourceSpec", {}) if spec else True
        if not names_one and changed.get("LifecycleConfigArns") == []:
            spec = {name: value for name, value in spec.items() if name != "LifecycleConfigArn"}
            left[key] = left[key] | {"DefaultResourceSpec": spec}
    return left


def check_role(store: StudioStore, arn: str) -> None:
    """The role exists."""
    if all(known.arn != arn for known in iam_backends[store.account_id][store.partition].roles.values()):
        raise ValidationException(f"The role '{arn}' does not exist")


def check_custom_images(store: StudioStore, settings: Settings) -> None:
    """The images that user or space settings offer exist, with a version that can be run and a configuration."""
    for custom in custom_images_of(settings):
        name = custom["ImageName"]
        image = store.images.get(name)
        versions = {number: v.status for number, v in image.versions.items()} if image else {}
        number = custom.get("ImageVersionNumber") or max(versions, default=0)  # 0 is the newest, too
        if versions.get(number) != "CREATED":
            raise ValidationException(f"The image '{name}' does not exist, or has no version that is CREATED")
        if custom["AppImageConfigName"] not in store.app_image_configs:
            raise ValidationException(f"The app image config '{custom['AppImageConfigName']}' does not exist")


def custom_images_of(settings: Settings) -> Iterator[Settings]:
    """The custom images that user or space settings offer, for any type of app."""
    for app_settings in (value for key, value in settings.items() if key.endswith("AppSettings")):
        yield from app_settings.get("CustomImages", [])


def check_lifecycle_config(store: StudioStore, arn: str, app_type: str) -> None:
    """The script exists, and is for apps of this type."""
    if arn == "None":
        return
    config = next((config for config in store.lifecycle_configs.values() if config.arn == arn), None)
    if config is None:
        raise ValidationException(f"The lifecycle configuration '{arn}' does not exist")
    if config.app_type != app_type and store.settings.scripts_are_of_one_app:
        raise ValidationException(f"The lifecycle configuration '{arn}' is for {config.app_type}, not for {app_type}")


def check_space_defaults(settings: Settings) -> None:
    """Refuse code repositories in the defaults of shared spaces.

    AWS's text is from hashicorp/terraform-provider-aws#36089, seen for JupyterServer; the code is assumed.
    """
    for key, app_settings in settings.items():
        if key.endswith("AppSettings") and "CodeRepositories" in app_settings:
            raise ValidationException(f"Unknown parameter CodeRepositories in {key} for DefaultSpaceSettings.")


def lifecycle_configs_named_in(settings: Settings) -> Iterator[str]:
    """The ARNs of all scripts that user or space settings name."""
    for app_settings in (value for key, value in settings.items() if key.endswith("AppSettings")):
        yield from app_settings.get("LifecycleConfigArns", [])
        if built_in := app_settings.get("BuiltInLifecycleConfigArn"):
            yield built_in
        if default := app_settings.get("DefaultResourceSpec", {}).get("LifecycleConfigArn"):
            yield default
