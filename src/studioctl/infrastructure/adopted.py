"""A blueprint by which Terraform takes things into its state, and makes nothing that they refer to."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from studioctl.infrastructure.block import Block, Blueprint, Data, Module, Output, Ref, Resource, references

_EXPRESSION = re.compile(r"(?<!\$)\$\{(aws_[a-z0-9_]+\.[A-Za-z0-9_-]+)\.([^}]*)\}")
# Stand for what there is not, where the provider wants an ARN. They reach no AWS: what holds one is left as it is.
NONE, NONE_ARN = "none", "arn:aws:iam::000000000000:role/none"


def alone(blueprint: Blueprint, addresses: Collection[str]) -> Blueprint:
    """These resources, without what else they refer to. What such a reference would change stays as it is in AWS.

    A plan that is limited to some would also make what these need: a database that was just removed, for a policy
    that names it.
    """
    lost = {resource.address for resource in blueprint.resources()} - {*addresses}
    looked_up = [block for module in blueprint.modules for block in module.blocks if isinstance(block, Data)]
    lost.update(block.address for block in looked_up if not lost.isdisjoint(references(block.arguments)))

    def kept(module: Module) -> Module:
        blocks = (block for block in module.blocks if isinstance(block, Data) or block in described)
        return Module(module.name, module.purpose, tuple(_detached(block, addresses, lost) for block in blocks))

    described = [resource for resource in blueprint.resources() if resource.address in addresses]
    return replace(blueprint, modules=tuple(kept(module) for module in blueprint.modules))


def _detached(block: Block, addresses: Collection[str], lost: Collection[str]) -> Block:
    if isinstance(block, Output):
        return block
    arguments = _filled(block.arguments, addresses)
    torn = [key for key, value in block.arguments.items() if key != "depends_on" and {*lost} & {*references(value)}]
    if torn and isinstance(block, Resource):
        lifecycle = arguments.get("lifecycle", {})
        arguments["lifecycle"] = {**lifecycle, "ignore_changes": [*lifecycle.get("ignore_changes", ()), *torn]}
    return replace(block, arguments=arguments)


def _filled(value: Any, addresses: Collection[str]) -> Any:
    """The value, with stand-ins for references to what is not among these."""
    if isinstance(value, Mapping):
        return {
            key: [a for a in inner if a in addresses] if key == "depends_on" else _filled(inner, addresses)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_filled(inner, addresses) for inner in value]
    if isinstance(value, Ref | str):
        return _EXPRESSION.sub(lambda found: found[0] if found[1] in addresses else _none(found[2]), str(value))
    return value


def _none(attribute: str) -> str:
    return NONE_ARN if attribute.endswith("arn") else NONE
