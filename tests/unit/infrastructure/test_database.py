"""The database of studies: reached by workers alone, kept from being deleted, and without a password anywhere."""

import json
from typing import Any

import pytest
from tests.environments import environment

from studioctl.infrastructure import blueprint, database
from studioctl.infrastructure.block import Data, Resource

CLOSED = {"access": "vpc-only"}
STUDIES = {"database": "aurora-postgresql"}
RULES = "aws_vpc_security_group"


def _blocks(**sections: Any) -> dict[str, Resource | Data]:
    made = blueprint.build(environment(**sections))
    return {block.address: block for module in made.modules for block in module.blocks if not hasattr(block, "value")}


def test_without_the_key_there_is_none_of_it() -> None:
    assert not any("rds" in address or "database" in address for address in _blocks(network=CLOSED))


def test_the_cluster_is_encrypted_kept_and_has_no_password() -> None:
    cluster = _blocks(network=CLOSED, tuning=STUDIES, encryption={"customer_key": True})[database.CLUSTER].arguments
    key = "${aws_kms_key.studio.arn}"
    assert {
        name: str(cluster[name]) if name.endswith("kms_key_id") else cluster[name]
        for name in (
            *("storage_encrypted", "kms_key_id", "master_user_secret_kms_key_id", "manage_master_user_password"),
            *("iam_database_authentication_enabled", "deletion_protection", "skip_final_snapshot"),
            *("copy_tags_to_snapshot", "backup_retention_period", "serverlessv2_scaling_configuration"),
        )
    } == {
        "storage_encrypted": True,
        "kms_key_id": key,
        "master_user_secret_kms_key_id": key,
        "manage_master_user_password": True,
        "iam_database_authentication_enabled": True,
        "deletion_protection": True,
        "skip_final_snapshot": False,
        "copy_tags_to_snapshot": True,
        "backup_retention_period": 7,
        "serverlessv2_scaling_configuration": [
            {"min_capacity": 0.0, "max_capacity": 4.0, "seconds_until_auto_pause": 300}
        ],
    }
    assert "master_password" not in cluster


def test_a_database_that_never_pauses_has_no_time_for_it() -> None:
    cluster = _blocks(network=CLOSED, tuning={**STUDIES, "min_acu": 1.0})[database.CLUSTER].arguments
    assert cluster["serverlessv2_scaling_configuration"] == [{"min_capacity": 1.0, "max_capacity": 4.0}]


@pytest.mark.parametrize("internet", ["nat", "none"])
def test_studio_alone_reaches_it_by_one_port(internet: str) -> None:
    made = _blocks(network={**CLOSED, "internet": internet}, tuning=STUDIES)
    group = "${aws_security_group.database.id}"
    rules = [it.arguments for address, it in made.items() if address.startswith(RULES)]
    inward = [rule for rule in rules if str(rule["security_group_id"]) == group]
    assert [(str(rule["referenced_security_group_id"]), rule["from_port"], rule["to_port"]) for rule in inward] == [
        ("${aws_security_group.studio.id}", 5432, 5432)
    ]
    outward = [rule for rule in rules if str(rule.get("referenced_security_group_id")) == group]
    assert len(outward) == (1 if internet == "none" else 0)  # with a NAT gateway Studio's group leads anywhere


@pytest.mark.parametrize("iam", [{}, {"per_user_roles": True}, {"permissions": "managed"}], ids=["one", "own", "aws"])
def test_roles_connect_as_the_workers_user_and_no_other(iam: dict[str, Any]) -> None:
    made = _blocks(network=CLOSED, tuning=STUDIES, iam=iam)
    statements = made["data.aws_iam_policy_document.database"].arguments["statement"]
    assert [(it["actions"], str(it["resources"][0]).rpartition(":")[2]) for it in statements] == [
        (["rds-db:connect"], "${aws_rds_cluster.tuning.cluster_resource_id}/tuner"),
        (["rds:DescribeDBClusters"], "${aws_rds_cluster.tuning.arn}"),
    ]
    everything = json.dumps([block.arguments for block in made.values()], default=str)
    assert "rds!" not in everything  # the first user's secret is nobody's who works here


def test_a_snapshot_is_taken_up() -> None:
    plain = blueprint.build(environment(network=CLOSED, tuning=STUDIES))
    restored = blueprint.with_studies(plain, "acme-ml-tuning-1")
    pairs = zip(plain.resources(), restored.resources(), strict=True)
    assert [after.address for before, after in pairs if before != after] == [database.CLUSTER]
    arguments = {it.address: it.arguments for it in restored.resources()}[database.CLUSTER]
    assert arguments["snapshot_identifier"] == "acme-ml-tuning-1"
