"""A Terraform that knows what a test tells it, and destroys through AWS's own API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studioctl.events import Stage, Work
from studioctl.infrastructure.block import Blueprint
from studioctl.terraform.plan import PlanSummary, ResourceChange


@dataclass
class FakeWorkspace:
    """Remembers whether the environment still exists."""

    claimed: bool = True

    def release(self) -> None:
        self.claimed = False

    def predecessors(self) -> tuple[str, ...]:
        return ()


@dataclass
class FakeTerraform:
    """Knows resources as (type, attributes). `destroy` removes them; only then are they forgotten.

    Like Terraform, it plans to destroy only what is in its state, and a failed apply leaves the state as it was.
    """

    resources: list[tuple[str, Mapping[str, Any]]]
    destroy: Callable[[], None]
    workspace: FakeWorkspace = field(default_factory=FakeWorkspace)
    blueprint: Blueprint = field(default_factory=lambda: Blueprint("acme-ml", "us-east-1", None, {}, ()))

    def init(self, *, migrate: bool = False) -> Work[None]:
        yield Stage("Initialising")

    def plan(self, *, destroy: bool = False) -> Work[PlanSummary]:
        assert destroy
        yield Stage("Planning")
        changes = tuple(ResourceChange(f"{type_}.it", type_, "it", "vpc", "delete") for type_, _ in self.resources)
        return PlanSummary(changes, (), (), destroy=True, has_changes=bool(changes), file=Path("plan"))

    def apply(self, plan: PlanSummary) -> Work[Mapping[str, Any]]:
        yield Stage("Removing")
        self.destroy()
        self.resources.clear()
        return {}

    def state(self) -> dict[str, Any]:
        return {
            "resources": [
                {"mode": "managed", "type": type_, "name": f"n{index}", "instances": [{"attributes": attributes}]}
                for index, (type_, attributes) in enumerate(self.resources)
            ]
        }
