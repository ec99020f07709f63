"""Showing what a stranger left in a working directory, and taking it for the user's own on their word."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.naming import ENVIRONMENT_TAG
from studioctl.operations.composition import approach, backend_of
from studioctl.target import Target
from studioctl.terraform import state, vetting
from studioctl.terraform.backend import Backend
from studioctl.terraform.trust import STATE_FILES, content_of
from studioctl.terraform.workspace import Workspace


@dataclass(frozen=True)
class StrangeState:
    """A state that studioctl did not leave there.

    Args:
        file: Its file.
        is_earlier: Whether it is one of the history, which only `state restore` uses.
        serial: Terraform's count of its changes.
        environments: The environments that it says its resources belong to.
        accounts: Account ids and regions in its ARNs: "123456789012 us-east-1".
        resources: Address and id of each thing that it knows.
    """

    file: Path
    is_earlier: bool
    serial: int
    environments: tuple[str, ...]
    accounts: tuple[str, ...]
    resources: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Strange:
    """All that is not the user's own in a working directory.

    Args:
        workspace: The directory.
        states: States, the present one first.
        claims: Files that say that what exists was made from here.
        place: The place that is said to hold the state, if the file says another.
        seen: The digests of the files as they were shown.
    """

    workspace: Workspace
    states: tuple[StrangeState, ...]
    claims: tuple[Path, ...]
    place: Backend | None
    seen: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.states or self.claims or self.place)

    def to_json(self) -> dict[str, Any]:
        """The shape that docs/reference/json.md describes, but whether it is trusted now."""
        place = self.place and {"backend": self.place.kind, **self.place.settings, **self.place.overrides}
        named = ("address", "id")
        states = [
            {**vars(state), "resources": [dict(zip(named, each, strict=True)) for each in state.resources]}
            for state in self.states
        ]
        return {"directory": self.workspace.directory, "states": states, "claims": self.claims, "place": place}


def examine(file: Path, config: EnvironmentConfig, target: Target, *, emulator: str | None = None) -> Strange:
    """Find the files that need the user's trust. Changes nothing.

    Raises:
        RefusedError: The directory contains links, or files of another user.
        TerraformError: A state cannot be used, whoever wrote it: it is damaged, or names another provider.
    """
    workspace = Workspace.beside(file, config.name, target)
    approach(workspace, emulator)
    seen = vetting.present(workspace)  # before it is read: what changes from here on is noticed
    found = vetting.find(workspace, backend_of(config))
    return Strange(workspace, tuple(map(_state, found.states)), found.claims, found.place, seen)


def accept(strange: Strange) -> None:
    """Use what was shown from now on.

    Raises:
        RefusedError: It is not as it was shown any more.
        TerraformError: It cannot be noted, or somebody works there.
    """
    vetting.trust(strange.workspace, strange.seen)


def _state(file: Path) -> StrangeState:
    is_earlier = file.name not in STATE_FILES
    content = content_of(file)
    if not is_earlier:  # an earlier one is looked at when it is brought back
        content = state.parse(file.read_text(encoding="utf-8", errors="surrogateescape"))
    every = list(_instances(content))
    tags = {str((attributes.get("tags_all") or {}).get(ENVIRONMENT_TAG, "")) for _, attributes in every}
    return StrangeState(
        file,
        is_earlier,
        int(content.get("serial", 0)),
        tuple(sorted(tags - {""})),
        tuple(sorted({place for _, attributes in every if (place := _account(attributes.get("arn")))})),
        tuple((address, str(attributes.get("id", "?"))) for address, attributes in every),
    )


def _instances(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Address and attributes of each thing, as far as it looks like one."""
    resources = content.get("resources")
    for resource in resources if isinstance(resources, list) else ():
        if not isinstance(resource, dict) or resource.get("mode") == "data":
            continue
        instances = resource.get("instances")
        for instance in instances if isinstance(instances, list) else ():
            attributes = instance.get("attributes") if isinstance(instance, dict) else None
            if isinstance(attributes, dict):
                key = f"[{instance['index_key']!r}]" if "index_key" in instance else ""
                yield f"{resource.get('type')}.{resource.get('name')}{key}", attributes


def _account(arn: Any) -> str:
    parts = arn.split(":") if isinstance(arn, str) else []
    return f"{parts[4]} {parts[3]}".strip() if len(parts) > 5 and parts[4] else ""
