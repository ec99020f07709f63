"""The domain, a profile per user, their private Code Editor spaces, and the lifecycle configurations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from studioctl.config.checks import LONGEST_IDLE, NEVER, SHORTEST_IDLE
from studioctl.config.model import EnvironmentConfig, Studio
from studioctl.config.users import ResolvedSpace, User
from studioctl.infrastructure import studio_api
from studioctl.infrastructure.block import Module, Output, Ref, Resource
from studioctl.infrastructure.editor_scripts import EditorScripts
from studioctl.infrastructure.iam import Iam
from studioctl.infrastructure.kms import Kms
from studioctl.infrastructure.naming import Naming, label
from studioctl.infrastructure.security_groups import SecurityGroups
from studioctl.infrastructure.vpc import Vpc

# Provider 5.100 would replace the domain, and with it everybody's work, for these. AWS changes a domain's subnets in
# place (UpdateDomain), so `studioctl up` does; the retention policy is an argument of DeleteDomain, not of a domain.
NEVER_REPLACING = ("subnet_ids", "retention_policy")
# Beside the documents, where people can read it.
SCRIPT_FILE = "lifecycle_scripts/setup_code_editor.sh"
USER_SCRIPT_FILE = "lifecycle_scripts/setup_code_editor_{user}.sh"


@dataclass(frozen=True)
class SageMaker:
    """Studio's blocks, and the files that they refer to."""

    module: Module
    files: dict[str, str]


def build(
    config: EnvironmentConfig,
    *,
    vpc: Vpc,
    groups: SecurityGroups,
    iam: Iam,
    kms: Kms,
    scripts: EditorScripts,
    custom_images: Sequence[dict[str, Any]],
    naming: Naming,
) -> SageMaker:
    """Everything of SageMaker, on the network and role that are given."""
    editor = _lifecycle_config("editor", naming.lifecycle_config(scripts.domain.digest), SCRIPT_FILE)
    own = {
        user: _lifecycle_config(
            f"editor_{label(user)}",
            naming.user_lifecycle_config(user, script.digest),
            USER_SCRIPT_FILE.format(user=user),
        )
        for user, script in scripts.users.items()
    }
    settings = _user_settings(config.studio, [groups.studio_id], iam.role_arn, editor, custom_images)
    domain = _domain(config, settings, vpc, groups, iam, kms, naming)
    profiles = {
        user.name: _profile(
            user,
            domain,
            _user_settings(
                config.studio,
                groups.of(user.name),
                iam.role_of(user.name),
                own.get(user.name, editor),
                custom_images,
            ),
        )
        for user in config.users
    }
    spaces = tuple(
        _space(space, domain, profiles[space.owner], own.get(space.owner, editor), config.studio)
        for space in config.resolved_spaces()
    )
    outputs = (
        Output("domain_id", domain.ref("id"), "Id of the SageMaker domain."),
        Output("domain_url", domain.ref("url"), "Where the domain's Studio is."),
        Output("user_profiles", {n: p.ref("arn") for n, p in profiles.items()}, "ARN of each user profile."),
        Output("spaces", {s.arguments["space_name"]: s.ref("arn") for s in spaces}, "ARN of each space."),
    )
    purpose = "Studio itself: the domain, a profile per user, their Code Editor spaces, the lifecycle scripts."
    module = Module("sagemaker", purpose, (editor, *own.values(), domain, *profiles.values(), *spaces, *outputs))
    files = {USER_SCRIPT_FILE.format(user=user): script.text for user, script in scripts.users.items()}
    return SageMaker(module=module, files={SCRIPT_FILE: scripts.domain.text, **files})


def _lifecycle_config(its_label: str, name: str, file: str) -> Resource:
    return Resource(
        "aws_sagemaker_studio_lifecycle_config",
        its_label,
        {
            "studio_lifecycle_config_name": name,
            "studio_lifecycle_config_app_type": "CodeEditor",
            "studio_lifecycle_config_content": Ref(f'filebase64("${{path.module}}/{file}")'),
            "lifecycle": {"create_before_destroy": True},
        },
        why="It cannot be changed nor, while in use, deleted: a new script gets a new name, and the old one goes last.",
    )


def _user_settings(
    studio: Studio, groups: Sequence[Ref], role_arn: Ref, editor: Resource, custom_images: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The settings that the domain offers as defaults and each profile states again."""
    idle = {
        "lifecycle_management": "DISABLED" if studio.idle_timeout_minutes == NEVER else "ENABLED",
        "idle_timeout_in_minutes": _idle_minutes(studio),
        # The API's own bounds; stated because AWS fills them in and a plan would never be empty otherwise.
        "min_idle_timeout_in_minutes": SHORTEST_IDLE,
        "max_idle_timeout_in_minutes": LONGEST_IDLE,
    }
    code_editor = {
        # Listed means allowed; only the default resource spec selects it.
        "lifecycle_config_arns": [editor.ref("arn")],
        "default_resource_spec": {
            "instance_type": studio.instance_type,
            "lifecycle_config_arn": editor.ref("arn"),
        },
        "app_lifecycle_management": {"idle_settings": idle},
        "custom_image": list(custom_images),
    }
    ebs = {
        "default_ebs_volume_size_in_gb": studio.volume_gb,
        "maximum_ebs_volume_size_in_gb": studio.max_volume_gb,
    }
    return {
        "execution_role": role_arn,
        "security_groups": list(groups),
        "auto_mount_home_efs": "Enabled",
        "default_landing_uri": "studio::",
        "studio_web_portal": "ENABLED",
        "code_editor_app_settings": code_editor,
        "space_storage_settings": {"default_ebs_storage_settings": ebs},
    }


def _domain(
    config: EnvironmentConfig,
    settings: dict[str, Any],
    vpc: Vpc,
    groups: SecurityGroups,
    iam: Iam,
    kms: Kms,
    naming: Naming,
) -> Resource:
    settings_path = "default_user_settings[0].code_editor_app_settings[0]"
    # The subnets of a VPC that exists already stand in the file: `up` refuses others, with the file's line.
    ignored = [key for key in NEVER_REPLACING if key != studio_api.SUBNETS or config.network.vpc is None]
    return Resource(
        studio_api.DOMAIN,
        "studio",
        {
            "domain_name": naming.domain,
            "auth_mode": "IAM",
            "app_network_access_type": "VpcOnly" if config.network.is_closed else "PublicInternetOnly",
            "vpc_id": vpc.vpc_id,
            "subnet_ids": list(vpc.subnet_ids),
            "default_user_settings": settings,
            "domain_settings": {
                "docker_settings": _docker(config.studio),
                **({"security_group_ids": [groups.studio_id]} if config.studio.domain_security_group else {}),
                # Who it was, in CloudTrail: https://docs.aws.amazon.com/sagemaker/latest/dg/monitor-user-access.html
                # Always said, because the provider does not take back what it is no longer told.
                "execution_role_identity_config": "USER_PROFILE_NAME" if config.iam.per_user_roles else "DISABLED",
            },
            "tag_propagation": "DISABLED",
            # The home file system's and the volumes'.
            **({"kms_key_id": kms.key_arn} if kms.key_arn else {}),
            "retention_policy": {"home_efs_file_system": "Retain"},
            # Users lose the role's permissions last: what they run must stop before.
            "depends_on": [attachment.address for attachment in iam.attachments],
            "lifecycle": {"ignore_changes": [*_image_of(settings_path), *ignored]},
        },
        why="The home file system is kept unless the user says otherwise: see `studioctl down --help`.",
        by_api=(*studio_api.DOMAIN_BY_API, *(key for key in ignored if key == studio_api.SUBNETS)),
        api_alone=_by_api_alone(config.studio),
    )


def _by_api_alone(studio: Studio) -> dict[str, Any]:
    """For rootless Docker and the name of sessions no provider has an argument (catalog/provider.py).

    It has one for the apps that are hidden, and does not take back what it is no longer told.
    """
    pages: dict[str, Any] = {}
    if studio.hidden_apps is not None:
        pages["hidden_app_types"] = list(studio.hidden_apps)
    if studio.session_names is not None:
        pages["execution_role_session_name_mode"] = "USER_IDENTITY" if studio.session_names == "user" else "STATIC"
    return {
        "domain_settings": {"docker_settings": {"rootless_docker": _enabled(studio.rootless_docker)}},
        **({"default_user_settings": {"studio_web_portal_settings": pages}} if pages else {}),
    }


def _idle_minutes(studio: Studio) -> int:
    """For "never" the longest there is: AWS keeps a number that it is no longer told, and an app would go by it."""
    minutes = studio.idle_timeout_minutes
    return LONGEST_IDLE if isinstance(minutes, str) else minutes


def _docker(studio: Studio) -> dict[str, Any]:
    trusted = list(studio.trusted_accounts)
    return {"enable_docker_access": _enabled(studio.docker), "vpc_only_trusted_accounts": trusted}


def _profile(user: User, domain: Resource, settings: dict[str, Any]) -> Resource:
    return Resource(
        "aws_sagemaker_user_profile",
        label(user.name),
        {
            "domain_id": domain.ref("id"),
            "user_profile_name": user.name,
            "user_settings": settings,
            "lifecycle": {"ignore_changes": _image_of("user_settings[0].code_editor_app_settings[0]")},
        },
    )


def _space(space: ResolvedSpace, domain: Resource, owner: Resource, editor: Resource, studio: Studio) -> Resource:
    code_editor = {
        "default_resource_spec": {
            "instance_type": space.instance_type,
            "lifecycle_config_arn": editor.ref("arn"),
        },
        "app_lifecycle_management": {"idle_settings": {"idle_timeout_in_minutes": _idle_minutes(studio)}},
    }
    return Resource(
        studio_api.SPACE,
        label(space.name),
        {
            "domain_id": domain.ref("id"),
            "space_name": space.name,
            "ownership_settings": {"owner_user_profile_name": owner.ref("user_profile_name")},
            "space_sharing_settings": {"sharing_type": "Private"},
            "space_settings": {
                "app_type": "CodeEditor",
                "code_editor_app_settings": code_editor,
                "space_storage_settings": {"ebs_storage_settings": {"ebs_volume_size_in_gb": space.volume_gb}},
            },
            # Studio's own pages tag the spaces that they make; the policy on remote sessions goes by this tag.
            # https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access-remote-setup.html
            "tags": {"sagemaker:user-profile-arn": owner.ref("arn")},
            "lifecycle": {"ignore_changes": _image_of("space_settings[0].code_editor_app_settings[0]")},
        },
        by_api=studio_api.SPACE_BY_API,
    )


def _image_of(code_editor_settings: str) -> list[str]:
    # AWS fills in the current image; following its answer would make every plan show a change
    # (hashicorp/terraform-provider-aws#39894).
    spec = f"{code_editor_settings}.default_resource_spec[0]"
    return [f"{spec}.sagemaker_image_arn", f"{spec}.sagemaker_image_version_alias"]


def _enabled(value: bool) -> str:
    return "ENABLED" if value else "DISABLED"
