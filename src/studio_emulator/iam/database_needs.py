"""Actions of RDS on the clusters, instances, groups and snapshots that a request names.

Source: Service Authorization Reference, "Amazon RDS". What a request does not name, as a default group, is not asked
about: seen where a role could create clusters on "cluster:*" alone until a subnet group was named
(https://github.com/mattclay/aws-terminator/pull/265). On tags and the secret of a first user: Aurora User Guide,
"security_iam_id-based-policy-examples-grant-permissions-tags-on-create" and "rds-secrets-manager".
"""

from collections.abc import Iterator
from typing import Any

from studio_emulator.iam.received import Need, Received, query_tags

# A member of requests -> the kind of resource that it names.
KINDS = {
    "DBClusterIdentifier": "cluster",
    "DBInstanceIdentifier": "db",
    "DBSubnetGroupName": "subgrp",
    "DBClusterParameterGroupName": "cluster-pg",
    "DBParameterGroupName": "pg",
    "OptionGroupName": "og",
    "DBClusterSnapshotIdentifier": "cluster-snapshot",
    "SnapshotIdentifier": "cluster-snapshot",
    "FinalDBSnapshotIdentifier": "cluster-snapshot",
}
# What an action makes, or lists when it names nothing.
MADE = {
    "CreateDBCluster": "cluster",
    "RestoreDBClusterFromSnapshot": "cluster",
    "CreateDBClusterParameterGroup": "cluster-pg",
    "CreateDBClusterSnapshot": "cluster-snapshot",
    "CreateDBInstance": "db",
    "CreateDBSubnetGroup": "subgrp",
}
LISTED = {
    "DescribeDBClusters": "cluster",
    "DescribeDBClusterParameterGroups": "cluster-pg",
    "DescribeDBClusterSnapshots": "cluster-snapshot",
    "DescribeDBInstances": "db",
    "DescribeDBSubnetGroups": "subgrp",
}
TAGS = "Tags.Tag."


def needs(received: Received) -> list[Need]:
    """One for each resource that is named, and what making it takes besides."""
    return list(_needs(received))


def _needs(received: Received) -> Iterator[Need]:
    said, action = received.parameters, received.action or "UnknownAction"
    tags = query_tags(said, TAGS)
    named = [
        (kind, _arn(received, kind, str(said[member])))
        for member, kind in KINDS.items()
        if said.get(member) and not (action == "DeleteDBInstance" and kind == "cluster-snapshot")
    ]
    arn = str(said.get("ResourceName") or said.get("ResourceArn") or "")
    listed = LISTED.get(action)
    found = [each for _, each in named] or [arn or (_arn(received, listed, "*") if listed else "*")]
    for each in found:
        yield Need(f"rds:{action}", each, tags)
    if tags and (made := MADE.get(action)):
        yield from (Need("rds:AddTagsToResource", each, tags) for kind, each in named if kind == made)
    if _is_true(said.get("ManageMasterUserPassword")):
        secret = received.arn("secretsmanager", "secret:rds!cluster-*")  # it has no name before it is made
        yield from (Need(f"secretsmanager:{each}", secret) for each in ("CreateSecret", "TagResource"))


def _arn(received: Received, kind: str, name: str) -> str:
    """Identifiers have no case; some members take an ARN, too."""
    return name if name.startswith("arn:") else received.arn("rds", f"{kind}:{name.lower()}")


def _is_true(said: Any) -> bool:
    return str(said).lower() == "true"
