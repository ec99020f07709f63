"""Terraform's resource types in plain words, and the part of an environment that a person looks for them in."""

from collections.abc import Iterable, Mapping
from typing import Literal

from studioctl.config.text import count

Group = Literal["people", "editor", "network", "permissions", "limits", "data", "all"]
# In the order in which a plan shows them.
TITLES: Mapping[Group, str] = {
    "people": "People and spaces",
    "editor": "Editor",
    "network": "Network",
    "permissions": "Permissions",
    "limits": "Limits",
    "data": "Data and encryption",
    "all": "The whole environment",
}
_BUCKET_PARTS = (
    "logging",
    "ownership_controls",
    "policy",
    "public_access_block",
    "server_side_encryption_configuration",
    "versioning",
)
# Type -> its part and its noun, which takes an "s" for several.
NOUNS: Mapping[str, tuple[Group, str]] = {
    "aws_sagemaker_domain": ("people", "domain"),
    "aws_sagemaker_user_profile": ("people", "user profile"),
    "aws_sagemaker_space": ("people", "space"),
    "aws_sagemaker_studio_lifecycle_config": ("editor", "set-up script"),
    "aws_sagemaker_image": ("editor", "custom image"),
    "aws_sagemaker_image_version": ("editor", "version of a custom image"),
    "aws_sagemaker_app_image_config": ("editor", "start configuration"),
    "aws_vpc": ("network", "VPC"),
    "aws_default_security_group": ("network", "default security group"),
    "aws_subnet": ("network", "subnet"),
    "aws_route_table": ("network", "route table"),
    "aws_route_table_association": ("network", "subnet route"),
    "aws_route": ("network", "route"),
    "aws_internet_gateway": ("network", "internet gateway"),
    "aws_nat_gateway": ("network", "NAT gateway"),
    "aws_eip": ("network", "public address"),
    "aws_security_group": ("network", "security group"),
    "aws_vpc_security_group_egress_rule": ("network", "security group rule"),
    "aws_vpc_security_group_ingress_rule": ("network", "security group rule"),
    "aws_vpc_endpoint": ("network", "private endpoint"),
    "aws_cloudwatch_log_group": ("network", "log group"),
    "aws_flow_log": ("network", "flow log"),
    "aws_iam_role": ("permissions", "role"),
    "aws_iam_role_policy": ("permissions", "policy"),
    "aws_iam_policy": ("permissions", "policy"),
    "aws_iam_role_policy_attachment": ("permissions", "policy attachment"),
    "aws_s3_bucket": ("data", "bucket"),
    **{f"aws_s3_bucket_{part}": ("data", "bucket setting") for part in _BUCKET_PARTS},
    "aws_ecr_repository": ("data", "image repository"),
    "aws_ecr_lifecycle_policy": ("data", "expiry rule for images"),
    "aws_secretsmanager_secret": ("data", "secret"),
    "aws_kms_key": ("data", "encryption key"),
    "aws_kms_alias": ("data", "key alias"),
    "aws_sns_topic": ("limits", "topic"),
    "aws_lambda_function": ("limits", "function"),
    "aws_scheduler_schedule": ("limits", "schedule"),
    "aws_cloudwatch_metric_alarm": ("limits", "alarm"),
}
PLURALS = {
    "policy": "policies",
    "public address": "public addresses",
    "version of a custom image": "versions of custom images",
    "expiry rule for images": "expiry rules for images",
}


def noun(resource_type: str) -> str:
    """The word for a resource of this type; the type without "aws_" where it is not in the table."""
    known = NOUNS.get(resource_type)
    return known[1] if known else resource_type.removeprefix("aws_").replace("_", " ")


def group_of(resource_type: str) -> Group:
    """The part of an environment that a resource of this type belongs to."""
    known = NOUNS.get(resource_type)
    return known[0] if known else "data"


def counted(number: int, word: str) -> str:
    """ "a policy", "2 policies"."""
    if number == 1:
        return f"{'an' if word[0] in 'aeio' else 'a'} {word}"
    return f"{number} {PLURALS[word]}" if word in PLURALS else count(number, word)


def listed(types: Iterable[str]) -> str:
    """Resources of these types, counted: "a VPC, 2 subnets and a route"."""
    numbers: dict[str, int] = {}
    for each in types:
        numbers[noun(each)] = numbers.get(noun(each), 0) + 1
    return joined(counted(number, word) for word, number in numbers.items())


def joined(parts: Iterable[str]) -> str:
    """ "a, b and c"."""
    *most, last = list(parts) or [""]
    return f"{', '.join(most)} and {last}" if most else last
