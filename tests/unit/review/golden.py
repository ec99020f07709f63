"""Writes `plans.txt`: each change of `changes.py` as a person sees it on a terminal of 80 columns.

python -m tests.unit.review.golden
"""

import io
from pathlib import Path

from rich.console import Console

from studioctl.presentation import review as presented
from tests.unit.review.changes import CHANGES, Change

FILE = Path(__file__).with_name("plans.txt")


def shown(change: Change, *, width: int = 80) -> str:
    """The plan on a terminal of this width."""
    written = io.StringIO()
    console = Console(file=written, width=width, force_terminal=True, color_system=None, highlight=False, markup=False)
    presented.text(change.review(), change.summary(), console)
    return written.getvalue()


def every() -> str:
    """All of them, each with its name."""
    return "\n".join(f"==== {name}\n{shown(change)}" for name, change in CHANGES.items())


if __name__ == "__main__":
    FILE.write_text(every(), encoding="utf-8")
