"""The costs of an environment for a month, from the file alone: with no app running, at work, and left running."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from studioctl.catalog.prices import HOURS_A_MONTH, Prices, items
from studioctl.config.limits import Limits
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import Location
from studioctl.operations.costs import pieces
from studioctl.operations.costs.pieces import PaidSpace, Piece
from studioctl.operations.prices import known

WORKING_HOURS = 8.0
WORKING_DAYS = 5  # a week
HOURS_A_WEEK = 168
HOUR = "hour"  # the unit of what runs


@dataclass(frozen=True)
class Money:
    """US dollars, as far as prices are known.

    Args:
        usd: The sum of what is known.
        unknown: Items without a price that belong to it, each once.
    """

    usd: float = 0.0
    unknown: tuple[str, ...] = ()

    def __add__(self, other: "Money") -> "Money":
        return Money(self.usd + other.usd, tuple(dict.fromkeys((*self.unknown, *other.unknown))))

    def __sub__(self, other: "Money") -> "Money":
        return self + Money(-other.usd, other.unknown)

    def beyond(self, other: "Money") -> "Money":
        """The difference from another sum: of one that is not known whole, nobody knows it."""
        return Money(unknown=(self + other).unknown) if other.unknown else self - other


@dataclass(frozen=True)
class Costs:
    """US dollars in the ways that an environment may be used.

    Args:
        standing: A month in which nothing runs.
        working: A month in which every app runs for the working hours of five days a week, and is stopped then.
        forgotten: The same, but nobody stops anything: the idle stop does, if there is one.
        weekend: The extra cost of a weekend if all were left running, from Friday's end of work to Monday's start.
    """

    standing: Money = Money()
    working: Money = Money()
    forgotten: Money = Money()
    weekend: Money = Money()

    def __add__(self, other: "Costs") -> "Costs":
        return self._each(other, 1)

    def __sub__(self, other: "Costs") -> "Costs":
        return self._each(other, -1)

    def beyond(self, other: "Costs") -> "Costs":
        """The difference from other costs; see `Money.beyond`."""
        mine, theirs = vars(self), vars(other)
        return Costs(**{key: mine[key].beyond(theirs[key]) for key in mine})

    def _each(self, other: "Costs", sign: int) -> "Costs":
        mine, theirs = vars(self), vars(other)
        return Costs(**{key: mine[key] + theirs[key] if sign > 0 else mine[key] - theirs[key] for key in mine})

    @property
    def is_nothing(self) -> bool:
        """Whether it is zero, as far as is known, and nothing in it is unknown."""
        return all(abs(money.usd) < 0.005 and not money.unknown for money in vars(self).values())


@dataclass(frozen=True)
class Line:
    """One thing that is paid for.

    Args:
        address: Of the resource in Terraform that it comes with.
        user: The user who causes it; None: everybody.
        what: In words.
        item: Its name in the table of prices.
        unit: The unit of `usd_each`: "hour", "month" or "GB-month".
        quantity: The number of units in a month in which apps run for the working hours.
        usd_each: Its price; None: not known.
        costs: The total.
        key: The location in the file that asks for it; None if a what-if does.
    """

    address: str
    user: str | None
    what: str
    item: str
    unit: str
    quantity: float
    usd_each: float | None
    costs: Costs
    key: Location | None


@dataclass(frozen=True)
class Cap:
    """A sum of `[limits]` at which apps are stopped before they cost what they would.

    Args:
        user: The user whose apps it stops; None: everybody's.
        usd: The sum.
        apps: The costs of those apps without it, as far as prices are known.
    """

    user: str | None
    usd: float
    apps: Costs


@dataclass(frozen=True)
class Estimate:
    """The costs of an environment.

    Args:
        hours: The hours a day that its apps run, five days a week.
        price_list: The prices that it was counted with.
        by_use: Items besides, which cost by what is stored and done.
        idle_minutes: The minutes that apps keep running without use; None: until somebody stops them.
        limits: `[limits]`, which the sums leave out: see `caps`.
    """

    name: str
    region: str
    hours: float
    lines: tuple[Line, ...]
    users: tuple[str, ...]
    price_list: Prices
    by_use: tuple[str, ...]
    idle_minutes: int | None
    limits: Limits

    @property
    def total(self) -> Costs:
        """All together."""
        return total(self.lines)

    def of(self, user: str | None) -> Costs:
        """This user's part; None: everybody's."""
        return total(line for line in self.lines if line.user == user)

    @property
    def caps(self) -> tuple[Cap, ...]:
        """The sums of `[limits]` that apps left running would pass: that of all first, then each user's."""
        running = [(line.user, line.costs) for line in self.lines if line.unit == HOUR and line.user is not None]
        in_all, per_user = self.limits.monthly_usd, self.limits.monthly_usd_per_user
        found = [] if in_all is None else [Cap(None, in_all, sum((costs for _, costs in running), Costs()))]
        if per_user is not None:
            of = {user: sum((costs for owner, costs in running if owner == user), Costs()) for user in self.users}
            found += [Cap(user, per_user, costs) for user, costs in of.items()]
        return tuple(cap for cap in found if cap.apps.forgotten.usd > cap.usd)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Items in it without a price."""
        return self.total.weekend.unknown + tuple(
            item for item in self.total.forgotten.unknown if item not in self.total.weekend.unknown
        )


def total(lines: Iterable[Line]) -> Costs:
    """The sum of these lines."""
    return sum((line.costs for line in lines), Costs())


def estimate(config: EnvironmentConfig, hours: float = WORKING_HOURS, *, unstarted: Collection[str] = ()) -> Estimate:
    """The costs of the environment in the file, if its apps run for so many hours a day, five days a week.

    Args:
        config: The file.
        hours: The hours a day.
        unstarted: Spaces that have no volume before somebody works in them.
    """
    price_list = known.of(config)
    found = (
        *(line for space in pieces.spaces(config, unstarted) for line in of_space(space, price_list, hours)),
        *(of_piece(piece, price_list) for piece in pieces.pieces(config)),
    )
    users = tuple(user.name for user in config.users)
    idle = pieces.idle_minutes(config)
    by_use = pieces.by_use(config)
    return Estimate(config.name, config.region, hours, found, users, price_list, by_use, idle, config.limits)


def of_guard(config: EnvironmentConfig) -> Money:
    """The guard's own cost a month, without a free tier.

    Lists of SageMaker, IAM's calls and CloudTrail's history cost nothing.
    """
    price_list = known.of(config)
    return total(of_piece(piece, price_list) for piece in pieces.guard(config)).standing


def of_piece(piece: Piece, price_list: Prices) -> Line:
    """The costs of something that is always there."""
    usd = price_list.usd(piece.item)
    costs = _always(_money(usd, piece.quantity, piece.item))
    unit = items()[piece.item].unit
    return Line(piece.address, piece.user, piece.what, piece.item, unit, piece.quantity, usd, costs, piece.key)


def of_space(space: PaidSpace, price_list: Prices, hours: float) -> Sequence[Line]:
    """The costs of a space: its volume, and the instance while its app runs.

    AWS makes the volume with the space's first start. It is taken to be there, unless somebody saw that it is not, or
    the space itself is new.
    """
    volume = price_list.usd("volume")
    rate = 0.0 if space.is_prepaid else price_list.of_app(space.app_type, space.instance_type)
    kept = _always(_money(volume, space.volume_gb, "volume"))
    if not space.is_started:
        kept = replace(kept, standing=Money())
    worked_hours = _a_month(WORKING_DAYS * hours)
    worked, forgotten, weekend = (
        _money(rate, amount, space.instance_type)
        for amount in (
            worked_hours,
            _a_month(forgotten_hours(hours, space.idle_minutes)),
            weekend_hours(hours, space.idle_minutes),
        )
    )
    runs = Costs(Money(), worked, forgotten, weekend)
    what = f"volume of '{space.name}', {space.volume_gb} GB"
    on = f"'{space.name}' on {space.instance_type}{', on a training plan' if space.is_prepaid else ''}"
    return (
        Line(space.address, space.user, what, "volume", "GB-month", space.volume_gb, volume, kept, space.volume_key),
        Line(space.address, space.user, on, space.instance_type, HOUR, worked_hours, rate, runs, space.type_key),
    )


def forgotten_hours(hours: float, idle_minutes: int | None) -> float:
    """The hours a week that an app runs if it is started each working day and never stopped by hand."""
    if idle_minutes is None:
        return HOURS_A_WEEK
    nights = (WORKING_DAYS - 1) * min(idle_minutes / 60, 24 - hours)
    return WORKING_DAYS * hours + nights + weekend_hours(hours, idle_minutes)


def weekend_hours(hours: float, idle_minutes: int | None) -> float:
    """The hours that an app runs on if it is left running on Friday and used again on Monday."""
    longest = HOURS_A_WEEK - (WORKING_DAYS - 1) * 24 - hours
    return longest if idle_minutes is None else min(idle_minutes / 60, longest)


def _a_month(hours_a_week: float) -> float:
    return hours_a_week * HOURS_A_MONTH / HOURS_A_WEEK


def _always(money: Money) -> Costs:
    return Costs(money, money, money)


def _money(usd: float | None, amount: float, item: str) -> Money:
    """Cents: what is shown is rounded here, once, so that the parts that people see make the sums that they see."""
    return Money(round(usd * amount, 2)) if usd is not None else Money(0.0, (item,))
