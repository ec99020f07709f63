"""A month's use as a person reads it, and as a table for other programs."""

import csv
import io
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.table import Column

from studioctl.config.text import listed
from studioctl.presentation import tables
from studioctl.presentation.console import Terminal
from studioctl.presentation.money import in_cents

if TYPE_CHECKING:  # it comes with botocore
    from collections.abc import Sequence

    from studioctl.operations.costs.explorer import Explored
    from studioctl.operations.costs.month import Capacity, Month
    from studioctl.operations.costs.shares import Share
    from studioctl.operations.costs.stored import Stored

NOBODY, UNKNOWN = "(none)", " + unknown"
FIELDS = ("month", "user", "space", "app", "instance_type", "hours", "usd", "doubt_hours")


def show(found: "Month", terminal: Terminal) -> None:
    """Hours and dollars by user, space and kind; then storage, and how sure it is."""
    out = terminal.out
    terminal.data(f"{found.name} in {found.region}: {found.month}, until {found.until:%Y-%m-%d %H:%M} UTC")
    for line in filter(None, (unknown(found), earlier(found))):
        terminal.data(line)
    if found.used:
        numbers = (Column("hours", justify="right"), Column("USD", justify="right"))
        table = tables.listing(out, "user", "space", "app", "instance type", *numbers)
        hours, dollars = in_cents(each.hours for each in found.used), in_cents(each.usd for each in found.used)
        for each, ran, cost in zip(found.used, hours, dollars, strict=True):
            on = f"{each.instance_type or '?'}{' (training plan)' if each.prepaid else ''}"
            table.add_row(each.user or "?", each.space, each.app, on, f"{ran:,.2f}", usd(cost))
        table.add_row("in all", "", "", "", f"{sum(each.hours for each in found.used):,.2f}", in_all(found))
        out.print(table)
    elif found.is_known:
        terminal.data("No app and no training job ran.")
    if found.database:
        terminal.data(_capacity(found.database))
    for stored in found.stored:
        terminal.data(_kept(stored, found))
    for told in filter(None, (sureness(found), of_storage(found))):
        terminal.say(told)


def _kept(stored: "Stored", found: "Month") -> str:
    size = "unknown" if stored.gigabytes is None else f"{stored.gigabytes:,.1f} GB"
    if stored.usd == 0 and not found.was_there:
        return f"{stored.kind}: {size} now, nothing in {found.month}"
    part = "the month" if found.is_over else "this part of the month"
    return f"{stored.kind}: {size} now, {usd(stored.usd)} USD for {part}"


def of_storage(found: "Month") -> str:
    """The gaps in what is known of storage; empty where there are none."""
    if not found.was_there:
        made = found.made.strftime("%Y-%m-%d") if found.made else ""
        return f"The environment was made on {made}: of an earlier one of its name no storage is known."
    if found.is_over:
        return "Storage is what is there now, since when it is there: what was deleted after the month is not known."
    return ""


def _capacity(database: "Capacity") -> str:
    if database.acu_hours is None:
        return "database of studies: unknown; CloudWatch tells 63 days (cloudwatch:GetMetricStatistics), the guard more"
    return f"database of studies: {database.acu_hours:,.2f} ACU hours by {database.source}, {usd(database.usd)} USD"


def show_shares(found: "Month", shares: "Sequence[Share]", by: str, terminal: Terminal) -> None:
    """The same month for those who pay."""
    terminal.data(f"{found.name} in {found.region}: {found.month}, until {found.until:%Y-%m-%d %H:%M} UTC, by {by}")
    for line in filter(None, (unknown(found), earlier(found))):
        terminal.data(line)
    numbers = (Column(name, justify="right") for name in ("hours", "USD", "volumes USD"))
    table = tables.listing(terminal.out, by, *numbers)
    columns = zip(*((each.hours, each.usd, each.volumes_usd) for each in shares), strict=True)
    for each, hours, cost, kept in zip(shares, *map(in_cents, columns), strict=True):
        table.add_row(each.name or NOBODY, f"{hours:,.2f}", share_usd(each, cost), usd(kept))
    costs = [each.usd for each in found.volumes]
    volumes = None if None in costs else sum(each or 0.0 for each in costs)
    table.add_row("in all", f"{sum(each.hours for each in found.used):,.2f}", in_all(found), usd(volumes))
    terminal.out.print(table)
    for told in filter(None, (of_today(by), sureness(found))):
        terminal.say(told)


def shares_to_csv(found: "Month", shares: "Sequence[Share]", by: str) -> str:
    """A line for each payer."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("month", by, "hours", "usd", "volumes_usd", "unknown_hours"))
    for each in shares:
        costs = ("" if usd is None else f"{usd:.4f}" for usd in (each.usd, each.volumes_usd))
        writer.writerow((found.month, each.name, f"{each.hours:.4f}", *costs, f"{each.unknown_hours:.4f}"))
    return text.getvalue()


def show_explored(explored: "Explored", found: "Month", terminal: Terminal) -> None:
    """AWS's count beside the one above it, each with what it is about."""
    if explored.unavailable:
        terminal.say(f"Cost Explorer was asked, and does not tell: {explored.unavailable}")
        return
    whose = f"tag {explored.tag}={found.name}" if explored.by_tag else "all of the account"
    if explored.until:
        terminal.data(f"Cost Explorer, until {explored.until}, {whose}:")
        here = f"{usd(explored.ours_usd)} counted here until then"
        terminal.data(f"  apps and training jobs: {usd(explored.hours_usd)} USD ({here})")
        terminal.data(f"  volumes and all else of SageMaker: {usd(explored.other_usd)} USD")
    else:
        terminal.data(f"Cost Explorer knows no cost of SageMaker in {found.region} in {found.month}.")
    terminal.say(
        "Cost Explorer knows costs up to 24 hours late, so its last day may not be whole. Asking it cost"
        f" {usd(explored.asked_usd)} USD."
    )
    if not explored.by_tag:
        terminal.say(f"To see this environment alone, activate the tag {explored.tag} for billing.")


def to_json(
    found: "Month", shares: "Sequence[Share] | None" = None, explored: "Explored | None" = None
) -> dict[str, Any]:
    """The stable shape behind `studioctl cost --month ... --json`."""
    sums = {"usd": round(found.usd, 4), "doubt_usd": round(found.doubt_usd, 4)}
    beside = {"cost_explorer": None if explored is None else asdict(explored)}
    return asdict(found) | sums | beside | ({} if shares is None else {"by": [asdict(share) for share in shares]})


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


def unknown(found: "Month") -> str:
    """The part of the month of which nobody knows what ran; empty if there is none."""
    if not found.is_known:
        return f"Nothing tells what ran in {found.month}."
    if found.since.strftime("%Y-%m-%d %H:%M") == f"{found.month}-01 00:00":
        return ""
    return f"Counted from {found.since:%Y-%m-%d %H:%M} UTC on: nothing tells what ran before."


def earlier(found: "Month") -> str:
    """The earlier domains that are counted, too; empty if there are none."""
    if not found.earlier:
        return ""
    gone = f"domain{'' if len(found.earlier) == 1 else 's'} {listed(found.earlier)}"
    return f"Includes what ran in the environment's earlier {gone}."


def of_today(by: str) -> str:
    """A note on payers taken from the present file or tags, not from the records; empty for other groupings."""
    if by == "group":
        return "The groups are those of the file as it is now: it is not recorded who was in which group then."
    return (
        "The tags are those of today's user profiles: it is not recorded which they had then."
        if by[:4] == "tag:"
        else ""
    )


def sureness(found: "Month") -> str:
    """The accuracy of the figures, in a sentence; empty if nothing was counted."""
    if not found.is_known:
        return ""
    if found.source == "AWS's lists":
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
    return f"{found.usd:,.2f}" + (UNKNOWN if any(each.usd is None for each in found.used) else "")


def share_usd(share: "Share", cost: float | None) -> str:
    """A payer's dollars for hours, and whether something in them is unknown."""
    return usd(cost) + (UNKNOWN if share.unknown_hours and cost is not None else "")


def usd(usd: float | None) -> str:
    """US dollars, or that they are unknown."""
    return "unknown" if usd is None else f"{usd:,.2f}"
