"""The database of studies: a cluster of Aurora PostgreSQL in private subnets, for workers and spaces alone.

Nobody ever sees a password. RDS makes that of the first user itself, keeps it in a secret and changes it every week;
`studioctl up` uses it through RDS's Data API to make the workers' user, who has none: IAM lets it in.
"""

from dataclasses import dataclass, replace
from typing import Any

from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.block import Block, Module, Output, Ref, Resource
from studioctl.infrastructure.kms import Kms
from studioctl.infrastructure.naming import DATABASE_READY_TAG, Naming, name_tag
from studioctl.infrastructure.security_groups import SecurityGroups
from studioctl.infrastructure.vpc import Vpc

CLUSTER = "aws_rds_cluster.tuning"
INSTANCE = "aws_rds_cluster_instance.tuning"
ENGINE_VERSION = "17"  # AWS takes the newest of its line that it recommends
PORT = 5432
ADMINISTRATOR = "tuning_admin"
WORKER = "tuner"
"""The workers' user, who owns the database."""
NAME = "optuna"
PAUSE_SECONDS = 300
POSTGRESQL = {"ip_protocol": "tcp", "from_port": PORT, "to_port": PORT}


@dataclass(frozen=True)
class Database:
    """The database's blocks, and what IAM calls it; None where there is none."""

    module: Module
    resource_id: Ref | None = None
    arn: Ref | None = None


def build(config: EnvironmentConfig, *, vpc: Vpc, groups: SecurityGroups, kms: Kms, naming: Naming) -> Database:
    """The database that `[tuning]` asks for."""
    module = Module("database", "The database of studies, which workers and spaces reach and nobody else.", ())
    if not config.tuning.has_database:
        return Database(module)
    ways = tuple(_ways(vpc, groups, naming))
    subnets = Resource(
        "aws_db_subnet_group",
        "tuning",
        {"name": naming.database, "description": "Private subnets of the studies", "subnet_ids": list(vpc.subnet_ids)},
    )
    parameters = Resource(
        "aws_rds_cluster_parameter_group",
        "tuning",
        {
            "name": naming.database,
            "family": f"{config.tuning.database}{ENGINE_VERSION}",
            "description": "TLS or nothing",
            "parameter": [{"name": "rds.force_ssl", "value": "1"}],
        },
    )
    cluster = _cluster(config, subnets, parameters, ways[0], kms, naming)
    instance = Resource(
        "aws_rds_cluster_instance",
        "tuning",
        {
            "identifier": naming.database,
            "cluster_identifier": cluster.ref("id"),
            "engine": config.tuning.database,
            "instance_class": "db.serverless",
            "db_subnet_group_name": subnets.ref("name"),
            "publicly_accessible": False,
            "auto_minor_version_upgrade": True,
            "copy_tags_to_snapshot": True,
        },
    )
    outputs = (
        Output("database_endpoint", cluster.ref("endpoint"), "Where workers find the database of studies."),
        Output(
            "database_secret_arn", _secret(cluster), "ARN of the secret in which RDS keeps its first user's password."
        ),
    )
    blocks: tuple[Block, ...] = (*ways, subnets, parameters, cluster, instance, *outputs)
    return Database(Module(module.name, module.purpose, blocks), cluster.ref("cluster_resource_id"), cluster.ref("arn"))


def _secret(cluster: Resource) -> Ref:
    return cluster.ref("master_user_secret[0].secret_arn")


def _cluster(
    config: EnvironmentConfig, subnets: Resource, parameters: Resource, group: Resource, kms: Kms, naming: Naming
) -> Resource:
    tuning = config.tuning
    capacity: dict[str, Any] = {"min_capacity": tuning.min_acu, "max_capacity": tuning.max_acu}
    if not tuning.min_acu:
        capacity["seconds_until_auto_pause"] = PAUSE_SECONDS
    key = {"kms_key_id": kms.key_arn, "master_user_secret_kms_key_id": kms.key_arn} if kms.key_arn else {}
    return Resource(
        "aws_rds_cluster",
        "tuning",
        {
            "cluster_identifier": naming.database,
            "engine": tuning.database,
            "engine_version": ENGINE_VERSION,
            "database_name": NAME,
            "port": PORT,
            "master_username": ADMINISTRATOR,
            "manage_master_user_password": True,
            "iam_database_authentication_enabled": True,
            "enable_http_endpoint": True,
            "serverlessv2_scaling_configuration": [capacity],
            "db_subnet_group_name": subnets.ref("name"),
            "db_cluster_parameter_group_name": parameters.ref("name"),
            "vpc_security_group_ids": [group.ref("id")],
            "storage_encrypted": True,
            **key,
            "backup_retention_period": tuning.backup_days,
            "copy_tags_to_snapshot": True,
            "apply_immediately": True,
            # Its value is changed by API; a tag that Terraform did not know of would be a change in each plan.
            "tags": {DATABASE_READY_TAG: "none"},
            "deletion_protection": True,
            "skip_final_snapshot": False,
            "final_snapshot_identifier": f"{naming.database}-final",
            "lifecycle": {"ignore_changes": [f'tags["{DATABASE_READY_TAG}"]', "snapshot_identifier"]},
        },
        why="Studies are users' data: Terraform cannot delete it, and `studioctl down` leaves a snapshot.",
    )


def _ways(vpc: Vpc, groups: SecurityGroups, naming: Naming) -> list[Resource]:
    """The database's group, which lets workers and spaces in and nothing out."""
    arguments = {
        "name": naming.database_security_group,
        "description": "The database of studies: in from Studio alone",
        "vpc_id": vpc.vpc_id,
        "tags": name_tag(naming.database_security_group),
    }
    group = Resource("aws_security_group", "database", arguments)
    inward = {
        "security_group_id": group.ref("id"),
        "referenced_security_group_id": groups.studio_id,
        "description": "PostgreSQL from Studio, and from nobody else",
        **POSTGRESQL,
    }
    ways = [group, Resource("aws_vpc_security_group_ingress_rule", "database", inward)]
    if groups.is_cut_off:
        outward = {
            "security_group_id": groups.studio_id,
            "referenced_security_group_id": group.ref("id"),
            "description": "The database of studies",
            **POSTGRESQL,
        }
        ways.append(Resource("aws_vpc_security_group_egress_rule", "database", outward))
    return ways


def restored(database: Module, snapshot: str) -> Module:
    """The same, made from a snapshot."""

    def changed(block: Block) -> Block:
        if not isinstance(block, Resource) or block.address != CLUSTER:
            return block
        return replace(block, arguments={**block.arguments, "snapshot_identifier": snapshot})

    return replace(database, blocks=tuple(changed(block) for block in database.blocks))
