"""Block network access: connections from inside the emulator to any other address fail.

moto can call out (webhooks, proxies, metadata). An audit hook sees every socket of the process and cannot be undone.
"""

import ipaddress
import socket
import sys
from typing import Any

CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
RESOLVING = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})


def keep_to_loopback() -> None:
    """Install the guard, for the rest of the process's life."""
    sys.addaudithook(_refuse_beyond_loopback)


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine. `*.localhost` is reserved for it (RFC 6761)."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.split("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_beyond_loopback(event: str, arguments: tuple[Any, ...]) -> None:
    if event in CONNECTING:
        connection, address = arguments[0], arguments[1]
        if connection.family in {socket.AF_INET, socket.AF_INET6} and address and not is_loopback(str(address[0])):
            raise PermissionError(f"The emulator sends nothing beyond this machine, so not to {address[0]}")
    elif event in RESOLVING and arguments[0] is not None:
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else str(arguments[0])
        if host and not is_loopback(host):
            raise PermissionError(f"The emulator sends nothing beyond this machine, so {host} is not looked up")
