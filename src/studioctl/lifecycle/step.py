"""One step of the lifecycle script, as data."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One concern of the script.

    Args:
        name: What the log calls it.
        body: Bash that does it, run in a shell of its own with `set -euo pipefail`. It must leave what is there
            already as it is, because the script runs at every start of the app.
    """

    name: str
    body: str


def quoted(values: Iterable[str]) -> str:
    """The values as bash words: whatever characters they hold, they arrive as data."""
    return " ".join(shlex.quote(value) for value in values)
