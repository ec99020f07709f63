"""A server's keeper leaves no PostgreSQL behind, whatever becomes of it."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio_emulator.database.protocol import DatabaseError
from studio_emulator.database.servers import Servers, programs
from tests.unit.emulator.emulated import eventually


@pytest.fixture
def own() -> Iterator[Servers]:
    made = Servers()
    yield made
    made.stop()


def _running(place: Path) -> dict[int, bytes]:
    """The command lines of the processes that name a server's directory."""
    found = {}
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended
            found[int(file.parent.name)] = file.read_bytes()
    return {process: line for process, line in found.items() if str(place).encode() in line}


def test_a_server_that_cannot_be_asked_ends(own: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = programs()
    assert whole is not None
    partial = own._place("programs")
    for name in ("initdb", "postgres"):
        (partial / name).symlink_to(whole / name)
    monkeypatch.setattr("studio_emulator.database.servers.programs", lambda: partial)

    server = own.make("cluster", "boss", "studies", 10)

    with pytest.raises(DatabaseError, match=r"cannot be asked whether it is ready: .*pg_isready"):
        server.wait()
    server.stop()
    eventually(lambda: _running(server.place), lambda left: not left)


def test_a_keeper_that_is_killed_takes_its_server_along(own: Servers) -> None:
    server = own.make("cluster", "boss", "studies", 10)
    server.wait()
    (keeper,) = (process for process, line in _running(server.place).items() if b"keeper.py" in line)

    os.kill(keeper, signal.SIGKILL)

    eventually(lambda: _running(server.place), lambda left: not left)
