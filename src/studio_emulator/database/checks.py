"""Refusals of AWS about clusters, instances and groups, where moto has none.

Sources: RDS API reference, CreateDBCluster, DeleteDBCluster, DeleteDBSubnetGroup, DeleteDBClusterParameterGroup; Aurora
User Guide, "aurora-serverless-v2.requirements". Sentences without another source are assumed.
"""

import re
from collections.abc import Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.rds.exceptions import (
    DBClusterParameterGroupNotFoundError,
    InvalidDBClusterStateFault,
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)

from studio_emulator import facts

ENGINE = "aurora-postgresql"
SERVERLESS = "db.serverless"
# Versions of Aurora PostgreSQL with an automatic pause, each with the newest of its line that is known here.
VERSIONS = {"13": "13.20", "14": "14.17", "15": "15.12", "16": "16.8", "17": "17.5"}
IDENTIFIER = re.compile(r"[a-zA-Z](?:-?[a-zA-Z0-9])*")
RESERVED = frozenset({"admin", "postgres", "rdsadmin", "rds_superuser", "root", "user"})
LEAST_PAUSE, LONGEST_PAUSE = 300, 86_400
MOST_ACU = 256


def version(given: str | None) -> str:
    """The full version of the engine. Raises InvalidParameterCombination."""
    wanted = given or "17"
    major, _, minor = wanted.partition(".")
    if major not in VERSIONS or (minor and not minor.isdigit()):
        raise InvalidParameterCombination(f"Cannot find version {wanted} for {ENGINE}")
    return wanted if minor else VERSIONS[major]


def new_cluster(backend: Any, wanted: Mapping[str, Any]) -> None:
    """Raises what AWS says of a request for a new cluster, restored ones too."""
    identifier = str(wanted.get("db_cluster_identifier", ""))
    if not IDENTIFIER.fullmatch(identifier) or len(identifier) > 63:
        raise InvalidParameterValue(
            "The parameter DBClusterIdentifier is not a valid identifier. Identifiers must begin with a letter; must"
            " contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two"
            " consecutive hyphens."
        )
    if identifier.lower() in backend.clusters:
        raise RDSClientError("DBClusterAlreadyExistsFault", "DB Cluster already exists")
    if wanted.get("manage_master_user_password") and wanted.get("master_user_password"):
        raise InvalidParameterCombination(
            "You can't specify MasterUserPassword when you specify ManageMasterUserPassword."
        )
    if str(wanted.get("master_username", "")).lower() in RESERVED:
        raise InvalidParameterValue(
            f"MasterUsername {wanted['master_username']} cannot be used as it is a reserved word used by the engine"
        )
    _groups(backend, wanted)
    scaling(wanted.get("serverless_v2_scaling_configuration"))
    parameter_group(backend, wanted.get("db_cluster_parameter_group_name"), version(wanted.get("engine_version")))


def scaling(wanted: Mapping[str, Any] | None) -> None:
    """Raises InvalidParameterValue for capacities that Aurora has not."""
    if not wanted:
        return
    least, most = wanted.get("min_capacity"), wanted.get("max_capacity")
    halves = all(value is None or (value * 2).is_integer() for value in (least, most))
    if least is None or most is None or not 0 <= least <= most or not 1 <= most <= MOST_ACU or not halves:
        raise InvalidParameterValue("The Serverless v2 capacity that was specified isn't valid.")
    pause = wanted.get("seconds_until_auto_pause")
    if pause is not None and (least or not LEAST_PAUSE <= pause <= LONGEST_PAUSE):
        raise InvalidParameterValue(
            "SecondsUntilAutoPause is from 300 to 86400, and is for a minimum capacity of 0 only."
        )


def parameter_group(backend: Any, name: str | None, engine_version: str) -> None:
    """Refuse a parameter group that does not exist or is not for this version."""
    if name is None or name.startswith("default."):
        return
    if name not in backend.db_cluster_parameter_groups:
        raise DBClusterParameterGroupNotFoundError(name)
    family = backend.db_cluster_parameter_groups[name].db_parameter_group_family
    if family != (needed := f"{ENGINE}{engine_version.partition('.')[0]}"):
        raise InvalidParameterCombination(
            f"The parameter group {name} with DBParameterGroupFamily {family} can't be used for this instance. Please"
            f" use a parameter group with DBParameterGroupFamily {needed}"
        )


def new_instance(backend: Any, wanted: Mapping[str, Any]) -> None:
    """Raises what AWS says of a cluster's instance."""
    cluster = backend.clusters.get(str(wanted.get("db_cluster_identifier")))  # most instances are of none
    serverless = wanted.get("db_instance_class") == SERVERLESS
    if cluster is not None and serverless and not cluster.serverless_v2_scaling_configuration:
        raise InvalidParameterValue(
            "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB"
            " instance."
        )


def bounds(scaling_: Mapping[str, Any] | None) -> tuple[float, float]:
    """The least capacity, and the seconds without use after which an instance has that."""
    told = scaling_ or {}
    return float(told.get("min_capacity", 1)), float(told.get("seconds_until_auto_pause", 0))


def is_in(cluster: Any, *expected: str) -> None:
    """Raises InvalidDBClusterStateFault unless it is in one of these states. moto's words, which are AWS's."""
    if cluster.status not in expected:
        raise InvalidDBClusterStateFault(
            f"DbCluster {cluster.db_cluster_identifier} is in {cluster.status} state but expected it to be one of"
            f" {','.join(expected)}."
        )


def is_awake(cluster: Any) -> None:
    """A stopped cluster is not changed, backed up or deleted: Aurora User Guide, "aurora-cluster-stop-start"."""
    if cluster.status in {"stopping", "stopped", "starting"}:
        is_in(cluster, "available")


def may_stop(cluster: Any) -> None:
    """Only a cluster that runs, and has an instance that could stop."""
    is_in(cluster, "available")
    if not cluster.members:
        raise InvalidDBClusterStateFault(f"DbCluster {cluster.db_cluster_identifier} has no instance to stop.")


def instance_is_awake(cluster: Any, instance: str) -> None:
    """Instances of a stopped cluster are stopped: API reference, RebootDBInstance and ModifyDBInstance."""
    if cluster.status in {"stopping", "stopped", "starting"}:
        raise RDSClientError("InvalidDBInstanceState", f"Instance {instance} is not in available state.")


def most_connections(scaling_: Mapping[str, Any] | None) -> int:
    """The most connections that the capacity allows."""
    found = scaling_ or {}
    return facts.most_connections(float(found.get("min_capacity", 1)), float(found.get("max_capacity", 1)))


def subnet_group(subnets: list[Any]) -> None:
    """Refuse a group without subnets in two zones: RDS API reference, CreateDBSubnetGroup."""
    if len({subnet.availability_zone for subnet in subnets}) < 2:
        raise RDSClientError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage:"
            f" {', '.join(sorted({subnet.availability_zone for subnet in subnets}))}. Add subnets to cover at least"
            " 2 AZs.",
        )


def _groups(backend: Any, wanted: Mapping[str, Any]) -> None:
    name = wanted.get("db_subnet_group_name")
    backend.describe_db_subnet_groups(name)
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    vpc = backend.subnet_groups[name].vpc_id if name else None
    for group_id in wanted.get("vpc_security_group_ids") or ():
        group = ec2.get_security_group_from_id(group_id)
        if group is None:
            raise InvalidParameterValue(f"Invalid security group , groupId= {group_id}, groupName=.")
        if vpc and group.vpc_id != vpc:
            raise InvalidParameterCombination(
                "The DB instance and EC2 security group are in different VPCs. The DB instance is in"
                f" {vpc} and the EC2 security group is in {group.vpc_id}"
            )
