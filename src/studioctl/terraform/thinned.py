"""The documents for one plan that looks at a part of everything: without the people whom it leaves as they are.

Terraform checks and orders all that the documents describe, also what no target needs. Of a thousand people that takes
most of the time of a plan. These documents lie in another directory, where Terraform has no state: beside the
state, documents that lack somebody would make a bare `terraform apply` delete them.
"""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from studioctl.catalog.kinds import PROFILE, SPACE
from studioctl.catalog.provider import LOCK_FILE
from studioctl.infrastructure.block import Blueprint, Module, Output, references
from studioctl.target import Target
from studioctl.terraform import document, tree
from studioctl.terraform.backend import STATE_FILE
from studioctl.terraform.vetting import IMPORTS_FILE
from studioctl.terraform.workspace import Workspace, write_text

PEOPLE = (PROFILE, SPACE)
PART = "part"


@dataclass(frozen=True)
class Place:
    """The location of a plan's documents.

    Args:
        chdir: The words that lead it there.
        back: The path from there to files of the workspace.
        state: The words that name a state on this machine.
    """

    chdir: tuple[str, ...] = ()
    back: str = ""
    state: tuple[str, ...] = ()


@contextmanager
def thinned(workspace: Workspace, blueprint: Blueprint, targets: Collection[str], *, is_local: bool) -> Iterator[Place]:
    """The documents for one plan, which keeps them. The workspace's own describe everybody at any moment.

    Args:
        workspace: The workspace in which Terraform plans.
        blueprint: The blueprint of the documents.
        targets: To what the plan is limited; to nothing when empty.
        is_local: Whether the state is in the workspace.
    """
    here, part = workspace.directory, workspace.directory / PART
    left = left_out(blueprint, targets) if targets else frozenset()
    thin = [module for module in blueprint.modules if any(_is_of(block, left) for block in module.blocks)]
    tree.remove(part)  # of a run that was killed
    if not thin:
        yield Place()
        return
    try:
        texts = {f"{module.name}.tf.json": _thin(blueprint, module, left, workspace.target) for module in thin}
        for name in {*workspace.manifest(), IMPORTS_FILE, LOCK_FILE} - texts.keys():
            if (here / name).is_file():
                (part / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(here / name, part / name)
        for name, text in texts.items():
            write_text(part / name, text)
        state = (f"-state=../{STATE_FILE}",) if is_local else ()
        yield Place((f"-chdir={PART}",), "../", state)
    finally:
        tree.remove(part)


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


def _is_of(block: object, addresses: Collection[str]) -> bool:
    return not isinstance(block, Output) and getattr(block, "address", "") in addresses


def _thin(blueprint: Blueprint, module: Module, left: Collection[str], target: Target) -> str:
    """A module's document without these. It is made anew: a document of thousands of people takes long to read."""
    blocks = tuple(block for block in module.blocks if not _is_of(block, left))
    part = replace(blueprint, modules=(replace(module, blocks=blocks),), files={})
    return document.render(part, target)[f"{module.name}.tf.json"]
