"""A case for every argument of Studio's resources in Terraform's provider: made, and then updated in place.

Written from SageMaker's API model and the provider's documentation. An argument without a case has its reason here, and
so has one that no update can change.
"""

import base64
from collections.abc import Mapping
from typing import Any

from tests.contract.studio_settings import (
    Block,
    analyst,
    custom_image,
    on_system,
    repositories,
    scripts,
    space_settings,
    spec,
    strange,
    user_settings,
)

Cases = Mapping[str, Mapping[str, Block]]
"""By type and name: the arguments of a resource."""

FULL = "${aws_sagemaker_domain.full.id}"
KINDS = {"editor": "CodeEditor", "lab": "JupyterLab", "server": "JupyterServer", "kernel": "KernelGateway"}


WITHOUT_A_CASE = {
    "aws_sagemaker_domain.default_space_settings.jupyter_lab_app_settings.code_repository": (
        "AWS refuses repositories in the defaults of shared spaces: hashicorp/terraform-provider-aws#36089"
    ),
    "aws_sagemaker_domain.default_space_settings.jupyter_server_app_settings.code_repository": "The same.",
    "aws_sagemaker_domain.default_user_settings.r_session_app_settings.default_resource_spec.lifecycle_config_arn": (
        "No lifecycle configuration is for RSession: API reference, StudioLifecycleConfigAppType"
    ),
    "aws_sagemaker_domain.default_user_settings.tensor_board_app_settings.default_resource_spec.lifecycle_config_arn": (
        "Nor for TensorBoard."
    ),
    "aws_sagemaker_domain.domain_settings.r_studio_server_pro_domain_settings.default_resource_spec"
    ".lifecycle_config_arn": "Nor for RStudio.",
    "aws_sagemaker_user_profile.user_settings.r_session_app_settings.default_resource_spec.lifecycle_config_arn": (
        "As in the domain."
    ),
    "aws_sagemaker_user_profile.user_settings.tensor_board_app_settings.default_resource_spec.lifecycle_config_arn": (
        "As in the domain."
    ),
    "aws_sagemaker_domain.default_user_settings.canvas_app_settings.model_register_settings"
    ".cross_account_model_register_role_arn": "Provider 5.100 never sends it: every later plan would show it.",
    "aws_sagemaker_user_profile.user_settings.canvas_app_settings.model_register_settings"
    ".cross_account_model_register_role_arn": "As in the domain.",
}
"""Arguments, or blocks of them, that AWS would not take."""

NEVER_UPDATED = {
    "aws_sagemaker_studio_lifecycle_config.studio_lifecycle_config_name": "A name.",
    "aws_sagemaker_studio_lifecycle_config.studio_lifecycle_config_app_type": "The API has no update of scripts.",
    "aws_sagemaker_studio_lifecycle_config.studio_lifecycle_config_content": "The API has no update of scripts.",
    "aws_sagemaker_image.image_name": "A name: it replaces the image.",
    "aws_sagemaker_image.role_arn": "The provider replaces the image, though UpdateImage has it.",
    "aws_sagemaker_image_version.image_name": "A name.",
    "aws_sagemaker_image_version.base_image": "UpdateImageVersion has no such member: it replaces the version.",
    "aws_sagemaker_app_image_config.app_image_config_name": "A name.",
    "aws_sagemaker_domain.domain_name": "A name.",
    "aws_sagemaker_domain.auth_mode": "UpdateDomain has no such member.",
    "aws_sagemaker_domain.kms_key_id": "UpdateDomain has no such member.",
    "aws_sagemaker_domain.vpc_id": "The provider replaces the domain.",
    "aws_sagemaker_domain.subnet_ids": "The provider replaces the domain.",
    "aws_sagemaker_domain.domain_settings.security_group_ids": "The provider replaces the domain.",
    "aws_sagemaker_domain.app_security_group_management": "RStudio takes `Service` alone: API reference, CreateDomain.",
    "aws_sagemaker_domain.domain_settings.docker_settings.vpc_only_trusted_accounts": (
        "It is for closed domains, which the provider cannot update: hashicorp/terraform-provider-aws#45528"
    ),
    "aws_sagemaker_domain.domain_settings.r_studio_server_pro_domain_settings.default_resource_spec.instance_type": (
        "RStudio runs on `system` alone."
    ),
    "aws_sagemaker_domain.default_space_settings.jupyter_server_app_settings.default_resource_spec.instance_type": (
        "JupyterServer runs on `system` alone."
    ),
    "aws_sagemaker_domain.default_user_settings.jupyter_server_app_settings.default_resource_spec.instance_type": (
        "JupyterServer runs on `system` alone."
    ),
    "aws_sagemaker_user_profile.user_settings.jupyter_server_app_settings.default_resource_spec.instance_type": (
        "JupyterServer runs on `system` alone."
    ),
    "aws_sagemaker_user_profile.domain_id": "Where the profile is.",
    "aws_sagemaker_user_profile.user_profile_name": "A name.",
    "aws_sagemaker_user_profile.single_sign_on_user_identifier": "UpdateUserProfile has no such member.",
    "aws_sagemaker_user_profile.single_sign_on_user_value": "UpdateUserProfile has no such member.",
    "aws_sagemaker_space.domain_id": "Where the space is.",
    "aws_sagemaker_space.space_name": "A name.",
    "aws_sagemaker_space.ownership_settings": "UpdateSpace has no such member, and the provider sends nothing.",
    "aws_sagemaker_space.space_sharing_settings": "UpdateSpace has no such member, and the provider sends nothing.",
    "aws_sagemaker_space.space_settings.app_type": "AWS refuses it: hashicorp/terraform-provider-aws#38370",
    "aws_sagemaker_space.space_settings.jupyter_server_app_settings.default_resource_spec.instance_type": (
        "JupyterServer runs on `system` alone."
    ),
    "aws_sagemaker_app.app_name": "A name.",
    "aws_sagemaker_app.app_type": "The API has no update of apps: it replaces the app.",
    "aws_sagemaker_app.domain_id": "Where the app is.",
    "aws_sagemaker_app.space_name": "Where the app is.",
    "aws_sagemaker_app.user_profile_name": "Where the app is.",
    "aws_sagemaker_app.resource_spec": "The API has no update of apps, and the provider sends nothing.",
}
"""Arguments, or blocks of them, that no update changes in place."""


def cases(step: int) -> Cases:
    """Every resource of Studio's, as it is made (0) or after its update (1)."""
    return {
        "aws_sagemaker_studio_lifecycle_config": _scripts(step),
        "aws_sagemaker_image": _images(step),
        "aws_sagemaker_image_version": _versions(step),
        "aws_sagemaker_app_image_config": _configs(step),
        "aws_sagemaker_domain": _domains(step),
        "aws_sagemaker_user_profile": _profiles(step),
        "aws_sagemaker_space": _spaces(step),
        "aws_sagemaker_app": _apps(step),
    }


def _tags(step: int) -> Block:
    """One that changes, one that goes, one that comes."""
    return {"team": ("vision", "speech")[step], ("old", "new")[step]: "yes"}


def _scripts(step: int) -> dict[str, Block]:
    return {
        f"{kind}_{number}": {
            "studio_lifecycle_config_name": f"{kind}-{number}",
            "studio_lifecycle_config_app_type": app_type,
            "studio_lifecycle_config_content": base64.b64encode(b"#!/bin/bash\n").decode(),
            "tags": _tags(step),
        }
        for kind, app_type in KINDS.items()
        for number in (0, 1)
    }


def _images(step: int) -> dict[str, Block]:
    images: dict[str, Block] = {
        name: {
            "image_name": name,
            "role_arn": "${aws_iam_role.first.arn}",
            "description": ("for vision", "for speech")[step],
            "display_name": ("Vision", "Speech")[step],
            "tags": _tags(step),
        }
        for name in ("first", "second")
    }
    if step:  # the other one loses what it may be without
        for argument in ("description", "display_name", "tags"):
            del images["second"][argument]
    return images


def _versions(step: int) -> dict[str, Block]:
    return {
        name: {
            "image_name": f"${{aws_sagemaker_image.{name}.id}}",
            "base_image": "public.ecr.aws/acme/base:1",
            "horovod": (False, True)[step],
            "job_type": ("TRAINING", "NOTEBOOK_KERNEL")[step],
            "ml_framework": ("PyTorch 2.1", "PyTorch 2.2")[step],
            "processor": ("CPU", "GPU")[step],
            "programming_lang": ("Python 3.11", "Python 3.12")[step],
            "release_notes": ("first", "second")[step],
            "vendor_guidance": ("STABLE", "TO_BE_ARCHIVED")[step],
        }
        for name in ("first", "second")
    }


def _configs(step: int) -> dict[str, Block]:
    files: Block = {"default_uid": (1000, 0)[step], "default_gid": (100, 0)[step]}
    files |= {"mount_path": ("/home/sagemaker-user", "/root")[step]}
    container = {
        "container_arguments": ["--port", ("8888", "9999")[step]],
        "container_entrypoint": [("entrypoint-code-editor", "entrypoint-other")[step]],
        "container_environment_variables": {"STAGE": ("test", "live")[step]},
    }
    kernel: list[Block] = [{"name": ("python3", "python4")[step], "display_name": ("Python 3", "Python 4")[step]}]
    kernel += [{"name": "julia"}] if step else []
    return {
        "plain": {"app_image_config_name": "plain"},
        "editor": {
            "app_image_config_name": "editor",
            "code_editor_app_image_config": {"container_config": container, "file_system_config": files},
            "tags": _tags(step),
        },
        "lab": {
            "app_image_config_name": "lab",
            "jupyter_lab_image_config": {"container_config": container, "file_system_config": files},
        },
        "kernel": {
            "app_image_config_name": "kernel",
            "kernel_gateway_image_config": {"kernel_spec": kernel, "file_system_config": files},
        },
    }


def _domains(step: int) -> dict[str, Block]:
    def domain(name: str, **more: Any) -> Block:
        return {
            "domain_name": name,
            "auth_mode": "IAM",
            "vpc_id": "${aws_vpc.world.id}",
            "subnet_ids": ["${aws_subnet.world.id}"],
            "default_user_settings": {"execution_role": "${aws_iam_role.first.arn}"},
            "retention_policy": {"home_efs_file_system": "Delete"},
            **more,
        }

    grown: Block = {
        "default_space_settings": {"execution_role": "${aws_iam_role.first.arn}"},
        "domain_settings": {"docker_settings": {"enable_docker_access": "ENABLED"}},
        "tags": _tags(step),
    }
    return {
        "full": domain(
            "full",
            kms_key_id="${aws_kms_key.first.key_id}",
            tag_propagation=("DISABLED", "ENABLED")[step],
            default_user_settings=user_settings(step),
            default_space_settings=space_settings(step),
            domain_settings={
                "security_group_ids": ["${aws_security_group.first.id}"],
                "docker_settings": {"enable_docker_access": ("DISABLED", "ENABLED")[step]},
            },
            tags=_tags(step),
        ),
        "plain": domain("plain", **(grown if step else {})),  # gets whole blocks
        "opened": domain(  # and without apps, which stand in the way of both of these changes
            "opened",
            app_network_access_type=("VpcOnly", "PublicInternetOnly")[step],
            domain_settings={"execution_role_identity_config": ("DISABLED", "USER_PROFILE_NAME")[step]},
        ),
        "closed": domain(
            "closed",
            app_network_access_type="VpcOnly",
            domain_settings={
                "docker_settings": {"enable_docker_access": "ENABLED", "vpc_only_trusted_accounts": ["210987654321"]}
            },
        ),
        "rstudio": domain(
            "rstudio",
            app_security_group_management="Service",
            default_user_settings=analyst(step),
            domain_settings={
                "r_studio_server_pro_domain_settings": {
                    "domain_execution_role_arn": f"${{aws_iam_role.{('first', 'second')[step]}.arn}}",
                    "r_studio_connect_url": f"https://connect.acme.test/{step}",
                    "r_studio_package_manager_url": f"https://packages.acme.test/{step}",
                    "default_resource_spec": on_system(step),
                }
            },
        ),
        "sso": domain("sso", auth_mode="SSO", retention_policy={"home_efs_file_system": ("Retain", "Delete")[step]}),
    }


def _profiles(step: int) -> dict[str, Block]:
    return {
        "full": {
            "domain_id": FULL,
            "user_profile_name": "full",
            "user_settings": user_settings(step),
            "tags": _tags(step),
        },
        "plain": {"domain_id": FULL, "user_profile_name": "plain"}
        | ({"user_settings": {"execution_role": "${aws_iam_role.second.arn}"}} if step else {}),
        "analyst": {
            "domain_id": FULL,
            "user_profile_name": "analyst",
            "user_settings": {**analyst(step), **strange(step)},
        },
        "sso": {
            "domain_id": "${aws_sagemaker_domain.sso.id}",
            "user_profile_name": "sso",
            "single_sign_on_user_identifier": "UserName",
            "single_sign_on_user_value": "ada@acme.test",
        },
    }


def _spaces(step: int) -> dict[str, Block]:
    owned = {
        "ownership_settings": {"owner_user_profile_name": "${aws_sagemaker_user_profile.full.user_profile_name}"},
        "space_sharing_settings": {"sharing_type": "Private"},
    }
    idle = {"idle_settings": {"idle_timeout_in_minutes": (60, 90)[step]}}
    disk = {"ebs_storage_settings": {"ebs_volume_size_in_gb": (10, 20)[step]}}
    settings: dict[str, Block] = {
        "editor": {
            "app_type": "CodeEditor",
            "code_editor_app_settings": {
                "app_lifecycle_management": idle,
                "default_resource_spec": spec(step, "editor"),
            },
            "space_storage_settings": disk,
        },
        "lab": {
            "app_type": "JupyterLab",
            "jupyter_lab_app_settings": {
                "app_lifecycle_management": idle,
                "code_repository": repositories(step),
                "default_resource_spec": spec(step, "lab"),
            },
            "custom_file_system": {
                "efs_file_system": {
                    "file_system_id": f"${{aws_efs_mount_target.{('first', 'second')[step]}.file_system_id}}"
                }
            },
        },
        "untyped": {"code_editor_app_settings": {"default_resource_spec": {"instance_type": "ml.t3.medium"}}},
        "sized": {"app_type": "CodeEditor", "space_storage_settings": disk},
    }
    spaces: dict[str, Block] = {
        name: {"domain_id": FULL, "space_name": name, "space_settings": chosen, **owned}
        for name, chosen in settings.items()
    }
    spaces["editor"] |= {"space_display_name": ("Ada's", "Ada's editor")[step], "tags": _tags(step)}
    spaces["plain"] = {"domain_id": FULL, "space_name": "plain"} | ({"space_display_name": "Plain"} if step else {})
    spaces["strange"] = {"domain_id": FULL, "space_name": "strange", "space_settings": strange(step)}
    spaces["shared"] = {
        "domain_id": FULL,
        "space_name": "shared",
        "space_settings": {
            "jupyter_server_app_settings": {
                "code_repository": repositories(step),
                "default_resource_spec": on_system(step, "server"),
                "lifecycle_config_arns": scripts("server", step),
            },
            "kernel_gateway_app_settings": {
                "custom_image": custom_image(step),
                "default_resource_spec": spec(step, "kernel"),
                "lifecycle_config_arns": scripts("kernel", step),
            },
        },
    }
    return spaces


def _apps(step: int) -> dict[str, Block]:
    profile = {"domain_id": FULL, "user_profile_name": "${aws_sagemaker_user_profile.full.user_profile_name}"}
    return {
        "server": {
            "domain_id": FULL,
            "user_profile_name": "${aws_sagemaker_user_profile.plain.user_profile_name}",
            "app_type": "JupyterServer",
            "app_name": "default",
            "tags": _tags(step),
        },
        "kernel": {**profile, "app_type": "KernelGateway", "app_name": "kernel", "resource_spec": spec(0, "kernel")},
        "editor": {
            "domain_id": FULL,
            "space_name": "${aws_sagemaker_space.editor.space_name}",
            "app_type": "CodeEditor",
            "app_name": "default",
            "tags": _tags(step),
        },
    }
