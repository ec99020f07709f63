"""Answers a room's connections from outside: with the emulator only, or with the internet except this machine.

Connections accepted in the room's network continue from here. `Relay` says to where.
"""

import contextlib
import ipaddress
import socket
import threading
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from studio_emulator.waiting import readable

LONGEST_HEAD = 65536
CONNECT_SECONDS = 30.0
# Where no server of the internet is: this machine, its network, and the one that hands out an instance's credentials.
INSIDE = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
        "::/128",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
]
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""The prefix of addresses that a network translates to version 4, which are the last four bytes: RFC 6052."""


@dataclass(frozen=True)
class Relay:
    """The destination of connections.

    Args:
        port: To this port of 127.0.0.1 and nowhere else; None for a proxy to the internet.
        source: The address of loopback that the connection comes from, by which its server knows the room.
        hosts: `host:port` of this machine or its network that the proxy reaches nevertheless.
        upstream: The proxy that this machine has to use itself, by scheme.
        direct: The hosts that this machine reaches without it, as `no_proxy` names them.
    """

    port: int | None = None
    source: str = "127.0.0.1"
    hosts: tuple[str, ...] = ()
    upstream: dict[str, str] | None = None
    direct: str = ""


class _Refused(Exception):  # noqa: N818 - an answer, not our error
    """A refusal that the room receives as the answer."""


def load_codecs() -> None:
    """Python reads them from its library when they are used first, which a process that gave up its rights cannot."""
    "a.example".encode("idna").decode("latin-1")


def answer_all(listening: socket.socket, relay: Relay) -> None:
    """Answer each connection in a separate thread, until the socket is closed."""
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(client, relay), daemon=True).start()


def _answer(client: socket.socket, relay: Relay) -> None:
    with client, contextlib.suppress(OSError, ValueError):
        if relay.port is not None:
            with socket.create_connection(("127.0.0.1", relay.port), CONNECT_SECONDS, (relay.source, 0)) as server:
                _carry(client, server)
            return
        head, rest = _read_head(client)
        try:
            server, first = _connect(head, relay)
        except _Refused as why:
            client.sendall(_refusal("403 Forbidden", str(why)))
            return
        except OSError as error:
            client.sendall(_refusal("502 Bad Gateway", f"{head.split(None, 2)[1].decode()}: {error}"))
            return
        with server:
            if first is None:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            server.sendall((first or b"") + rest)
            _carry(client, server)


def _read_head(client: socket.socket) -> tuple[bytes, bytes]:
    text = b""
    client.settimeout(CONNECT_SECONDS)
    while b"\r\n\r\n" not in text:
        more = client.recv(65536)
        if not more or len(text) > LONGEST_HEAD:
            raise ValueError("no request")
        text += more
    head, _, rest = text.partition(b"\r\n\r\n")
    return head, rest


def _connect(head: bytes, relay: Relay) -> tuple[socket.socket, bytes | None]:
    """The server, and what to tell it first; None when the client wants a tunnel and has it now."""
    line, _, fields = head.partition(b"\r\n")
    method, target, version = line.decode("latin-1").split()
    tunnel = method == "CONNECT"
    url = urlsplit(f"//{target}" if tunnel else target)
    if not url.hostname or (not tunnel and url.scheme != "http"):
        raise _Refused(f"{target} is no address that this proxy reaches")
    host, port = url.hostname, url.port or (443 if tunnel else 80)
    scheme = "https" if tunnel else "http"
    upstream = (relay.upstream or {}).get(scheme)
    if upstream and not _is_direct(host, relay.direct) and f"{host}:{port}" not in relay.hosts:
        _refuse_insiders(host, [])
        return _through(upstream, method, target, version, fields, host, port)
    server = _reach(host, port, allowed=f"{host}:{port}" in relay.hosts or host in relay.hosts)
    if tunnel:
        return server, None
    path = url._replace(scheme="", netloc="").geturl() or "/"
    return server, f"{method} {path} {version}\r\n".encode("latin-1") + _closing(fields)


def _closing(fields: bytes) -> bytes:
    """The header fields of one request, after which the server closes: the next one may be for another server."""
    kept = [line for line in fields.split(b"\r\n") if not line.lower().startswith((b"proxy-", b"connection:"))]
    return b"\r\n".join([*kept, b"Connection: close", b"", b""])


def _reach(host: str, port: int, *, allowed: bool) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not allowed:
        _refuse_insiders(host, addresses)
    last: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in found:
        server = socket.socket(family, kind, protocol)
        server.settimeout(CONNECT_SECONDS)
        try:
            server.connect(address)  # the address that was looked at, not the name again
        except OSError as error:
            server.close()
            last = error
        else:
            return server
    raise last


def _refuse_insiders(host: str, addresses: list[str]) -> None:
    bare = host.rstrip(".").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        addresses = ["127.0.0.1"]
    with contextlib.suppress(ValueError):
        addresses = [*addresses, str(ipaddress.ip_address(host))]
    for text in addresses:
        address = _behind(ipaddress.ip_address(text.partition("%")[0]))
        if any(address in network for network in INSIDE if network.version == address.version) or _is_ours(address):
            raise _Refused(f"{host} ({address}) is this machine or its network, which a rehearsal does not reach")


def _behind(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address of version 4 that one of version 6 leads to, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    translated = ipaddress.IPv4Address(address.packed[-4:]) if address in TRANSLATED else None
    return address.ipv4_mapped or address.sixtofour or translated or address


def _is_ours(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether this machine has the address: only then can a socket be bound to it."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True


def _is_direct(host: str, direct: str) -> bool:
    names = [name.strip().lstrip(".").lower() for name in direct.split(",") if name.strip()]
    return any(name in {"*", host} or host.endswith(f".{name}") for name in names)


def _through(
    upstream: str, method: str, target: str, version: str, fields: bytes, host: str, port: int
) -> tuple[socket.socket, bytes | None]:
    """Connect through this machine's own proxy, with its password, which the room never sees."""
    proxy = urlsplit(upstream if "://" in upstream else f"http://{upstream}")
    if proxy.scheme != "http" or not proxy.hostname:
        raise _Refused(f"this machine's proxy is none that is spoken to by HTTP: {proxy.scheme}://{proxy.hostname}")
    server = socket.create_connection((proxy.hostname, proxy.port or 80), CONNECT_SECONDS)
    password = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}".encode()
    known = [b"Proxy-Authorization: Basic " + b64encode(password)] if proxy.username else []
    if method != "CONNECT":
        line = f"{method} {target} {version}".encode("latin-1")
        return server, b"\r\n".join([line, *known, _closing(fields)])
    request = [f"CONNECT {host}:{port} HTTP/1.1".encode(), f"Host: {host}:{port}".encode(), *known, b"", b""]
    server.sendall(b"\r\n".join(request))
    head, rest = _read_head(server)
    if head.split(None, 2)[1:2] != [b"200"] or rest:
        server.close()
        raise _Refused(f"this machine's proxy refused {host}: {head.splitlines()[0].decode('latin-1')}")
    return server, None


def _refusal(status: str, why: str) -> bytes:
    text = f"studioctl: {why}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    return head.encode() + text


def _carry(one: socket.socket, other: socket.socket) -> None:
    """Copy data both ways until both sides have finished."""
    one.settimeout(None)
    other.settimeout(None)
    to = {one: other, other: one}
    while to:
        for source in readable(to):
            said = source.recv(65536)
            if said:
                to[source].sendall(said)
                continue
            with contextlib.suppress(OSError):
                to[source].shutdown(socket.SHUT_WR)
            del to[source]
