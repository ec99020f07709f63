"""The database that `up` creates: none beside one that lives, and never an empty one beside a snapshot."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from studioctl.errors import RefusedError
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.database import CLUSTER
from studioctl.infrastructure.naming import DATABASE_READY_TAG
from studioctl.operations.data import databases
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import database_user
from studioctl.target import Target
from studioctl.terraform.plan import AttributeChange, PlanSummary, ResourceChange
from tests.environments import environment as config
from tests.fakes.aws import refused
from tests.fakes.terraform import FakeTerraform
from tests.fakes.work import done

TAGS = [{"Key": "studioctl:environment", "Value": "acme-ml"}]
NAME = "acme-ml-tuning"


@dataclass
class Rds:
    """RDS with a cluster and snapshots, whose states pass by: each look sees the next one, the last one stays."""

    cluster: list[str] = field(default_factory=list)
    snapshots: dict[str, list[str]] = field(default_factory=dict)
    user: str = "none"

    def client(self, _: str) -> "Rds":
        return self

    def describe_db_clusters(self, *, DBClusterIdentifier: str) -> dict[str, Any]:  # noqa: N803 (AWS's name)
        state = _next(self.cluster)
        if state in {"", "gone"}:
            raise refused("DBClusterNotFoundFault", "DescribeDBClusters", status=404)
        told = {"DBClusterIdentifier": DBClusterIdentifier, "DBClusterArn": "arn", "Status": state}
        tags = [*TAGS, {"Key": DATABASE_READY_TAG, "Value": self.user}]
        more = {"DbClusterResourceId": "cluster-1", "IAMDatabaseAuthenticationEnabled": True, "TagList": tags}
        return {"DBClusters": [told | more]}

    def get_paginator(self, _: str) -> "Rds":
        return self

    def paginate(self, **_: object) -> list[dict[str, Any]]:
        return [{"DBClusterSnapshots": [self._told(name) for name in self.snapshots]}]

    def describe_db_cluster_snapshots(self, *, DBClusterSnapshotIdentifier: str) -> dict[str, Any]:  # noqa: N803
        return {"DBClusterSnapshots": [self._told(DBClusterSnapshotIdentifier)]}

    def _told(self, name: str) -> dict[str, Any]:
        return {"DBClusterSnapshotIdentifier": name, "Status": _next(self.snapshots[name]), "TagList": TAGS}


def _next(states: list[str]) -> str:
    return states.pop(0) if len(states) > 1 else next(iter(states), "")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studioctl.aws.wait.time.sleep", lambda _: None)


def made(rds: Rds, *, recorded: bool = False, tainted: bool = False) -> Environment:
    file = config(network={"access": "vpc-only"}, tuning={"database": "aurora-postgresql"})
    terraform: Any = FakeTerraform([], lambda: None, blueprint=blueprint.build(file))
    known = {CLUSTER: {"id": NAME}}
    terraform.gone, terraform.tainted = (known if recorded else {}), (known if tainted else {})
    environment = Environment(file, Target("us-east-1"), terraform)
    environment.__dict__["session"] = rds
    return environment


def taken_up(environment: Environment) -> str | None:
    done(databases.take_up(environment))
    (cluster,) = (it for it in environment.terraform.blueprint.resources() if it.address == CLUSTER)
    return cluster.arguments.get("snapshot_identifier")


def test_a_cluster_that_only_the_state_still_has_is_made_of_its_snapshot() -> None:
    """`down`, or `up` after database = "none", was ended between the removal by API and Terraform's."""
    rds = Rds(snapshots={f"{NAME}-1": ["available"], f"{NAME}-2": ["available"]})
    assert taken_up(made(rds, recorded=True)) == f"{NAME}-2"


def test_a_cluster_that_lives_stays() -> None:
    snapshots = {f"{NAME}-1": ["available"]}
    assert taken_up(made(Rds(["available"], snapshots), recorded=True)) is None
    assert taken_up(made(Rds(["available"], snapshots))) is None
    assert taken_up(made(Rds(["creating"], snapshots), tainted=True)) == f"{NAME}-1"
    assert taken_up(made(Rds())) is None


@pytest.mark.parametrize("recorded", [True, False])
def test_a_cluster_on_its_way_out_and_its_snapshot_are_waited_for(recorded: bool) -> None:
    rds = Rds(
        ["deleting", "deleting", "gone"],
        {f"{NAME}-1": ["available"], f"{NAME}-2": ["creating", "creating", "available"]},
    )
    assert taken_up(made(rds, recorded=recorded)) == f"{NAME}-2"


def test_an_older_snapshot_is_not_taken_for_the_newest() -> None:
    rds = Rds(snapshots={f"{NAME}-1": ["available"], f"{NAME}-2": ["creating", "failed"]})
    with pytest.raises(RefusedError) as refusal:
        taken_up(made(rds))
    assert refusal.value.message == (
        f'AWS says "failed" of {NAME}-2, the newest snapshot of the database of studies: it cannot be taken up again.'
        f" Older ones: {NAME}-1. Nothing was changed."
    )
    assert refusal.value.hint == (
        f"aws rds delete-db-cluster-snapshot --db-cluster-snapshot-identifier {NAME}-2 --region us-east-1"
        "   (up then takes the next older one, if there is one)"
    )
    rds.snapshots[f"{NAME}-2"] = ["copying"]  # it may become one yet, and is not to be deleted
    with pytest.raises(RefusedError) as refusal:
        taken_up(made(rds))
    assert refusal.value.hint == f'once AWS says "available" of {NAME}-2, run the same command again'
    rds.snapshots[f"{NAME}-2"] = ["deleting"]  # as the first hint says
    assert taken_up(made(rds)) == f"{NAME}-1"


@pytest.mark.parametrize(
    ("action", "user", "told"),
    [
        ("update", "none", True),
        ("update", "tuner", False),
        ("create", "none", True),
        ("delete", "none", False),
    ],
)
def test_the_workers_user_is_in_the_plan_while_it_lacks(action: Any, user: str, told: bool) -> None:
    """A run was killed before it was made, and the file has changed since."""
    environment = made(Rds(["available"], user=user))
    capacity = AttributeChange("backup_retention_period", 7, 14)
    change = ResourceChange(CLUSTER, CLUSTER.split(".")[0], "tuning", "database", action, (capacity,))
    summary = PlanSummary(
        (change,), (), (), destroy=False, has_changes=True, file=environment.terraform.workspace.directory
    )
    (found,) = database_user.complete(environment, summary).changes
    assert (found.action, found.attributes[0]) == (action, capacity)
    assert [it.path for it in found.attributes[1:]] == (["workers_user"] if told else [])
