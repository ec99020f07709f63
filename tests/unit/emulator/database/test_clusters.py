"""Clusters of Aurora PostgreSQL: AWS's refusals, statements by the Data API, and rows that live on in snapshots."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import client, refusal

CLUSTER: dict[str, Any] = {
    "DBClusterIdentifier": "acme",
    "Engine": "aurora-postgresql",
    "EngineVersion": "17",
    "DBSubnetGroupName": "acme",
    "ServerlessV2ScalingConfiguration": {"MinCapacity": 0, "MaxCapacity": 4},
}
NEW = {
    **CLUSTER,
    "MasterUsername": "boss",
    "ManageMasterUserPassword": True,
    "DatabaseName": "optuna",
    "EnableIAMDatabaseAuthentication": True,
    "EnableHttpEndpoint": True,
    "CopyTagsToSnapshot": True,
    "Tags": [{"Key": "team", "Value": "ml"}],
}


@dataclass
class World:
    """Clients, and a group of two subnets."""

    rds: Any
    data: Any
    ec2: Any
    group_id: str

    def ready(self) -> dict[str, Any]:
        """The cluster, once it is available."""
        until = time.monotonic() + 60
        while (found := self.rds.describe_db_clusters(DBClusterIdentifier="acme")["DBClusters"][0])[
            "Status"
        ] != "available":
            assert found["Status"] == "creating"
            assert time.monotonic() < until
            time.sleep(0.1)
        described: dict[str, Any] = found
        return described

    def run(self, statement: str) -> list[list[dict[str, Any]]]:
        """The rows of a statement."""
        cluster = self.ready()
        secret = cluster["MasterUserSecret"]["SecretArn"]
        answer = self.data.execute_statement(resourceArn=cluster["DBClusterArn"], secretArn=secret, sql=statement)
        rows: list[list[dict[str, Any]]] = answer.get("records", [])
        return rows


@pytest.fixture
def world(emulator: RunningEmulator) -> World:
    ec2, rds = client(emulator, "ec2"), client(emulator, "rds")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.7.{zone}.0/24", AvailabilityZone=f"us-east-1{'ab'[zone]}")
        for zone in range(2)
    ]
    ids = [subnet["Subnet"]["SubnetId"] for subnet in subnets]
    said = {"DBSubnetGroupName": "acme", "DBSubnetGroupDescription": "private"}
    code, _ = refusal(lambda: rds.create_db_subnet_group(**said, SubnetIds=ids[:1]))
    assert code == "DBSubnetGroupDoesNotCoverEnoughAZs"
    rds.create_db_subnet_group(**said, SubnetIds=ids)
    group_id = ec2.create_security_group(GroupName="database", Description="studies", VpcId=vpc)["GroupId"]
    return World(rds, client(emulator, "rds-data"), ec2, group_id)


def test_rows_live_on_in_snapshots_and_come_back(world: World) -> None:
    rds = world.rds
    rds.create_db_cluster(**NEW, VpcSecurityGroupIds=[world.group_id])
    instance = {"DBInstanceIdentifier": "acme", "DBClusterIdentifier": "acme", "Engine": "aurora-postgresql"}
    rds.create_db_instance(**instance, DBInstanceClass="db.serverless")
    for statement in ("CREATE TABLE trial(number int)", "INSERT INTO trial VALUES (7), (8)"):
        world.run(statement)
    assert world.run("SELECT number, 'x', 1.5::float8, true, NULL FROM trial ORDER BY 1")[0] == [
        {"longValue": 7},
        {"stringValue": "x"},
        {"doubleValue": 1.5},
        {"booleanValue": True},
        {"isNull": True},
    ]
    rds.create_db_cluster_snapshot(DBClusterIdentifier="acme", DBClusterSnapshotIdentifier="alive")
    world.run("INSERT INTO trial VALUES (9)")

    last = {"DBClusterIdentifier": "acme", "FinalDBSnapshotIdentifier": "last"}
    in_use: dict[str, Callable[[], object]] = {
        "InvalidParameterCombination": lambda: rds.delete_db_cluster(DBClusterIdentifier="acme"),
        "InvalidDBClusterStateFault": lambda: rds.delete_db_cluster(**last),
        "InvalidDBSubnetGroupStateFault": lambda: rds.delete_db_subnet_group(DBSubnetGroupName="acme"),
        "DependencyViolation": lambda: world.ec2.delete_security_group(GroupId=world.group_id),
        "DBClusterAlreadyExistsFault": lambda: rds.create_db_cluster(**NEW),
    }
    assert {code: refusal(call)[0] for code, call in in_use.items()} == {code: code for code in in_use}

    rds.delete_db_instance(DBInstanceIdentifier="acme", SkipFinalSnapshot=True)
    rds.delete_db_cluster(**last)
    found = rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    assert {each["DBClusterSnapshotIdentifier"]: each["TagList"] for each in found} == dict.fromkeys(
        ("alive", "last"), NEW["Tags"]
    )
    for snapshot, rows in {"alive": [7, 8], "last": [7, 8, 9]}.items():
        rds.restore_db_cluster_from_snapshot(SnapshotIdentifier=snapshot, **CLUSTER)
        restored = world.ready()
        assert not restored["IAMDatabaseAuthenticationEnabled"]
        assert not restored["HttpEndpointEnabled"]
        assert "MasterUserSecret" not in restored
        rds.modify_db_cluster(DBClusterIdentifier="acme", ManageMasterUserPassword=True)
        assert rds.enable_http_endpoint(ResourceArn=restored["DBClusterArn"])["HttpEndpointEnabled"]
        assert [row[0]["longValue"] for row in world.run("SELECT number FROM trial ORDER BY 1")] == rows
        rds.delete_db_cluster(DBClusterIdentifier="acme", SkipFinalSnapshot=True)
        rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=snapshot)
    rds.delete_db_subnet_group(DBSubnetGroupName="acme")
    world.ec2.delete_security_group(GroupId=world.group_id)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param({"EngineVersion": "12.7"}, "InvalidParameterCombination", id="version"),
        pytest.param({"DBClusterIdentifier": "acme-"}, "InvalidParameterValue", id="name"),
        pytest.param({"MasterUsername": "postgres"}, "InvalidParameterValue", id="reserved"),
        pytest.param({"MasterUserPassword": "secret-secret"}, "InvalidParameterCombination", id="two-passwords"),
        pytest.param({"DBSubnetGroupName": "nobodys"}, "DBSubnetGroupNotFoundFault", id="subnets"),
        pytest.param({"VpcSecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidParameterValue", id="group"),
        pytest.param({"DBClusterParameterGroupName": "mine"}, "DBParameterGroupNotFound", id="parameters"),
        pytest.param(
            {"ServerlessV2ScalingConfiguration": {"MinCapacity": 2, "MaxCapacity": 1}},
            "InvalidParameterValue",
            id="capacity",
        ),
    ],
)
def test_what_aws_refuses_is_refused(emulator: RunningEmulator, changed: dict[str, Any], code: str) -> None:
    wanted = {
        name: value for name, value in {**NEW, **changed}.items() if name in changed or name != "DBSubnetGroupName"
    }
    found, _ = refusal(lambda: client(emulator, "rds").create_db_cluster(**wanted))
    assert found.startswith(code)
