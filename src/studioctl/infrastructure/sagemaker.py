"""The domain, a profile per user, their private spaces, and the lifecycle configurations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studioctl.catalog import images
from studioctl.catalog.kinds import DOMAIN, PROFILE, SPACE
from studioctl.config import people_limits
from studioctl.config.apps import CODE_EDITOR, JUPYTERLAB, TYPES, App
from studioctl.config.aws_tables import INSTANCE_TYPES
from studioctl.config.checks import LONGEST_IDLE, NEVER, SHORTEST_IDLE
from studioctl.config.file_systems import FileSystem, Posix
from studioctl.config.limits import Limits
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
# Terraform's label of an app's lifecycle configuration, the block of its settings, and its script beside the
# documents, where people can read it.
LABELS: Mapping[App, str] = {CODE_EDITOR: "editor", JUPYTERLAB: "lab"}
SETTINGS: Mapping[App, str] = {CODE_EDITOR: "code_editor_app_settings", JUPYTERLAB: "jupyter_lab_app_settings"}
SCRIPT_FILES: Mapping[App, str] = {
    CODE_EDITOR: "lifecycle_scripts/setup_code_editor{user}.sh",
    JUPYTERLAB: "lifecycle_scripts/setup_jupyterlab{user}.sh",
}


@dataclass(frozen=True)
class SageMaker:
    """Studio's blocks, and the files that they refer to."""

    module: Module
    files: dict[str, str]
    domain_id: Ref


@dataclass(frozen=True)
class _Scripts:
    """The lifecycle configurations of one app: the domain's, and those of users whose editor differs."""

    domain: Resource
    users: Mapping[str, Resource]
    files: Mapping[str, str]

    def of(self, user: str) -> Resource:
        return self.users.get(user, self.domain)


def build(
    config: EnvironmentConfig,
    *,
    vpc: Vpc,
    groups: SecurityGroups,
    iam: Iam,
    kms: Kms,
    scripts: Mapping[App, EditorScripts],
    custom_images: Mapping[App, Sequence[dict[str, Any]]],
    naming: Naming,
) -> SageMaker:
    """Everything of SageMaker, on the network and role that are given."""
    set_up = {app: _lifecycle_configs(app, of_app, naming) for app, of_app in scripts.items()}
    by_domain = {app: made.domain for app, made in set_up.items()}
    default_image = images.pinned(config.region, config.studio.instance_type, config.studio.image)
    settings = _user_settings(config.studio, [groups.studio_id], iam.role_arn, by_domain, custom_images, default_image)
    settings |= _mounts([each for each in config.storage.file_systems if not each.homes])
    domain = _domain(config, settings, vpc, groups, iam, kms, naming)
    profiles = {
        user.name: _profile(
            user,
            domain,
            _user_settings(
                config.studio,
                groups.of(user.name),
                iam.role_of(user.name),
                {app: made.of(user.name) for app, made in set_up.items()},
                custom_images,
                images.pinned(config.region, config.studio.instance_type, config.image_of(user)),
            )
            | _mounts(config.mounted_by(user), config.posix_of(user)),
        )
        for user in config.users
    }
    spaces = tuple(
        _space(space, domain, profiles[space.owner], set_up[space.app].of(space.owner), config)
        for space in config.resolved_spaces()
    )
    outputs = (
        Output("domain_id", domain.ref("id"), "Id of the SageMaker domain."),
        Output("domain_url", domain.ref("url"), "Where the domain's Studio is."),
        Output("user_profiles", {n: p.ref("arn") for n, p in profiles.items()}, "ARN of each user profile."),
        Output("spaces", {s.arguments["space_name"]: s.ref("arn") for s in spaces}, "ARN of each space."),
    )
    purpose = "Studio itself: the domain, a profile per user, their spaces, the lifecycle scripts."
    configs = tuple(config for made in set_up.values() for config in (made.domain, *made.users.values()))
    module = Module("sagemaker", purpose, (*configs, domain, *profiles.values(), *spaces, *outputs))
    files = {name: text for made in set_up.values() for name, text in made.files.items()}
    return SageMaker(module=module, files=files, domain_id=domain.ref("id"))


def _lifecycle_configs(app: App, scripts: EditorScripts, naming: Naming) -> _Scripts:
    """An app's lifecycle configurations, whether or not a space of the file is for it: people make others in Studio."""
    file, its_label = SCRIPT_FILES[app], LABELS[app]
    domain = _lifecycle_config(
        app, its_label, naming.lifecycle_config(scripts.domain.digest, app), file.format(user="")
    )
    users = {
        user: _lifecycle_config(
            app,
            f"{its_label}_{label(user)}",
            naming.user_lifecycle_config(user, script.digest, app),
            file.format(user=f"_{user}"),
        )
        for user, script in scripts.users.items()
    }
    texts = {file.format(user=f"_{user}"): script.text for user, script in scripts.users.items()}
    return _Scripts(domain, users, {file.format(user=""): scripts.domain.text, **texts})


def _lifecycle_config(app: App, its_label: str, name: str, file: str) -> Resource:
    return Resource(
        "aws_sagemaker_studio_lifecycle_config",
        its_label,
        {
            "studio_lifecycle_config_name": name,
            "studio_lifecycle_config_app_type": TYPES[app],
            "studio_lifecycle_config_content": Ref(f'filebase64("${{path.module}}/{file}")'),
            "lifecycle": {"create_before_destroy": True},
        },
        why="It cannot be changed nor, while in use, deleted: a new script gets a new name, and the old one goes last.",
    )


def _user_settings(
    studio: Studio,
    groups: Sequence[Ref],
    role_arn: Ref,
    scripts: Mapping[App, Resource],
    custom_images: Mapping[App, Sequence[dict[str, Any]]],
    image: Mapping[str, str],
) -> dict[str, Any]:
    """The settings that the domain offers as defaults and each profile states again."""
    idle = {
        "lifecycle_management": "DISABLED" if studio.idle_timeout_minutes == NEVER else "ENABLED",
        "idle_timeout_in_minutes": _idle_minutes(studio),
        # The API's own bounds; stated because AWS fills them in and a plan would never be empty otherwise.
        "min_idle_timeout_in_minutes": SHORTEST_IDLE,
        "max_idle_timeout_in_minutes": LONGEST_IDLE,
    }
    apps: dict[App, dict[str, Any]] = {
        app: {
            # Listed means allowed; only the default resource spec selects it.
            "lifecycle_config_arns": [script.ref("arn")],
            "default_resource_spec": {
                "instance_type": studio.instance_type,
                "lifecycle_config_arn": script.ref("arn"),
                **image,
            },
            "app_lifecycle_management": {"idle_settings": idle},
            "custom_image": list(custom_images[app]),
        }
        for app, script in scripts.items()
    }
    ebs = {
        "default_ebs_volume_size_in_gb": studio.volume_gb,
        "maximum_ebs_volume_size_in_gb": studio.max_volume_gb,
    }
    return {
        "execution_role": role_arn,
        "security_groups": list(groups),
        "auto_mount_home_efs": "Enabled" if studio.home_file_system else "Disabled",
        "default_landing_uri": "studio::",
        "studio_web_portal": "ENABLED",
        **{SETTINGS[app]: settings for app, settings in apps.items()},
        "space_storage_settings": {"default_ebs_storage_settings": ebs},
    }


def _mounts(file_systems: Sequence[FileSystem], posix: Posix | None = None) -> dict[str, Any]:
    """The file systems that spaces may mount, and with whose rights."""
    configs = [
        {"efs_file_system_config": {"file_system_id": each.id, "file_system_path": each.path}} for each in file_systems
    ]
    return {
        "custom_file_system_config": configs,
        **({"custom_posix_user_config": {"uid": posix.uid, "gid": posix.gid}} if posix else {}),
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
    # The subnets of a VPC that exists already stand in the file: `up` refuses others, with the file's line.
    ignored = [key for key in NEVER_REPLACING if key != studio_api.SUBNETS or config.network.vpc is None]
    return Resource(
        DOMAIN,
        "studio",
        {
            "domain_name": naming.domain,
            "auth_mode": config.access.auth.upper(),
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
            "lifecycle": {"ignore_changes": [*_images_of("default_user_settings[0]", settings), *ignored]},
        },
        why="The home file system is kept unless the user says otherwise: see `studioctl down --help`.",
        by_api=(*studio_api.DOMAIN_BY_API, *(key for key in ignored if key == studio_api.SUBNETS)),
        api_alone=_by_api_alone(config.studio, config.limits),
        born_by_api=not config.studio.home_file_system,
    )


def _by_api_alone(studio: Studio, limits: Limits) -> dict[str, Any]:
    """For rootless Docker, the name of sessions and the home file system no provider has one (catalog/provider.py).

    It has one for the apps and tools that are hidden, and does not take back what it is no longer told.
    """
    pages: dict[str, Any] = _hidden(studio, limits)
    if studio.hidden_tools is not None:
        pages["hidden_ml_tools"] = sorted(studio.hidden_tools)
    if studio.session_names is not None:
        pages["execution_role_session_name_mode"] = "USER_IDENTITY" if studio.session_names == "user" else "STATIC"
    return {
        studio_api.HOME: "Enabled" if studio.home_file_system else studio_api.HOMELESS,
        "domain_settings": {"docker_settings": {"rootless_docker": _enabled(studio.rootless_docker)}},
        **({"default_user_settings": {"studio_web_portal_settings": pages}} if pages else {}),
    }


def _hidden(studio: Studio, limits: Limits) -> dict[str, Any]:
    """Things that Studio's pages do not show. Without a limit none, which is said, or AWS would keep what it had."""
    types = limits.instance_types or ("*",)
    versions = people_limits.hidden_versions(limits.images) if limits.images else ()
    of_aws = [{"sagemaker_image_name": "sagemaker_distribution", "version_aliases": list(versions)}]
    pages: dict[str, Any] = {
        "hidden_instance_types": sorted(INSTANCE_TYPES - people_limits.admitted(types)),
        "hidden_sagemaker_image_version_aliases": of_aws if versions else [],
    }
    if studio.hidden_apps is not None or limits.apps is not None:
        kept = {people_limits.app_type(app) for app in limits.apps or people_limits.APPS}
        every = {people_limits.app_type(app) for app in people_limits.APPS}
        pages["hidden_app_types"] = sorted({*(studio.hidden_apps or ()), *(every - kept)})
    return pages


def _idle_minutes(studio: Studio) -> int:
    """The idle minutes; for "never" the most: AWS keeps a number that it is no longer told, and apps would go by it."""
    minutes = studio.idle_timeout_minutes
    return LONGEST_IDLE if isinstance(minutes, str) else minutes


def _docker(studio: Studio) -> dict[str, Any]:
    trusted = list(studio.trusted_accounts)
    return {"enable_docker_access": _enabled(studio.docker), "vpc_only_trusted_accounts": trusted}


def _profile(user: User, domain: Resource, settings: dict[str, Any]) -> Resource:
    return Resource(
        PROFILE,
        label(user.name),
        {
            "domain_id": domain.ref("id"),
            "user_profile_name": user.name,
            # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateUserProfile.html
            **(
                {"single_sign_on_user_identifier": "UserName", "single_sign_on_user_value": user.sso_user}
                if user.sso_user
                else {}
            ),
            "user_settings": settings,
            "lifecycle": {"ignore_changes": [*_images_of("user_settings[0]", settings), *_kept(settings)]},
        },
    )


def _kept(settings: Mapping[str, Any]) -> list[str]:
    # AWS has no way to take numbers from a profile again, and without a file system they mean nothing.
    return [] if "custom_posix_user_config" in settings else ["user_settings[0].custom_posix_user_config"]


def _space(
    space: ResolvedSpace, domain: Resource, owner: Resource, script: Resource, config: EnvironmentConfig
) -> Resource:
    app_settings = {
        "default_resource_spec": {
            "instance_type": space.instance_type,
            "lifecycle_config_arn": script.ref("arn"),
            **images.pinned(config.region, space.instance_type, space.image),
        },
        "app_lifecycle_management": {"idle_settings": {"idle_timeout_in_minutes": _idle_minutes(config.studio)}},
    }
    settings = {SETTINGS[space.app]: app_settings}
    return Resource(
        SPACE,
        label(space.name),
        {
            "domain_id": domain.ref("id"),
            "space_name": space.name,
            "ownership_settings": {"owner_user_profile_name": owner.ref("user_profile_name")},
            "space_sharing_settings": {"sharing_type": "Private"},
            **({"space_display_name": space.title} if space.title else {}),
            "space_settings": {
                "app_type": space.app_type,
                **settings,
                "custom_file_system": [{"efs_file_system": {"file_system_id": it}} for it in space.file_systems],
                "space_storage_settings": {"ebs_storage_settings": {"ebs_volume_size_in_gb": space.volume_gb}},
            },
            # Studio's own pages tag the spaces that they make; the policy on remote sessions goes by this tag.
            # https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access-remote-setup.html
            "tags": {"sagemaker:user-profile-arn": owner.ref("arn")},
            "lifecycle": {"ignore_changes": _images_of("space_settings[0]", settings)},
        },
        by_api=studio_api.SPACE_BY_API,
        # Of a plan that the file no longer names AWS is told that there is none, or it would keep it.
        api_alone={
            "space_settings": {
                SETTINGS[space.app]: {
                    "default_resource_spec": {"training_plan_arn": space.training_plan or studio_api.CLEARED}
                }
            }
        },
    )


def _images_of(path: str, settings: Mapping[str, Any]) -> list[str]:
    # Of what the file does not pin AWS fills in the current image; following its answer would make every plan show a
    # change (hashicorp/terraform-provider-aws#39894).
    specs = {key: settings[key]["default_resource_spec"] for key in SETTINGS.values() if key in settings}
    return [
        f"{path}.{key}[0].default_resource_spec[0].{argument}"
        for key, spec in specs.items()
        for argument in images.ARGUMENTS
        if argument not in spec
    ]


def _enabled(value: bool) -> str:
    return "ENABLED" if value else "DISABLED"
