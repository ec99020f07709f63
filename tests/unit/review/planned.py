"""Plans of Terraform and `up` between two files, without running either.

The shape is that of a plan: nested blocks are lists of one, references stand for what they point to, and policies are
JSON. `tests/functional/test_applied.py` compares with real plans.
"""

import base64
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure import blueprint, studio_api
from studioctl.infrastructure.block import Blueprint, Data, Ref, Resource
from studioctl.operations.provisioning import meeting
from studioctl.review.now import Now, Running
from studioctl.terraform import plan as plans
from studioctl.terraform.plan import PlanSummary, ResourceChange, addresses

MAPS = {"tags"}
# The provider has no tags for these.
UNTAGGED = {
    *(f"aws_s3_bucket_{part}" for part in ("logging", "ownership_controls", "policy", "public_access_block")),
    *("aws_s3_bucket_server_side_encryption_configuration", "aws_s3_bucket_versioning"),
    *("aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_route", "aws_route_table_association"),
    *("aws_ecr_lifecycle_policy", "aws_kms_alias", "aws_sagemaker_image_version", "aws_scheduler_schedule"),
}
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
CONTENT = "studio_lifecycle_config_content"
_FILE = re.compile(r'\$\{filebase64\("\$\{path\.module\}/(?P<name>[^"]+)"\)\}')
HELD = {"domain_id", "subnet_id", "route_table_id", "security_group_id"}  # what is in these cannot move


def between(before: EnvironmentConfig | None, after: EnvironmentConfig) -> PlanSummary:
    """The plan of a change of the file; of a first `up` where there was none."""
    wanted = blueprint.build(after)
    moved = {old: new for module in wanted.modules for old, new in module.moved.items()}
    there = _resources(blueprint.build(before), moved) if before else {}
    there = {moved.get(address, address): each for address, each in there.items()}
    now = _resources(wanted, {})
    replaced: set[str] = set()
    modules = addresses(wanted)
    while True:
        changes = [
            _change(address, there.get(address), now.get(address), modules, replaced) for address in {**now, **there}
        ]
        before_this = len(replaced)
        replaced |= {change.address for change in changes if change is not None and change.action == "replace"}
        if len(replaced) == before_this:  # nothing more follows
            break
    known = plans.ordered(changes, modules)
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
    texts = {
        name: base64.b64encode(text.encode(errors="surrogateescape")).decode() for name, text in described.files.items()
    }
    for resource in described.resources():
        arguments = {key: value for key, value in resource.arguments.items() if key not in IGNORED}
        arguments = studio_api.merged(arguments, resource.api_alone)
        if resource.type not in UNTAGGED:
            arguments = {"tags": dict(described.tags) | dict(arguments.pop("tags", {})), **arguments}
        attributes = _filled(_shape(arguments), documents, moved)
        if scripted := _FILE.fullmatch(str(attributes.get(CONTENT))):
            attributes[CONTENT] = texts[scripted["name"]]
        found[resource.address] = resource, attributes
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
        policy = before[1].get("policy") if before and plans.TELLS(resource.label) else None
        said = (plans.AttributeChange("policy", policy, None),) if policy else ()
        return ResourceChange(address, resource.type, resource.label, module, action, said)  # type: ignore[arg-type]
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


# Who works, in the changes that are told.
RUNNING = ("ada-editor", "grace-gpu")
NEVER_STARTED = {"grace-editor"}
BY_ALL = {"aws_sagemaker_studio_lifecycle_config"}  # what every app that runs was started with
CONTENTS = {
    "aws_secretsmanager_secret": "a token",
    "aws_s3_bucket": "3 objects, 2.0 MB",
    "aws_ecr_repository": "2 images, 1.1 GB",
}


def now(before: EnvironmentConfig | None, summary: PlanSummary) -> Now:
    """The state of AWS while a plan is looked at: two apps run, and one space was never started."""
    spaces = {s.name: (user.name, s) for user in (before.users if before else ()) for s in user.effective_spaces()}
    running = tuple(Running(name, spaces[name][0]) for name in RUNNING if name in spaces)
    using, held = {}, {}
    for change in (change for change in summary.changes if change.destroys):
        names = {change.label} if change.type == "aws_sagemaker_space" else set()
        using[change.address] = tuple(app for app in running if change.type in BY_ALL or app.space in names)
        if change.type == "aws_sagemaker_space" and change.label in spaces.keys() - NEVER_STARTED:
            size = spaces[change.label][1].volume_gb or (before.studio.volume_gb if before else 0)
            held[change.address] = f"a volume of {size} GB"
        elif change.type in CONTENTS:
            held[change.address] = CONTENTS[change.type]
    stops = any(using.values()) or (running and any(map(meeting.needs_rest, summary.changes)))
    flags = (*(("--stop-apps",) if stops else ()), *(("--delete-data",) if held else ()))
    owners = {name: owner for name, (owner, _) in spaces.items()}
    subnets = [change.address for change in summary.changes if change.type == "aws_subnet" and change.destroys]
    zones = dict.fromkeys(subnets, "us-east-1b")
    return Now(running, using, held, owners, frozenset(NEVER_STARTED & spaces.keys()), flags, zones)
