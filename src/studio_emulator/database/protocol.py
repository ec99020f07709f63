"""The part of PostgreSQL's protocol, version 3, that a front and a client of a server on a socket need.

Source: https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TLS, GSS, CANCEL, VERSION_3 = 80877103, 80877104, 80877102, 196608
LONGEST_START = 10_000
CANCEL_SIZE = 16
LONGEST_PASSWORD = 64 * 1024
SOCKET = ".s.PGSQL.5432"


class DatabaseError(Exception):
    """A refusal of the server: its code (SQLSTATE) and its sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Result:
    """The rows of a statement as text.

    Args:
        columns: Name and type of each.
        rows: None for NULL.
        tag: Such as "SELECT 3".
    """

    columns: tuple[tuple[str, int], ...]
    rows: tuple[tuple[str | None, ...], ...]
    tag: str


def received(connection: socket.socket, size: int) -> bytes:
    """So many bytes. Raises ConnectionError where there are no more."""
    found = b""
    while len(found) < size:
        more = connection.recv(size - len(found))
        if not more:
            raise ConnectionError("the other side has ended")
        found += more
    return found


def message(kind: bytes, content: bytes) -> bytes:
    """One message; a client's first ones have no kind."""
    return kind + struct.pack("!I", len(content) + 4) + content


def read(connection: socket.socket, longest: int = 1 << 30) -> tuple[bytes, bytes]:
    """The kind and the content of the next message. Raises ValueError for one that is too long."""
    kind, size = struct.unpack("!cI", received(connection, 5))
    if not 4 <= size <= longest:
        raise ValueError("no message of PostgreSQL's protocol")
    return kind, received(connection, size - 4)


def start(parameters: Mapping[str, str]) -> bytes:
    """A client's first message."""
    words = b"".join(f"{name}\0{value}\0".encode() for name, value in parameters.items())
    return message(b"", struct.pack("!I", VERSION_3) + words + b"\0")


def parameters_of(content: bytes) -> dict[str, str]:
    """The parameters in a client's first message."""
    words = content.decode("utf-8", "replace").split("\0")
    return dict(zip(words[::2], words[1::2], strict=False))


def failure(code: str, words: str) -> bytes:
    """The message that ends a connection."""
    return message(b"E", f"SFATAL\0VFATAL\0C{code}\0M{words}\0\0".encode())


class Client:
    """A connection to a server's socket, as whoever it is said to be: the socket is its owner's alone."""

    def __init__(self, place: Path, user: str, database: str) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        try:
            self._connection.connect(str(place / SOCKET))
            self._connection.sendall(start({"user": user, "database": database}))
            self._until_ready()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def query(self, statement: str) -> Result:
        """Run a statement.

        Raises:
            DatabaseError: The server refused.
        """
        self._connection.sendall(message(b"Q", statement.encode() + b"\0"))
        columns: tuple[tuple[str, int], ...] = ()
        rows, tag = [], ""
        for kind, content in self._until_ready():
            if kind == b"T":
                columns = tuple(_columns(content))
            elif kind == b"D":
                rows.append(tuple(_values(content)))
            elif kind == b"C":
                tag = content.rstrip(b"\0").decode()
        return Result(columns, tuple(rows), tag)

    def _until_ready(self) -> list[tuple[bytes, bytes]]:
        found: list[tuple[bytes, bytes]] = []
        refused: DatabaseError | None = None
        while True:
            kind, content = read(self._connection)
            if kind == b"E":
                fields = {part[:1]: part[1:].decode() for part in content.split(b"\0") if part}
                refused = DatabaseError(fields.get(b"C", ""), fields.get(b"M", ""))
                if fields.get(b"V") in {"FATAL", "PANIC"}:
                    raise refused
            elif kind == b"Z":
                if refused:
                    raise refused
                return found
            found.append((kind, content))


def _columns(content: bytes) -> Iterator[tuple[str, int]]:
    place = 2
    for _ in range(struct.unpack_from("!H", content)[0]):
        end = content.index(b"\0", place)
        yield content[place:end].decode(), struct.unpack_from("!I", content, end + 7)[0]
        place = end + 19


def _values(content: bytes) -> Iterator[str | None]:
    place = 2
    for _ in range(struct.unpack_from("!H", content)[0]):
        (size,) = struct.unpack_from("!i", content, place)
        place += 4
        yield None if size < 0 else content[place : place + size].decode()
        place += max(size, 0)
