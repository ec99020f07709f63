"""Charts: numbers as the lengths of SVG shapes, which templates draw. Each says its value in words, too."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it comes with botocore
    from studioctl.operations.costs.month import Day

SMALL = 0.1  # USD
WIDTH, HEIGHT = 20, 100  # of a day's place in the chart of a month


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: what it stands for, its value in words, and its length in percent of the longest."""

    label: str
    value: str
    percent: float


def bars(values: Iterable[tuple[str, str, float]]) -> list[Bar]:
    """A chart: the longest bar first.

    Args:
        values: Label, value in words, value.
    """
    found = sorted(values, key=lambda each: -each[2])
    longest = max((value for _, _, value in found), default=0.0)
    return [Bar(label, words, round(100 * value / longest, 2) if longest else 0.0) for label, words, value in found]


@dataclass(frozen=True)
class Column:
    """A day in the chart of a month.

    Args:
        number: Of the day, from 1.
        x: The position at which its column begins.
        height: Of the column.
        usd: Its value in words.
        hours: Instance hours in words.
    """

    number: int
    x: int
    height: float
    usd: str
    hours: str

    @property
    def is_named(self) -> bool:
        """Whether its number stands below it: that of each day would not fit on a phone."""
        return self.number % 7 == 1


@dataclass(frozen=True)
class Columns:
    """A month by day.

    Args:
        days: Those that are over, and the one that is not yet.
        width: Of all days of the month.
        height: Of the highest column.
        highest: The most expensive day in words; empty where nothing cost anything.
        middle: Half of that.
    """

    days: Sequence[Column]
    width: int
    height: int
    highest: str
    middle: str


def columns(month: str, days: Sequence["Day"]) -> Columns:
    """A month by day.

    Args:
        month: Such as "2026-11".
        days: In order, from the first.
    """
    highest = max((day.usd for day in days), default=0.0)
    drawn = [
        Column(
            number,
            (number - 1) * WIDTH,
            round(HEIGHT * day.usd / highest, 2) if highest else 0.0,
            f"{day.usd:,.2f}",
            f"{day.hours:,.1f}",
        )
        for number, day in enumerate(days, 1)
    ]
    year, number = map(int, month.split("-"))
    digits = 2 if highest >= SMALL else 4  # or the scale says 0.01 twice
    scale = [f"{value:,.{digits}f}" if highest else "" for value in (highest, highest / 2)]
    width = monthrange(year, number)[1] * WIDTH
    return Columns(drawn, width, HEIGHT, *scale)
