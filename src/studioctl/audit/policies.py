"""The policies of a blueprint's roles as AWS will see them: Terraform's references and variables resolved. Pure.

What is not known before it is made stands as a made-up ARN: whoever judges a policy by what it names still can.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from studioctl.infrastructure.block import Blueprint, Data, Ref, Resource

EXAMPLE_ACCOUNT = "123456789012"  # AWS's own in its documentation
# `${...}` is Terraform's unless it is escaped as `$${...}`; `&{...}` in a policy document's data source becomes IAM's.
# https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/data-sources/iam_policy_document
REFERENCE = re.compile(r"(?<!\$)\$\{([^{}]+)\}")
ANY_ROLE = re.compile(r"\*|arn:[^:]*:iam::[^:]*:(\*|role/\*)")
AWS_MANAGED = ":iam::aws:policy/"
ATTACHING = ("iam:AttachRolePolicy", "iam:DetachRolePolicy")
# What changes the powers of a role, user or group that exists.
CHANGING_POWERS = (
    *ATTACHING,
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachUserPolicy",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
)
# With these tests the values of `iam:PolicyARN` are all the policies that may be attached.
EQUALS = ("ArnEquals", "StringEquals")


@dataclass(frozen=True)
class RolePolicies:
    """The policies of a role.

    Args:
        role: The role's Terraform address.
        statements: The statements of all its own policies, in IAM's grammar.
        managed: The names of its AWS managed policies.
    """

    role: str
    statements: tuple[Mapping[str, Any], ...]
    managed: tuple[str, ...]


def of_roles(blueprint: Blueprint) -> tuple[RolePolicies, ...]:
    """Each role that the blueprint makes, with what is attached to it."""
    blocks = _blocks(blueprint)
    roles = [block for block in blocks.values() if isinstance(block, Resource) and block.type == "aws_iam_role"]
    return tuple(_of_role(role, blocks) for role in roles)


def _blocks(blueprint: Blueprint) -> dict[str, Data | Resource]:
    return {
        block.address: block
        for module in blueprint.modules
        for block in module.blocks
        if isinstance(block, Data | Resource)
    }


def _of_role(role: Resource, blocks: Mapping[str, Data | Resource]) -> RolePolicies:
    statements: list[Mapping[str, Any]] = []
    managed = []
    for block in blocks.values():
        if not str(block.arguments.get("role", "")).startswith(f"${{{role.address}."):
            continue
        if block.type == "aws_iam_role_policy":
            statements += _statements(block.arguments["policy"], blocks)
        elif block.type == "aws_iam_role_policy_attachment":
            arn = str(block.arguments["policy_arn"])
            if AWS_MANAGED in arn:
                managed.append(arn.partition(AWS_MANAGED)[2])
            else:
                statements += _statements(_referred(arn, blocks).arguments["policy"], blocks)
    return RolePolicies(role.address, tuple(statements), tuple(managed))


def _referred(reference: str, blocks: Mapping[str, Data | Resource]) -> Data | Resource:
    return blocks[reference.removeprefix("${").rpartition(".")[0]]


def _statements(policy: Ref | str, blocks: Mapping[str, Data | Resource]) -> Iterator[Mapping[str, Any]]:
    yield from map(resolved, _as_written(policy, blocks))


def _as_written(policy: Ref | str, blocks: Mapping[str, Data | Resource]) -> Iterator[Mapping[str, Any]]:
    if isinstance(policy, Ref):
        yield from map(_in_iams_grammar, _list(_referred(str(policy), blocks).arguments["statement"]))
    else:
        yield from _list(json.loads(policy)["Statement"])


def managed(blueprint: Blueprint) -> Iterator[tuple[Resource, tuple[Mapping[str, Any], ...]]]:
    """The blueprint's managed policies with their statements, in IAM's grammar but for Terraform's references."""
    blocks = _blocks(blueprint)
    for block in blocks.values():
        if isinstance(block, Resource) and block.type == "aws_iam_policy":
            yield block, tuple(_as_written(block.arguments["policy"], blocks))


def _in_iams_grammar(statement: Mapping[str, Any]) -> dict[str, Any]:
    """A statement of Terraform's data source as IAM has it."""
    names = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}
    made = {"Sid": statement.get("sid", ""), "Effect": statement.get("effect", "Allow")}
    made |= {iam: [str(each) for each in statement[ours]] for ours, iam in names.items() if statement.get(ours)}
    condition: dict[str, dict[str, list[str]]] = {}
    for each in _list(statement.get("condition", [])):
        condition.setdefault(each["test"], {})[each["variable"]] = [str(value) for value in each["values"]]
    return made | ({"Condition": condition} if condition else {})


def resolved(value: Any) -> Any:
    """The value with every reference replaced by what it will stand for, and IAM's variables as IAM writes them."""
    match value:
        case str():
            return REFERENCE.sub(_stands_for, value).replace("$${", "${").replace("&{", "${")
        case Mapping():
            return {key: resolved(item) for key, item in value.items()}
        case list() | tuple():
            return [resolved(item) for item in value]
        case _:
            return value


def _stands_for(found: re.Match[str]) -> str:
    match found[1].split("."):
        case [*_, "account_id"]:
            return EXAMPLE_ACCOUNT
        case ["data", "aws_partition", *_]:
            return "aws"
        case [kind, label, "arn"]:
            return f"arn:aws:{kind}:us-east-1:{EXAMPLE_ACCOUNT}:{label}"
        case parts:
            return "-".join(parts)


def passes_any_role(statement: Mapping[str, Any]) -> bool:
    """Whether a statement lets its holder hand every role of the account to a service, if only to some services."""
    passes = any(_matches(action, "iam:PassRole") for action in _list(statement.get("Action", [])))
    named = _list(statement.get("Resource", "*"))  # NotResource, too, leaves nearly all
    return statement["Effect"] == "Allow" and passes and any(ANY_ROLE.fullmatch(resource) for resource in named)


def forbidding(blueprint: Blueprint) -> frozenset[str]:
    """ARNs, as `resolved` has them, of the blueprint's policies that allow nothing."""
    blocks = _blocks(blueprint)
    return frozenset(
        resolved(f"${{{block.address}.arn}}")
        for block in blocks.values()
        if block.type == "aws_iam_policy"
        and all(statement["Effect"] == "Deny" for statement in _statements(block.arguments["policy"], blocks))
    )


def changes_powers(statement: Mapping[str, Any], harmless: frozenset[str]) -> tuple[str, ...]:
    """The actions of a statement by which its holder can change what others or itself may do.

    Args:
        statement: In IAM's grammar, with or without a condition, and whatever it is about.
        harmless: ARNs of policies that may be attached and detached: they allow nothing.
    """
    if statement["Effect"] != "Allow":
        return ()
    left_out, named = _list(statement.get("NotAction", [])), _list(statement.get("Action", []))
    actions = tuple(
        action
        for action in CHANGING_POWERS
        if any(_matches(each, action) for each in named)
        or (left_out and not any(_matches(each, action) for each in left_out))
    )
    tests = statement.get("Condition", {})
    bounds = [{key.lower(): _list(value) for key, value in tests.get(each, {}).items()} for each in EQUALS]
    policies = {arn for bound in bounds for arn in bound.get("iam:policyarn", ())}
    return tuple(each for each in actions if not (each in ATTACHING and policies and policies <= harmless))


def _matches(pattern: str, action: str) -> bool:
    return fnmatchcase(action.lower(), pattern.lower())


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
