"""Doing work without anybody who watches."""

from typing import TypeVar

from studioctl.events import Work

T = TypeVar("T")


def done(work: Work[T]) -> T:
    """Runs it to its end; its result."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result
