"""The month's sums as people see them."""

import random
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from studioctl.aws import guard
from studioctl.aws.errors import DeniedError
from studioctl.guard import store
from studioctl.guard.limits import Limits as Bounds
from studioctl.guard.limits import Spent, month_of, spending
from studioctl.guard.rates import Rates
from studioctl.guard.spans import TRAINING, Span
from studioctl.operations import emulation, limits
from studioctl.target import Target
from tests.environments import environment

HOUR = 3600.0
NOW = 1_797_000_000.0


@pytest.mark.parametrize("usd", [0.004, 0.005, 0.0049999, 1 / 3, 10.0])
def test_a_thousand_users_make_the_sum_to_the_cent(usd: float) -> None:
    users = [Spent(f"u{number}", usd, 50.0) for number in range(1000)]
    everybody, *shown = limits._in_cents((Spent("", usd * 1000, None), *users))
    assert everybody.usd == pytest.approx(round(usd * 1000, 2), abs=1e-9)
    assert round(sum(each.usd for each in shown), 2) == everybody.usd
    assert max(abs(each.usd - usd) for each in shown) < 0.01


def test_who_has_reached_a_limit_never_seems_to_have_some_of_it_left() -> None:
    draw = random.Random(4)
    users = [Spent(f"u{number}", draw.choice((50.0, 50.003, draw.random())), 50.0) for number in range(300)]
    _, *shown = limits._in_cents((Spent("", sum(each.usd for each in users), None), *users))
    assert all(seen.usd >= 50.0 for each, seen in zip(users, shown, strict=True) if each.is_over)


def test_ten_thousand_small_amounts_do_not_drift() -> None:
    spans = [
        Span(TRAINING, "ada", "", f"j{n}", "ml.t3.medium", NOW, NOW + HOUR, ended=NOW + HOUR) for n in range(10_000)
    ]
    rates = Rates({"training ml.t3.medium": 0.1})
    everybody, ada = spending(spans, NOW + HOUR, Bounds(per_user=1000.0), rates, {}, ("ada",))
    assert (everybody.usd, ada.usd, ada.is_over) == (1000.0, 1000.0, True)


def test_the_shares_of_this_month_are_read_from_what_was_told() -> None:
    told = ("2026-12  0.5 of 1000", "2026-12 ada 0.8 of 50.5", "2026-11 ada 1 of 50", "2026-12 silent ada-editor G 17")
    odd = ("2026-12 ada 1.1.1 of 50", "2026-12 ada 0.5 of 1e", "2026-12 ada . of 5", f"2026-12 ada 1 of {'9' * 400}")
    large = "2026-12 bob 0.8 of 1.5e+06"
    assert list(limits._warned("2026-12", (*told, *odd, large))) == [
        limits.Warned("", 0.5, 1000.0),
        limits.Warned("ada", 0.8, 50.5),
        limits.Warned("bob", 0.8, 1_500_000.0),
    ]


def test_what_a_grant_came_to_is_known_without_another_look(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def changed(_: object, write: Any, __: object) -> bool:
        month = month_of(NOW)[0]
        return bool(write(None, {month: {"": 5.0}}, "1"))

    monkeypatch.setattr(store, "put", lambda *_: True)
    monkeypatch.setattr(guard, "changed", changed)
    monkeypatch.setattr(limits, "granted", lambda *_: asked.append("granted"))
    monkeypatch.setattr(emulation, "now", lambda _: datetime.fromtimestamp(NOW, UTC))
    here: Any = SimpleNamespace(
        config=environment(limits={"monthly_usd": 10.0}),
        session=SimpleNamespace(identity=SimpleNamespace(account_id="123456789012")),
        target=Target("us-east-1"),
    )
    assert limits.grant(here, "everybody", 20.0) == 25.0
    assert asked == ["granted"]


def test_who_may_not_see_the_ledger_leaves_the_database_to_the_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(_: object) -> None:
        raise DeniedError("GetObject", "not authorized to perform: s3:GetObject")

    monkeypatch.setattr(limits, "_look", look)
    here: Any = SimpleNamespace(config=SimpleNamespace(tuning=SimpleNamespace(has_database=True)))
    assert limits.wake(here) is False
