"""RDS with AWS's checks of Aurora PostgreSQL clusters, which really run. Other engines are moto's records."""

import secrets
from types import ModuleType
from typing import Any, ClassVar

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.rds import urls
from moto.rds.exceptions import (
    DBClusterNotFoundError,
    DBClusterSnapshotAlreadyExistsError,
    InvalidParameterCombination,
    RDSClientError,
)
from moto.rds.models import (
    DBCluster,
    DBClusterParameterGroup,
    DBClusterSnapshot,
    DBInstance,
    DBSubnetGroup,
    MasterUserSecret,
    RDSBackend,
)
from moto.rds.responses import RDSResponse

from studio_emulator.database import checks, quotas
from studio_emulator.database.clusters import Cluster
from studio_emulator.database.servers import programs, servers
from studio_emulator.settings import EmulatorSettings

NO_SERVER = (
    "a cluster of Aurora PostgreSQL is a PostgreSQL server on this machine, which has none: install the package"
    " postgresql, and start the emulator again"
)
# What a restored cluster has from its snapshot, unless the request says otherwise.
FROM_SNAPSHOT = ("database_name", "engine", "engine_version", "kms_key_id", "master_username", "storage_encrypted")


class StrictRDSBackend(RDSBackend):
    """RDS of one account and region."""

    settings: ClassVar[EmulatorSettings] = EmulatorSettings()

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._interfaces: dict[str, str] = {}
        self._kept: dict[str, Any] = {}

    @property
    def _url_module(self) -> ModuleType:
        return urls

    def create_db_cluster(self, kwargs: dict[str, Any]) -> DBCluster:
        """A record and its server, which is ready a moment later."""
        if kwargs.get("engine") != checks.ENGINE:
            return super().create_db_cluster(kwargs)
        return self._made(kwargs)

    def _made(self, wanted: dict[str, Any], snapshot: Any = None) -> Cluster:
        if programs() is None:
            raise NotImplementedError(NO_SERVER)
        checks.new_cluster(self, wanted)
        quotas.refuse_more(self, "DBClusters", "DBClusterQuotaExceededFault")
        cluster = Cluster(self, snapshot, **wanted)
        self.clusters[cluster.db_cluster_identifier] = cluster
        return cluster

    def modify_db_cluster(self, kwargs: dict[str, Any]) -> DBCluster:
        """Checked before anything changes; another largest capacity counts from the next reboot on."""
        cluster = self.describe_db_clusters(kwargs["db_cluster_identifier"])[0]
        if not isinstance(cluster, Cluster):
            return super().modify_db_cluster(kwargs)
        checks.is_awake(cluster)
        scaling = kwargs.get("serverless_v2_scaling_configuration")
        checks.scaling(scaling)
        wanted = checks.version(kwargs.get("engine_version") or cluster.engine_version)
        checks.parameter_group(self, kwargs.get("db_cluster_parameter_group_name"), wanted)
        if kwargs.get("engine_version"):
            kwargs["engine_version"] = wanted
        managed = kwargs.pop("manage_master_user_password", None)
        key = kwargs.pop("master_user_secret_kms_key_id", None)
        if managed and not cluster.manage_master_user_password:
            cluster.master_user_secret = MasterUserSecret(cluster, key)
            cluster.manage_master_user_password = True
            cluster.renew_secret()
        answer = super().modify_db_cluster(kwargs)
        if scaling:
            servers.resize(cluster.db_cluster_resource_id, checks.most_connections(scaling))
        return answer

    def stop_db_cluster(self, cluster_identifier: str) -> DBCluster:
        """Its instances stop, too; AWS starts it again after seven days."""
        cluster = self.describe_db_clusters(cluster_identifier)[0]
        if not isinstance(cluster, Cluster):
            return super().stop_db_cluster(cluster_identifier)
        checks.may_stop(cluster)
        cluster.stop()
        return cluster

    def start_db_cluster(self, cluster_identifier: str) -> DBCluster:
        """Only what is stopped."""
        cluster = self.describe_db_clusters(cluster_identifier)[0]
        if not isinstance(cluster, Cluster):
            return super().start_db_cluster(cluster_identifier)
        checks.is_in(cluster, "stopped", "inaccessible-encryption-credentials-recoverable")
        cluster.start()
        return cluster

    def delete_db_cluster(self, cluster_identifier: str, snapshot_name: str | None = None) -> DBCluster:
        """Its data stay in the last snapshot."""
        cluster = self.describe_db_clusters(cluster_identifier)[0]
        if snapshot_name and snapshot_name.lower() in self.cluster_snapshots:
            raise DBClusterSnapshotAlreadyExistsError(snapshot_name)
        if not isinstance(cluster, Cluster):
            return super().delete_db_cluster(cluster_identifier, snapshot_name)
        if cluster.members:
            checks.is_awake(cluster)
        self.clusters[cluster.db_cluster_identifier] = cluster
        gone = super().delete_db_cluster(cluster.db_cluster_identifier)
        data = cluster.end(keep=bool(snapshot_name))
        if snapshot_name:
            self._note(DBClusterSnapshot(self, cluster, snapshot_name), data)
        return gone

    def create_db_cluster_snapshot(
        self,
        db_cluster_identifier: str,
        db_cluster_snapshot_identifier: str,
        snapshot_type: str = "manual",
        tags: list[dict[str, str]] | None = None,
    ) -> DBClusterSnapshot:
        """A copy of what is there now."""
        cluster = self.describe_db_clusters(db_cluster_identifier)[0]
        if not isinstance(cluster, Cluster):
            return super().create_db_cluster_snapshot(
                db_cluster_identifier, db_cluster_snapshot_identifier, snapshot_type, tags
            )
        checks.is_awake(cluster)
        if db_cluster_snapshot_identifier.lower() in self.cluster_snapshots:
            raise DBClusterSnapshotAlreadyExistsError(db_cluster_snapshot_identifier)
        snapshot = DBClusterSnapshot(self, cluster, db_cluster_snapshot_identifier, snapshot_type, tags)
        return self._note(snapshot, servers.copy(cluster.db_cluster_resource_id))

    def _note(self, snapshot: DBClusterSnapshot, data: Any) -> DBClusterSnapshot:
        self.cluster_snapshots[snapshot.db_cluster_snapshot_identifier] = snapshot
        self._kept[snapshot.db_cluster_snapshot_identifier] = data
        return snapshot

    def delete_db_cluster_snapshot(self, db_snapshot_identifier: str) -> DBClusterSnapshot:
        """Delete a snapshot with its data."""
        snapshot = super().delete_db_cluster_snapshot(db_snapshot_identifier.lower())
        if data := self._kept.pop(snapshot.db_cluster_snapshot_identifier, None):
            servers.remove(data)
        return snapshot

    def restore_db_cluster_from_snapshot(self, from_snapshot_id: str, overrides: dict[str, Any]) -> DBCluster:
        """A cluster with the snapshot's data, and the password of then; a secret of RDS's went with its cluster."""
        name = from_snapshot_id.rpartition(":")[2]
        snapshot = self.describe_db_cluster_snapshots(db_cluster_identifier=None, db_snapshot_identifier=name)[0]
        data = self._kept.get(snapshot.db_cluster_snapshot_identifier)
        if data is None:
            return super().restore_db_cluster_from_snapshot(from_snapshot_id, overrides)
        if overrides.get("engine", checks.ENGINE) != checks.ENGINE:
            raise InvalidParameterCombination(f"The snapshot's engine is {checks.ENGINE}")
        given = {key: value for key, value in overrides.items() if value is not None and key != "snapshot_identifier"}
        kept = {name: getattr(snapshot.cluster, name) for name in FROM_SNAPSHOT}
        unknown = {"master_user_password": secrets.token_urlsafe(16)}  # nobody has it any more
        return self._made({**kept, **unknown, **given}, data)

    def create_db_instance(self, db_kwargs: dict[str, Any]) -> DBInstance:
        """An instance of a cluster has an interface in a subnet, which wears the cluster's groups."""
        checks.new_instance(self, db_kwargs)
        quotas.refuse_more(self, "DBInstances", "InstanceQuotaExceeded")
        if isinstance(known := self.clusters.get(str(db_kwargs.get("db_cluster_identifier"))), Cluster):
            checks.is_awake(known)
        instance = super().create_db_instance(db_kwargs)
        cluster = self.clusters.get(str(db_kwargs.get("db_cluster_identifier")))
        if isinstance(cluster, Cluster) and (group := self.subnet_groups.get(cluster.db_subnet_group_name)):
            ec2 = ec2_backends[self.account_id][self.region_name]
            interface: NetworkInterface = ec2.create_network_interface(
                group._subnets[0],  # noqa: SLF001 - `subnets` has them as AWS shows them
                [],
                group_ids=list(cluster.vpc_security_group_ids),
                description="RDSNetworkInterface",
            )
            interface.status, interface.requester_managed = "in-use", True
            interface.requester_id = "amazon-rds"
            self._interfaces[instance.db_instance_identifier] = interface.id
        if isinstance(cluster, Cluster):
            cluster.meter.on()
        return instance

    def modify_db_instance(self, db_instance_identifier: str, db_kwargs: dict[str, Any]) -> DBInstance:
        """Refuse to modify an instance while its cluster is stopped."""
        self._refuse_sleeping(db_instance_identifier)
        return super().modify_db_instance(db_instance_identifier, db_kwargs)

    def reboot_db_instance(self, db_instance_identifier: str) -> DBInstance:
        """Restarts its cluster's server."""
        self._refuse_sleeping(db_instance_identifier)
        instance = super().reboot_db_instance(db_instance_identifier)
        cluster = self.clusters.get(str(instance.db_cluster_identifier))
        if isinstance(cluster, Cluster):
            servers.restart(cluster.db_cluster_resource_id)
        return instance

    def delete_db_instance(self, db_instance_identifier: str, *args: Any, **kwargs: Any) -> DBInstance:
        """Takes its interface with it."""
        for cluster in self.clusters.values():
            if isinstance(cluster, Cluster) and db_instance_identifier in {
                each.db_instance_identifier for each in cluster.members
            }:
                checks.is_awake(cluster)
                cluster.meter.off()
        instance = super().delete_db_instance(db_instance_identifier, *args, **kwargs)
        if interface := self._interfaces.pop(instance.db_instance_identifier, None):
            ec2_backends[self.account_id][self.region_name].enis.pop(interface, None)
        return instance

    def _refuse_sleeping(self, instance: str) -> None:
        for cluster in self.clusters.values():
            if isinstance(cluster, Cluster) and instance in {each.db_instance_identifier for each in cluster.members}:
                checks.instance_is_awake(cluster, instance)

    def create_subnet_group(
        self, subnet_name: str, description: str, subnets: list[Any], tags: list[dict[str, str]]
    ) -> DBSubnetGroup:
        """Create a subnet group in two zones at least, under a name that is free."""
        if subnet_name.lower() in self.subnet_groups:
            raise RDSClientError("DBSubnetGroupAlreadyExists", f"The DB subnet group '{subnet_name}' already exists.")
        checks.subnet_group(subnets)
        quotas.refuse_more(self, "DBSubnetGroups", "DBSubnetGroupQuotaExceeded")
        return super().create_subnet_group(subnet_name.lower(), description, subnets, tags)

    def delete_subnet_group(self, subnet_name: str) -> DBSubnetGroup:
        """Refused while a cluster is in it; AWS's words, seen in public logs of Terraform."""
        self._refuse_use(
            "db_subnet_group_name",
            subnet_name,
            "InvalidDBSubnetGroupStateFault",
            f"Cannot delete the subnet group '{subnet_name}' because at least one database instance: {{}} is still"
            " using it.",
        )
        return super().delete_subnet_group(subnet_name)

    def create_db_cluster_parameter_group(
        self,
        db_cluster_parameter_group_name: str,
        db_parameter_group_family: str,
        description: str,
        tags: list[dict[str, str]] | None,
    ) -> DBClusterParameterGroup:
        """One more than there may be is refused with the code that groups of instances have, too."""
        if db_cluster_parameter_group_name not in self.db_cluster_parameter_groups:
            quotas.refuse_more(self, "DBClusterParameterGroups", "DBParameterGroupQuotaExceeded")
        return super().create_db_cluster_parameter_group(
            db_cluster_parameter_group_name, db_parameter_group_family, description, tags
        )

    def delete_db_cluster_parameter_group(self, db_cluster_parameter_group_name: str) -> None:
        """The same."""
        self._refuse_use(
            "parameter_group",
            db_cluster_parameter_group_name,
            "InvalidDBParameterGroupState",
            "One or more database instances are still members of this parameter group"
            f" {db_cluster_parameter_group_name}, so the group cannot be deleted",
        )
        super().delete_db_cluster_parameter_group(db_cluster_parameter_group_name)

    def _refuse_use(self, attribute: str, name: str, code: str, words: str) -> None:
        for cluster in self.clusters.values():
            if getattr(cluster, attribute) == name:
                raise RDSClientError(code, words.format(cluster.db_cluster_identifier))


class StrictRDSResponse(RDSResponse):
    """The wire of it."""

    def delete_db_cluster(self) -> ActionResult:
        """A last snapshot, or none: API reference, DeleteDBCluster."""
        skip, name = self.params.get("SkipFinalSnapshot", False), self.params.get("FinalDBSnapshotIdentifier")
        if bool(skip) == bool(name):
            raise InvalidParameterCombination(
                "FinalDBSnapshotIdentifier can't be specified when SkipFinalSnapshot is true."
                if name
                else "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            )
        return super().delete_db_cluster()

    def describe_account_attributes(self) -> ActionResult:
        """The quotas that are known here, with what is used of each."""
        found = [
            {"AccountQuotaName": name, "Used": quotas.used(self.backend, name), "Max": quotas.limit(self.backend, name)}
            for name in quotas.QUOTAS
        ]
        return ActionResult({"AccountQuotas": found})

    def enable_http_endpoint(self) -> ActionResult:
        """Other calls than ModifyDBCluster switch the Data API of a cluster that is no Serverless v1."""
        return self._switch_data_api(on=True)

    def disable_http_endpoint(self) -> ActionResult:
        """The same."""
        return self._switch_data_api(on=False)

    def _switch_data_api(self, *, on: bool) -> ActionResult:
        arn = self.params["ResourceArn"]
        found = next((each for each in self.backend.clusters.values() if each.arn == arn), None)
        if found is None:
            raise DBClusterNotFoundError(arn)
        found.enable_http_endpoint = on
        return ActionResult({"ResourceArn": arn, "HttpEndpointEnabled": on})
