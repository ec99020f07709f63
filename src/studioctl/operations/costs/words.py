"""An estimate in words, as a terminal and a report show it."""

from collections.abc import Iterable, Iterator, Mapping

from studioctl.catalog.prices import items
from studioctl.config.text import listed
from studioctl.operations.costs.estimate import Cap, Costs, Estimate, Line, Money

SHARED = "everybody"
ALL = "in all"
LISTED = 20  # users; more are summed up
NOTHING = 0.005  # below it, a sum reads 0.00


def ways(found: Estimate) -> tuple[str, str, str]:
    """The ways in which an environment may be used that `Costs` counts: standing, working and forgotten."""
    return "with no app running", f"at {found.hours:g} h a working day", "if nobody stops apps"


def titles(found: Estimate) -> tuple[str, str, str, str]:
    """The same as short titles of columns, with the one of a weekend."""
    still, working, _ = ways(found)
    return still.removeprefix("with "), working.removeprefix("at "), "left running", "one weekend left running"


def left_running(found: Estimate, title: str = "left running") -> str:
    """The meaning of the third sum, under the title that it has there, and since when a volume is in all of them."""
    idle = found.idle_minutes
    end = "they run day and night" if idle is None else f"the idle stop ends them after {idle} minutes without use"
    return (
        f'"{title[0].upper()}{title[1:]}" means that apps are started each working day and never stopped by hand:'
        f" {end}."
        " Each space counts with its volume, which AWS creates at the space's first start."
    )


def capped(found: Estimate) -> Iterator[str]:
    """The sums of `[limits]` that end apps before they cost what the estimate says: a sentence for each."""
    _, working, left_running = ways(found)

    def costs(cap: Cap) -> str:
        at_work = cap.apps.working.usd > cap.usd
        return f"{amount(cap.apps.working)} {working}" if at_work else f"{amount(cap.apps.forgotten)} {left_running}"

    caps = found.caps
    for cap in (cap for cap in caps if cap.user is None):
        yield f"[limits] monthly_usd stops apps at {cap.usd:,.2f} USD a month. Without it they cost {costs(cap)}."
    if of_users := [cap for cap in caps if cap.user is not None]:
        told = listed(f"{cap.user}'s cost {costs(cap)}" for cap in of_users)
        usd = of_users[0].usd
        yield f"[limits] monthly_usd_per_user stops a user's apps at {usd:,.2f} USD a month. Without it {told}."


def summary(found: Estimate) -> Iterable[tuple[str, Costs]]:
    """The costs of each user, of everybody, and in all; many users are one row."""
    if len(found.users) <= LISTED:
        yield from ((name, found.of(name)) for name in found.users)
    else:
        yield f"{len(found.users):,} users", found.total - found.of(None)
    if any(line.user is None for line in found.lines):
        yield SHARED, found.of(None)
    yield ALL, found.total


def amount(money: Money, *, signed: bool = False) -> str:
    """US dollars, and that something in them is unknown: "2.30 + unknown"."""
    if money.unknown and (abs(money.usd) < NOTHING or (signed and money.usd < 0)):  # it may cost more in the end
        return "unknown"
    usd = 0.0 if abs(money.usd) < NOTHING else money.usd
    return (f"{usd:+,.2f}" if signed and usd else f"{usd:,.2f}") + (" + unknown" if money.unknown else "")


def by_item(lines: Iterable[Line]) -> Iterable[tuple[str, Money]]:
    """Everything that is paid for, in words, with the sum of a month at work."""
    sums: dict[str, Money] = {}
    for line in lines:
        sums[line.item] = sums.get(line.item, Money()) + line.costs.working
    known = items()
    return [(known[item].what if item in known else item, money) for item, money in sums.items()]


def quantities(lines: Iterable[Line]) -> Mapping[str, str]:
    """The quantity of each item in a month at work, by the same words: "380 GB-months", "174 hours"."""
    sums: dict[tuple[str, str], float] = {}
    for line in lines:
        sums[line.item, line.unit] = sums.get((line.item, line.unit), 0) + line.quantity
    known = items()
    return {
        known[item].what if item in known else item: f"{number:,.0f} {unit}{'' if round(number) == 1 else 's'}"
        for (item, unit), number in sums.items()
    }


def dated(found: Estimate) -> str:
    """The dates of the prices: " (prices checked between 2026-08-21 and 2026-08-24)"."""
    used = {line.item for line in found.lines}
    dates = sorted({price.as_of for item in used if (price := found.price_list.of.get(item)) and price.as_of})
    if not dates:
        return ""
    checked = f"on {dates[0]}" if len(dates) == 1 else f"between {dates[0]} and {dates[-1]}"
    return f" (prices checked {checked})"
