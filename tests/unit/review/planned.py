"""What Terraform and `up` would plan between two files, without either.

The shape is that of a plan: nested blocks are lists of one, references stand for what they point to, and policies are
JSON. `tests/functional/test_applied.py` compares with real plans.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure import blueprint, studio_api
from studioctl.infrastructure.block import Blueprint, Data, Ref, Resource
from studioctl.terraform import plan as plans
from studioctl.terraform.plan import PlanSummary, ResourceChange, addresses

MAPS = {"tags"}
IGNORED = {"depends_on", "lifecycle"}
# What the provider replaces a resource for.
FORCING = {
    ("aws_vpc", "cidr_block"),
    ("aws_subnet", "cidr_block"),
    ("aws_s3_bucket", "bucket"),
    ("aws_ecr_repository", "name"),
    ("aws_ecr_lifecycle_policy", "policy"),
    ("aws_ecr_repository", "encryption_configuration"),
    ("aws_secretsmanager_secret", "name"),
    ("aws_iam_role", "name"),
    ("aws_sagemaker_domain", "domain_name"),
    ("aws_sagemaker_domain", "kms_key_id"),
    ("aws_sagemaker_studio_lifecycle_config", "studio_lifecycle_config_name"),
    ("aws_sagemaker_domain", "vpc_id"),
    ("aws_ecr_lifecycle_policy", "repository"),
    *(
        (kind, "vpc_id")
        for kind in ("aws_subnet", "aws_route_table", "aws_security_group", "aws_default_security_group")
    ),
}
HELD = {"domain_id", "subnet_id", "route_table_id", "security_group_id"}  # what is in these cannot move


def between(before: EnvironmentConfig | None, after: EnvironmentConfig) -> PlanSummary:
    """The plan of a change of the file; of a first `up` where there was none."""
    wanted = blueprint.build(after)
    moved = {old: new for module in wanted.modules for old, new in module.moved.items()}
    there = _resources(blueprint.build(before), moved) if before else {}
    there = {moved.get(address, address): each for address, each in there.items()}
    now = _resources(wanted, {})
    replaced: set[str] = set()
    while True:
        changes = [
            _change(address, there.get(address), now.get(address), addresses(wanted), replaced)
            for address in {**now, **there}
        ]
        before_this = len(replaced)
        replaced |= {change.address for change in changes if change is not None and change.action == "replace"}
        if len(replaced) == before_this:  # nothing more follows
            break
    known = plans.ordered(changes, addresses(wanted))
    return PlanSummary(known, (), (), destroy=False, has_changes=bool(known), file=Path("plan.tfplan"))


def state(of: EnvironmentConfig) -> dict[str, dict[str, Any]]:
    """The attributes in Terraform's state, by address, once this file is applied."""
    return {address: attributes for address, (_, attributes) in _resources(blueprint.build(of), {}).items()}


def _resources(described: Blueprint, moved: Mapping[str, str]) -> dict[str, tuple[Resource, dict[str, Any]]]:
    documents = {
        b.address: json.dumps(_shape(dict(b.arguments), nested=False))
        for module in described.modules
        for b in module.blocks
        if isinstance(b, Data) and b.type == "aws_iam_policy_document"
    }
    found = {}
    for resource in described.resources():
        arguments = {key: value for key, value in resource.arguments.items() if key not in IGNORED}
        arguments = studio_api.merged(arguments, resource.api_alone)
        arguments = {"tags": dict(described.tags) | dict(arguments.pop("tags", {})), **arguments}
        found[resource.address] = resource, _filled(_shape(arguments), documents, moved)
    return found


def _shape(value: Any, *, key: str = "", nested: bool = True) -> Any:
    if isinstance(value, Mapping):
        inner = {name: _shape(it, key=name, nested=nested) for name, it in value.items()}
        return [inner] if nested and key and key not in MAPS else inner
    if isinstance(value, list | tuple):
        return [_shape(it, nested=nested) for it in value]
    return str(value) if isinstance(value, Ref) else value


def _filled(value: Any, documents: Mapping[str, str], moved: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(it, documents, moved) for key, it in value.items()}
    if isinstance(value, list):
        return [_filled(it, documents, moved) for it in value]
    if not isinstance(value, str):
        return value
    text = documents.get(value.removeprefix("${").removesuffix(".json}"), value)
    for old, new in moved.items():
        text = text.replace(f"${{{old}.", f"${{{new}.")
    return text


def _change(
    address: str,
    before: tuple[Resource, dict[str, Any]] | None,
    after: tuple[Resource, dict[str, Any]] | None,
    modules: Mapping[str, str],
    replaced: Collection[str],
) -> ResourceChange | None:
    resource = (after or before)[0]  # type: ignore[index]
    module = modules.get(address)
    if before is None or after is None:
        action = "create" if before is None else "delete"
        return ResourceChange(address, resource.type, resource.label, module, action)  # type: ignore[arg-type]
    details = {"actions": ["update"], "before": before[1], "after": _unknown(after[1], replaced)}
    found = tuple(
        replace(
            a,
            forces_replacement=(resource.type, a.path.partition("[")[0]) in FORCING or a.path in HELD,
            unknown=a.after == plans.UNKNOWN,
        )
        for a in plans.attribute_changes(details)
    )
    if not found:
        return None
    is_new = any(a.forces_replacement for a in found)
    told = tuple(a for a in found if a.forces_replacement or not a.unknown) if is_new else found
    return ResourceChange(address, resource.type, resource.label, module, "replace" if is_new else "update", told)


def _unknown(value: Any, replaced: Collection[str]) -> Any:
    """The value, in which nobody knows yet what refers to something that is made anew."""
    if isinstance(value, Mapping):
        return {key: _unknown(it, replaced) for key, it in value.items()}
    if isinstance(value, list):
        inner = [_unknown(it, replaced) for it in value]
        return plans.UNKNOWN if plans.UNKNOWN in inner else inner
    if isinstance(value, str) and any(f"${{{address}." in value for address in replaced):
        return plans.UNKNOWN
    return value
