"""The guard's decisions, from what ran and what is limited."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from studioctl.catalog.prices import prices
from studioctl.guard.ledger import Ledger, Stopped
from studioctl.guard.limits import EVERYBODY, Decision, Limits, Schedule, Spent, decide, month_of, spending
from studioctl.guard.rates import Rates
from studioctl.guard.spans import Span
from studioctl.guard.telling import messages
from studioctl.infrastructure.guard import settings
from studioctl.infrastructure.naming import Naming
from tests.environments import environment

RATES = Rates({"ml.t3.medium": 0.05, "ml.g5.xlarge": 1.41, "training ml.m5.large": 0.115})
NOW = datetime(2026, 12, 10, 12, tzinfo=UTC).timestamp()
HOUR = 3600.0


def span(owner: str = "ada", hours: float = 10, instance_type: str = "ml.t3.medium", **more: Any) -> Span:
    return replace(
        Span("CodeEditor", owner, f"{owner}-editor", "default", instance_type, NOW - hours * HOUR, NOW), **more
    )


def decided(*spans: Span, limits: Limits, granted: dict[str, float] | None = None, done: float = NOW) -> Decision:
    spent = spending(spans, NOW, limits, RATES, granted or {}, ["ada", "bob"])
    return decide(spans, NOW, limits, RATES, spent, done)


def test_who_has_spent_the_limit_is_held_and_stopped_and_nobody_else() -> None:
    found = decided(span("ada", 20), span("bob", 2), limits=Limits(per_user=1.0))
    assert found.held == {"ada"}
    assert [(stop.span.owner, stop.why) for stop in found.stops] == [("ada", "monthly_usd_per_user")]


def test_a_grant_lifts_it() -> None:
    assert decided(span("ada", 20), limits=Limits(per_user=1.0), granted={"ada": 0.5}) == Decision()


def test_all_together_stops_all_jobs_first_then_the_dearest() -> None:
    job = Span("training", "bob", "", "acme--bob--1", "ml.m5.large", NOW - HOUR, NOW)
    ended = span("bob", 9, ended=NOW - HOUR)
    gpu = span("bob", 1, "ml.g5.xlarge")
    found = decided(span("ada", 1), gpu, job, ended, limits=Limits(in_all=1.0))
    assert found.held == {EVERYBODY}
    assert [stop.span for stop in found.stops] == [job, gpu, span("ada", 1)]


def test_last_month_is_over() -> None:
    _, start, _ = month_of(NOW)
    assert decided(span(hours=(NOW - start) / HOUR + 500, ended=start), limits=Limits(per_user=1.0)) == Decision()


def test_shares_are_told_once_each() -> None:
    found = decided(span("ada", 17), limits=Limits(per_user=1.0, warn_at=(0.5, 0.8)))
    assert [(warning.spent.who, warning.share) for warning in found.warnings] == [("ada", 0.5), ("ada", 0.8)]


@pytest.mark.parametrize(("hours", "why"), [(11.9, ""), (12, "max_hours_per_start")])
def test_a_start_has_a_longest_time(hours: float, why: str) -> None:
    assert [stop.why for stop in decided(span(hours=hours), limits=Limits(max_hours=12)).stops] == [why][: bool(why)]


def test_the_schedule_stops_what_began_before_it_once() -> None:
    berlin = Schedule("12:00", (0, 1, 2, 3, 4), "Europe/Berlin")  # 11:00 UTC in December; the tenth is a Thursday
    early, late = span("ada", 2), span("bob", 0.5)
    found = decided(early, late, limits=Limits(schedule=berlin), done=NOW - 24 * HOUR)
    assert [stop.span for stop in found.stops] == [early]
    assert found.scheduled == NOW - HOUR
    assert decided(early, limits=Limits(schedule=berlin), done=NOW - HOUR) == Decision()


@pytest.mark.parametrize(("hours", "every", "stopped"), [(1.9, 300, 1), (2.1, 300, 0), (2.9, 3600, 1), (3.1, 3600, 0)])
def test_a_stop_that_is_late_is_left_out(hours: float, every: float, stopped: int) -> None:
    at = datetime.fromtimestamp(NOW - hours * HOUR, UTC)
    limits = Limits(schedule=Schedule(f"{at:%H:%M}", tuple(range(7)), "UTC"), every=every)
    assert len(decided(span(), limits=limits, done=NOW - 24 * HOUR).stops) == stopped


def test_a_sum_and_no_price_stop_an_app_and_hold_nobody() -> None:
    odd = span(hours=1, instance_type="ml.p9.new")
    found = decided(odd, limits=Limits(in_all=100.0))
    assert ([stop.why for stop in found.stops], found.held, found.unpriced) == (["no price"], frozenset(), (odd,))
    assert decided(odd, limits=Limits(max_hours=2.0)) == Decision()


def test_a_weekend_has_no_schedule_and_summer_time_is_known() -> None:
    schedule = Schedule("20:00", (0, 1, 2, 3, 4), "Europe/Berlin")
    sunday = datetime(2026, 7, 5, 12, tzinfo=UTC).timestamp()
    assert schedule.latest(sunday) == datetime(2026, 7, 3, 18, tzinfo=UTC).timestamp()


def test_a_ledger_is_the_same_after_it_was_written_and_forgets_old_months() -> None:
    old = span(hours=24 * 80, ended=NOW - 24 * 70 * HOUR)
    ledger = Ledger(NOW, NOW, (span(), old), NOW, ("2026-11 ada", "2026-12 ada"), (Stopped(NOW, "ada", "s", "n", "w"),))
    assert Ledger.of(ledger.to_text()) == ledger
    kept = ledger.within(NOW)
    assert (kept.spans, kept.warned) == ((span(),), ("2026-12 ada",))
    assert ledger.of_month("2026-09") == (old,)
    with pytest.raises(ValueError, match="version 9"):
        Ledger.of('{"version": 9}')


def test_what_runs_on_a_training_plan_costs_nothing_and_no_sum_stops_it() -> None:
    bought = span("ada", hours=30)
    bought = replace(bought, prepaid=True)
    limits = Limits(per_user=1.0, in_all=1.0, max_hours=24)
    (everybody, _) = spending((bought,), NOW, limits, RATES, {}, ("ada",))
    assert everybody.usd == 0.0
    over = (Spent(EVERYBODY, 2.0, 1.0), Spent("ada", 2.0, 1.0))
    assert [stop.why for stop in decide((bought,), NOW, limits, RATES, over, NOW).stops] == ["max_hours_per_start"]
    assert Span.of(bought.to_json()) == bought


def canvas(**more: Any) -> Span:
    return span("bob", 10, "system", kind="Canvas", space="", **more)


def test_canvas_costs_what_it_costs_and_is_stopped_as_any_app_is() -> None:
    rates, limits = Rates({**RATES.usd, "Canvas": 1.90}), Limits(per_user=19.0)
    spent = spending((canvas(),), NOW, limits, rates, {}, ("bob",))
    assert [each.usd for each in spent] == [19.0, 19.0]
    found = decide((canvas(),), NOW, limits, rates, spent, NOW)
    assert [(stop.span.kind, stop.why) for stop in found.stops] == [("Canvas", "monthly_usd_per_user")]
    below = decide((canvas(),), NOW, Limits(per_user=99.0), rates, spent[:1], NOW)
    assert (below.stops, below.unpriced) == ((), ())
    assert [stop.why for stop in decided(canvas(), limits=Limits(max_hours=8)).stops] == ["max_hours_per_start"]


def test_a_canvas_without_a_price_is_stopped_where_a_sum_is_to_be_kept_and_told_by_its_name() -> None:
    found = decided(canvas(), limits=Limits(in_all=100.0))
    assert [stop.why for stop in found.stops] == ["no price"]
    (told,) = messages(found, "acme-ml", "2026-12", ())
    assert told.text == (
        "acme-ml, bob: app Canvas was stopped, as nobody knows what Canvas costs and so whether a limit is kept. No"
        ' file is lost. An administrator can write the price into the file and deploy it: "Canvas" = ... under'
        " [cost.prices]."
    )


@pytest.mark.parametrize(
    "kind",
    [
        *(
            "Canvas",
            "CodeEditor",
            "JupyterLab",
            "JupyterServer",
            "KernelGateway",
            "RSessionGateway",
            "RStudioServerPro",
        ),
        *("TensorBoard", "DetailedProfiler"),
    ],
)
@pytest.mark.parametrize("instance_type", ["system", "ml.t3.medium", "ml.p9.new", ""])
@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_the_guard_and_status_agree_on_what_an_hour_costs(kind: str, instance_type: str, region: str) -> None:
    own = {"JupyterLab ml.t3.medium": 0.06}
    config = environment(region=region, limits={"max_hours_per_start": 8}, cost={"prices": own})
    rates = Rates(settings(config, Naming.of(config))["rates"])
    its = span(kind=kind, instance_type=instance_type)
    assert rates.per_hour(its) == prices(region, own).of_app(kind, instance_type or None)
