"""The parts of those who pay, where not every price is known."""

from datetime import UTC, datetime
from typing import Any

from studioctl.operations.costs.month import Month, Used
from studioctl.operations.costs.shares import Share, shares
from studioctl.presentation import month as view

AT = datetime(2026, 12, 2, tzinfo=UTC)


def used(user: str, hours: float, usd: float | None) -> Used:
    return Used(user, f"{user}-editor", "CodeEditor", "ml.t3.medium", hours, usd, 0.0, running=False)


def test_dollars_that_are_known_are_told_beside_hours_that_are_not() -> None:
    every: Any = (used("ada", 19.2, 0.96), used("ada", 2.0, None), used("bob", 1.0, None), used("eve", 2.0, 0.1))
    found = Month("acme-ml", "us-east-1", "2026-12", AT, AT.replace(day=1), "CloudTrail", every, ())
    by_space: Any = type("Account", (), {"config": type("Config", (), {"users": ()})})()

    parts = shares(by_space, found, "user")

    assert parts == (
        Share("ada", 21.2, 0.96, 0.0, 2.0),
        Share("eve", 2.0, 0.1, 0.0, 0.0),
        Share("bob", 1.0, None, 0.0, 1.0),
    )
    assert view.shares_to_csv(found, parts, "user").splitlines() == [
        "month,user,hours,usd,volumes_usd,unknown_hours",
        "2026-12,ada,21.2000,0.9600,0.0000,2.0000",
        "2026-12,eve,2.0000,0.1000,0.0000,0.0000",
        "2026-12,bob,1.0000,,0.0000,1.0000",
    ]
    assert [view.share_usd(each, each.usd) for each in parts] == ["0.96 + unknown", "0.10", "unknown"]
