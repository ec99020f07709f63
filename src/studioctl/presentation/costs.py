"""Costs as a person reads them, and as JSON."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Column
from rich.text import Text

from studioctl.catalog.prices import items
from studioctl.config.source import Source
from studioctl.config.text import Location, path
from studioctl.operations.costs.change import Change, PlannedCosts
from studioctl.operations.costs.estimate import Costs, Estimate, Line
from studioctl.operations.costs.listing import ListedPrice
from studioctl.operations.costs.words import LISTED, amount, by_item, dated, summary, titles, ways
from studioctl.presentation import tables
from studioctl.presentation.console import Terminal, hung
from studioctl.presentation.money import dollars

UNCHANGED = "Fixed cost: unchanged ({} USD a month with no app running). Not counted: what is {}."
BY_USE = "stored, transferred and logged"


def show(found: Estimate, terminal: Terminal, *, source: Source | None, against: Estimate | None, flags: str) -> None:
    """The estimate: by user and in all, then by what is paid for.

    Args:
        found: The estimate.
        terminal: Where to show it.
        source: The file, for its lines; None for a what-if.
        against: For a what-if: the estimate of the file itself.
        flags: The flags with which another command means the same file and region.
    """
    out = terminal.out
    _print(out, f"{found.name} in {found.region}: US dollars a month{dated(found)}", "bold")
    table = tables.listing(out, "", *(Column(title, justify="right") for title in titles(found)))
    for name, costs in summary(found):
        table.add_row(name, *_cells(costs))
    if against is not None:
        table.add_row("against the file", *_cells(found.total - against.total, signed=True))
    out.print(table)
    _print(out, "\nPaid for:", "bold")
    for line in found.lines if len(found.users) <= LISTED else ():
        _print(out, f"  {_of(line, found)}{_place(source, line.key)}")
    if len(found.users) > LISTED:
        for what, money in by_item(found.lines):
            _print(out, f"  {what}: {amount(money)} {ways(found)[1]}")
    _print(out, f"\nBy use, and not counted: {'; '.join(_rate(found, item) for item in found.by_use)}.")
    _unknown(found, terminal, flags)


def to_json(found: Estimate, *, source: Source | None, against: Estimate | None) -> dict[str, Any]:
    """The stable shape behind `studioctl cost --json`."""
    return {
        "name": found.name,
        "region": found.region,
        "hours": found.hours,
        "total": _plain(found.total),
        "shared": _plain(found.of(None)),
        "users": [{"name": name, **_plain(found.of(name))} for name in found.users],
        "lines": [_line(line, found, source) for line in found.lines],
        "by_use": [
            {
                "item": item,
                "what": items()[item].what,
                "unit": items()[item].unit,
                "usd_each": found.price_list.usd(item),
            }
            for item in found.by_use
        ],
        "unknown": list(found.unknown),
        "difference": None if against is None else _plain(found.total - against.total),
    }


def planned(found: PlannedCosts, source: Source, console: Console) -> None:
    """The effect of a plan on the costs."""
    for number, line in enumerate(planned_lines(found, source)):
        if number:
            _print(console, hung(console, f"  {line}"))
        else:
            _print(console, f"\n{hung(console, line)}", "bold")


def planned_lines(found: PlannedCosts, source: Source) -> list[str]:
    """The same as lines: first the costs in all, then the changes that make the difference."""
    if not found.changes:
        return [UNCHANGED.format(amount(found.after.total.standing), BY_USE), *_paid_by_use(found)]
    lines = [f"Cost: {_in_words(found.after)}{dated(found.after)}."]
    groups = _alike(found.changes)
    for group in sorted(groups, key=lambda group: -abs(group[0].costs.working.usd * len(group)))[:LISTED]:
        change = group[0]
        signed = ", ".join(_differences(change.costs, found.after))
        each = f"{len(group)} {change.what.partition(' of ')[0]}s, each" if len(group) > 1 else change.what
        lines.append(f"{each}: {signed}{_place(source, change.key)}")
    if len(groups) > LISTED:
        more = len(groups) - LISTED
        lines.append(f"and {more} more; in all: {', '.join(_differences(found.difference, found.after))}")
    return [*lines, *_paid_by_use(found)]


def _paid_by_use(found: PlannedCosts) -> list[str]:
    return [f"by use, and not counted: {_rate(found.after, item)}" for item in found.by_use]


def _rate(found: Estimate, item: str) -> str:
    usd = found.price_list.usd(item)
    price = f" {dollars(usd)} USD a {items()[item].unit}" if usd is not None else ", at a price that is not known here"
    return f"{items()[item].what}{price}"


def _alike(changes: Iterable[Change]) -> list[list[Change]]:
    """The changes, with those of one kind that cost the same for the same reason together."""
    groups: dict[Any, list[Change]] = {}
    for change in changes:
        kind, of, _ = change.what.partition(" of ")
        groups.setdefault((kind, change.costs, change.key) if of else change.address, []).append(change)
    return list(groups.values())


def planned_json(found: PlannedCosts, source: Source) -> dict[str, Any]:
    """The stable shape of `cost` in `studioctl plan --json`."""
    return {
        "total": _plain(found.after.total),
        "difference": _plain(found.difference),
        "changes": [
            {"address": change.address, "what": change.what, **_plain(change.costs), **_in_file(source, change.key)}
            for change in found.changes
        ],
    }


def price_table(found: Iterable[ListedPrice], terminal: Terminal) -> None:
    """The prices of a region, each with its date and source."""
    table = tables.listing(terminal.out, "item", Column("USD", justify="right"), "for one", "of", "source")
    for price in found:
        usd = "unknown" if price.usd is None else dollars(price.usd)
        table.add_row(price.item, usd, price.unit, price.as_of or "", price.source)
    terminal.out.print(table)


def _cells(costs: Costs, *, signed: bool = False) -> Sequence[str]:
    return [amount(money, signed=signed) for money in (costs.standing, costs.working, costs.forgotten, costs.weekend)]


def _in_words(found: Estimate) -> str:
    costs, (still, working, left_open) = found.total, ways(found)
    return (
        f"{amount(costs.standing)} USD a month {still}, {amount(costs.working)} {working},"
        f" {amount(costs.forgotten)} {left_open}"
    )


def _differences(costs: Costs, after: Estimate) -> Sequence[str]:
    """The dollars that it adds in each of the ways; one sum where they agree, and no way in which it adds nothing."""
    sums = [amount(money, signed=True) for money in (costs.standing, costs.working, costs.forgotten)]
    if len(set(sums)) == 1:
        return [f"{sums[0]} a month"]
    return [f"{usd} {way}" for usd, way in zip(sums, ways(after), strict=True) if usd != "0.00"]


def _of(line: Line, found: Estimate) -> str:
    if line.usd_each is None:
        return f"{line.what}: unknown"
    each = f"{dollars(line.usd_each)} USD a{'n' if line.unit == 'hour' else ''} {line.unit}"
    if line.unit == "hour" and not line.costs.standing.usd:
        _, working, left_open = ways(found)
        used = f"{line.costs.working.usd:,.2f} {working}, {line.costs.forgotten.usd:,.2f} {left_open}"
        return f"{line.what}: {used} ({each})"
    return f"{line.what}: {line.costs.standing.usd:,.2f} ({each})"


def _unknown(found: Estimate, terminal: Terminal, flags: str) -> None:
    if not found.unknown:
        return
    example = ", ".join(f"{_toml(item)} = PRICE" for item in found.unknown)
    terminal.say(
        f"\nNo price is known in {found.region} for: {', '.join(found.unknown)}. Ask AWS for them"
        f" (studioctl cost --ask{flags}), or look them up and write them into the file, in US dollars:\n\n"
        f"  [cost]\n  prices = {{ {example} }}"
    )


def _toml(item: str) -> str:
    return item if item.isidentifier() else f'"{item}"'


def _place(source: Source | None, key: Location | None) -> str:
    if source is None or key is None:
        return ""
    return f"  ({source.spot(*key)})"


def _in_file(source: Source | None, key: Location | None) -> dict[str, Any]:
    line = source.line(*key) if source is not None and key is not None else None
    return {"key": None if key is None else path(key), "line": line}


def _line(line: Line, found: Estimate, source: Source | None) -> dict[str, Any]:
    price = found.price_list.of.get(line.item)
    return {
        "user": line.user,
        "what": line.what,
        "item": line.item,
        "unit": line.unit,
        "usd_each": line.usd_each,
        "price_as_of": price.as_of if price else None,
        "price_source": price.source if price else None,
        **_plain(line.costs),
        **_in_file(source, line.key),
    }


def _plain(costs: Costs) -> dict[str, Any]:
    """Null as soon as one price is unknown: a part is no sum."""
    amounts = {"standing": costs.standing, "working": costs.working, "forgotten": costs.forgotten}
    amounts["weekend"] = costs.weekend
    return {name: None if money.unknown else round(money.usd, 4) for name, money in amounts.items()}


def _print(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)
