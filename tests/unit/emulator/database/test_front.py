"""A cluster's port: who is let in from where, with TLS and a token or the secret's password, and who is not."""

import errno
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import botocore.session
import pytest
from moto.ec2.models import ec2_backends

from studio_emulator.database import clusters, protocol
from studio_emulator.database.capacity import Capacity
from studio_emulator.database.certificates import authority
from studio_emulator.database.clusters import Cluster
from studio_emulator.database.front import Front, Guard
from studio_emulator.database.protocol import DatabaseError
from studio_emulator.database.rds import StrictRDSBackend
from studio_emulator.iam.credentials import AdministratorKey
from studio_emulator.training.peers import peers
from tests.unit.emulator.emulated import eventually

ACCOUNT, REGION = "123456789012", "us-east-1"


@dataclass
class World:
    """A cluster, a place that its groups admit and one that they do not."""

    cluster: Cluster
    key: AdministratorKey
    inside: str
    outside: str

    def token(self, user: str = "tuner", *, host: str = "", key: AdministratorKey | None = None) -> str:
        """A token as AWS's clients make it."""
        session = botocore.session.Session()
        signer = key or self.key
        session.set_credentials(signer.access_key_id, signer.secret_access_key)
        rds = session.create_client("rds", region_name=REGION)
        made: str = rds.generate_db_auth_token(  # type: ignore[attr-defined]
            DBHostname=host or self.cluster.endpoint, Port=5432, DBUsername=user
        )
        return made

    def connect(self, password: str, *, user: str = "tuner", source: str = "", tls: bool = True) -> str:
        """Connect, and return "welcome", the code of a refusal, or nothing."""
        address = ("127.0.0.1", self.cluster.front_port)
        with ExitStack() as stack:
            raw = stack.enter_context(socket.create_connection(address, 10, (source or self.inside, 0)))
            try:
                _, kind, content = self.sign_in(stack, raw, user, password, tls=tls)
            except (ConnectionError, ssl.SSLError):
                return ""
            return "welcome" if kind == b"R" else _code(content)

    def sign_in(
        self, stack: ExitStack, raw: socket.socket, user: str, password: str, *, tls: bool = True
    ) -> tuple[socket.socket, bytes, bytes]:
        """The connection, and the last message of the other side."""
        connection = raw
        if tls:
            raw.sendall(protocol.message(b"", protocol.TLS.to_bytes(4)))
            assert protocol.received(raw, 1) == b"S"
            context = ssl.create_default_context(cadata=authority.bundle)
            connection = stack.enter_context(context.wrap_socket(raw, server_hostname=self.cluster.endpoint))
        connection.sendall(protocol.start({"user": user, "database": "optuna"}))
        kind, content = protocol.read(connection)
        if kind == b"R":
            connection.sendall(protocol.message(b"p", password.encode() + b"\0"))
            kind, content = protocol.read(connection)
        return connection, kind, content


def _code(refusal: bytes) -> str:
    fields = {part[:1]: part[1:].decode() for part in refusal.split(b"\0") if part}
    return fields[b"C"]


def _until(connection: socket.socket, wanted: bytes) -> bytes:
    """The content of the next message of this kind."""
    while True:
        kind, content = protocol.read(connection)
        if kind == wanted:
            return content


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    key = Cluster.key = AdministratorKey()
    Cluster.turn = threading.RLock()
    ec2 = ec2_backends[ACCOUNT][REGION]
    vpc = ec2.create_vpc("10.9.0.0/16")
    ours = ec2.create_security_group("studio", "workers", vpc.id)
    theirs = ec2.create_security_group("database", "studies", vpc.id)
    said: dict[str, Any] = {"ip_protocol": "tcp", "from_port": 5432, "to_port": 5432, "ip_ranges": []}
    ec2.authorize_security_group_ingress(theirs.id, source_groups=[{"GroupId": ours.id}], vpc_id=vpc.id, **said)
    backend = StrictRDSBackend(REGION, ACCOUNT)
    cluster = backend.create_db_cluster(
        {
            "db_cluster_identifier": "acme",
            "engine": "aurora-postgresql",
            "master_username": "boss",
            "manage_master_user_password": True,
            "database_name": "optuna",
            "enable_iam_database_authentication": True,
            "vpc_security_group_ids": [theirs.id],
            "serverless_v2_scaling_configuration": {"min_capacity": 0.5, "max_capacity": 1.0},
        }
    )
    assert isinstance(cluster, Cluster)
    assert cluster.server is not None
    with cluster.server.client() as client:
        client.query("CREATE ROLE tuner LOGIN IN ROLE rds_iam")
    inside = peers.add(None, None, frozenset({ours.id})).address
    outside = peers.add(None, None, frozenset({theirs.id})).address
    yield World(cluster, key, inside, outside)
    clusters.stop()


def test_a_token_lets_the_workers_user_in_and_nobody_else(world: World) -> None:
    known = world.token()
    assert world.connect(known) == "welcome"
    refused = {
        "another user's": world.token("boss"),
        "another place's": world.token(host="other.cluster-x.us-east-1.rds.amazonaws.com"),
        "of a stranger": world.token(key=AdministratorKey()),
        "changed": known[:-1] + ("1" if known.endswith("0") else "0"),
        "none": "password",
    }
    assert {name: world.connect(token) for name, token in refused.items()} == dict.fromkeys(refused, "28000")
    assert world.connect(world.token("nobody"), user="nobody") == "28P01"


def test_the_first_user_comes_with_the_secrets_password_alone(world: World) -> None:
    assert world.connect(world.cluster.password() or "", user="boss") == "welcome"
    assert world.connect("wrong", user="boss") == "28P01"
    assert world.connect(world.token("boss"), user="boss") == "28P01"
    assert world.connect("", user="rdsadmin") == "28P01"


def test_without_tls_nobody_is_let_in(world: World) -> None:
    assert world.connect(world.token(), tls=False) == "28000"


def test_only_from_groups_that_are_admitted(world: World) -> None:
    assert world.connect(world.token(), source=world.outside) == ""
    assert world.connect(world.token(), source="127.0.0.1") == ""


def test_a_statement_that_its_client_gives_up_ends(world: World) -> None:
    assert world.cluster.server is not None
    address = ("127.0.0.1", world.cluster.front_port)
    with ExitStack() as stack:
        raw = stack.enter_context(socket.create_connection(address, 10, (world.inside, 0)))
        connection, kind, _ = world.sign_in(stack, raw, "boss", world.cluster.password() or "")
        assert kind == b"R"
        key = _until(connection, b"K")
        _until(connection, b"Z")
        connection.sendall(protocol.message(b"Q", b"SELECT pg_sleep(60)\0"))
        asleep = "SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'"
        with world.cluster.server.client("boss", "optuna") as client:  # what does not run yet cannot be given up
            eventually(lambda: client.query(asleep).rows, bool)
        for wrong in (b"\0" * 8, key):  # a stranger's does nothing
            with socket.create_connection(address, 10, (world.inside, 0)) as other:
                other.sendall(protocol.message(b"", protocol.CANCEL.to_bytes(4) + wrong))
                assert other.recv(1) == b""
        assert _code(_until(connection, b"E")) == "57014"


def test_the_first_user_makes_roles_and_runs_no_programs_of_this_machine(world: World) -> None:
    assert world.cluster.server is not None
    with world.cluster.server.client("boss", "optuna") as client:
        client.query("CREATE ROLE helper")
        for statement, code in {
            "GRANT pg_execute_server_program TO boss": "42704",  # there is none
            "GRANT rdsadmin TO boss": "42501",
            "COPY (SELECT 1) TO PROGRAM 'true'": "42501",
            "COPY (SELECT 1) TO '/tmp/out'": "42501",
        }.items():
            with pytest.raises(DatabaseError) as refused:
                client.query(statement)
            assert (statement, refused.value.code) == (statement, code)


class Short(socket.socket):
    """A port on a machine that has no file left for its first client."""

    is_short = True

    def accept(self) -> tuple[socket.socket, Any]:
        if self.is_short:
            self.is_short = False
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def test_a_port_outlives_a_moment_without_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def create_server(address: tuple[str, int], **_: Any) -> socket.socket:
        made = Short()
        made.bind(address)
        made.listen()
        return made

    monkeypatch.setattr("studio_emulator.database.front.socket.create_server", create_server)
    asked: list[str] = []

    def admits(address: str) -> bool:
        asked.append(address)
        return False

    front = Front(lambda: None, Guard(admits, lambda: True, lambda *_: None, Capacity(0.5, 0)), ["a.example"])
    try:
        with socket.create_connection(("127.0.0.1", front.port), 10) as connection:
            assert connection.recv(1) == b""
        assert asked == ["127.0.0.1"]
    finally:
        front.close()


def test_a_server_has_as_many_connections_as_its_capacity_from_its_reboot_on(world: World) -> None:
    assert world.cluster.server is not None
    with world.cluster.server.client() as client:
        assert client.query("SHOW max_connections").rows == (("189",),)
    backend = world.cluster.backend
    backend.create_db_instance(
        {
            "db_instance_identifier": "acme",
            "db_cluster_identifier": "acme",
            "db_instance_class": "db.serverless",
            "engine": "aurora-postgresql",
        }
    )
    with world.cluster.server.client() as client:
        backend.modify_db_cluster(
            {
                "db_cluster_identifier": "acme",
                "serverless_v2_scaling_configuration": {"min_capacity": 0.5, "max_capacity": 8.0},
            }
        )
        assert client.query("SHOW max_connections").rows == (("189",),)  # nobody was cut off
    backend.reboot_db_instance("acme")
    with world.cluster.server.client() as client:
        assert client.query("SHOW max_connections").rows == (("1669",),)
