"""Writes `plans.txt`: each change of `changes.py` as a person sees it on a terminal of 80 columns.

python -m tests.unit.review.golden
"""

import io
from pathlib import Path
from typing import Any

from rich.console import Console

from studioctl.catalog.kinds import KINDS
from studioctl.config.source import Source
from studioctl.errors import RefusedError
from studioctl.infrastructure.blueprint import build
from studioctl.operations.costs.change import of_plan
from studioctl.operations.environment import Account
from studioctl.operations.provisioning import data_loss, durations, meeting
from studioctl.presentation import costs
from studioctl.presentation import review as presented
from studioctl.target import Target
from tests.unit.review.changes import CHANGES, Change, parse
from tests.unit.review.planned import state

FILE = Path(__file__).with_name("plans.txt")
# How long earlier runs took, in seconds.
EARLIER = {f"{verb} {kind}": 5.0 for kind in KINDS for verb in ("create", "update", "delete")}
EARLIER |= {
    durations.BESIDES: 20.0,
    durations.STOPPING: 40.0,
    "create aws_nat_gateway": 110.0,
    "create aws_vpc_endpoint": 60.0,
}


def shown(change: Change, *, width: int = 80) -> str:
    """The plan on a terminal of this width."""
    written = io.StringIO()
    console = Console(file=written, width=width, force_terminal=True, color_system=None, highlight=False, markup=False)
    if refusal := _refusal(change):
        presented.refused(change.met(), change.summary(), console, refusal)
        return written.getvalue()
    told = _told(change)
    cost, source = told.pop("cost"), Source("studio.toml", change.after)
    presented.text(change.met(), change.summary(), console, **told)
    costs.planned(cost, source, console)
    return written.getvalue()


def in_markdown(change: Change) -> str:
    """The plan in a pull request."""
    summary, refusal = change.summary(), _refusal(change)
    if refusal:
        return presented.markdown(change.met(), summary, title="plan", refusal=refusal)
    told = _told(change)
    money = costs.effect(told.pop("cost"), Source("studio.toml", change.after))
    return presented.markdown(change.met(), summary, title="plan", money=money, **told)


def _refusal(change: Change) -> RefusedError | None:
    source = Source("studio.toml", change.after)
    try:
        data_loss.refuse_the_impossible(Account(change.config, Target("us-east-1"), source=source), change.summary())
    except RefusedError as refusal:
        return refusal
    return None


def _told(change: Change) -> dict[str, Any]:
    """The arguments that both of them get."""
    summary, before, now = change.summary(), change.before, change.now()
    earlier = EARLIER if before is not None else {}
    stops = meeting.STOP_APPS in now.flags
    cost = of_plan(change.config, summary, lambda: state(parse(before)) if before is not None else {}, now.unstarted)
    return {
        "cost": cost,
        "expected": durations.expected(build(change.config), summary, earlier, stops=stops),
        "dearer": costs.dearer(cost, Source("studio.toml", change.after)),
        "flags": now.flags,
    }


def every() -> str:
    """All of them, each with its name."""
    return "\n".join(f"==== {name}\n{shown(change)}" for name, change in CHANGES.items())


if __name__ == "__main__":
    FILE.write_text(every(), encoding="utf-8")
