"""Terraform and the real AWS provider on the emulator: what it makes stays as it is, and goes without a trace."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from studioctl.emulator import server
from studioctl.emulator.server import RunningEmulator
from studioctl.events import Work
from studioctl.infrastructure import blueprint
from studioctl.target import Target
from studioctl.terraform import executable
from studioctl.terraform.backend import Backend
from studioctl.terraform.plan import PlanSummary
from studioctl.terraform.runner import Terraform
from studioctl.terraform.workspace import Workspace
from tests.environments import environment

T = TypeVar("T")
# Ours keeps the home file system and, for a while, the secret; `studioctl down` sees to both, not Terraform.
NOTHING_IS_KEPT = {
    "resource": {
        "aws_sagemaker_domain": {"studio": {"retention_policy": {"home_efs_file_system": "Delete"}}},
        "aws_secretsmanager_secret": {"github": {"recovery_window_in_days": 0}},
    }
}
EVERYTHING: dict[str, Any] = {"secrets": {"github": {"username": "ada"}}}


def finish(work: Work[T]) -> T:
    """Carry work out; its result."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            result: T = stop.value
            return result


@dataclass(frozen=True)
class Place:
    """A directory in which Terraform runs against one emulator, and nothing of the user's."""

    workspace: Workspace
    emulator: RunningEmulator

    def terraform(self, **sections: Any) -> Terraform:
        """Terraform for the environment with these sections."""
        described = blueprint.build(environment(**EVERYTHING, **sections))
        return Terraform.of(self.workspace, executable.find(), described, Backend())

    def plan(self, **sections: Any) -> PlanSummary:
        return finish(self.terraform(**sections).plan())

    def apply(self, plan: PlanSummary) -> None:
        finish(self.terraform().apply(plan))

    def inventory(self) -> dict[str, Any]:
        return server.inventory(self.emulator)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    home = tmp_path_factory.mktemp("emulator")
    yield server.start(state_dir=home)
    server.stop(home)


@dataclass(frozen=True)
class Applied:
    """A place after its first apply, and what existed before."""

    place: Place
    before: dict[str, Any]


@pytest.fixture(scope="module")
def deployed(emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Applied:
    directory = tmp_path_factory.mktemp("terraform")
    (directory / "kept_override.tf.json").write_text(json.dumps(NOTHING_IS_KEPT), encoding="utf-8")
    place = Place(Workspace(directory, Target("us-east-1", endpoint_url=emulator.endpoint_url)), emulator)
    before = place.inventory()
    place.apply(place.plan())
    return Applied(place, before)


def test_a_second_plan_is_empty(deployed: Applied) -> None:
    plan = deployed.place.plan()

    assert (plan.has_changes, plan.changes, plan.drift) == (False, (), ())


def test_everything_is_in_the_inventory(deployed: Applied) -> None:
    found = deployed.place.inventory()
    counts = {kind: len(found[kind]) - len(deployed.before[kind]) for kind in found}
    assert {kind: count for kind, count in counts.items() if count} == {
        "access_points": 1,
        "buckets": 1,
        "domains": 1,
        "file_systems": 1,
        "internet_gateways": 1,
        "lifecycle_configs": 1,
        "mount_targets": 2,
        "network_interfaces": 2,
        "policies": 6,
        "repositories": 1,
        "roles": 1,
        "route_tables": 2,
        "secrets": 1,
        "security_groups": 4,
        "spaces": 1,
        "subnets": 2,
        "user_profiles": 1,
        "vpcs": 1,
    }


def test_updates_in_place(deployed: Applied) -> None:
    """Another script under another name, a bigger disk, another instance: nothing but the script is replaced."""
    place = deployed.place
    before = place.inventory()
    changed = {
        "editor": {"tools": ["uv"]},
        "studio": {"volume_gb": 30, "instance_type": "ml.t3.large", "docker": False},
    }
    plan = place.plan(**changed)
    assert {change.type for change in plan.changes if change.destroys} == {"aws_sagemaker_studio_lifecycle_config"}
    place.apply(plan)
    assert not place.plan(**changed).has_changes
    after = place.inventory()
    assert {kind for kind in after if after[kind] != before[kind]} == {"lifecycle_configs"}
    assert len(after["lifecycle_configs"]) == 1


def test_a_destroy_leaves_nothing(deployed: Applied) -> None:
    place = deployed.place
    place.apply(finish(place.terraform().plan(destroy=True)))
    assert place.inventory() == deployed.before
