"""Costs as a person reads them, and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Column
from rich.text import Text

from studioctl.catalog.prices import is_in_price_list, items
from studioctl.config.source import Source
from studioctl.config.text import Location, count, listed, path
from studioctl.operations.costs.change import Change, PlannedCosts
from studioctl.operations.costs.estimate import Costs, Estimate, Line, Money
from studioctl.operations.costs.words import (
    LISTED,
    NOTHING,
    amount,
    by_item,
    capped,
    dated,
    left_running,
    summary,
    titles,
    ways,
)
from studioctl.operations.prices.listing import ListedPrice
from studioctl.presentation import tables
from studioctl.presentation.console import Terminal, hung
from studioctl.presentation.money import dollars
from studioctl.review.met import named
from studioctl.review.nouns import joined

UNCHANGED = "Cost: {} USD a month with no app running, as before{}. {}."
NOT_COUNTED = "not included: the data bucket, images, home directories, data transfer and logs"
SPACE_ENDS = "': "  # the name of a space in what costs
IDLE: Location = ("studio", "idle_timeout_minutes")
BECAUSE = "Because of:"
# A rise of the month's costs that people look at first.
MUCH_USD, MUCH_SHARE = 20.0, 0.1


@dataclass(frozen=True)
class Effect:
    """The effect of a plan on the costs, in words.

    Args:
        title: A sentence.
        ways: The sum for each of the ways to work, before and after; empty where none changes.
        because: The changes that make the difference.
        notes: Limits that end apps before, what is paid by use, and what is not included.
    """

    title: str
    ways: tuple[str, ...]
    because: tuple[str, ...]
    notes: tuple[str, ...]


def show(found: Estimate, terminal: Terminal, *, source: Source | None, against: Estimate | None, flags: str) -> None:
    """The estimate: by user and in all, then by what is paid for.

    Args:
        found: The estimate.
        terminal: The terminal to show it on.
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
        table.add_row("against the file", *_cells(found.total.beyond(against.total), signed=True))
    out.print(table)
    for told in (left_running(found), *capped(found)):
        _print(out, told)
    _print(out, "\nPaid for:", "bold")
    for line in found.lines if len(found.users) <= LISTED else ():
        _print(out, f"  {_of(line, found)}{_place(source, line.key)}")
    if len(found.users) > LISTED:
        for what, money in by_item(found.lines):
            _print(out, f"  {what}: {amount(money)} {ways(found)[1]}")
    _print(out, f"\nPaid by use, not included: {'; '.join(_rate(found, item) for item in found.by_use)}.")
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
        "caps": [{"user": cap.user, "usd": cap.usd, **_plain(cap.apps)} for cap in found.caps],
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
    """Write the effect of a plan on the costs."""
    told = effect(found, source)
    _print(console, f"\n{hung(console, told.title)}", "bold")
    heading = [f"  {BECAUSE}"] if told.because else []
    indented = (f"    {line}" for line in told.because)
    for line in (*(f"  {way}" for way in told.ways), *heading, *indented, *(f"  {note}" for note in told.notes)):
        _print(console, hung(console, line))


def effect(found: PlannedCosts, source: Source) -> Effect:
    """The effect of a plan on the costs: in all, and the changes that make the difference."""
    if not found.changes:
        by_use = "; usage costs more" if found.by_use else ""
        title = UNCHANGED.format(amount(found.after.total.standing), by_use, NOT_COUNTED.capitalize())
        return Effect(title, (), (), tuple(_paid_by_use(found)))
    groups = _alike(found.changes)
    largest = sorted(groups, key=lambda group: -abs(group[0].costs.working.usd * len(group)))[:LISTED]
    because = [f"{_reason(group, found)}{_place(source, group[0].key)}" for group in largest]
    if len(groups) > LISTED:
        more = len(groups) - LISTED
        because.append(f"and {more} more; in all: {_differences(found.difference, found)}")
    title = f"Cost in USD a month, by how people work{dated(found.after)}:"
    notes = (*_to_come(found), *capped(found.after), *_paid_by_use(found), NOT_COUNTED)
    return Effect(title, tuple(_ways(found)), tuple(because), notes)


def _to_come(found: PlannedCosts) -> Iterator[str]:
    """The volumes of new spaces, which do not exist before somebody works in them."""
    created = {change.address for change in found.changes if change.was.is_nothing}
    volumes = [line.costs for line in found.after.lines if line.item == "volume" and line.address in created]
    new = [each.working for each in volumes if not each.standing.usd and each.working.usd]
    if new:
        one = len(new) == 1
        begins = f"{count(len(new), 'volume')} {'does' if one else 'do'} not exist yet"
        since = "from its space's first start on, it costs" if one else "from their spaces' first start on, they cost"
        yield f"{begins}: {since} {amount(sum(new, Money()))} with no app running, too"


def _ways(found: PlannedCosts) -> Iterator[str]:
    """The costs before and after, for each way in which people may use the environment."""
    after, change, before = found.after.total, found.difference, found.before
    names = ways(found.after)
    width = max(map(len, names)) + 1
    figures = (
        (before.standing, after.standing, change.standing),
        (before.working, after.working, change.working),
        (before.forgotten, after.forgotten, change.forgotten),
    )
    is_new = all(was.usd < NOTHING and not was.unknown for was, _, _ in figures)
    for name, (was, now, difference) in zip(names, figures, strict=True):
        told = f"{amount(was)} -> {amount(now)} ({amount(difference, signed=True)})"
        if is_new or not (difference.usd or difference.unknown):
            told = amount(now) if is_new else f"{amount(now)}, unchanged"
        yield f"{f'{name}:':<{width}} {told}"


def _reason(group: Sequence[Change], found: PlannedCosts) -> str:
    """A change, or several alike: what one of them makes, and all together."""
    change = group[0]
    if len(group) == 1:
        return f"{change.what}: {_differences(change.costs, found)}"
    if SPACE_ENDS in change.what:
        spaces = [f"{each.what.partition(SPACE_ENDS)[0]}'" for each in group]
        return f"{named(spaces)}: {change.what.partition(SPACE_ENDS)[2]}: {_differences(change.costs, found)}, for each"
    together = sum((each.costs for each in group), Costs())
    kind = change.what.partition(" of ")[0]
    one = amount(change.costs.standing, signed=True)
    return f"{len(group)} {kind}s at {one} for each: {_differences(together, found)} together"


def dearer(found: PlannedCosts, source: Source) -> str:
    """A note that a plan makes the month much dearer, whatever people do, and the cause; empty if it does not."""
    after, change, was = found.after.total, found.difference, found.before
    for name, before, now, more in zip(
        ways(found.after),
        (was.standing, was.working, was.forgotten),
        (after.standing, after.working, after.forgotten),
        (change.standing, change.working, change.forgotten),
        strict=True,
    ):
        if before.usd >= NOTHING and more.usd >= MUCH_USD and more.usd >= MUCH_SHARE * before.usd:
            keys = {each.key for each in found.changes if each.key}
            if keys == {IDLE} and found.after.idle_minutes is None:
                return ""  # that the idle stop ends is told first already
            reasons = dict.fromkeys(_where(source, each.key) for each in found.changes if each.key)
            because = f", because of {joined(list(reasons)[:3])}" if reasons else ""
            return f"{amount(more)} USD a month more {name}: {amount(before)} -> {amount(now)}{because}"
    return ""


def _where(source: Source, key: Location) -> str:
    where = source.exactly(*key)
    return f"{path(key)}{f' ({where})' if where else ''}"


def _paid_by_use(found: PlannedCosts) -> list[str]:
    return [f"paid by use, not included: {_rate(found.after, item)}" for item in found.by_use]


def _rate(found: Estimate, item: str) -> str:
    usd = found.price_list.usd(item)
    price = ", at a price that is not known here" if usd is None else f" {_each(usd, items()[item].unit)}"
    return f"{items()[item].what}{price}"


def _each(usd: float, unit: str) -> str:
    return f"{dollars(usd)} USD a{'n' if unit == 'hour' else ''} {unit}"


def _alike(changes: Iterable[Change]) -> list[list[Change]]:
    """The changes, with those of one kind that cost the same for the same reason together."""
    groups: dict[Any, list[Change]] = {}
    for change in changes:
        kind, of, _ = change.what.partition(" of ")
        kind, of = (change.what.partition(SPACE_ENDS)[2], SPACE_ENDS) if SPACE_ENDS in change.what else (kind, of)
        usd = tuple((round(money.usd, 4), money.unknown) for money in vars(change.costs).values())
        groups.setdefault((kind, usd, change.key) if of else change.address, []).append(change)
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


def _differences(costs: Costs, found: PlannedCosts) -> str:
    """The dollars that it adds in each of the ways; one sum where they agree, and no way in which it adds nothing."""
    sums = [amount(money, signed=True) for money in (costs.standing, costs.working, costs.forgotten)]
    if len(set(sums)) == 1:
        return f"{sums[0]} a month"
    if sums[0] == "0.00" and sums[1] == sums[2]:  # a volume that is not there yet
        return f"{sums[1]} a month from the first start on"
    return ", or ".join(f"{usd} {way}" for usd, way in zip(sums, ways(found.after), strict=True) if usd != "0.00")


def _of(line: Line, found: Estimate) -> str:
    if line.usd_each is None:
        return f"{line.what}: unknown"
    each = _each(line.usd_each, line.unit)
    if line.unit == "hour" and not line.costs.standing.usd:
        _, working, left_running = ways(found)
        used = f"{line.costs.working.usd:,.2f} {working}, {line.costs.forgotten.usd:,.2f} {left_running}"
        return f"{line.what}: {used} ({each})"
    return f"{line.what}: {line.costs.standing.usd:,.2f} ({each})"


def _unknown(found: Estimate, terminal: Terminal, flags: str) -> None:
    if not found.unknown:
        return
    example = ", ".join(f"{_toml(item)} = PRICE" for item in found.unknown)
    asked = [item for item in found.unknown if is_in_price_list(item)]
    whose = "them" if len(asked) == len(found.unknown) else listed(asked)
    ask = f"Ask AWS for {whose} (studioctl cost --ask{flags}), or look" if asked else "Look"
    terminal.say(
        f"\nNo price is known in {found.region} for: {', '.join(found.unknown)}. {ask} them up and write them into the"
        f" file, in US dollars:\n\n  [cost]\n  prices = {{ {example} }}"
    )


def _toml(item: str) -> str:
    return item if item.isidentifier() else f'"{item}"'


def _place(source: Source | None, key: Location | None) -> str:
    if source is None or key is None:
        return ""
    spot = source.spot(*key)
    return "" if spot == source.name else f"  ({spot})"  # a default stands on no line


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
