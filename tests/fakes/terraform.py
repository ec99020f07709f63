"""A Terraform that knows what a test tells it, and destroys through AWS's own API."""

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studioctl.events import Stage, Work
from studioctl.infrastructure.block import Blueprint
from studioctl.terraform.backend import Backend
from studioctl.terraform.plan import PlanSummary, ResourceChange
from studioctl.terraform.state_resources import Estate


@dataclass
class FakeWorkspace:
    """Remembers whether the environment still exists, and its mark, which is empty for an older version's."""

    claimed: bool = True
    mark: str = ""
    directory: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="fake-workspace-")))
    taken: str | None = None  # the version of the provider
    anchor: None = None  # nothing is noted outside of it

    def provider_version(self) -> str | None:
        return self.taken

    @property
    def is_claimed(self) -> bool:
        return self.claimed

    def birth(self) -> str:
        return self.mark

    def claim(self) -> None:
        self.claimed = True

    def release(self) -> None:
        self.claimed = False

    def predecessors(self) -> tuple[str, ...]:
        return ()


@dataclass
class FakeTerraform:
    """Knows resources as (type, attributes). `destroy` removes them; only then are they forgotten.

    What is `gone` AWS no longer has, although the state knows it: a plan makes it anew.

    Like Terraform, it plans to destroy only what is in its state, and a failed apply leaves the state as it was.
    """

    resources: list[tuple[str, Mapping[str, Any]]]
    destroy: Callable[[], None]
    tainted: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    gone: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    accepted: list[str] = field(default_factory=list)
    adopted: dict[str, str] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    workspace: FakeWorkspace = field(default_factory=FakeWorkspace)
    backend: Backend = field(default_factory=Backend)
    blueprint: Blueprint = field(default_factory=lambda: Blueprint("acme-ml", "us-east-1", None, {}, ()))

    def birth(self) -> str:
        return self.workspace.birth()

    def warm_up(self) -> None:
        """It has no provider."""

    def init(self, *, migrate: bool = False) -> Work[None]:
        yield Stage("Initialising")

    def plan(
        self,
        *,
        destroy: bool = False,
        adopt: Mapping[str, str] | None = None,
        replace: Iterable[str] = (),
        targets: Iterable[str] = (),
        refresh: bool = True,
    ) -> Work[PlanSummary]:
        assert not (destroy and (adopt or replace or targets))
        yield Stage("Planning")
        self.adopted |= adopt or {}
        changes = tuple(ResourceChange(f"{type_}.it", type_, "it", "vpc", "delete") for type_, _ in self.resources)
        changes += tuple(ResourceChange(it, it.split(".")[0], "it", "vpc", "create") for it in self.gone)
        return PlanSummary(changes, (), (), destroy=destroy, has_changes=bool(changes), file=Path("plan"))

    def accept(self, addresses: Sequence[str]) -> None:
        self.accepted += addresses

    def forget(self, addresses: Sequence[str]) -> None:
        self.forgotten += addresses
        self.gone = {address: it for address, it in self.gone.items() if address not in addresses}
        known = dict(Estate(self.state()).addresses())
        self.resources[:] = [r for r in self.resources if not any(r[1] is known[address] for address in addresses)]

    def refuse_stale(self, plan: PlanSummary) -> None:
        """Nobody else works here."""

    def apply(self, plan: PlanSummary) -> Work[Mapping[str, Any]]:
        yield Stage("Removing")
        if not plan.destroy:
            return {}
        self.destroy()
        self.resources.clear()
        return {}

    def state(self) -> dict[str, Any]:
        known: list[tuple[str, str, dict[str, Any]]]
        known = [(type_, f"n{index}", {"attributes": it}) for index, (type_, it) in enumerate(self.resources)]
        for address, attributes in (self.gone | self.tainted).items():
            type_, _, name = address.partition(".")
            known.append((type_, name, {"attributes": attributes}))
            if address in self.tainted:
                known[-1][2]["status"] = "tainted"
        return {
            "resources": [
                {"mode": "managed", "type": type_, "name": name, "instances": [instance]}
                for type_, name, instance in known
            ]
        }
