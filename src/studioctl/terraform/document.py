"""A blueprint as Terraform's JSON documents. Pure: no disk, no clock, no client.

Terraform's JSON syntax ignores a property named "//" wherever it expects a block, so that is where comments go; inside
an argument's value the same key would be data.
https://developer.hashicorp.com/terraform/language/syntax/json#comment-properties
"""

import io
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from studioctl.catalog.provider import NAME
from studioctl.infrastructure.block import Block, Blueprint, Data, Module, Output, Ref, Resource, literal
from studioctl.target import Target
from studioctl.terraform.executable import MINIMUM

# How often the provider tries one call: as often as it would by itself. Eight attempts, 3.5 minutes, are too few for a
# look at a thousand users where AWS throttles all the while: the other calls of the same look take what AWS lets
# through. "adaptive" lets the provider ask at the rate at which AWS answers, so that fewer attempts are wasted.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
MAX_RETRIES = 25
RETRY_MODE = "adaptive"

# What the emulator answers for. The provider names some services otherwise than AWS does: these are its names.
EMULATED_SERVICES = (
    "cloudwatch",
    "ec2",
    "ecr",
    "efs",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "rds",
    "s3",
    "sagemaker",
    "scheduler",
    "secretsmanager",
    "servicequotas",
    "sns",
    "ssm",
    "sts",
)


def render(blueprint: Blueprint, target: Target, *, alone: bool = False) -> dict[str, str]:
    """The documents of an environment: file name -> text, in the order in which a person would read them.

    The same blueprint and target give the same text, so a document changes only when what it describes does.

    Args:
        blueprint: The resources that should exist.
        target: The target.
        alone: Whether Terraform works without studioctl, and so changes itself what `up` changes by AWS's API.
    """
    documents = {"main.tf.json": text(_main(blueprint, target))}
    if not target.is_local:
        documents["variables.tf.json"] = text(_variables(target))
    for module in blueprint.modules:
        documents[f"{module.name}.tf.json"] = text(_module(module, alone=alone))
    return {**documents, **blueprint.files}


def names(blueprint: Blueprint, target: Target) -> frozenset[str]:
    """The names of the documents of an environment, without their text: that of a thousand people takes time."""
    none = tuple(replace(module, blocks=(), moved={}) for module in blueprint.modules)
    return frozenset(render(replace(blueprint, modules=none), target))


def imports(ids: Mapping[str, str]) -> str:
    """Import blocks: the plan then takes what exists into the state instead of creating it.

    Args:
        ids: The ids for `terraform import`, by resource address.

    Source: https://developer.hashicorp.com/terraform/language/import
    """
    purpose = (
        "Exists already, and no state knows of it: an interrupted run made it, or it was kept by `studioctl down`."
    )
    return text({"//": purpose, "import": [{"to": to, "id": literal(identity)} for to, identity in ids.items()]})


def text(document: Mapping[str, Any]) -> str:
    """A document as it stands in its file; values that JSON does not know are refused with TypeError."""
    written = io.StringIO()  # piece by piece: all pieces of a thousand people at once take five times their text
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False, default=_reference).iterencode(document):
        written.write(piece)
    written.write("\n")
    return written.getvalue()


def _reference(value: object) -> str:
    if isinstance(value, Ref):
        return str(value)
    raise TypeError(f"Terraform's JSON cannot hold {value!r}")


def _main(blueprint: Blueprint, target: Target) -> dict[str, Any]:
    tags = {literal(key): literal(value) for key, value in blueprint.tags.items()}
    return {
        "//": f'The environment "{blueprint.name}": Terraform, its provider, and the tags that everything carries.',
        "terraform": {
            "required_version": f">= {MINIMUM}",
            "required_providers": {"aws": {"source": NAME, "version": blueprint.provider.text}},
        },
        "provider": {
            "aws": {
                "region": target.region,
                "max_retries": MAX_RETRIES,
                "retry_mode": RETRY_MODE,
                **(_emulator(target.endpoint_url) if target.endpoint_url else {"profile": "${var.profile}"}),
                "default_tags": {"tags": tags},
            }
        },
    }


def _emulator(endpoint_url: str) -> dict[str, Any]:
    return {
        "//": "The emulator on this machine. Nothing here can reach AWS; its key is in Terraform's environment.",
        "skip_credentials_validation": True,
        "skip_metadata_api_check": "true",
        "skip_region_validation": True,
        "s3_use_path_style": True,
        "endpoints": dict.fromkeys(EMULATED_SERVICES, endpoint_url),
    }


def _variables(target: Target) -> dict[str, Any]:
    return {
        "//": "What may differ from person to person.",
        "variable": {
            "profile": {
                "description": "Profile of your AWS configuration; null takes AWS's own order of credentials.",
                "type": "string",
                "nullable": True,
                "default": literal(target.profile) if target.profile else None,
            }
        },
    }


def _module(module: Module, *, alone: bool) -> dict[str, Any]:
    document: dict[str, Any] = {"//": module.purpose}
    data = _by_type((block for block in module.blocks if isinstance(block, Data)), alone=alone)
    resources = _by_type((block for block in module.blocks if isinstance(block, Resource)), alone=alone)
    told = (block for block in module.blocks if isinstance(block, Output) and (alone or not block.is_table))
    outputs = {block.name: _output(block) for block in told}
    moved = [{"from": before, "to": after} for before, after in module.moved.items()]
    kinds = {"data": data, "resource": resources, "output": outputs, "moved": moved}
    return document | {kind: blocks for kind, blocks in kinds.items() if blocks}


def _by_type(blocks: Iterable[Block], *, alone: bool) -> dict[str, dict[str, Any]]:
    types: dict[str, dict[str, Any]] = {}
    for block in blocks:
        if isinstance(block, Output):
            continue
        comment = {"//": block.why} if block.why else {}
        by_api = block.by_api if isinstance(block, Resource) and not alone else ()
        types.setdefault(block.type, {})[block.label] = comment | _leaving(block.arguments, by_api)
    return types


def _leaving(arguments: Mapping[str, Any], by_api: Collection[str]) -> dict[str, Any]:
    """The arguments, of which Terraform leaves some as they are."""
    if not by_api:
        return dict(arguments)
    lifecycle = arguments.get("lifecycle", {})
    others = [path for path in lifecycle.get("ignore_changes", ()) if re.split(r"[.\[]", path)[0] not in by_api]
    return dict(arguments) | {"lifecycle": {**lifecycle, "ignore_changes": [*by_api, *others]}}


def _output(output: Output) -> dict[str, Any]:
    return {"description": literal(output.description), "value": output.value}
