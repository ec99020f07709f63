"""The documents for one plan that looks at a part of everything: without the people whom it leaves as they are.

Terraform checks and orders all that the documents describe, also what no target needs. Of a thousand people that takes
most of the time of a plan.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace

from studioctl.catalog.kinds import PROFILE, SPACE
from studioctl.infrastructure.block import Blueprint, Module, Output, references
from studioctl.target import Target
from studioctl.terraform import document
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
                write_text(workspace.directory / name, _thin(blueprint, module, left, workspace.target))
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


def _thin(blueprint: Blueprint, module: Module, left: Collection[str], target: Target) -> str:
    """A module's document without these. It is made anew: a document of thousands of people takes long to read."""
    blocks = tuple(block for block in module.blocks if isinstance(block, Output) or block.address not in left)
    part = replace(blueprint, modules=(replace(module, blocks=blocks),), files={})
    return document.render(part, target)[f"{module.name}.tf.json"]
