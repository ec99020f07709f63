"""Writes `plans.txt`: each change of `changes.py` as a person sees it on a terminal of 80 columns.

python -m tests.unit.review.golden
"""

import io
from pathlib import Path

from rich.console import Console

from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.infrastructure.blueprint import build
from studioctl.operations.costs.change import of_plan
from studioctl.operations.provisioning import durations
from studioctl.presentation import costs
from studioctl.presentation import review as presented
from studioctl.review.nouns import NOUNS
from tests.unit.review.changes import CHANGES, Change
from tests.unit.review.planned import state

FILE = Path(__file__).with_name("plans.txt")
# How long earlier runs took, in seconds.
EARLIER = {f"{verb} {kind}": 5.0 for kind in NOUNS for verb in ("create", "update", "delete")}
EARLIER |= {durations.BESIDES: 20.0, "create aws_nat_gateway": 110.0, "create aws_vpc_endpoint": 60.0}


def shown(change: Change, *, width: int = 80) -> str:
    """The plan on a terminal of this width."""
    written = io.StringIO()
    console = Console(file=written, width=width, force_terminal=True, color_system=None, highlight=False, markup=False)
    summary, before = change.summary(), change.before
    earlier = EARLIER if before is not None else {}
    seconds = durations.expected(build(change.config), summary, earlier)
    presented.text(change.review(), summary, console, seconds=seconds)
    cost = of_plan(change.config, summary, lambda: state(parse(before)) if before is not None else {})
    costs.planned(cost, Source("studio.toml", change.after), console)
    return written.getvalue()


def every() -> str:
    """All of them, each with its name."""
    return "\n".join(f"==== {name}\n{shown(change)}" for name, change in CHANGES.items())


if __name__ == "__main__":
    FILE.write_text(every(), encoding="utf-8")
