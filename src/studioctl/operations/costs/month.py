"""The use of a month and its costs, counted from what AWS tells afterwards."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from studioctl.errors import ExitCode, StudioctlError
from studioctl.guard.rates import Rates
from studioctl.guard.spans import Span
from studioctl.operations import emulation
from studioctl.operations.costs import stored
from studioctl.operations.costs.past import database_hours, past
from studioctl.operations.costs.stored import Counted, Stored, Volume
from studioctl.operations.environment import Account
from studioctl.operations.prices import known


@dataclass(frozen=True)
class Used:
    """One user's use of one kind in one space.

    Args:
        user: The user profile; "" where it is not known.
        space: "" for training jobs, and apps of a profile itself.
        app: An app's type, or "training".
        instance_type: "" where it is not known.
        hours: Instance hours.
        usd: The cost; None if the price is not known.
        doubt: Hours that it may be more or less, where ends were not recorded.
        running: Whether one of them runs now.
        prepaid: Whether it is on the capacity of a training plan: then it costs nothing more.
    """

    user: str
    space: str
    app: str
    instance_type: str
    hours: float
    usd: float | None
    doubt: float
    running: bool
    prepaid: bool = False


@dataclass(frozen=True)
class Day:
    """A day's use, of everybody.

    Args:
        day: Such as "2026-11-03", in UTC.
        hours: Instance hours.
        usd: The cost, as far as prices are known.
    """

    day: str
    hours: float
    usd: float


@dataclass(frozen=True)
class Capacity:
    """The capacity of the database of studies: ACU hours, what they cost, and who told it.

    `acu_hours` is None where nobody tells it, `usd` where nobody knows a price, too.
    """

    acu_hours: float | None
    usd: float | None
    source: str


@dataclass(frozen=True)
class Month:
    """A month's use.

    Args:
        month: Such as "2026-11".
        until: The end of what was counted.
        since: The start of what was counted: the month's, or later where nobody knows what was before; after `until`
            where nobody knows anything of it.
        source: The source of the figures: see `past`.
        used: By user, space and kind; the most expensive first.
        stored: By kind.
        days: In order, from the first of the month to the one of `until`.
        volumes: The volumes with their owners; `user` is "" for a shared space.
        made: When the domain was made; None where there is none now. Of earlier ones no storage is counted.
        is_over: Whether the month is: what was stored in it, and deleted since, is not known.
        database: Of the database of studies, which is nobody's own; None where there is none.
        earlier: Earlier domains of the environment; what ran in them in the month is counted.
    """

    name: str
    region: str
    month: str
    until: datetime
    since: datetime
    source: str
    used: tuple[Used, ...]
    stored: tuple[Stored, ...]
    days: tuple[Day, ...] = ()
    volumes: tuple[Volume, ...] = ()
    made: datetime | None = None
    is_over: bool = False
    database: Capacity | None = None
    earlier: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether anything tells what ran in at least a part of it."""
        return self.since < self.until

    @property
    def was_there(self) -> bool:
        """Whether the environment, as it is, was made before the end of what was counted."""
        return self.made is None or self.made < self.until

    @property
    def usd(self) -> float:
        """US dollars of all hours, as far as prices are known."""
        return sum(each.usd or 0.0 for each in self.used)

    @property
    def doubt_usd(self) -> float:
        """US dollars that it may be more or less."""
        return sum(each.doubt / each.hours * each.usd for each in self.used if each.usd and each.hours)


def bounds(text: str, now: datetime) -> tuple[datetime, datetime]:
    """The start and the end of a month: "2026-11", "this" or "last".

    Raises:
        StudioctlError: It is none, or it has not begun.
    """
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    match text:
        case "this":
            start = first
        case "last":
            start = first.replace(year=first.year - (first.month == 1), month=(first.month - 2) % 12 + 1)
        case _:
            start = _month(text)
    if start > now:
        raise StudioctlError(
            f"--month: {text} has not begun.", hint="studioctl cost --month this", exit_code=ExitCode.USAGE
        )
    return start, start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def _month(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise StudioctlError(
            f"--month: '{text}' is not like 2026-11, this or last.",
            hint="studioctl cost --month this",
            exit_code=ExitCode.USAGE,
        ) from None


def month(account: Account, text: str, now: datetime | None = None) -> Month:
    """The use of a month.

    Args:
        account: The environment.
        text: See `bounds`.
        now: The time; by default AWS's.

    Raises:
        AwsError: AWS refused or cannot be reached.
        StudioctlError: There is no such month, or there is no domain and nothing tells of an earlier one.
    """
    now = now or emulation.now(account.target)
    start, end = bounds(text, now)
    until = min(now, end)
    domain = account.domain()
    domain_id = domain.id if domain else ""
    found = past(account, domain_id, start, now)
    if domain is None and not found.earlier:
        raise StudioctlError(
            f"There is no '{account.config.name}' in {account.place}.", hint="studioctl list   (shows what there is)"
        )
    prices = known.of(account.config)
    counted = Counted(start, end, until)
    volumes = tuple(stored.volumes(account, domain_id, found, prices.usd(stored.VOLUME), counted))
    rates = Rates({item: price.usd for item, price in prices.of.items()})
    return Month(
        name=account.config.name,
        region=account.target.region,
        month=f"{start:%Y-%m}",
        until=until,
        since=max(start, found.since),
        source=found.source,
        used=_used(found.spans, rates, start, until),
        stored=(stored.together(volumes, prices), *stored.others(account, domain, prices, counted)),
        days=tuple(_days(found.spans, rates, start, until)),
        volumes=volumes,
        made=domain.created_at if domain else None,
        is_over=end <= now,
        database=_database(account, (start, until, now), prices.usd("database")),
        earlier=found.earlier,
    )


def _database(account: Account, times: tuple[datetime, datetime, datetime], usd: float | None) -> Capacity | None:
    if not account.config.tuning.has_database:
        return None
    hours, source = database_hours(account, *times)
    return Capacity(
        None if hours is None else round(hours, 4),
        None if hours is None or usd is None else round(hours * usd, 4),
        source,
    )


def _used(spans: Iterable[Span], rates: Rates, start: datetime, until: datetime) -> tuple[Used, ...]:
    bounds = start.timestamp(), until.timestamp()
    groups: dict[tuple[str, str, str, str, bool], list[Span]] = {}
    for span in spans:
        if span.hours(*bounds) > 0:
            groups.setdefault(_group(span), []).append(span)
    found = []
    for (user, space, kind, instance_type, prepaid), members in groups.items():
        hours = round(sum(span.hours(*bounds) for span in members), 4)  # shown so: the dollars follow from them
        price = rates.per_hour(members[0])
        found.append(
            Used(
                user=user,
                space=space,
                app=kind,
                instance_type=instance_type,
                hours=hours,
                usd=None if price is None else round(hours * price, 4),
                doubt=round(sum(min(span.doubt * span.count / 3600, span.hours(*bounds)) for span in members), 4),
                running=any(span.is_open for span in members),
                prepaid=prepaid,
            )
        )
    return tuple(sorted(found, key=lambda each: (-(each.usd or 0), each.user, each.space)))


def _group(span: Span) -> tuple[str, str, str, str, bool]:
    return span.owner, span.space, span.kind, span.instance_type, span.prepaid


def _days(spans: Iterable[Span], rates: Rates, start: datetime, until: datetime) -> Iterator[Day]:
    priced = [(span, rates.per_hour(span) or 0.0) for span in spans]
    while start < until:
        end = min(start + timedelta(days=1), until)
        hours = [(span.hours(start.timestamp(), end.timestamp()), usd) for span, usd in priced]
        cost = sum(each * usd for each, usd in hours)
        yield Day(f"{start:%Y-%m-%d}", round(sum(each for each, _ in hours), 4), round(cost, 4))
        start = end
