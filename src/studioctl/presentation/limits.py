"""Limits and what is left of them, as a person reads it."""

from typing import TYPE_CHECKING

from rich.table import Column

from studioctl.presentation import tables
from studioctl.presentation.console import Terminal

if TYPE_CHECKING:  # it comes with botocore
    from studioctl.operations.limits import Limited

EVERYBODY = "all together"
LISTED = 5


def show(found: "Limited", terminal: Terminal, *, check_minutes: int, own_usd: float) -> None:
    """A line for each user, then who is held, what was stopped, and whether the guard lives."""
    terminal.data(f"{found.month} (UTC)")
    table = tables.listing(
        terminal.out, "user", *(Column(name, justify="right") for name in ("spent", "limit", "left", "granted"))
    )
    for each in found.allowances:
        granted = f"{each.granted:,.2f}" if each.granted else ""
        table.add_row(each.user or EVERYBODY, f"{each.usd:,.2f}", _usd(each.limit), _usd(each.left), granted)
    terminal.out.print(table)
    if found.held:
        terminal.data(f"May start nothing: {', '.join(found.held)}")
    for stop in found.stopped[-LISTED:]:
        terminal.data(f"Stopped {stop.at:%m-%d %H:%M}: {stop.user} {stop.space or stop.name} ({stop.why})")
    terminal.say(_guard(found, check_minutes, own_usd))


def _guard(found: "Limited", check_minutes: int, own_usd: float) -> str:
    if found.looked is None:
        return "The guard has not looked yet: nobody is watched. It begins a few minutes after it was made."
    when = f"{found.looked:%Y-%m-%d %H:%M} UTC"
    if found.is_old:
        return f"The guard last looked at {when}, not every {check_minutes} minutes as it should: nobody is watched."
    cost = f"It costs about {own_usd:,.2f} USD a month."
    return f"The guard looked at {when}, and does every {check_minutes} minutes. {cost}"


def _usd(usd: float | None) -> str:
    return "none" if usd is None else f"{usd:,.2f}"
