"""Which key of studio.toml is behind each change of a plan.

Two tables say it: one for attributes, and one for resources that come and go. A test changes each key of the file in
turn and compares.
"""

import re
from collections.abc import Callable, Mapping

from studioctl.config.text import Location
from studioctl.infrastructure.naming import label
from studioctl.review.facts import DOMAIN, PROFILE, SPACE, Facts
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
# What a space may say itself, else its user, else [studio].
OF_SPACE: Mapping[str, str] = {VOLUME: "volume_gb", INSTANCE: "instance_type", APP: "app"}
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
    "studio_web_portal_settings.execution_role_session_name_mode": ("studio", "session_names"),
    "domain_settings.security_group_ids": ("studio", "domain_security_group"),
    "domain_settings.execution_role_identity_config": ("iam", "per_user_roles"),
    "domain_name": ("names", "domain"),
    "execution_role": ("iam", "per_user_roles"),
    "security_groups": ("network", "access"),
    f"{_EDITOR}.custom_image": ("images", "custom"),
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
    ("aws_iam_role", "permissions_boundary"): ("iam", "permissions_boundary"),
    ("aws_sagemaker_image_version", "base_image"): ("images", "custom"),
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
    if _is_guards(change) or _is_for_guard(change, path, facts):
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
        return _of_studio(path, change, facts)
    expiry = EXPIRY if change.type == "aws_ecr_lifecycle_policy" else {}
    found = [key for rule, key in expiry.items() if f"rules{rule}" in attribute.path]
    key = found[0] if found else OTHERS.get((change.type, path)) or of_existence(change, facts)
    return ("network", "cidr") if key == ("network", "subnet_prefix") and facts.has_another_range else key


def _of_tag(path: str, change: ResourceChange, facts: Facts) -> Location:
    name = path.partition(".")[2]
    if name in {"Name", "sagemaker:user-profile-arn"}:
        return of_existence(change, facts)
    return ("tags", name) if name else ("tags",)


def _of_studio(path: str, change: ResourceChange, facts: Facts) -> Location:
    if path in OF_SPACE:
        return _own_or_default(change, facts, OF_SPACE[path])
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
    if not place:
        return ("studio", name)
    user = facts.config.users[int(place[1])]
    if len(place) > 2 and getattr(user.effective_spaces()[int(place[3])], name) is not None:
        return (*place, name)
    return ("studio", name) if getattr(user, name, None) is None else (*place[:2], name)


def _script(change: ResourceChange, facts: Facts) -> Location:
    """Whose script: a user's own, where the file gives them another editor, or everybody's."""
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
    return _FINDERS.get(change.type, _always("studio"))(change, facts)


def _is_for_guard(change: ResourceChange, path: str, facts: Facts) -> bool:
    """Whether it changes only because a guard comes or goes."""
    begins_or_ends = "aws_lambda_function.guard" in facts.addresses
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
    if facts.is_new:
        return ("iam",)
    if "aws_iam_role_policy_attachment.managed_sagemaker" in facts.addresses:
        return ("iam", "permissions")
    purpose, user = _purpose(change.label)
    return _of_role(purpose, user, facts) or _of_purpose(purpose, user, facts)


def _of_role(purpose: str, user: str | None, facts: Facts) -> Location | None:
    """The user, or the key that gives each of them a role, where roles come or go."""
    if user is not None and (purpose == "execution" or f"aws_iam_role.execution_{user}" in facts.addresses):
        return facts.user(user) if f"{PROFILE}.{user}" in facts.addresses else ("iam", "per_user_roles")
    if any(address.startswith("aws_iam_role.execution_") for address in facts.addresses):
        return ("iam", "per_user_roles")
    return None


def _of_purpose(purpose: str, user: str | None, facts: Facts) -> Location:
    if purpose == "kms":
        return facts.encryption
    if user is not None and purpose in _OF_USERS:
        return (*facts.user(user), _OF_USERS[purpose])
    if purpose not in _PURPOSES and "aws_iam_policy.remote_access" in facts.addresses:
        return ("studio", "remote_access")
    return _PURPOSES.get(purpose, ("iam",))


# Keys of a user that change the user's own policies.
_OF_USERS = {"images": "push_images", "secrets": "github"}
_PURPOSES: Mapping[str, Location] = {
    "remote_access": ("studio", "remote_access"),
    "s3": ("storage", "extra_buckets"),
    "images": ("images", "repository"),
    "secrets": ("secrets", "github"),
    "extra": ("iam", "extra_statements"),
}


def _purpose(its_label: str) -> tuple[str, str | None]:
    """A policy's purpose, and the label of the user whose it is: `secrets_ada` is "secrets" and "ada"."""
    known = [*_PURPOSES, "execution", "studio", "jobs", "managed", "kms"]
    purpose = max((it for it in known if its_label == it or its_label.startswith(f"{it}_")), key=len, default=its_label)
    return purpose, its_label[len(purpose) + 1 :] or None


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
    parts: dict[str, Location] = {
        "aws_s3_bucket_versioning": ("storage", "versioning"),
        "aws_s3_bucket_logging": ("storage", "access_logs"),
        "aws_s3_bucket_server_side_encryption_configuration": facts.encryption,
    }
    replaced = any(c.type == "aws_s3_bucket" and c.action != "update" for c in facts.summary.changes)
    return ("storage", "bucket") if replaced else parts.get(change.type, ("storage",))


def _repository(change: ResourceChange, facts: Facts) -> Location:
    return ("images",) if facts.is_new or change.action == "update" else ("images", "repository")


def _encryption(_: ResourceChange, facts: Facts) -> Location:
    return facts.encryption


def _always(*key: str) -> Finder:
    return lambda _change, _facts: key


_FINDERS: Mapping[str, Finder] = {
    DOMAIN: _always("studio"),
    "aws_sagemaker_studio_lifecycle_config": _script,
    **dict.fromkeys(("aws_sagemaker_image", "aws_sagemaker_image_version", "aws_sagemaker_app_image_config"), _image),
    **dict.fromkeys(
        (
            "aws_vpc",
            "aws_default_security_group",
            "aws_subnet",
            "aws_route_table",
            "aws_route_table_association",
            "aws_route",
            "aws_internet_gateway",
            "aws_nat_gateway",
            "aws_eip",
        ),
        _network,
    ),
    **dict.fromkeys(
        ("aws_security_group", "aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule"), _group
    ),
    "aws_vpc_endpoint": _endpoint,
    **dict.fromkeys(
        ("aws_cloudwatch_log_group", "aws_flow_log", "aws_iam_role_policy"), _always("network", "flow_logs")
    ),
    **dict.fromkeys(("aws_iam_role", "aws_iam_policy", "aws_iam_role_policy_attachment"), _permissions),
    **dict.fromkeys(
        (
            "aws_s3_bucket",
            "aws_s3_bucket_logging",
            "aws_s3_bucket_ownership_controls",
            "aws_s3_bucket_policy",
            "aws_s3_bucket_public_access_block",
            "aws_s3_bucket_server_side_encryption_configuration",
            "aws_s3_bucket_versioning",
        ),
        _bucket,
    ),
    **dict.fromkeys(("aws_ecr_repository", "aws_ecr_lifecycle_policy"), _repository),
    "aws_secretsmanager_secret": _token,
    **dict.fromkeys(("aws_kms_key", "aws_kms_alias"), _encryption),
}
