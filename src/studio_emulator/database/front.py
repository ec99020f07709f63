"""The way to a cluster: its port, where the network, TLS, and the password or token are asked for as RDS does.

Behind it the server believes whoever comes: only the front reaches its socket.
Sources: Aurora User Guide, "UsingWithRDS.IAMDBAuth", "AuroraPostgreSQL.Security" (rds.force_ssl); PostgreSQL's manual,
"Message Flow". AWS's sentences are those of PostgreSQL, seen in public logs.
"""

import contextlib
import selectors
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio_emulator.database import protocol
from studio_emulator.database.capacity import Capacity
from studio_emulator.database.protocol import DatabaseError
from studio_emulator.database.servers import Server

SECONDS = 30.0
PAUSE = 0.05


@dataclass(frozen=True)
class Guard:
    """The questions of a cluster to whoever connects.

    Args:
        admits: Whether the network lets an address in.
        wants_tls: Whether it refuses connections without.
        authenticated: Raises DatabaseError unless this password is the user's; whether TLS is on.
        capacity: Is told who comes and goes.
    """

    admits: Callable[[str], bool]
    wants_tls: Callable[[], bool]
    authenticated: Callable[[str, str, bool], None]
    capacity: Capacity


class Front:
    """The port of a cluster on 127.0.0.1. Ends with `close`."""

    def __init__(self, server: Callable[[], Server | None], guard: Guard, names: Collection[str]) -> None:
        from studio_emulator.database.certificates import authority  # noqa: PLC0415 (it takes a while)

        self._server, self._guard = server, guard
        self._context = authority.context(names)
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """The port on which it listens."""
        found: int = self._listening.getsockname()[1]
        return found

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self._open)

    def close(self) -> None:
        """Refuse everybody, and end what is open."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in tuple(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, address = self._listening.accept()
                threading.Thread(target=self._serve, args=(client, str(address[0])), daemon=True).start()
            except (OSError, RuntimeError):
                if self._listening.fileno() < 0:
                    return
                time.sleep(PAUSE)  # this machine is short of files or threads: the port outlives that

    def _serve(self, client: socket.socket, address: str) -> None:
        with contextlib.suppress(OSError, ValueError, struct.error), client:
            if not self._guard.admits(address):
                return  # on AWS nothing answers, and the client waits until it gives up
            client.settimeout(SECONDS)
            self._greet(client)

    def _greet(self, client: socket.socket) -> None:
        secured = False
        with contextlib.ExitStack() as stack:
            while True:
                size, code = struct.unpack("!II", protocol.received(client, 8))
                if code == protocol.TLS and not secured:
                    client.sendall(b"S")
                    client = stack.enter_context(self._context.wrap_socket(client, server_side=True))
                    secured = True
                elif code == protocol.GSS:
                    client.sendall(b"N")
                elif code == protocol.VERSION_3 and 8 < size <= protocol.LONGEST_START:
                    self._admit(client, protocol.received(client, size - 8), secured=secured)
                    return
                elif code == protocol.CANCEL and size == protocol.CANCEL_SIZE:
                    self._cancel(protocol.received(client, size - 8))
                    return
                else:
                    return

    def _cancel(self, said: bytes) -> None:
        """Passes on that a client gives a statement up: with what the server told that client alone."""
        server = self._server()
        if server is None or not server.is_ready:
            return
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(server.place / protocol.SOCKET))
            connection.sendall(protocol.message(b"", struct.pack("!I", protocol.CANCEL) + said))
            connection.recv(1)  # it ends once that is done

    def _admit(self, client: socket.socket, said: bytes, *, secured: bool) -> None:
        try:
            server = self._let_in(client, protocol.parameters_of(said), secured=secured)
        except DatabaseError as error:
            client.sendall(protocol.failure(error.code, str(error)))
            return
        self._pass_on(client, server.place, said)

    def _let_in(self, client: socket.socket, parameters: Mapping[str, str], *, secured: bool) -> Server:
        """The server, once the client has shown who it is. Raises DatabaseError."""
        user = parameters.get("user", "")
        if self._guard.wants_tls() and not secured:
            words = f'no pg_hba.conf entry for host "{client.getpeername()[0]}", user "{user}", database'
            raise DatabaseError("28000", f'{words} "{parameters.get("database", user)}", no encryption')
        client.sendall(protocol.message(b"R", struct.pack("!I", 3)))
        kind, content = protocol.read(client, protocol.LONGEST_PASSWORD)
        password = content.rstrip(b"\0").decode("utf-8", "replace") if kind == b"p" else ""
        self._guard.authenticated(user, password, secured)
        server = self._server()
        if server is None or not server.is_ready:
            raise DatabaseError("57P03", "the database system is starting up")
        return server

    def _pass_on(self, client: socket.socket, place: Path, said: bytes) -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(str(place / protocol.SOCKET))
            server.sendall(protocol.message(b"", struct.pack("!I", protocol.VERSION_3) + said))
            self._open.add(client)
            self._guard.capacity.came()
            try:
                _carry(client, server)
            finally:
                self._open.discard(client)
                self._guard.capacity.went()


def _carry(client: socket.socket, server: socket.socket) -> None:
    """Passes on whatever either says, until one has ended."""
    client.settimeout(None)
    sides = {client: server, server: client}
    with selectors.PollSelector() as selector:
        for side in sides:
            selector.register(side, selectors.EVENT_READ)
        while True:
            waiting = isinstance(client, ssl.SSLSocket) and client.pending()
            ready: list[Any] = [client] if waiting else [key.fileobj for key, _ in selector.select()]
            for source in ready:
                said = source.recv(65536)
                if not said:
                    return
                sides[source].sendall(said)
