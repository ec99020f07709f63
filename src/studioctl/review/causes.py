"""Find the key of studio.toml behind each change of a plan.

Two tables say it: one for attributes, and one for resources that come and go. A test changes each key of the file in
turn and compares.
"""

import re
from collections.abc import Callable, Mapping

from studioctl.catalog import kinds
from studioctl.catalog.kinds import BUCKET, DOMAIN, KINDS, PROFILE, SPACE
from studioctl.config.text import Location
from studioctl.infrastructure.iam import purposes
from studioctl.infrastructure.naming import label
from studioctl.review.facts import Facts
from studioctl.terraform.plan import AttributeChange, ResourceChange

Finder = Callable[[ResourceChange, Facts], Location]
_INDEX = re.compile(r"\[\d+\]")
_SETTINGS = re.compile(r"^(default_user_settings|user_settings|space_settings)\.")

# Paths without positions and, in a domain, a profile and a space, without the block of settings at the front.
_EDITOR = "code_editor_app_settings"
_LAB = "jupyter_lab_app_settings"  # the same keys are behind its settings
_IDLE = f"{_EDITOR}.app_lifecycle_management.idle_settings"
IDLE, IDLE_SWITCH = f"{_IDLE}.idle_timeout_in_minutes", f"{_IDLE}.lifecycle_management"
VOLUME = "space_storage_settings.ebs_storage_settings.ebs_volume_size_in_gb"
INSTANCE = f"{_EDITOR}.default_resource_spec.instance_type"
APP = "app_type"
IMAGE = f"{_EDITOR}.default_resource_spec.sagemaker_image_version_alias"
_IMAGE_PARTS = {f"{_EDITOR}.default_resource_spec.sagemaker_image_{part}": IMAGE for part in ("arn", "version_arn")}
MOUNTS, MOUNTED, POSIX = "custom_file_system_config", "custom_file_system", "custom_posix_user_config"
_NUMBERED_MOUNT = re.compile(r"\.custom_file_system_config\[(\d+)\]")
# What a space may say itself, else its user, else [studio].
HIDDEN_APPS = "studio_web_portal_settings.hidden_app_types"
OF_SPACE: Mapping[str, str] = {VOLUME: "volume_gb", INSTANCE: "instance_type", APP: "app", IMAGE: "image"}
PLAN = f"{_EDITOR}.default_resource_spec.training_plan_arn"
TITLE = "space_display_name"
OF_SPACE_ALONE: Mapping[str, str] = {PLAN: "training_plan", TITLE: "title"}
STUDIO: Mapping[str, Location] = {
    IDLE: ("studio", "idle_timeout_minutes"),
    IDLE_SWITCH: ("studio", "idle_timeout_minutes"),
    "space_storage_settings.default_ebs_storage_settings.default_ebs_volume_size_in_gb": ("studio", "volume_gb"),
    "space_storage_settings.default_ebs_storage_settings.maximum_ebs_volume_size_in_gb": ("studio", "max_volume_gb"),
    "app_network_access_type": ("network", "access"),
    "domain_settings.docker_settings.enable_docker_access": ("studio", "docker"),
    "domain_settings.docker_settings.vpc_only_trusted_accounts": ("studio", "trusted_accounts"),
    "domain_settings.docker_settings.rootless_docker": ("studio", "rootless_docker"),
    "studio_web_portal_settings.hidden_app_types": ("studio", "hidden_apps"),
    "studio_web_portal_settings.hidden_ml_tools": ("studio", "hidden_tools"),
    "studio_web_portal_settings.hidden_instance_types": ("limits", "instance_types"),
    "studio_web_portal_settings.hidden_sagemaker_image_version_aliases": ("limits", "images"),
    "studio_web_portal_settings.execution_role_session_name_mode": ("studio", "session_names"),
    "auth_mode": ("access", "auth"),
    "home_efs_file_system_creation": ("studio", "home_file_system"),
    "auto_mount_home_efs": ("studio", "home_file_system"),
    "domain_settings.security_group_ids": ("studio", "domain_security_group"),
    "domain_settings.execution_role_identity_config": ("iam", "per_user_roles"),
    "domain_name": ("names", "domain"),
    "execution_role": ("iam", "per_user_roles"),
    "security_groups": ("network", "access"),
    f"{_EDITOR}.custom_image": ("images", "custom"),
    MOUNTS: ("storage", "file_systems"),
}
# (type, path without positions) -> key
OTHERS: Mapping[tuple[str, str], Location] = {
    ("aws_vpc", "cidr_block"): ("network", "cidr"),
    ("aws_secretsmanager_secret", "name"): ("names", "secret"),
    ("aws_subnet", "cidr_block"): ("network", "subnet_prefix"),
    ("aws_subnet", "map_public_ip_on_launch"): ("network", "public_ips"),
    ("aws_s3_bucket", "bucket"): ("storage", "bucket"),
    ("aws_s3_bucket", "lifecycle_rule.noncurrent_version_expiration.days"): ("storage", "keep_old_versions_days"),
    ("aws_s3_bucket_logging", "target_bucket"): ("storage", "access_logs"),
    ("aws_ecr_repository", "name"): ("images", "repository"),
    ("aws_ecr_repository", "image_tag_mutability"): ("images", "immutable_tags"),
    ("aws_ecr_repository", "image_scanning_configuration.scan_on_push"): ("images", "scan_on_push"),
    ("aws_kms_key", "deletion_window_in_days"): ("encryption", "deletion_days"),
    ("aws_iam_role", "name"): ("names", "role"),
    ("aws_iam_role", "path"): ("iam", "role_path"),
    ("aws_iam_role", "permissions_boundary"): ("iam", "permissions_boundary"),
    ("aws_sagemaker_image_version", "base_image"): ("images", "custom"),
    ("aws_rds_cluster", "serverlessv2_scaling_configuration.min_capacity"): ("tuning", "min_acu"),
    ("aws_rds_cluster", "serverlessv2_scaling_configuration.max_capacity"): ("tuning", "max_acu"),
    ("aws_rds_cluster", "serverlessv2_scaling_configuration.seconds_until_auto_pause"): ("tuning", "min_acu"),
    ("aws_rds_cluster", "backup_retention_period"): ("tuning", "backup_days"),
    ("aws_rds_cluster", "engine"): ("tuning", "database"),
}
# The rules of the repository's expiry policy, by their position.
EXPIRY = {"[0]": ("images", "keep_latest"), "[1]": ("images", "expire_untagged_days")}


def plain(path: str) -> str:
    """A path without positions, without the block of settings at its front, and the same for all apps."""
    return _SETTINGS.sub("", _INDEX.sub("", path)).replace(_LAB, _EDITOR)


def of_app(path: str, app_type: str | None) -> str:
    """A plain path as AWS has it for this type of app."""
    return path.replace(_EDITOR, _LAB) if app_type == "JupyterLab" else path


def of_attribute(change: ResourceChange, attribute: AttributeChange, facts: Facts) -> Location:
    """The key behind one attribute."""
    path = plain(attribute.path)
    if _is_guards(change) or _is_for_guard(change, attribute.path, facts):
        return ("limits",)
    if attribute.unknown and (other := facts.behind(change)):
        forcing = [it for it in other.attributes if it.forces_replacement] or other.attributes
        known = next((it for it in forcing if not it.unknown), None)
        return of_existence(other, facts) if known is None else of_attribute(other, known, facts)
    if path.split(".")[0] in {"tags", "tags_all"}:
        return _of_tag(path, change, facts)
    if path == "kms_key_id" or path.startswith("encryption_configuration"):
        return facts.encryption
    if change.type in {DOMAIN, PROFILE, SPACE}:
        return _of_person(path, attribute, change, facts) or _of_studio(path, change, facts)
    expiry = EXPIRY if change.type == "aws_ecr_lifecycle_policy" else {}
    found = [key for rule, key in expiry.items() if f"rules{rule}" in attribute.path]
    key = found[0] if found else OTHERS.get((change.type, path)) or of_existence(change, facts)
    return ("network", "cidr") if key == ("network", "subnet_prefix") and facts.has_another_range else key


def _of_tag(path: str, change: ResourceChange, facts: Facts) -> Location:
    name = path.partition(".")[2]
    if name in {"Name", "sagemaker:user-profile-arn"}:
        return of_existence(change, facts)
    return ("tags", name) if name else ("tags",)


def _of_person(path: str, attribute: AttributeChange, change: ResourceChange, facts: Facts) -> Location | None:
    """The user of IAM Identity Center, and what the file says of a single user or space and nowhere else."""
    if path.startswith((MOUNTS, MOUNTED, POSIX)) and change.type != DOMAIN:
        place = facts.user(change.label) if change.type == PROFILE else facts.spaces.get(change.label, ("users",))[:2]
        if path.startswith(POSIX) and len(place) > 1 and facts.config.users[int(place[1])].posix:
            return (*place, "posix")
        is_own = len(place) > 1 and _is_own_mount(attribute, place, facts)
        return (*place, "file_systems") if is_own else ("storage", "file_systems")
    if path in OF_SPACE_ALONE:
        place = facts.spaces.get(change.label, ("users",))
        return (*place, OF_SPACE_ALONE[path]) if "spaces" in place else place
    return (*facts.user(change.label), "sso_user") if path.startswith("single_sign_on_user_") else None


def _is_own_mount(attribute: AttributeChange, place: Location, facts: Facts) -> bool:
    """Whether it is the user's own that differs: everybody's come first."""
    user, everybodys = facts.config.users[int(place[1])], facts.config.storage.file_systems
    if found := _NUMBERED_MOUNT.search(attribute.path):
        return int(found[1]) >= len(facts.config.mounted_by(user)) - len(user.file_systems)
    return not everybodys or bool(user.file_systems)


def _of_studio(path: str, change: ResourceChange, facts: Facts) -> Location:
    path = _IMAGE_PARTS.get(path, path)
    if path in OF_SPACE:
        return _own_or_default(change, facts, OF_SPACE[path])
    if path == HIDDEN_APPS and (facts.config.limits.apps is not None or _lifts_apps(facts)):
        return ("limits", "apps")
    if path == "subnet_ids":
        vpc = facts.config.network.vpc
        return ("network", "availability_zones") if vpc is None else ("network", "vpc", "subnet_ids")
    if path == "vpc_id":
        return ("network", "cidr") if facts.config.network.vpc is None else ("network", "vpc")
    if "lifecycle_config_arn" in path:
        return _script(change, facts)
    return STUDIO.get(path, ("studio",))


def _own_or_default(change: ResourceChange, facts: Facts, name: str) -> Location:
    place = facts.spaces.get(change.label) if change.type == SPACE else None
    if name == "image" and change.type == PROFILE:  # of the spaces that the user makes in Studio's pages
        place = facts.user(change.label)
        place = place if len(place) > 1 else None
    if not place:
        return ("studio", name)
    user = facts.config.users[int(place[1])]
    if len(place) > 2 and getattr(user.effective_spaces()[int(place[3])], name) is not None:
        return (*place, name)
    return ("studio", name) if getattr(user, name, None) is None else (*place[:2], name)


def _script(change: ResourceChange, facts: Facts) -> Location:
    """The key behind a script: a user's own, if the file gives them another editor, or everybody's."""
    owner: Location = ()
    if change.type == PROFILE:
        owner = facts.user(change.label)
    elif change.type == SPACE:
        owner = facts.spaces.get(change.label, ("users",))[:2]
    elif "_" in change.label:  # "editor_ada", "lab_ada"
        owner = facts.user(change.label.partition("_")[2])
    if len(owner) > 1:
        user = facts.config.users[int(owner[1])]
        if user.github is not None and f"aws_secretsmanager_secret.github_{label(user.name)}" in facts.addresses:
            return (*owner, "github")
        if user.editor is not None:
            return (*owner, "editor")
    return ("editor",) if facts.is_new else facts.behind_scripts


def of_existence(change: ResourceChange, facts: Facts) -> Location:
    """The key behind a resource that comes, goes, or changes in a way of which the file says nothing."""
    if _is_guards(change):
        return ("limits",)
    if change.type == PROFILE:
        return facts.user(change.label)
    if change.type == SPACE:
        return _space(change, facts)
    key = KINDS[change.type].key if change.type in KINDS else ("studio",)
    finder = _FINDERS.get(key)
    return finder(change, facts) if finder else key


def _is_for_guard(change: ResourceChange, path: str, facts: Facts) -> bool:
    """Whether it changes only because a guard comes or goes, or looks at GPUs: then the bucket has a second rule."""
    begins_or_ends = "aws_lambda_function.guard" in facts.addresses
    if change.type == "aws_s3_bucket":
        return path.startswith("lifecycle_rule[1]")
    return path == "force_detach_policies" or (begins_or_ends and change.type == "aws_s3_bucket_policy")


def _is_guards(change: ResourceChange) -> bool:
    return change.label in {"guard", "guard_schedule", "hold"} and not change.type.startswith("aws_sagemaker_")


def _space(change: ResourceChange, facts: Facts) -> Location:
    """A space comes with its owner, if they are new."""
    place = facts.spaces.get(change.label, ("users",))
    if change.action == "create" and len(place) > 2:
        owner = label(facts.config.users[int(place[1])].name)
        return place[:2] if f"{PROFILE}.{owner}" in facts.addresses else place
    return place


def _network(change: ResourceChange, facts: Facts) -> Location:
    if facts.is_new:
        return ("network",)
    if change.type == "aws_vpc" and change.action == "delete":
        return ("network", "vpc")
    if facts.opens_or_closes:
        return ("network", "access")
    if "nat" in {change.label, change.label.partition("_")[0]} or change.type in {"aws_eip", "aws_nat_gateway"}:
        return ("network", "internet")
    if change.type in {"aws_subnet", "aws_route_table_association"}:
        return ("network", "availability_zones")
    return ("network", "internet") if "aws_nat_gateway" in facts.types else ("network",)


def _group(change: ResourceChange, facts: Facts) -> Location:
    is_users = change.label.startswith("user_")
    if is_users and not facts.is_new and not facts.opens_or_closes:
        return facts.user(change.label.removeprefix("user_"))
    if change.label == "endpoints":
        return _endpoint(change, facts)
    if change.label == "database":
        return _DATABASE
    if change.label == "studio_nfs" and "aws_vpc_security_group_egress_rule.studio_https" not in facts.addresses:
        return ("studio", "home_file_system")
    return _network(change, facts)


def _endpoint(change: ResourceChange, facts: Facts) -> Location:
    if facts.is_new or facts.opens_or_closes or "aws_nat_gateway" in facts.types:
        return _network(change, facts)
    needed: dict[str, Location] = {
        "ssm": ("studio", "remote_access"),
        "ssmmessages": ("studio", "remote_access"),
        "secretsmanager": ("secrets", "github"),
        "kms": facts.encryption,
    }
    if "aws_vpc_endpoint.sts" not in facts.addresses and change.label in needed:
        return needed[change.label]
    if change.action == "update" and change.label == "s3":
        return ("storage", "extra_buckets")
    return ("network", "availability_zones") if change.action == "update" else ("network", "endpoints")


def _permissions(change: ResourceChange, facts: Facts) -> Location:
    if change.label == "flow_logs":
        return ("network", "flow_logs")
    if change.label == "database":
        return _DATABASE
    if facts.is_new:
        return ("iam",)
    purpose, user = purposes.told_apart(change.label)
    if "aws_iam_role_policy_attachment.managed_sagemaker" in facts.addresses and purpose in _SCOPED:
        return ("iam", "permissions")
    if purpose in _OF_ALL and (change.action == "update" or f"{kinds.POLICY}.{purpose}" in facts.addresses):
        return _of_purpose(purpose, user, facts)  # whatever becomes of roles
    return _of_role(purpose, user, facts) or _of_purpose(purpose, user, facts)


# What AWS's managed policies stand in for, and the policies that all roles share.
_SCOPED = {"images", "jobs", "managed", "secrets", "studio"}
_OF_ALL = {"extra", "kms", "limits", "remote_access"}


def _of_role(purpose: str, user: str | None, facts: Facts) -> Location | None:
    """The user, or the key that gives each of them a role, where roles come or go."""
    if user is not None and (purpose == "execution" or f"aws_iam_role.execution_{user}" in facts.addresses):
        return facts.user(user) if f"{PROFILE}.{user}" in facts.addresses else ("iam", "per_user_roles")
    if any(address.startswith("aws_iam_role.execution_") for address in facts.addresses):
        return ("iam", "per_user_roles")
    return None


def limits(change: ResourceChange, facts: Facts) -> tuple[Location, ...]:
    """The keys behind the policy of [limits]: those whose statements come or go, else those that the file has."""
    before = {name for name, sid in LIMITS.items() if any(says(sid, a.before) for a in change.attributes)}
    after = {name for name, sid in LIMITS.items() if any(says(sid, a.after) for a in change.attributes)}
    has = {name for name in LIMITS if getattr(facts.config.limits, name) is not None}
    found = (before ^ after) or has
    return tuple(("limits", name) for name in LIMITS if name in found) or (("limits", "instance_types"),)


def _lifts_apps(facts: Facts) -> bool:
    return any(("limits", "apps") in limits(it, facts) for it in facts.summary.changes if it.label == "limits")


def says(sid: str, value: object) -> bool:
    """Whether a statement's name is this value, or is in a whole statement or policy."""
    return value == sid or f'"{sid}"' in str(value).replace("'", '"')


def _of_purpose(purpose: str, user: str | None, facts: Facts) -> Location:
    if purpose == "limits":
        policies = (c for c in facts.summary.changes if (c.type, c.label) == (kinds.POLICY, "limits"))
        return next((limits(policy, facts)[0] for policy in policies), ("limits", "instance_types"))
    if purpose == "kms":
        return facts.encryption
    if user is not None and purpose in _OF_USERS:
        return (*facts.user(user), _OF_USERS[purpose])
    if purpose not in purposes.KEYS and "aws_iam_policy.remote_access" in facts.addresses:
        return ("studio", "remote_access")
    return purposes.KEYS.get(purpose, ("iam",))


# The statements of the policy of [limits] by which a key is told.
LIMITS: Mapping[str, str] = {"instance_types": "InstanceTypes", "images": "Images", "apps": "Apps"}
_DATABASE: Location = ("tuning", "database")
# Keys of a user that change the user's own policies.
_OF_USERS = {"images": "push_images", "secrets": "github"}


def _token(change: ResourceChange, facts: Facts) -> Location:
    if change.label == "github":
        return ("secrets", "github")
    person = facts.user(change.label.removeprefix("github_"))
    return person if f"{PROFILE}.{change.label.removeprefix('github_')}" in facts.addresses else (*person, "github")


def _image(change: ResourceChange, facts: Facts) -> Location:
    names = [label(image.name) for image in facts.config.images.custom]
    return ("images", "custom", names.index(change.label)) if change.label in names else ("images", "custom")


def _bucket(change: ResourceChange, facts: Facts) -> Location:
    if facts.is_new:
        return ("storage",)
    if any(c.type == BUCKET and c.action != "update" for c in facts.summary.changes):
        return ("storage", "bucket")
    if change.type == "aws_s3_bucket_server_side_encryption_configuration":
        return facts.encryption
    return ("storage",) if change.type == BUCKET else kinds.kind_of(change.type).key


def _repository(change: ResourceChange, facts: Facts) -> Location:
    return ("images",) if facts.is_new or change.action == "update" else ("images", "repository")


def _encryption(_: ResourceChange, facts: Facts) -> Location:
    return facts.encryption


# By the key that the table of kinds has.
_FINDERS: Mapping[kinds.Key, Finder] = {
    ("editor",): _script,
    ("images", "custom"): _image,
    ("network",): _group,
    ("network", "endpoints"): _endpoint,
    ("iam",): _permissions,
    **dict.fromkeys((kind.key for kind in KINDS.values() if kind.key[0] == "storage"), _bucket),
    ("images", "repository"): _repository,
    ("secrets", "github"): _token,
    ("encryption", "customer_key"): _encryption,
}
