"""Waiting for what can be read, also where a process has more than a thousand files open."""

import fcntl
import resource
import select
import socket
from collections.abc import Iterator

import pytest

from studio_emulator.waiting import readable

MANY = 1024  # what select(2) cannot watch


@pytest.fixture
def high() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection; the first one's number is beyond those that `select` takes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard <= MANY:
        pytest.skip(f"this machine allows {hard} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, MANY + 64), hard))
    one, other = socket.socketpair()
    try:
        with one, other, socket.socket(fileno=fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, MANY)) as beyond:
            yield beyond, other
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_file_of_any_number_can_be_waited_for(high: tuple[socket.socket, socket.socket]) -> None:
    beyond, other = high
    assert beyond.fileno() >= MANY
    with pytest.raises(ValueError, match="filedescriptor out of range"):
        select.select([beyond], [], [], 0)

    assert readable([beyond, other], 0) == []
    other.sendall(b"said")
    assert readable([beyond, other]) == [beyond]


def test_an_end_can_be_read() -> None:
    one, other = socket.socketpair()
    with one:
        other.close()
        assert readable([one], 5) == [one]
