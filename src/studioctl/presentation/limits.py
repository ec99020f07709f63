"""Limits and what is left of them, as a person reads it."""

from typing import TYPE_CHECKING

from rich.table import Column

from studioctl.config.text import count, listed
from studioctl.presentation import tables
from studioctl.presentation.console import Terminal

if TYPE_CHECKING:  # it comes with botocore
    from collections.abc import Iterator

    from studioctl.operations.costs.estimate import Money
    from studioctl.operations.limits import DatabaseMonth, Limited

EVERYBODY = "all together"
LISTED = 5


def show(found: "Limited", terminal: Terminal, *, check_minutes: int, own: "Money") -> None:
    """A line for each user, then who is held, what was stopped, and whether the guard lives."""
    terminal.data(f"{found.month} (UTC)")
    table = tables.listing(
        terminal.out, "user", *(Column(name, justify="right") for name in ("spent", "limit", "left", "granted"))
    )
    for each in found.allowances:
        granted = f"{each.granted:,.2f}" if each.granted else ""
        table.add_row(each.user or EVERYBODY, f"{each.usd:,.2f}", _usd(each.limit), _usd(each.left), granted)
    terminal.out.print(table)
    if found.database:
        terminal.data(database(found.database))
    if found.warned:
        shares = (f"{each.user or EVERYBODY} at {each.share:.0%} of {each.limit:,.2f} USD" for each in found.warned)
        terminal.data(f"Warned: {', '.join(shares)}")
    if found.held:
        terminal.data(f"May start nothing: {listed(found.held)}")
    if len(found.stopped) > LISTED:
        terminal.data(f"Stopped before: {count(len(found.stopped) - LISTED, 'other')} (--json lists them)")
    for stop in found.stopped[-LISTED:]:
        terminal.data(f"Stopped {stop.at:%m-%d %H:%M}: {stop.user} {stop.title} ({stop.why})")
    for line in _told(found):
        terminal.data(line)
    if found.trouble:
        terminal.say(f"{found.trouble} To put it right: {found.remedy}")
    terminal.say(_guard(found, check_minutes, own))


def database(found: "DatabaseMonth") -> str:
    """The part of the database of studies, which is in everybody's."""
    usd = "at an unknown price" if found.usd is None else f"{found.usd:,.2f} USD"
    rests = "; stopped until the month ends or you grant more" if found.rests else ""
    return f"Database of studies, for {EVERYBODY}: {usd}, {found.acu_hours:,.2f} ACU hours{rests}"


def _told(found: "Limited") -> "Iterator[str]":
    if found.listeners is None:
        return
    told = [each.endpoint for each in found.listeners if each.is_confirmed]
    pending = [each.endpoint for each in found.listeners if not each.is_confirmed]
    yield f"Told: {', '.join(told) or 'nobody'}"
    if pending:
        yield f"Not told yet: {', '.join(pending)} (the link in AWS's mail was not opened)"


def _guard(found: "Limited", check_minutes: int, own: "Money") -> str:
    if found.has_guard is False:
        return "There is no guard in the account: nobody is watched. It comes with the next up."
    if found.looked is None:
        return "The guard has not looked yet: nobody is watched. It begins a few minutes after it was made."
    when = f"{found.looked:%Y-%m-%d %H:%M} UTC"
    if found.is_catching_up:
        return f"The guard is catching up: it has counted until {when}."
    if found.is_old:
        return f"The guard last looked at {when}, not every {check_minutes} minutes as it should: nobody is watched."
    cost = "" if own.unknown else f" It costs about {own.usd:,.2f} USD a month."
    return f"The guard looked at {when}, and does every {check_minutes} minutes.{cost}"


def _usd(usd: float | None) -> str:
    return "none" if usd is None else f"{usd:,.2f}"
