"""A month's use as a person reads it, and as a table for other programs."""

import csv
import io
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.table import Column

from studioctl.presentation import tables
from studioctl.presentation.console import Terminal

if TYPE_CHECKING:  # it comes with botocore
    from studioctl.operations.costs.month import Month

FIELDS = ("month", "user", "space", "app", "instance_type", "hours", "usd", "doubt_hours")


def show(found: "Month", terminal: Terminal) -> None:
    """Hours and dollars by user, space and kind; then storage, and how sure it is."""
    out = terminal.out
    terminal.data(f"{found.name} in {found.region}: {found.month}, until {found.until:%Y-%m-%d %H:%M} UTC")
    if found.used:
        numbers = (Column("hours", justify="right"), Column("USD", justify="right"))
        table = tables.listing(out, "user", "space", "app", "instance type", *numbers)
        for each in found.used:
            table.add_row(
                each.user or "?", each.space, each.app, each.instance_type or "?", f"{each.hours:,.2f}", usd(each.usd)
            )
        table.add_row("in all", "", "", "", f"{sum(each.hours for each in found.used):,.2f}", in_all(found))
        out.print(table)
    else:
        terminal.data("No app and no training job ran.")
    for stored in found.stored:
        size = "unknown" if stored.gigabytes is None else f"{stored.gigabytes:,.1f} GB"
        terminal.data(f"{stored.kind}: {size} now, {usd(stored.usd)} USD for this part of the month")
    terminal.say(sureness(found))


def to_json(found: "Month") -> dict[str, Any]:
    """The stable shape behind `studioctl cost --month ... --json`."""
    return asdict(found) | {"usd": round(found.usd, 4), "doubt_usd": round(found.doubt_usd, 4)}


def to_csv(found: "Month") -> str:
    """A line for each user, space and kind."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    for each in found.used:
        usd = "" if each.usd is None else f"{each.usd:.4f}"
        numbers = (f"{each.hours:.4f}", usd, f"{each.doubt:.4f}")
        writer.writerow((found.month, each.user, each.space, each.app, each.instance_type, *numbers))
    return text.getvalue()


def sureness(found: "Month") -> str:
    """How sure it is, in a sentence."""
    if found.source != "CloudTrail":
        return (
            f"Counted from {found.source}, {found.doubt_usd:,.2f} USD more or less, as you may not read CloudTrail"
            " (cloudtrail:LookupEvents): apps that ended more than a day ago are missing, and when others ended is not"
            " known."
        )
    if found.doubt_usd < 0.005:
        return f"Counted from {found.source}. AWS's bill decides; taxes, discounts and data transfer are not in it."
    return (
        f"Counted from {found.source}, up to {found.doubt_usd:,.2f} USD more or less: not every end was recorded."
        " AWS's bill decides; taxes, discounts and data transfer are not in it."
    )


def in_all(found: "Month") -> str:
    """The sum, and whether something in it is unknown."""
    return f"{found.usd:,.2f}" + (" + unknown" if any(each.usd is None for each in found.used) else "")


def usd(usd: float | None) -> str:
    """US dollars, or that they are unknown."""
    return "unknown" if usd is None else f"{usd:,.2f}"
