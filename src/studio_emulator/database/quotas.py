"""RDS's quotas, by the names that DescribeAccountAttributes has for them: what a new account has of each, and has used.

Codes and values: AWS General Reference, "Amazon Relational Database Service endpoints and quotas".
"""

from collections.abc import Mapping
from typing import Any

from moto.rds.exceptions import RDSClientError

from studio_emulator.studio.quotas import Quota

SERVICE = "rds"
QUOTAS: Mapping[str, Quota] = {
    "DBClusters": Quota("L-952B80B8", "DB clusters", 40, "DB clusters"),
    "DBInstances": Quota("L-7B6409FD", "DB instances", 40, "DB instances"),
    "DBSubnetGroups": Quota("L-48C6BF61", "DB subnet groups", 50, "DB subnet groups"),
    "DBClusterParameterGroups": Quota("L-E4C808A8", "DB cluster parameter groups", 50, "DB cluster parameter groups"),
}


def used(backend: Any, name: str) -> int:
    """The number of existing resources of one kind."""
    things = {
        "DBClusters": backend.clusters,
        "DBInstances": backend.databases,
        "DBSubnetGroups": backend.subnet_groups,
        "DBClusterParameterGroups": backend.db_cluster_parameter_groups,
    }
    return len(things[name])


def limit(backend: Any, name: str) -> int:
    """The number of resources of one kind that the account may have."""
    return int(QUOTAS[name].limit(backend.settings))


def refuse_more(backend: Any, name: str, code: str) -> None:
    """Raises AWS's error where there may be no further one; its words are assumed."""
    if used(backend, name) >= limit(backend, name):
        raise RDSClientError(code, f"Cannot create more than {limit(backend, name)} {QUOTAS[name].unit}")
