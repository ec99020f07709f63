"""Copies of users' data, before and after."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from studioctl.config.text import listed
from studioctl.presentation.console import Terminal
from studioctl.presentation.money import dollars, dollars_a_month

if TYPE_CHECKING:  # it comes with botocore
    from studioctl.operations.data.backup import Copy, Plan


def planned(plan: "Plan", terminal: Terminal) -> None:
    """Show what is copied, the instance types of spaces that must start for it, and what cannot be copied."""
    if not plan.volumes and not plan.unreadable:
        terminal.say("There is nothing to copy: no space holds files.")
        return
    if plan.volumes:
        terminal.say(f"Copied to {plan.place}:")
    for found in plan.volumes:
        owner = plan.homes.get(found.space.name)
        home = f", and the home directory of '{owner}'" if owner else ""
        how = f"  (started on {found.instance_type or found.runs_on})" if found.must_start else ""
        terminal.say(f"  what is in '{found.space.name}'{home}{how}")
    for each in plan.unreadable:
        what = f"the {each.kind} of '{each.name}'" if each.kind != "space" else f"space '{each.name}'"
        terminal.say(f"NOT copied: {what}: {each.why}; {each.remedy}")


def question(plan: "Plan") -> str:
    """Return the question that the user answers before any space starts."""
    names = listed(f"'{name}'" for name in plan.stops)
    stops = f"Stop {names} (what runs there ends, files stay), then start" if plan.stops else "Start"
    started = listed(f"'{name}'" for name in plan.starts)
    return f"{stops} {started} to copy it, and stop it again?"


def rates(plan: "Plan", terminal: Terminal, *, per_hour: Sequence[float | None]) -> None:
    """Say what the instances cost that are started for it. `per_hour`: US dollars; None where it is not known."""
    if plan.starts:
        known = sum(usd for usd in per_hour if usd is not None)
        rest = " and what is unknown" if None in per_hour else ""
        terminal.say(f"What is started costs {dollars(known)} USD an hour{rest}, until it is copied.")


def copied(copies: Sequence["Copy"], terminal: Terminal, *, usd: float | None) -> None:
    """Show the places, the digests and the monthly cost of the copies."""
    for copy in copies:
        terminal.say(f"s3://{copy.bucket}/{copy.key}  sha256 {copy.sha256}")
    if copies and usd is not None:
        terminal.say(f"Kept there, they cost {dollars_a_month(usd)}.")
