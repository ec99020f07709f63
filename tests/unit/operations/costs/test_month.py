"""The entries of a month: dollars are the price of the hours that stand beside them."""

from datetime import UTC, datetime, timedelta

from studioctl.guard.rates import Rates
from studioctl.guard.spans import Span
from studioctl.operations.costs.month import _used

START = datetime(2026, 11, 1, tzinfo=UTC)


def test_dollars_follow_from_the_hours_as_they_are_told() -> None:
    began, price = START.timestamp(), 98.32
    seconds = (43_499.3, 43_500.1, 43_523.7, 1.0, 12_345.678)
    spans = [
        Span(
            "CodeEditor",
            f"user{number}",
            f"s{number}",
            "default",
            "ml.p5.48xlarge",
            began,
            began + 1,
            None,
            began + end,
        )
        for number, end in enumerate(seconds)
    ]
    found = _used(spans, Rates({"ml.p5.48xlarge": price}), START, START + timedelta(days=1))
    assert [each.usd for each in found] == [round(each.hours * price, 4) for each in found]
