"""The limits of an environment, and what has to happen for them. Pure: no call of AWS, no clock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from studioctl.guard import idle
from studioctl.guard.idle import Told
from studioctl.guard.rates import Rates
from studioctl.guard.spans import TRAINING, UNKNOWN, Span

EVERYBODY = ""
"""In grants, warnings and holds: the environment as a whole. In spans that name means something else: UNKNOWN."""
LATE = 2 * 3600.0
"""Seconds after which a schedule's moment is let go: who works the next morning is not stopped for the evening."""
LATE_LOOKS = 3  # the same in looks, where those are hours apart
NO_PRICE = "no price"
"""Why something was stopped that no sum can be kept with."""
LOOK_BACK = 8  # days in which the latest time of a schedule is sought


@dataclass(frozen=True)
class Schedule:
    """The schedule for stopping apps: a time and days, Monday is 0, in a time zone of IANA's names."""

    stop: str
    days: tuple[int, ...]
    time_zone: str

    def latest(self, at: float) -> float | None:
        """The latest such moment by now. A time that a clock change leaves out counts as if it had not."""
        zone = ZoneInfo(self.time_zone)
        today = datetime.fromtimestamp(at, zone).date()
        hour, minute = map(int, self.stop.split(":"))
        for back in range(LOOK_BACK):
            day = today - timedelta(days=back)
            moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).timestamp()
            if day.weekday() in self.days and moment <= at:
                return moment
        return None


@dataclass(frozen=True)
class Limits:
    """US dollars a month, for each user and in all; the shares of them that are told; and when apps are stopped.

    `every` is how many seconds are between two looks, `idle_gpu` after how many minutes an idle GPU is stopped.
    """

    per_user: float | None = None
    in_all: float | None = None
    warn_at: tuple[float, ...] = ()
    schedule: Schedule | None = None
    max_hours: float | None = None
    idle_gpu: int | None = None
    every: float = 300.0

    @property
    def are_sums(self) -> bool:
        """Whether they need prices."""
        return self.per_user is not None or self.in_all is not None

    @property
    def late(self) -> float:
        """Seconds after which a moment of the schedule is let go."""
        return max(LATE, LATE_LOOKS * self.every)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Limits":
        """Read limits from JSON."""
        schedule = told.get("schedule")
        return cls(
            per_user=told.get("per_user"),
            in_all=told.get("in_all"),
            warn_at=tuple(told.get("warn_at", ())),
            schedule=Schedule(schedule["stop"], tuple(schedule["days"]), schedule["time_zone"]) if schedule else None,
            max_hours=told.get("max_hours"),
            idle_gpu=told.get("idle_gpu"),
            every=float(told.get("every", 300.0)),
        )


@dataclass(frozen=True)
class Spent:
    """A user's month, or everybody's: US dollars, and how many there may be; None: any number."""

    who: str
    usd: float
    limit: float | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more may run."""
        return self.limit is not None and self.usd >= self.limit

    @property
    def left(self) -> float | None:
        """US dollars that are left."""
        return None if self.limit is None else max(0.0, self.limit - self.usd)


@dataclass(frozen=True)
class Stop:
    """Something to stop, and why."""

    span: Span
    why: str


@dataclass(frozen=True)
class Warning:  # noqa: A001 (the field's word)
    """A share of a limit that was reached: by whom, and which."""

    spent: Spent
    share: float


@dataclass(frozen=True)
class Decision:
    """All that has to happen.

    Args:
        held: Users who may start nothing until the month ends; with EVERYBODY in it, all.
        stops: The things to stop, the most urgent first.
        warnings: Shares that were reached.
        unpriced: Running things without a known price, while there is a sum to keep.
        scheduled: The moment for which `stops` has what the schedule wants; None: none is due.
        silent: Running things with a GPU that do not tell whether it is idle, while that matters.
    """

    held: frozenset[str] = frozenset()
    stops: tuple[Stop, ...] = ()
    warnings: tuple[Warning, ...] = field(default=())
    scheduled: float | None = None
    unpriced: tuple[Span, ...] = ()
    silent: tuple[Span, ...] = ()


def month_of(at: float) -> tuple[str, float, float]:
    """The month of a moment, in UTC, as AWS bills: its name, start and end."""
    start = datetime.fromtimestamp(at, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = (start + timedelta(days=32)).replace(day=1)
    return f"{start:%Y-%m}", start.timestamp(), end.timestamp()


def months(began: float, ended: float) -> tuple[str, ...]:
    """The months of a time, from that of its start to that of its end."""
    name, _, end = month_of(began)
    return (name, *(months(end, ended) if end <= ended else ()))


def spending(
    spans: Sequence[Span],
    at: float,
    limits: Limits,
    rates: Rates,
    grants: Mapping[str, float],
    users: Iterable[str],
    shared: float = 0.0,
) -> tuple[Spent, ...]:
    """The month so far: of everybody, and of each user.

    Args:
        spans: All that ran.
        at: The time.
        limits: Of the environment.
        rates: The prices of hours.
        grants: US dollars that were granted on top this month, by user or for EVERYBODY.
        users: The users of the file. Others who spent something are added.
        shared: US dollars that are nobody's own: the database's.
    """
    _, start, _ = month_of(at)

    def limit(usd: float | None, who: str) -> float | None:
        return None if usd is None else usd + grants.get(who, 0.0)

    owners = sorted({span.owner for span in spans if span.owner != UNKNOWN and span.hours(start, at) > 0} | set(users))
    each = (
        Spent(who, rates.cost((span for span in spans if span.owner == who), start, at), limit(limits.per_user, who))
        for who in owners
    )
    return (Spent(EVERYBODY, rates.cost(spans, start, at) + shared, limit(limits.in_all, EVERYBODY)), *each)


def decide(
    spans: Sequence[Span],
    at: float,
    limits: Limits,
    rates: Rates,
    spent: Iterable[Spent],
    done: float,
    told: Mapping[str, Told] | None = None,
) -> Decision:
    """All that has to happen now.

    Args:
        spans: All that runs and ran.
        at: The time.
        limits: Of the environment.
        rates: The prices of hours.
        spent: The month so far, see `spending`.
        done: Up to when the schedule was carried out.
        told: The reports of spaces on their GPUs; None if that is not known now.
    """
    spent = tuple(spent)
    held = frozenset(each.who for each in spent if each.is_over)
    latest = limits.schedule.latest(at) if limits.schedule else None
    scheduled = latest if latest is not None and latest > done and at - latest <= limits.late else None
    runs = [span for span in spans if span.is_open and rates.is_paid(span)]
    unpriced = tuple(span for span in runs if limits.are_sums and rates.has_no_price(span))
    gpus = idle.watched(spans) if limits.idle_gpu is not None and told is not None else ()
    words = [(span, (told or {}).get(span.space, Told())) for span in gpus]
    idles = {span: since for span, word in words if (since := idle.idle_since(span, word, at)) is not None}
    stops = [
        Stop(span, why)
        for span in runs
        if (
            why := _why(span, at, limits, held, scheduled)
            or _idle(limits, at - idles.get(span, at))
            or (NO_PRICE if span in unpriced else "")
        )
    ]
    stops.sort(
        key=lambda stop: (stop.span.kind != TRAINING, -rates.at_most(stop.span) * stop.span.count, stop.span.began)
    )
    warnings = tuple(
        Warning(each, share)
        for each in spent
        for share in (*limits.warn_at, 1.0)
        if each.limit is not None and each.usd >= share * each.limit
    )
    silent = tuple(span for span, word in words if idle.is_silent(span, word, at))
    return Decision(held, tuple(stops), warnings, scheduled, unpriced, silent)


def _idle(limits: Limits, seconds: float) -> str:
    return "idle_gpu_minutes" if limits.idle_gpu is not None and seconds >= 60 * limits.idle_gpu else ""


def _why(span: Span, at: float, limits: Limits, held: frozenset[str], scheduled: float | None) -> str:
    if EVERYBODY in held and not span.prepaid:  # to stop what is paid for already saves nothing
        return "monthly_usd"
    if span.owner != UNKNOWN and span.owner in held and not span.prepaid:
        return "monthly_usd_per_user"
    if span.kind != TRAINING:  # a job ends by itself, and loses work
        if scheduled is not None and span.began < scheduled:
            return "schedule"
        if limits.max_hours is not None and at - span.began >= limits.max_hours * 3600:
            return "max_hours_per_start"
    return ""
