"""The documents for one plan that looks at a part of everything: without the people whom it leaves as they are.

Terraform checks and orders all that the documents describe, also what no target needs. Of a thousand people that takes
most of the time of a plan.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from studioctl.catalog.kinds import PROFILE, SPACE
from studioctl.infrastructure.block import Blueprint, Output, references
from studioctl.terraform.workspace import Workspace, write_text

PEOPLE = (PROFILE, SPACE)


@contextmanager
def thinned(workspace: Workspace, blueprint: Blueprint, targets: Collection[str]) -> Iterator[None]:
    """Documents for one plan, which keeps them. Afterwards they are whole again; after a kill, with the next `init`.

    Args:
        workspace: Where Terraform plans.
        blueprint: What the documents describe.
        targets: To what the plan is limited; to nothing when empty.
    """
    left = left_out(blueprint, targets) if targets else frozenset()
    whole: dict[str, str] = {}
    try:
        for module in blueprint.modules:
            if any(not isinstance(block, Output) and block.address in left for block in module.blocks):
                name = f"{module.name}.tf.json"
                whole[name] = (workspace.directory / name).read_text(encoding="utf-8")
                write_text(workspace.directory / name, _without(whole[name], left))
        yield
    finally:
        for name, text in whole.items():
            write_text(workspace.directory / name, text)


def left_out(blueprint: Blueprint, targets: Collection[str]) -> frozenset[str]:
    """The addresses of people's resources that no target needs, and that nothing which stays refers to."""
    people = {resource.address: resource for resource in blueprint.resources() if resource.type in PEOPLE}
    stays = people.keys() & set(targets)
    to_visit: set[str] = set(stays)
    for module in blueprint.modules:
        to_visit |= people.keys() & module.moved.values()
        for block in module.blocks:
            if isinstance(block, Output):
                to_visit |= set() if block.is_table else people.keys() & set(references(block.value))
            elif block.address not in people:
                to_visit |= people.keys() & set(references(block.arguments))
    stays |= to_visit
    while to_visit:
        more = people.keys() & set(references(people[to_visit.pop()].arguments))
        to_visit |= more - stays
        stays |= more
    return frozenset(people.keys() - stays)


def _without(text: str, left: Collection[str]) -> str:
    document = json.loads(text)
    resources = {
        type_: {label: block for label, block in blocks.items() if f"{type_}.{label}" not in left}
        for type_, blocks in document["resource"].items()
    }
    document["resource"] = {
        type_: blocks for type_, blocks in resources.items() if blocks
    }  # Terraform takes no empty one
    return json.dumps(document, ensure_ascii=False)
