"""Show keys and values of studio.toml to people: without brackets, and as the file writes them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from studioctl.catalog.kinds import BUCKET, PROFILE, SPACE, kind_of
from studioctl.config import apps
from studioctl.config.checks import LONGEST_IDLE, NEVER
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location
from studioctl.config.text import path as key_path
from studioctl.infrastructure.naming import label
from studioctl.infrastructure.studio_api import CLEARED
from studioctl.review import causes
from studioctl.review.facts import Facts
from studioctl.review.nouns import Group, group_of
from studioctl.terraform.plan import AttributeChange, ResourceChange

LONGEST = 40
NONE, NOT_SET = "none", "(not set)"  # the second where a key comes or goes
_GROUPS: Mapping[str, Group] = {
    "network": "network",
    "iam": "permissions",
    "names": "permissions",
    "storage": "data",
    "images": "data",
    "limits": "limits",
    "secrets": "data",
    "encryption": "data",
    "tags": "all",
    "editor": "editor",
    "users": "people",
    "groups": "people",
    "studio": "people",
}
# Coarse keys, where a whole part of the environment comes or goes.
_PARTS = {
    ("network",): "the network",
    ("iam",): "permissions",
    ("storage",): "the data bucket",
    ("images",): "the image repository",
    ("studio",): "the domain",
    ("editor",): "editor",
    ("encryption",): "encryption",
    ("tags",): "tags",
}
# Both sides of a value in AWS and in the file.
_IN_FILE: Mapping[Location, Mapping[str | None, str]] = {
    ("network", "access"): {"PublicInternetOnly": '"public"', "VpcOnly": '"vpc-only"'},
    ("access", "auth"): {"IAM": '"iam"', "SSO": '"sso"'},
    ("studio", "docker"): {"ENABLED": "true", "DISABLED": "false", None: "false"},
    ("studio", "rootless_docker"): {"ENABLED": "true", "DISABLED": "false", None: "false"},
    ("studio", "home_file_system"): {"Enabled": "true", "Disabled": "false", None: "true"},
    ("studio", "session_names"): {"USER_IDENTITY": '"user"', "STATIC": '"fixed"', None: '"fixed"'},
    ("iam", "per_user_roles"): {"USER_PROFILE_NAME": "true", "DISABLED": "false", None: "false"},
    ("images", "immutable_tags"): {"IMMUTABLE": "true", "MUTABLE": "false"},
}
# Attributes in which the file's own value stands.
_PLAIN: set[Location] = {
    ("network", "cidr"),
    ("network", "public_ips"),
    ("studio", "volume_gb"),
    ("studio", "max_volume_gb"),
    ("studio", "trusted_accounts"),
    ("studio", "hidden_apps"),
    ("studio", "hidden_tools"),
    ("storage", "bucket"),
    ("storage", "keep_old_versions_days"),
    ("storage", "access_logs"),
    ("images", "repository"),
    ("images", "scan_on_push"),
    ("images", "keep_latest"),
    ("images", "expire_untagged_days"),
    ("encryption", "deletion_days"),
    ("names", "domain"),
    ("names", "role"),
    ("names", "secret"),
    ("iam", "permissions_boundary"),
    ("iam", "role_path"),
}


_OF_SPACE = {causes.VOLUME, causes.INSTANCE, causes.IMAGE, *causes.OF_SPACE_ALONE}


def group(key: Location, change: ResourceChange) -> Group:
    """The part of the environment in which people look for a key."""
    if key[:1] in {("users",), ("groups",)} and "editor" in key:
        return "editor"
    if key[:2] == ("images", "custom"):
        return "editor"
    if key == ("iam",):
        return group_of(change.type)
    return _GROUPS.get(str(key[0]) if key else "", group_of(change.type))


def subject(key: Location, change: ResourceChange, facts: Facts) -> str:
    """A key as a person says it: `studio.volume_gb`, `user eve`, `space grace-gpu volume_gb`."""
    if thing := _of_thing(key, change, facts):
        return thing
    if key in _PARTS:
        return _PARTS[key]
    if key[:1] == ("users",):
        return _of_user(key, facts.config)
    if key[:1] == ("groups",):
        return f"group {key[1]} {'.'.join(map(str, key[2:]))}"
    if key[:2] == ("images", "custom") and len(key) > 2:
        return f"image {change.label}"
    return key_path(key)


def _of_thing(key: Location, change: ResourceChange, facts: Facts) -> str:
    """The thing itself, where the key is that of more than it; else empty."""
    if key == ("storage",) and change.type != BUCKET and not facts.is_new:
        return kind_of(change.type).title.replace("of bucket", "of the data bucket")
    name = change.label.lstrip("_")
    if key == ("users",):
        return f"space {name}" if change.type == SPACE else f"user {name}"
    if change.type != SPACE or key[:1] != ("users",) or len(key) > 2:
        return ""
    comes = f"{PROFILE}.{label(facts.config.users[int(key[1])].name)}" in facts.addresses  # the user, with all spaces
    return "" if comes else f"space {name}"


def _of_user(key: Location, config: EnvironmentConfig) -> str:
    user = config.users[int(key[1])]
    if len(key) == 2:
        return f"user {user.name}"
    if key[2] == "spaces":
        space = user.effective_spaces()[int(key[3])].name
        return " ".join([f"space {space}", *map(str, key[4:])])
    return f"user {user.name} {'.'.join(map(str, key[2:]))}"


def values(key: Location, attribute: AttributeChange) -> tuple[str, str] | None:
    """The old and the new value as the file writes them; None where the attribute says neither."""
    if attribute.sensitive or attribute.unknown:
        return None
    path = causes.plain(attribute.path)
    before, after = attribute.before, attribute.after
    if isinstance(before, bool) or isinstance(after, bool):
        before, after = bool(before), bool(after)
    was, now = in_file(key, path, before), in_file(key, path, after)
    return (NOT_SET if was == NONE else was, NOT_SET if now == NONE else now) if was and now else None


def in_file(key: Location, path: str, value: Any) -> str | None:
    """A value of AWS as the file writes it; None where the file does not have it in this form.

    Args:
        key: The key of the file.
        path: The attribute, as `causes.plain` gives it.
        value: Its value.
    """
    if path == causes.IDLE:
        return _minutes(value)
    if path == causes.APP:
        app = apps.in_file(value)
        return None if app is None else shown(app)
    if path in _OF_SPACE or key[:1] == ("tags",):
        return NONE if (path, value) == (causes.PLAN, CLEARED) else shown(value)
    if known := _IN_FILE.get(key):
        return known.get(value) if value is None or isinstance(value, str) else None
    if key not in _PLAIN or (key[0] == "images" and path.endswith("description")):
        return None
    return shown(value)


def switched(key: Location, config: EnvironmentConfig, actions: Collection[str]) -> tuple[str, str] | None:
    """The values of a key that is on where something exists, and off where it does not.

    Args:
        key: The key.
        config: The file, which has the new value.
        actions: The actions on all that depends on the key.
    """
    if len(key) != 2 or key[0] not in type(config).model_fields or set(actions) - {"create", "delete", "update"}:
        return None
    now = getattr(getattr(config, str(key[0])), str(key[1]), None)
    if isinstance(now, bool):
        return (shown(not now), shown(now)) if ("create" if now else "delete") in actions else None
    others = _ALTERNATIVES.get(key)
    return (shown(others[now]), shown(now)) if others and now in others else None


# The other one of two values.
_ALTERNATIVES: Mapping[Location, Mapping[Any, str]] = {
    ("iam", "permissions"): {"scoped": "managed", "managed": "scoped"},
    ("network", "internet"): {"nat": "none", "none": "nat"},
}


def _minutes(minutes: Any) -> str:
    return f'"{NEVER}"' if minutes == LONGEST_IDLE else shown(minutes)


def shown(value: Any) -> str:
    """A value as TOML has it, shortened; "none" for none, and a list without its brackets."""
    if value is None or value == "":  # the provider has no null for some of them
        return NONE
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        text = ", ".join(map(str, value)) or NONE
    else:
        text = f'"{value}"' if isinstance(value, str) else str(value)
    return shortened(text)


def entries(value: Sequence[Any]) -> str:
    """The number of entries, for a line that has no room for them."""
    return f"{len(value)} {'entry' if len(value) == 1 else 'entries'}" if value else "none"


def shortened(text: str) -> str:
    """The text, cut where it is long."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
