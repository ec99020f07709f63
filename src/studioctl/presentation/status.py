"""`status` as a person reads it, once or again and again."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from studioctl.config.text import count
from studioctl.errors import AwsError
from studioctl.presentation.console import Terminal
from studioctl.presentation.json import line
from studioctl.presentation.place import place
from studioctl.presentation.views import kept_homes

if TYPE_CHECKING:  # it comes with botocore
    from studioctl.operations.limits import Month
    from studioctl.operations.status import AppStatus, ImageStatus, SpaceStatus, Status

COLUMNS = ("space", "owner", "app", "state", "instance type", "image", "since", "idle stop", "per hour", "volume")
UNKNOWN = "unknown"
LISTED_USERS = 10
APP_COLUMNS = ("app", "of", "state", "instance type", "since", "per hour")
MONEY_COLUMNS = ("user", "USD this month", "limit", "left")
EXPENDABLE = ("image", "volume", "since", "owner", "idle stop", "instance type", "app")
"""The columns that a narrow terminal goes without, the first one first. What is paid for always has its place."""


def show(found: "Status", terminal: Terminal, *, flags: str, is_without_file: bool = False) -> None:
    """The domain, its users and spaces, and what they cost; where there is nothing, how to make it.

    Who has no file cannot make it, and is shown where to look.
    """
    if found.domain is None:
        terminal.say(without_domain(found))
        _kept(found, terminal)
        if is_without_file:
            terminal.next_commands((f"studioctl list{' --local' if found.target == 'local' else ''}", "what there is"))
            return
        up = (f"studioctl up{flags}", "make it whole: what exists is taken up" if found.resources else "create it")
        down = (f"studioctl down{flags}", "remove everything but your data")
        terminal.next_commands(up, *([down] if found.resources else []))
    else:
        terminal.out.print(_whole(found, _width(terminal)), soft_wrap=not terminal.out.is_terminal)
        _kept(found, terminal)
        if found.limits and found.limits.is_old:
            terminal.next_commands((f"studioctl doctor{flags}", "why the guard does not look"))


def _kept(found: "Status", terminal: Terminal) -> None:
    kept_homes(found.kept_homes, found.kept_homes_usd_per_month, found.kept_directories, found.restored_homes, terminal)


def watch(looks: Iterable["Status | AwsError"], terminal: Terminal, *, seconds: float, as_json: bool) -> None:
    """Shows each look as it comes: redrawn in place on a terminal, one below the other in a pipe."""
    with ExitStack() as stack:
        if as_json:
            display = _print_json(terminal)
        elif terminal.out.is_terminal:
            live = stack.enter_context(Live(console=terminal.out, auto_refresh=False))
            display = lambda look: live.update(_moment(look, _width(terminal)), refresh=True)  # noqa: E731
        else:
            display = lambda look: terminal.out.print(_moment(look, None), soft_wrap=True)  # noqa: E731
        for look in looks:
            display(look)
            time.sleep(seconds)


def _print_json(terminal: Terminal) -> Callable[["Status | AwsError"], None]:
    def display(look: "Status | AwsError") -> None:
        if isinstance(look, AwsError):
            terminal.say(f"{look.message} Trying again.")
        else:
            terminal.data(line(look))

    return display


def _width(terminal: Terminal) -> int | None:
    """The most characters in a line; None in a pipe, which takes any number."""
    return terminal.out.width if terminal.out.is_terminal else None


def _moment(look: "Status | AwsError", width: int | None) -> RenderableType:
    clock = Text(f"{datetime.now().astimezone():%H:%M:%S}", style="dim")
    if isinstance(look, AwsError):
        return Group(clock, Text(f"{look.message} Trying again."))
    if look.domain is None:
        return Group(clock, Text(without_domain(look)))
    return Group(clock, _whole(look, width))


def without_domain(found: "Status") -> str:
    """Whether there is anything of it: half an environment costs money, too."""
    if found.resources:
        kinds = Counter(_kind(arn) for arn in found.resources)
        counts = "".join(f"\n  {count} {kind}" for kind, count in sorted(kinds.items()))
        return (
            f"'{found.name}' in {whereabouts(found)} has no domain, but these exist and may cost money, left by an"
            f" `up` that did not come to its end or kept by `down`:{counts}"
        )
    return f"There is no '{found.name}' in {whereabouts(found)}.{unseen(found)}"


def unseen(found: "Status") -> str:
    """A sentence where one may not look for what is left of it."""
    return " Whether anything else of it exists you may not see (tag:GetResources)." if found.resources is None else ""


def _kind(arn: str) -> str:
    """Return the kind of an ARN's resource in AWS's words: "ec2 subnet", "s3 bucket"."""
    service, _, rest = arn.split(":", 2)[2].partition(":")
    kind = rest.split(":", 2)[2].replace(":", "/").partition("/")
    return f"{service} {kind[0]}" if kind[1] else f"{service} bucket"


def _whole(found: "Status", width: int | None) -> RenderableType:
    assert found.domain is not None  # noqa: S101 - both callers have looked
    tables = [_table(COLUMNS, _space_rows(found.spaces, found.now), width)]
    tables += [_table(APP_COLUMNS, [_app_cells(app, found.now) for app in found.apps], width)] if found.apps else []
    tables += [_table(MONEY_COLUMNS, _money_rows(found.limits), width)] if found.limits else []
    return Group(
        Text(f"{found.name}  {whereabouts(found)}", style="bold"),
        Text(f"domain  {found.domain.id}  {found.domain.status}"),
        Text(f"url     {found.domain.url}"),
        Text(f"users   {_users(found)}"),
        Text(f"cost    {paid_now(found)}"),
        *(Text(f"image   {_image(image)}") for image in found.images),
        *(Text(line) for line in _limits(found)),
        *(Text(f"\n{table}", no_wrap=True, overflow="ellipsis") for table in tables),
    )


def _image(image: "ImageStatus") -> str:
    """A version, where it is, and until when AWS mends it."""
    of = f"{image.version} in {count(image.spaces, 'space')}"
    end = image.supported_until
    if end is None:
        return f"{of}, its end of support is not known"
    return f"{of}, support {'ended' if end < datetime.now(UTC).date() else 'ends'} on {end}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> str:
    """Cells below their heads, without columns that are empty all the way down, or for which there is no room.

    By hand: of a thousand rows rich's table would take two seconds.
    """
    columns = {title: [row[index] for row in rows] for index, title in enumerate(head)}
    widths = {title: max(map(len, (title, *cells))) for title, cells in columns.items() if any(cells)}
    without = []
    for title in EXPENDABLE:
        if width is None or sum(widths.values()) + 2 * (len(widths) - 1) <= width:
            break
        without += [title] if widths.pop(title, None) else []
    lines = [
        "  ".join(cell.ljust(widths[title]) for cell, title in zip(line, widths, strict=True)).rstrip()
        for line in (widths, *zip(*(columns[title] for title in widths), strict=True))
    ]
    lines += [f"(no room here for: {', '.join(without)})"] if without else []
    return "\n".join(lines)


def _space_rows(spaces: Sequence["SpaceStatus"], now: datetime | None) -> list[tuple[str, ...]]:
    """A row for each; what the spaces are for is told unless all are for Code Editor."""
    rows = [_cells(space, now) for space in spaces]
    kinds = {space.app_type for space in spaces}
    return rows if kinds - {"CodeEditor"} else [(*row[:2], "", *row[3:]) for row in rows]


def _app_cells(app: "AppStatus", now: datetime | None) -> tuple[str, ...]:
    cost = UNKNOWN if app.usd_per_hour is None else hourly(app.usd_per_hour)
    return app.type, app.space or app.user or "", app.status, app.instance_type or "", ago(app.since, now), cost


def _limits(found: "Status") -> list[str]:
    """The month of all together, and whether anybody looks; nothing where nothing is limited."""
    month = found.limits
    if month is None and found.limits_trouble:
        return [f"limits  {found.limits_trouble}"]
    if month is None:
        return ["limits  you may not read what is spent"] if found.limits_are_hidden else []
    everybody = month.allowances[0]
    used = f"{everybody.usd:,.2f} USD used in {month.month} (UTC)"
    bound = "" if everybody.limit is None else f", {everybody.left:,.2f} left of {everybody.limit:,.2f}"
    rests = ["studies stopped: the limit of all together is reached"] if month.database and month.database.rests else []
    trouble = [f"grants  {found.limits_trouble}"] if found.limits_trouble else []
    return [f"limits  {used}{bound}", *trouble, *rests, f"guard   {_guard(month)}"]


def _guard(month: "Month") -> str:
    if month.age_minutes is None:
        return "has not looked yet"
    if month.is_catching_up:
        return f"catching up, has counted until {_lasting(month.age_minutes)} ago"
    looked = f"looked {_lasting(month.age_minutes)} ago"
    return f"last {looked}, and nobody is watched" if month.is_old else looked


def _money_rows(month: "Month") -> list[tuple[str, ...]]:
    """A row for each user; without limits for each of them, what each has spent."""
    _, *users = month.allowances
    return [
        (
            each.user,
            f"{each.usd:,.2f}",
            "" if each.limit is None else f"{each.limit:,.2f}",
            "" if each.left is None else f"{each.left:,.2f}",
        )
        for each in users
    ]


def _users(found: "Status") -> str:
    """Each with its state; of many, how many there are in each state."""
    if len(found.users) <= LISTED_USERS:
        return ", ".join(f"{user.name} ({user.status})" for user in found.users)
    states = Counter(user.status for user in found.users)
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items()))


def whereabouts(found: "Status") -> str:
    """The region, and what stands for AWS."""
    return f"{found.region} on {place(found.target, found.endpoint)}"


def _cells(space: "SpaceStatus", now: datetime | None) -> tuple[str, ...]:
    running = space.is_paid_for
    return (
        space.name,
        space.owner or "",
        space.app_type,
        state_of(space),
        space.instance_type or "",
        (space.image or "").removeprefix("sagemaker-"),
        ago(space.since, now) if space.since else "",
        (f"{space.idle_timeout_minutes}m" if space.idle_timeout_minutes else "never") if running else "",
        (UNKNOWN if space.usd_per_hour is None else hourly(space.usd_per_hour)) if running else "",
        space.volume or "?",
    )


def state_of(space: "SpaceStatus") -> str:
    """The app's state in AWS's words, or the space's, where that is not in service."""
    if space.status != "InService":
        return space.status
    return f"{space.app_status}, recovery" if space.in_recovery else space.app_status


def paid_now(found: "Status") -> str:
    """Summarise what runs now. Storage is left out: it is paid for by the month, even while nothing runs."""
    costs = [space.usd_per_hour for space in found.spaces if space.is_paid_for]
    costs += [app.usd_per_hour for app in found.apps]
    if not costs:
        return "nothing runs, no instance is paid for"
    known = sum(filter(None, costs))
    what = f"{len(costs)} running: {hourly(known)} per hour" if any(cost is not None for cost in costs) else ""
    if found.usd_per_hour is None:
        what = f"{what} and what is unknown" if what else f"{len(costs)} running, the price is unknown"
    dated = f" ({found.region}, prices of {found.prices_as_of}, without storage)" if found.prices_as_of else ""
    return f"{what}{dated}"


def hourly(amount: float) -> str:
    """An amount with cents, and with fractions of a cent if there are any: "$0.10", "$0.115"."""
    whole, decimals = f"{amount:.4f}".split(".")
    return f"${whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def ago(moment: datetime, now: datetime | None = None) -> str:
    """The time since then, up to now: "42m", "3h 05m", "2d 4h"."""
    return _lasting(max(int(((now or datetime.now(UTC)) - moment).total_seconds() // 60), 0))


def _lasting(minutes: int) -> str:
    if minutes < 60:
        return f"{minutes}m"
    return f"{minutes // 60}h {minutes % 60:02}m" if minutes < 1440 else f"{minutes // 1440}d {minutes % 1440 // 60}h"
