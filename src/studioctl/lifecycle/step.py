"""One step of the lifecycle script, as data."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One concern of the script.

    Args:
        name: The step's name in the log.
        call: The bash that does it: functions of `program/` with the file's values as their arguments.
        uses: The files of `program/` that define these functions.
        merges: The function of `program/merge.py` that it needs, if it merges something.
    """

    name: str
    call: str
    uses: tuple[str, ...]
    merges: str = ""


def quoted(values: Iterable[str]) -> str:
    """The values as bash words: whatever characters they hold, they arrive as data."""
    return " ".join(shlex.quote(value) for value in values)
