"""Find the user whose program is at the other end of a connection over loopback."""

import os
import socket
import struct
from pathlib import Path

Address = tuple[str, int]
TABLES = Path("/proc/net")  # Linux; readable by everybody
ESTABLISHED = "01"
MAPPED = "0000000000000000FFFF0000"  # before an IPv4 address, in the table of IPv6
READINGS = 3  # the table changes while it is read, and a line can be missed


def owner(client: Address, server: Address) -> int | None:
    """The user whose socket `client` is, while the connection stands; None when it cannot be told.

    https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
    """
    wanted = _as_in_table(client), _as_in_table(server)
    for _ in range(READINGS):
        for line in _lines("tcp") + _lines("tcp6"):
            _, local, remote, state, _, _, _, user, _, inode, *_ = line.split()
            is_open = state == ESTABLISHED and inode != "0"  # a socket that nobody holds any more is shown as root's
            if is_open and (local.removeprefix(MAPPED), remote.removeprefix(MAPPED)) == wanted:
                return int(user)
    return None


def can_be_told(server: Address) -> bool:
    """Whether this machine shows the owners of sockets. Tests it with a new connection."""
    with socket.create_connection(server) as own:
        return owner(own.getsockname(), server) == os.geteuid()


def is_ours(user: int | None) -> bool:
    """Whether a socket of this user is one of the person's own."""
    return user == os.geteuid() or (user == 0 and is_wsl())


def is_wsl() -> bool:
    """Whether this is WSL: Windows' browsers come to a program in it by a relay, which is root's."""
    return "microsoft" in os.uname().release.lower()


def _lines(table: str) -> list[str]:
    try:
        return (TABLES / table).read_text().splitlines()[1:]
    except OSError:
        return []


def _as_in_table(address: Address) -> str:
    host, port = address
    return f"{struct.unpack('=I', socket.inet_aton(host))[0]:08X}:{port:04X}"
