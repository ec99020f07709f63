"""The policies of an environment as IAM gets them: Terraform's documents with every reference filled in."""

import json
import re
from collections.abc import Mapping
from typing import Any

from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.block import Data, Resource
from tests.environments import environment

ACCOUNT = "123456789012"
ARNS = {
    "aws_s3_bucket": "arn:aws:s3:::{bucket}",
    "aws_iam_role": f"arn:aws:iam::{ACCOUNT}:role/{{name}}",
    "aws_kms_key": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "aws_ecr_repository": f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/{{name}}",
    "aws_secretsmanager_secret": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{{name}}-AbCdEf",
}
# What each committed file of policies is of.
ENVIRONMENTS: Mapping[str, EnvironmentConfig] = {
    "default": environment(),
    "managed": environment(iam={"permissions": "managed"}),
    "per_user_roles": environment(
        users=[
            {"name": "ada", "github": {"username": "ada"}},
            {"name": "Bob", "push_images": False},
        ],
        secrets={"github": {"username": "acme-robot"}},
        iam={"per_user_roles": True},
    ),
    "everything": environment(
        secrets={"github": {"username": "ada"}},
        storage={"bucket": "acme-data", "extra_buckets": ["acme-lake"]},
        studio={"remote_access": False},
        images={"repository": "team/images"},
        encryption={"customer_key": True},
        limits={"instance_types": ["ml.t3.*", "ml.m5.large"], "images": ["4.3"], "apps": ["code-editor"]},
        iam={
            "permissions_boundary": "arn:aws:iam::123456789012:policy/ml-boundary",
            "extra_statements": [
                {
                    "sid": "ReadTheLake",
                    "actions": ["s3:GetObject"],
                    "resources": ["arn:aws:s3:::acme-lake/${aws:PrincipalTag/team}/*"],
                    "conditions": {"StringEquals": {"aws:ResourceTag/team": ["ml", "data"]}},
                },
                {"effect": "Deny", "actions": ["*"], "resources": ["arn:aws:s3:::acme-payroll"]},
            ],
        },
    ),
}


def roles(config: EnvironmentConfig) -> dict[str, Any]:
    """Each role by name: its trust, its boundary, and its policies by name; AWS's own only by their ARNs."""
    modules = blueprint.build(config).modules
    blocks = {b.address: b for module in modules for b in module.blocks if isinstance(b, Data | Resource)}
    known = _known(blocks)
    documents = {
        address: _document(block, known) for address, block in blocks.items() if block.type == "aws_iam_policy_document"
    }

    def document(reference: object) -> Any:
        return documents[str(reference)[2:-1].removesuffix(".json")]

    found: dict[str, Any] = {}
    for block in blocks.values():
        if block.type == "aws_iam_role":
            found[block.arguments["name"]] = {
                "trust": document(block.arguments["assume_role_policy"]),
                "boundary": block.arguments.get("permissions_boundary"),
                "policies": {},
                "managed": [],
            }
        if block.type == "aws_iam_role_policy_attachment":
            role = found[_filled_in(block.arguments["role"], known)]
            arn = _filled_in(block.arguments["policy_arn"], known)
            policy = next((b for b in blocks.values() if f"${{{b.address}.arn}}" == arn), None)
            if policy is None:
                role["managed"].append(arn)
            else:
                role["policies"][policy.arguments["name"]] = document(policy.arguments["policy"])
    return found


def text(config: EnvironmentConfig) -> str:
    """The roles as they stand in a committed file."""
    return json.dumps(roles(config), indent=2) + "\n"


def _known(blocks: Mapping[str, Data | Resource]) -> dict[str, str]:
    known = {
        "${data.aws_partition.current.partition}": "aws",
        "${data.aws_partition.current.dns_suffix}": "amazonaws.com",
        "${data.aws_caller_identity.current.account_id}": ACCOUNT,
    }
    for address, block in blocks.items():
        if block.type in ARNS:
            known[f"${{{address}.arn}}"] = ARNS[block.type].format_map(block.arguments)
            known[f"${{{address}.name}}"] = str(block.arguments.get("name"))
    return known


def _filled_in(value: object, known: Mapping[str, str]) -> str:
    text = str(value)
    for _ in range(2):  # what a reference stands for may hold another: a bucket's name the account's id
        for reference, meaning in known.items():
            text = text.replace(reference, meaning)
    return text


def _document(block: Data | Resource, known: Mapping[str, str]) -> dict[str, Any]:
    """The document that the provider renders from an `aws_iam_policy_document`."""
    statements = [_statement(statement, known) for statement in block.arguments["statement"]]
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(statement: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    def plain(values: list[str]) -> list[str]:
        return [re.sub(r"(&|\$\$)\{", "${", _filled_in(value, known)) for value in values]

    conditions: dict[str, dict[str, list[str]]] = {}
    for condition in statement.get("condition", []):
        conditions.setdefault(condition["test"], {})[condition["variable"]] = plain(condition["values"])
    principals = {"Principal": {p["type"]: p["identifiers"] for p in statement.get("principals", [])}}
    return {
        **({"Sid": statement["sid"]} if "sid" in statement else {}),
        "Effect": statement.get("effect", "Allow"),
        **(principals if "principals" in statement else {}),
        "Action": statement["actions"],
        **({"Resource": plain(statement["resources"])} if "resources" in statement else {}),
        **({"Condition": conditions} if conditions else {}),
    }
