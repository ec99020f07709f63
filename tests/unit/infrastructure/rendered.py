"""The policies of a blueprint as AWS gets them: Terraform's references replaced by what they come to."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data

from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.block import Data, Resource
from studioctl.infrastructure.blueprint import build

ACCOUNT = "123456789012"
REGION = "us-east-1"
AWS_MANAGED = "arn:aws:iam::aws:policy/"
_REFERENCE = re.compile(r"(?<!\$)\$\{([^}]+)\}")
_ARNS = {
    "aws_s3_bucket": ("bucket", "arn:aws:s3:::{}"),
    "aws_iam_role": ("name", f"arn:aws:iam::{ACCOUNT}:role/{{}}"),
    "aws_ecr_repository": ("name", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{{}}"),
    # AWS adds six characters that nobody chooses
    "aws_secretsmanager_secret": ("name", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{{}}-AbCdEf"),
}
_LOOKUPS = {
    "data.aws_caller_identity.current.account_id": ACCOUNT,
    "data.aws_partition.current.partition": "aws",
}


@dataclass(frozen=True)
class Role:
    """A role with its policies, by name."""

    arn: str
    policies: Mapping[str, Mapping[str, Any]]


def roles_of(config: EnvironmentConfig) -> dict[str, Role]:
    """User -> the role that the user's apps work with."""
    blueprint = build(config)
    blocks = {
        block.address: block for m in blueprint.modules for block in m.blocks if isinstance(block, Resource | Data)
    }
    attachments = [r.arguments for r in blueprint.resources() if r.type == "aws_iam_role_policy_attachment"]
    found = {}
    for profile in blueprint.resources():
        if profile.type == "aws_sagemaker_user_profile":
            address = str(profile.arguments["user_settings"]["execution_role"]).strip("${}").removesuffix(".arn")
            attached = [a["policy_arn"] for a in attachments if str(a["role"]) == f"${{{address}.name}}"]
            policies = dict(_policy(str(arn), blocks) for arn in attached)
            found[profile.arguments["user_profile_name"]] = Role(_text(f"${{{address}.arn}}", blocks), policies)
    return found


def _policy(arn: str, blocks: Mapping[str, Resource | Data]) -> tuple[str, Any]:
    filled = _text(arn, blocks)
    if filled.startswith(AWS_MANAGED):
        name = filled.removeprefix(AWS_MANAGED)
        return name, json.loads(aws_managed_policies_data)[name]["Document"]
    policy = blocks[arn.strip("${}").removesuffix(".arn")]
    document = blocks[str(policy.arguments["policy"]).strip("${}").removesuffix(".json")]
    statements = [_statement(statement, blocks) for statement in document.arguments["statement"]]
    return policy.arguments["name"], {"Version": "2012-10-17", "Statement": statements}


def _statement(block: Mapping[str, Any], blocks: Mapping[str, Resource | Data]) -> dict[str, Any]:
    conditions: dict[str, dict[str, list[str]]] = {}
    for condition in block.get("condition", ()):
        values = [_text(value, blocks) for value in condition["values"]]
        conditions.setdefault(condition["test"], {})[condition["variable"]] = values
    return {
        "Sid": block.get("sid", ""),
        "Effect": block.get("effect", "Allow"),
        "Action": block["actions"],
        "Resource": [_text(resource, blocks) for resource in block["resources"]],
        **({"Condition": conditions} if conditions else {}),
    }


def _text(text: str, blocks: Mapping[str, Resource | Data]) -> str:
    """`${...}` is Terraform's, `&{...}` becomes IAM's, `$${` is IAM's already."""
    filled = _REFERENCE.sub(lambda found: _value(found[1], blocks), str(text))
    return filled.replace("&{", "${").replace("$${", "${")


def _value(reference: str, blocks: Mapping[str, Resource | Data]) -> str:
    if reference in _LOOKUPS:
        return _LOOKUPS[reference]
    address, _, attribute = reference.rpartition(".")
    block = blocks[address]
    if attribute != "arn" or block.type not in _ARNS:
        return f"{reference}-unknown"
    argument, arn = _ARNS[block.type]
    return arn.format(_text(block.arguments[argument], blocks))
