"""Identify the job behind a connection: each container of a job has another address of loopback.

A container's own network is empty, and what it says goes through a relay, which nobody in it can change. So the address
tells the emulator which job it is, and what of AWS its network reaches.
"""

import secrets
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

FIRST = (127 << 24) + (77 << 16)
CREDENTIALS = "/v2/credentials/"
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Peer:
    """A container that may ask for something.

    Args:
        address: The address that it connects from.
        services: The services of AWS that its network reaches, by their names in boto3; None for all.
        groups: The security groups of its interface in a VPC; none of a container that has none there.
        credentials: Gives out its role's credentials, as the JSON that AWS's SDKs expect.
        token: The end of its credentials' address.
    """

    address: str
    services: Collection[str] | None
    credentials: Callable[[], dict[str, str]] | None
    groups: frozenset[str] = frozenset()
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def admits(self, path: str, service: str) -> bool:
        """Whether a request gets through: the address of credentials is not in the network."""
        return path.startswith(CREDENTIALS) or self.services is None or service in self.services

    @property
    def path(self) -> str:
        """`AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`."""
        return f"{CREDENTIALS}{self.token}"


class Peers:
    """The containers that run now."""

    def __init__(self) -> None:
        self._by_address: dict[str, Peer] = {}
        self._last = FIRST

    def add(
        self,
        services: Collection[str] | None,
        credentials: Callable[[], dict[str, str]] | None,
        groups: frozenset[str] = frozenset(),
    ) -> Peer:
        """One more, with an address that no other has had."""
        with _LOCK:
            self._last += 1
            number = self._last
            address = ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
            peer = Peer(address, services, credentials, groups)
            self._by_address[peer.address] = peer
            return peer

    def remove(self, peer: Peer) -> None:
        """Forget one that has ended."""
        with _LOCK:
            self._by_address.pop(peer.address, None)

    def at(self, address: str) -> Peer | None:
        """The container at an address; None for everybody else."""
        return self._by_address.get(address)


peers = Peers()
PLATFORM_HEADER = "X-Studio-Emulator-Platform"
PLATFORM = secrets.token_urlsafe(24)
"""SageMaker itself, not a job's program, sends this along, so that no fault meant for others is spent on it."""


def is_platform(environ: Mapping[str, Any]) -> bool:
    """Whether SageMaker itself asks."""
    said = str(environ.get(f"HTTP_{PLATFORM_HEADER.upper().replace('-', '_')}", ""))
    return secrets.compare_digest(said.encode(), PLATFORM.encode())
