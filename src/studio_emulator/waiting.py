"""Waiting until something can be read, whatever its number is: `select.select` takes none from 1,024 on."""

import selectors
from collections.abc import Iterable
from typing import Protocol, TypeVar


class HasNumber(Protocol):
    """A socket, or a file that the system knows by a number."""

    def fileno(self) -> int: ...


Source = TypeVar("Source", bound=HasNumber)


def readable(sources: Iterable[Source], seconds: float | None = None) -> list[Source]:
    """The sources that have something to read, or have ended.

    Args:
        sources: The sources to wait for.
        seconds: The longest wait; None for as long as it takes.
    """
    with selectors.PollSelector() as selector:
        for source in sources:
            selector.register(source, selectors.EVENT_READ, source)
        return [key.data for key, _ in selector.select(seconds)]
