"""The part of the deployer's policy about the database of studies."""

from collections.abc import Iterator

from studioctl.infrastructure.iam.deployer.deployment import Deployment, actions
from studioctl.infrastructure.iam.scope import ACTIONS
from studioctl.infrastructure.iam.statement import Condition, Statement

RDS = f"{ACTIONS}/list_amazonrds.html"
DATA_API = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.access.html"
SECRET = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html"  # noqa: S105 (a page)
# RDS puts it on the secret that it makes for a cluster.
SECRETS_CLUSTER = "aws:rds:primaryDBClusterArn"


def statements(deployment: Deployment) -> Iterator[Statement]:
    """The permissions for the database, its snapshots and its workers' user: RDS takes the names that we give."""
    name = deployment.naming.database
    (cluster,) = deployment.arns("rds", f"cluster:{name}")
    kept = deployment.arns("rds", f"cluster-snapshot:{name}-*")
    groups = deployment.arns("rds", f"subgrp:{name}", f"cluster-pg:{name}")
    instance = deployment.arns("rds", f"db:{name}")
    yield Statement(
        "DatabaseLook",
        ("rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusters"),
        ("*",),
        "A database and its snapshots are found, those of an older file too: AWS lists them all.",
        RDS,
    )
    if not deployment.config.tuning.has_database:
        return
    yield Statement(
        "DatabaseGlobal",
        ("rds:DescribeAccountAttributes", "rds:DescribeGlobalClusters"),
        ("*",),
        "plan says what RDS has room for, and Terraform's provider asks whether the database is part of a global one:"
        " AWS allows these on everything alone.",
        RDS,
    )
    yield Statement(
        "Database",
        actions(
            "rds",
            "AddTagsToResource CreateDBCluster CreateDBClusterParameterGroup CreateDBClusterSnapshot CreateDBInstance"
            " CreateDBSubnetGroup DeleteDBCluster DeleteDBClusterParameterGroup DeleteDBInstance DeleteDBSubnetGroup"
            " DescribeDBClusterParameterGroups DescribeDBClusterParameters DescribeDBInstances DescribeDBSubnetGroups"
            " EnableHttpEndpoint"
            " ListTagsForResource ModifyDBCluster ModifyDBClusterParameterGroup ModifyDBInstance ModifyDBSubnetGroup"
            " RemoveTagsFromResource ResetDBClusterParameterGroup RestoreDBClusterFromSnapshot StartDBCluster",
        ),
        (cluster, *instance, *groups, *kept),
        "The database of studies is created, changed and removed; a snapshot of it stays, and is taken up again.",
        RDS,
    )
    if deployment.deletes_data:
        yield Statement(
            "DeleteStudies",
            ("rds:DeleteDBClusterSnapshot",),
            kept,
            "down --delete-data deletes the snapshots.",
            RDS,
        )
    yield Statement(
        "DatabaseSecret",
        ("secretsmanager:CreateSecret", "secretsmanager:TagResource"),
        deployment.arns("secretsmanager", "secret:rds!cluster-*"),
        "RDS makes the secret of the database's first user, in the name of whoever makes the database.",
        SECRET,
    )
    yield Statement(
        "DatabaseUser",
        ("rds-data:ExecuteStatement",),
        (cluster,),
        "up makes the workers' user, by RDS's Data API.",
        DATA_API,
    )
    yield Statement(
        "DatabaseUserSecret",
        ("secretsmanager:GetSecretValue",),
        deployment.arns("secretsmanager", "secret:rds!cluster-*"),
        "The Data API signs in with this database's own secret.",
        DATA_API,
        (Condition("StringEquals", f"aws:ResourceTag/{SECRETS_CLUSTER}", (cluster,)),),
    )
