"""Rules for lists: nothing is in one twice, and none is longer than AWS takes."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from studioctl.config.text import Location, Violation, quote


def repeated(place: Location, values: Sequence[Any], same: Callable[[str], str] = str) -> Iterator[Violation]:
    """Each text that is in a list a second time.

    Args:
        place: The location of the list.
        values: The texts in it.
        same: Makes one of all spellings that mean the same.
    """
    seen: dict[str, str] = {}
    for index, value in enumerate(values):
        if isinstance(value, str) and (first := seen.get(same(value))) is not None:
            known = "" if first.casefold() == value.casefold() else f", as {quote(first)}"
            yield (*place, index), f"{quote(value)} is in this list already{known}; delete one"
        elif isinstance(value, str):
            seen[same(value)] = value


def too_long(place: Location, values: Sequence[Any], most: int, taker: str) -> Iterator[Violation]:
    """A list with more entries than `taker` takes."""
    if len(values) > most:
        yield place, f"has {len(values)} entries, and {taker} takes {most}; delete the others"
