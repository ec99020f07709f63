"""The logs of a space's lifecycle script and editor, by time."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from studioctl.aws.logs import Reader, streams_of
from studioctl.aws.values import Space
from studioctl.operations.environment import Account

PAUSE = 1.0  # seconds between two looks


@dataclass(frozen=True)
class LogLine:
    """One line: when it was written, by what ("lifecycle" or "app"), and its text without anything unprintable."""

    at: datetime
    source: str
    text: str


def read(account: Account, space: Space, *, lines: int) -> tuple[LogLine, ...]:
    """The last lines of each stream, by time; none where nothing was written yet.

    Raises:
        AwsError: AWS refused.
    """
    return tuple(_merged(_readers(account, space, lines)))


def follow(account: Account, space: Space, *, lines: int) -> Iterator[LogLine]:
    """The same, and then what comes, without an end.

    Raises:
        AwsError: AWS refused.
    """
    for new in looks(account, space, lines=lines):
        yield from new
        time.sleep(PAUSE)


def looks(account: Account, space: Space, *, lines: int) -> Iterator[tuple[LogLine, ...]]:
    """The last lines, and then at each look the new ones, for whoever waits in between; without an end.

    Raises:
        AwsError: AWS refused.
    """
    readers = _readers(account, space, lines)
    while True:
        yield tuple(_merged(readers))


def lifecycle_tail(account: Account, space: Space, *, since: datetime, lines: int) -> tuple[str, ...]:
    """The end of what the lifecycle script wrote in the start that began then.

    Raises:
        AwsError: AWS refused.
    """
    reader = Reader(account.session, streams_of(space)["lifecycle"], lines=lines)
    return tuple(text for at, text in reader.read() if at >= since)


def _readers(account: Account, space: Space, lines: int) -> dict[str, Reader]:
    return {source: Reader(account.session, name, lines=lines) for source, name in streams_of(space).items()}


def _merged(readers: dict[str, Reader]) -> list[LogLine]:
    """Return the new lines of all streams by time. Lines with the same time keep their stream's order."""
    new = [LogLine(at, source, text) for source, reader in readers.items() for at, text in reader.read()]
    return sorted(new, key=lambda line: line.at)
