"""Thirteen keys, each with another value than its default, in the words of the file and of AWS's API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studioctl.infrastructure import studio_api
from studioctl.operations.why.question import paths


@dataclass(frozen=True)
class Case:
    """One key.

    Args:
        toml: The value in the file.
        aws: The same in AWS.
        shown: The same as `why` shows it.
        default: The default as `why` shows it.
        everywhere: Whether a user profile has it too; else it is the domain's alone.
    """

    toml: str
    aws: Any
    shown: str
    default: str
    everywhere: bool = False


CASES: Mapping[str, Case] = {
    "studio.image": Case('"4.3"', "4.3", '"4.3"', "none", everywhere=True),
    "studio.instance_type": Case('"ml.t3.large"', "ml.t3.large", '"ml.t3.large"', '"ml.t3.medium"', everywhere=True),
    "studio.volume_gb": Case("30", 30, "30", "20", everywhere=True),
    "studio.max_volume_gb": Case("300", 300, "300", "100", everywhere=True),
    "studio.idle_timeout_minutes": Case("90", 90, "90", "60", everywhere=True),
    "studio.hidden_apps": Case('["Canvas"]', ["Canvas"], "Canvas", "none", everywhere=True),
    "studio.hidden_tools": Case('["JumpStart"]', ["JumpStart"], "JumpStart", "none", everywhere=True),
    "studio.session_names": Case('"user"', "USER_IDENTITY", '"user"', "none", everywhere=True),
    "studio.docker": Case("false", "DISABLED", "false", "true"),
    "studio.trusted_accounts": Case('["111122223333"]', ["111122223333"], "111122223333", "none"),
    "studio.rootless_docker": Case("true", "ENABLED", "true", "false"),
    "studio.home_file_system": Case("false", "Disabled", "false", "true"),
    "network.access": Case('"vpc-only"', "VpcOnly", '"vpc-only"', '"public"'),
    "iam.per_user_roles": Case("true", "USER_PROFILE_NAME", "true", "false"),
    "names.domain": Case('"other"', "other", '"other"', '"acme-ml"'),
}
OF_GROUPS = ("studio.image", "studio.instance_type", "studio.volume_gb")  # of these, what a group may say
NEEDS = {  # what the file must say besides
    "studio.trusted_accounts": {"network.access": '"vpc-only"'},
    "studio.rootless_docker": {"network.access": '"vpc-only"'},
}
HEAD = 'name = "acme-ml"\nregion = "us-east-1"\n\n[[users]]\nname = "ada"\n'


def in_file(*keys: str) -> str:
    """A file with these keys at their values."""
    values = {key: CASES[key].toml for key in keys}
    for key in keys:
        values |= NEEDS.get(key, {})
    sections: dict[str, list[str]] = {}
    for key, value in values.items():
        section, name = key.split(".")
        sections.setdefault(section, []).append(f"{name} = {value}")
    return HEAD + "".join(f"\n[{section}]\n" + "\n".join(lines) + "\n" for section, lines in sections.items())


def in_aws(key: str, *, layer: str) -> dict[str, Any]:
    """The answer of DescribeDomain or DescribeUserProfile, where that layer alone has the value of this key."""
    own = [path for path in paths(tuple(key.split("."))) if "storage_settings.ebs" not in path]
    value: Any = CASES[key].aws
    for part in reversed(own[0].split(".")):
        value = {studio_api.api_name(part): value}
    of_domain = {"domain": "DefaultUserSettings", "profile": "UserSettings"}[layer]
    return {of_domain: value} if CASES[key].everywhere else value
