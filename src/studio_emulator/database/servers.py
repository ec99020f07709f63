"""The PostgreSQL servers behind clusters: made, stopped, copied into snapshots and brought back from them."""

import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from studio_emulator.database import keeper
from studio_emulator.database.protocol import Client, DatabaseError

PACKAGED = Path("/usr/lib/postgresql")
ACCOUNTS = ("postgres", "nobody")
"""The user that root's server runs as: PostgreSQL refuses root."""
# What every database of RDS has. IAM's users are members of the second.
OF_RDS = "CREATE ROLE rds_superuser CREATEROLE CREATEDB; CREATE ROLE rds_iam; CREATE ROLE rds_password"
# Before version 16 who has CREATEROLE may grant these to themselves, and run programs of this machine.
REACHING_OUT = "'pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'"
ADMINISTRATOR = "rdsadmin"


@cache
def programs() -> Path | None:
    """The directory of PostgreSQL's programs, the newest there are; None without any."""
    named = [Path(found).resolve().parent] if (found := shutil.which("postgres")) else []
    packaged = PACKAGED.glob("*/bin/postgres")
    versions = sorted(packaged, key=lambda file: float(file.parts[-3]) if file.parts[-3].isdigit() else 0)
    return next((each for each in [*named, *(file.parent for file in reversed(versions))]), None)


@dataclass(frozen=True)
class Account:
    """The account that servers run as; None for the user who runs the emulator."""

    user: int | None = None
    group: int | None = None

    @classmethod
    def found(cls) -> "Account":
        """Find the account of this machine."""
        if os.geteuid():
            return cls()
        for name in ACCOUNTS:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        return cls(65534, 65534)

    def run(self, *command: str | Path) -> None:
        """Run a program as them. Raises CalledProcessError."""
        given: Any = {} if self.user is None else {"user": self.user, "group": self.group, "extra_groups": []}
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, cwd="/", **given)


@dataclass
class Server:
    """A cluster's server. It begins in another thread.

    Args:
        place: Its directory.
        most_connections: As many as the cluster's capacity allows.
        master: Its first user.
        database: The database that is made at the beginning.
        is_new: Whether it has no data yet.
        is_stopped: Whether it has ended.
    """

    place: Path
    most_connections: int
    master: str
    database: str
    is_new: bool
    failure: str = ""
    is_stopped: bool = False
    _keeper: "subprocess.Popen[str] | None" = None
    _begun: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        """Start it."""
        threading.Thread(target=self._begin, daemon=True).start()

    @property
    def is_ready(self) -> bool:
        """Whether it answers."""
        return self._begun.is_set() and not self.failure and not self.is_stopped

    def wait(self, seconds: float = 60) -> None:
        """Wait until it answers. Raises DatabaseError."""
        if not self._begun.wait(seconds) or self.failure:
            raise DatabaseError("57P03", self.failure or "the database system is starting up")

    def client(self, user: str = ADMINISTRATOR, database: str = "postgres") -> Client:
        """A connection. Raises DatabaseError, OSError."""
        self.wait()
        return Client(self.place, user, database)

    def stop(self) -> None:
        """End it; its data stay."""
        self._begun.wait(60)
        if self._keeper is not None and self._keeper.stdin is not None:
            if self._keeper.poll() is None:
                self._keeper.stdin.write("stop\n")
                self._keeper.stdin.flush()
            self._keeper.wait()
            self._keeper.stdin.close()
            self._keeper = None
        self.is_stopped = True

    def _begin(self) -> None:
        try:
            self._start()
            if self.is_new:
                self._furnish()
        except (OSError, DatabaseError, ValueError) as error:
            self.failure = str(error)
        finally:
            self._begun.set()

    def _start(self) -> None:
        found = programs()
        assert found is not None  # noqa: S101 - asked before a cluster is made
        log_file = os.open(self.place / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with os.fdopen(log_file, "ab") as log:
            self._keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", keeper.__file__, found, self.place, *self._numbers()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd="/",
                start_new_session=True,
            )
        assert self._keeper.stdout is not None  # noqa: S101 - a pipe was asked for
        told = self._keeper.stdout.readline().strip()
        self._keeper.stdout.close()
        if told != "ready":
            raise OSError(told or "PostgreSQL's keeper ended")

    def _numbers(self) -> list[str]:
        account = servers.account
        given = [] if account.user is None else [account.user, account.group]
        return [str(each) for each in (self.most_connections, *given)]

    def _furnish(self) -> None:
        with Client(self.place, ADMINISTRATOR, "postgres") as client:
            for statement in OF_RDS.split("; "):
                client.query(statement)
            client.query(f"DELETE FROM pg_authid WHERE rolname IN ({REACHING_OUT})")  # noqa: S608 (our own words)
            client.query(f"CREATE ROLE {quoted(self.master)} LOGIN CREATEROLE CREATEDB IN ROLE rds_superuser")
            if self.database:
                client.query(f"CREATE DATABASE {quoted(self.database)} OWNER {quoted(self.master)}")


class Servers:
    """The servers of this emulator, by their cluster's resource id, and snapshots' data."""

    def __init__(self) -> None:
        self.account = Account.found()
        self._root: Path | None = None
        self._of: dict[str, Server] = {}

    def make(self, identity: str, master: str, database: str, most: int, snapshot: Path | None = None) -> Server:
        """The server of a new cluster, with a snapshot's data if it is restored from one."""
        place = self._place(identity)
        if snapshot is not None:
            self.account.run("cp", "-a", snapshot, place / "data")
        server = Server(place, most, master, database, snapshot is None)
        self._of[identity] = server
        server.begin()
        return server

    def of(self, identity: str) -> Server | None:
        """The server of a cluster; None where it has none."""
        return self._of.get(identity)

    def resize(self, identity: str, most: int) -> None:
        """Another number of connections, from its next start on."""
        self._of[identity].most_connections = most

    def pause(self, identity: str) -> None:
        """End it, in another thread; its data stay."""
        threading.Thread(target=self._of[identity].stop, daemon=True).start()

    def restart(self, identity: str) -> None:
        """End it and start it again: its clients are cut off."""
        server = self._of[identity]
        server.stop()
        again = Server(server.place, server.most_connections, server.master, server.database, is_new=False)
        self._of[identity] = again
        again.begin()

    def copy(self, identity: str) -> Path:
        """A snapshot of a server that runs; it goes on."""
        server, there = self._of[identity], self._place(f"snapshot-{secrets.token_hex(6)}") / "data"
        server.wait()
        found = programs()
        assert found is not None  # noqa: S101 - there is a server
        self.account.run(found / "pg_basebackup", "-h", server.place, "-U", ADMINISTRATOR, "-D", there, "-c", "fast")
        return there

    def end(self, identity: str, *, keep: bool) -> Path | None:
        """End a cluster's server; its data where they are kept, as a snapshot."""
        server = self._of.pop(identity)
        server.stop()
        if keep:
            return server.place / "data"
        self.remove(server.place)
        return None

    def remove(self, place: Path) -> None:
        """Remove a snapshot's data, or a server's directory."""
        shutil.rmtree(place.parent if place.name == "data" else place, ignore_errors=True)

    def stop(self) -> None:
        """End all, and leave nothing behind."""
        for server in self._of.values():
            server.stop()
        self._of.clear()
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)
            self._root = None

    def _place(self, name: str) -> Path:
        """A new directory; its name is short, as a socket's path takes 107 characters."""
        if self._root is None:
            base = "/tmp" if Path("/tmp").is_dir() else None  # noqa: S108 (mkdtemp makes it private)
            self._root = Path(tempfile.mkdtemp(prefix=f"emulated-rds-{os.getpid()}-", dir=base))
            self._give(self._root)
        place = self._root / name
        place.mkdir(mode=0o700)
        self._give(place)
        return place

    def _give(self, place: Path) -> None:
        if self.account.user is not None and self.account.group is not None:
            os.chown(place, self.account.user, self.account.group, follow_symlinks=False)


servers = Servers()
"""Those of this emulator."""


def quoted(name: str) -> str:
    """A name in a statement."""
    return '"' + name.replace('"', '""') + '"'
