"""A cluster of Aurora PostgreSQL: moto's record of it, the server behind it, and who may connect."""

import hmac
import json
import secrets
import string
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from moto.ec2.models import ec2_backends
from moto.rds.models import DBCluster

from studio_emulator.clock import clock
from studio_emulator.database import checks, tokens
from studio_emulator.database.capacity import Capacity
from studio_emulator.database.front import Front, Guard
from studio_emulator.database.protocol import DatabaseError
from studio_emulator.database.servers import ADMINISTRATOR, Server, servers
from studio_emulator.iam.credentials import AdministratorKey
from studio_emulator.iam.evaluate import evaluate
from studio_emulator.iam.policy import Asked
from studio_emulator.iam.sessions import Sessions
from studio_emulator.training import network
from studio_emulator.training.peers import peers

PASSWORD = string.ascii_letters + string.digits + "!#$%&()*+,-.:;<=>?[]^_{|}~"
LONGEST_PASSWORD = 32
FORCE_TLS = "rds.force_ssl"
LONGEST_STOP = 7 * 86400.0
"""Seconds after which AWS starts a stopped cluster: Aurora User Guide, "aurora-cluster-stop-start"."""
STOPPING, STOPPED, STARTING, CREATING = "stopping", "stopped", "starting", "creating"
# By the cluster's resource id. Not in the record, which moto copies.
_fronts: dict[str, Front] = {}
_capacities: dict[str, Capacity] = {}


class Cluster(DBCluster):
    """A cluster as RDS shows it. Its server and its front are found by its resource id."""

    key: ClassVar[AdministratorKey]
    turn: ClassVar[threading.RLock] = threading.RLock()
    """Held by whoever looks into the account: moto keeps its state in plain dicts."""

    def __init__(self, backend: Any, snapshot: Path | None = None, **wanted: Any) -> None:
        scaling = wanted.pop("serverless_v2_scaling_configuration", None)
        wanted["engine_version"] = checks.version(wanted.get("engine_version"))
        known = {"db_cluster_parameter_group_name": f"default.{checks.ENGINE}{wanted['engine_version'].split('.')[0]}"}
        super().__init__(backend, **{**known, **{name: value for name, value in wanted.items() if value is not None}})
        self.serverless_v2_scaling_configuration = scaling
        self.preferred_maintenance_window = self.preferred_maintenance_window.lower()
        self._fill_secret()
        identity = self.db_cluster_resource_id
        master, database = str(self.master_username), str(self.database_name or "")
        servers.make(identity, master, database, checks.most_connections(scaling), snapshot)
        capacity = _capacities[identity] = Capacity(*checks.bounds(self._scaling))
        guard = Guard(self._admits, self._wants_tls, self._authenticated, capacity)
        names = (self.endpoint, self.reader_endpoint)
        _fronts[identity] = Front(lambda: servers.of(identity), guard, names)

    @property
    def front_port(self) -> int:
        """The port of 127.0.0.1 on which its front listens."""
        return _fronts[self.db_cluster_resource_id].port

    @property
    def server(self) -> Server | None:
        """Its server."""
        return servers.of(self.db_cluster_resource_id)

    @property
    def meter(self) -> Capacity:
        """The capacity of its instance; moto would show one of this name."""
        return _capacities[self.db_cluster_resource_id]

    @property
    def status(self) -> str:
        """ "creating" or "starting" until its server answers; AWS starts what was stopped for seven days."""
        server = self.server
        if server is None:
            return self._status
        if self._status == STOPPED and clock.time() >= self._stopped + LONGEST_STOP:
            self.start(self._stopped + LONGEST_STOP)
        if self._status == STOPPING and server.is_stopped:
            self._status = STOPPED
        elif self._status in {CREATING, STARTING}:
            if server.failure:
                return "failed"
            if server.is_ready:
                self._status = "available"
        return self._status

    @status.setter
    def status(self, value: str) -> None:
        self._status = value

    @property
    def serverless_v2_scaling_configuration(self) -> Mapping[str, Any] | None:
        """The scaling configuration, with AWS's default for the pause."""
        return self._scaling

    @serverless_v2_scaling_configuration.setter
    def serverless_v2_scaling_configuration(self, value: Mapping[str, Any] | None) -> None:
        checks.scaling(value)
        pauses = {"seconds_until_auto_pause": checks.LEAST_PAUSE} if value and not value["min_capacity"] else {}
        self._scaling = {**pauses, **value} if value else None
        if known := _capacities.get(getattr(self, "db_cluster_resource_id", "")):
            known.change(*checks.bounds(self._scaling))

    @property
    def scaling_configuration_info(self) -> Any:
        """None: it is for Serverless v1 alone."""
        return None

    @property
    def enable_http_endpoint(self) -> bool:
        """Whether the Data API reaches it: moto knows that of old clusters only."""
        return self._enable_http_endpoint

    @enable_http_endpoint.setter
    def enable_http_endpoint(self, value: bool | None) -> None:
        self._enable_http_endpoint = bool(value)

    @property
    def enable_iam_database_authentication(self) -> bool:
        """The setting under the name that a request to change it has."""
        return bool(self.iam_auth)

    @enable_iam_database_authentication.setter
    def enable_iam_database_authentication(self, value: bool) -> None:
        self.iam_auth = value

    def stop(self) -> None:
        """End its server, whose data stay."""
        self._status, self._stopped = STOPPING, clock.time()
        self.meter.off()
        servers.pause(self.db_cluster_resource_id)

    def start(self, at: float | None = None) -> None:
        """Start its server again; `at`: when AWS did so itself."""
        self._status = STARTING
        if self.members:
            self.meter.on(at)
        servers.restart(self.db_cluster_resource_id)

    def renew_secret(self) -> None:
        """Another password in its secret."""
        self._fill_secret()

    def end(self, *, keep: bool) -> Path | None:
        """End its server and its port; its data, where they are kept."""
        _capacities.pop(self.db_cluster_resource_id, None)
        _fronts.pop(self.db_cluster_resource_id).close()
        return servers.end(self.db_cluster_resource_id, keep=keep)

    def _fill_secret(self) -> None:
        if not self.manage_master_user_password:
            return
        password = "".join(secrets.choice(PASSWORD) for _ in range(LONGEST_PASSWORD))
        value = json.dumps({"username": self.master_username, "password": password})
        for version in self.master_user_secret.secret.versions.values():
            version["secret_string"] = value
        self.master_user_secret.secret.secret_string = value

    def password(self) -> str | None:
        """The master user's; None where nobody knows it, as of a cluster that was just restored."""
        if self.manage_master_user_password:
            held = self.master_user_secret.secret.secret_string
            return str(json.loads(held)["password"]) if held else None
        return getattr(self, "_master_user_password", None)

    def _wants_tls(self) -> bool:
        """Whether TLS is required: from version 15 on, unless its parameter group says otherwise."""
        group = self.backend.db_cluster_parameter_groups.get(self.parameter_group)
        said = group.parameters.get(FORCE_TLS, {}).get("ParameterValue") if group else None
        return str(said) == "1" if said is not None else int(self.engine_version.split(".")[0]) >= 15

    def _admits(self, address: str) -> bool:
        """Whether the VPC leads there: this machine is outside of it, and so is a job without a VPC."""
        peer = peers.at(address)
        if peer is None:
            return False
        with self.turn:
            if self.status in {STOPPING, STOPPED}:
                return False  # nothing listens there
            ec2 = ec2_backends[self.backend.account_id][self.backend.region_name]
            return network.connects(ec2, peer.groups, self.vpc_security_group_ids, int(self.port))

    def _authenticated(self, user: str, password: str, secured: bool) -> None:
        server = self.server
        if server is None:
            raise DatabaseError("57P03", "the database system is shutting down")
        wrong = DatabaseError("28P01", f'password authentication failed for user "{user}"')
        if user == ADMINISTRATOR:
            raise wrong
        name = user.replace("'", "''")
        with server.client() as client:
            found = client.query(
                "SELECT pg_has_role(rolname, 'rds_iam', 'MEMBER') FROM pg_roles"  # noqa: S608 (it is quoted)
                f" WHERE rolname = '{name}' AND rolcanlogin"
            )
        if not found.rows:
            raise wrong
        if found.rows[0][0] == "t":
            if not secured:
                raise wrong
            if not self._is_token(user, password):
                raise DatabaseError("28000", f'PAM authentication failed for user "{user}"')
            return
        with self.turn:
            wanted = self.password() if user == self.master_username else None
        if wanted is None or not hmac.compare_digest(wanted.encode(), password.encode()):
            raise wrong

    def _is_token(self, user: str, text: str) -> bool:
        """Whether it holds, and whoever signed it may `rds-db:connect` as this user."""
        with self.turn:
            if not self.iam_auth:
                return False

            def secret_of(access_key: str) -> str | None:
                found = self.key.secret_of(access_key)
                return found.key if found else None

            where = {"host": self.endpoint, "port": int(self.port), "region": str(self.backend.region_name)}
            token = tokens.verified(text, user=user, secret_of=secret_of, **where)  # type: ignore[arg-type]
            known = self.key.secret_of(token.access_key) if token else None
            if token is None or known is None or (known.token or "") != token.session_token:
                return False
            session = Sessions(self.backend.account_id).of(token.access_key)
            if session is None:
                return True  # the account's administrator
            if session.expired:
                return False
            user_arn = f"dbuser:{self.db_cluster_resource_id}/{user}"
            arn = f"arn:aws:rds-db:{self.backend.region_name}:{self.backend.account_id}:{user_arn}"
            asked = Asked("rds-db:connect", arn, {**session.keys, "aws:requestedregion": self.backend.region_name})
            return evaluate(session.principal, asked, session.policies(arn)).allowed


Cluster.__name__ = DBCluster.__name__  # after which moto names the tag of its secret: aws:rds:primaryDBClusterArn


def bundle() -> str:
    """The certificates that clients trust, as AWS's global-bundle.pem has them."""
    from studio_emulator.database.certificates import authority  # noqa: PLC0415 (it takes a while)

    return authority.bundle


def stop() -> None:
    """End all fronts and servers."""
    _capacities.clear()
    for front in _fronts.values():
        front.close()
    _fronts.clear()
    servers.stop()
