"""moto's backends of one service, with their types: moto's own iterator forgets them."""

from collections.abc import Iterator
from typing import TypeVar

from moto.core.base_backend import BackendDict, BaseBackend

B = TypeVar("B", bound=BaseBackend)


def each(backends: BackendDict[B]) -> Iterator[tuple[str, B]]:
    """Region (or partition, for global services) and backend, over all accounts."""
    for by_region in backends.values():
        yield from by_region.items()
