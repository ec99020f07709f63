"""Spans put together from looks at AWS: whatever is late, missing or seen twice."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from studioctl.guard.rates import Rates
from studioctl.guard.spans import App, Event, Look, Span, observe, titled

HOUR = 3600.0
RATES = Rates(
    {"ml.t3.medium": 0.05, "JupyterLab ml.t3.medium": 0.06, "ml.g5.xlarge": 1.41, "training ml.m5.large": 0.115}
)


def app(began: float, status: str = "InService", space: str = "s1", instance_type: str = "ml.t3.medium") -> App:
    return App("CodeEditor", space, "", "default", status, began, instance_type)


def event(action: str, time: float, space: str = "s1") -> Event:
    return Event(action, time, "CodeEditor", space, "", "default", "ml.t3.medium")


def look(at: float, *apps: App, events: tuple[Event, ...] = (), since: float = 0) -> Look:
    return Look(at, since, apps, (), events, {"s1": "ada", "s2": "bob"})


def test_what_runs_counts_until_it_was_last_seen() -> None:
    (span,) = observe((), look(2 * HOUR, app(HOUR)))
    assert (span.owner, span.is_open, span.hours(0, 10 * HOUR), span.doubt) == ("ada", True, 1.0, 0.0)


def test_an_end_that_nobody_recorded_is_half_way_between_two_looks() -> None:
    seen = observe((), look(2 * HOUR, app(HOUR)))
    (span,) = observe(seen, look(3 * HOUR, app(HOUR, "Deleted")))
    assert (span.hours(0, 10 * HOUR), span.doubt) == (1.5, HOUR / 2)


def test_cloudtrail_corrects_an_estimate_however_late_it_is() -> None:
    seen = observe((), look(2 * HOUR, app(HOUR)))
    gone = observe(seen, look(3 * HOUR))
    told = (event("CreateApp", HOUR), event("DeleteApp", 2.25 * HOUR))
    (span,) = observe(gone, look(5 * HOUR, events=told))
    assert (span.hours(0, 10 * HOUR), span.doubt) == (1.25, 0.0)


def test_an_app_that_came_and_went_between_two_looks_is_counted() -> None:
    told = (event("CreateApp", HOUR), event("DeleteApp", 1.5 * HOUR), event("CreateApp", 2 * HOUR))
    spans = observe((), look(3 * HOUR, app(2 * HOUR), events=told))
    assert [span.hours(0, 10 * HOUR) for span in spans] == [0.5, 1.0]


def test_what_ended_before_the_ledger_began_is_not_counted() -> None:
    told = (event("CreateApp", HOUR), event("DeleteApp", 2 * HOUR))
    assert observe((), look(9 * HOUR, app(HOUR, "Deleted"), events=told, since=8 * HOUR)) == ()


def test_a_failed_app_costs_nothing() -> None:
    (span,) = observe((), look(3 * HOUR, app(HOUR, "Failed")))
    assert span.hours(0, 10 * HOUR) == 0.0


def test_an_app_that_ran_for_hours_before_it_failed_costs_them() -> None:
    seen = observe((), look(11 * HOUR, app(HOUR)))
    (span,) = observe(seen, look(12 * HOUR, app(HOUR, "Failed")))
    assert (span.hours(0, 20 * HOUR), span.is_open) == (10.0, False)


def test_an_older_look_changes_nothing() -> None:
    seen = observe((), look(3 * HOUR, app(HOUR)))
    assert observe(seen, look(2 * HOUR)) == seen


def test_an_unknown_price_is_the_highest_and_studio_classics_server_is_free() -> None:
    span = Span("CodeEditor", "ada", "s1", "default", "ml.p9.new", 0, HOUR)
    assert RATES.per_hour(span) is None
    assert RATES.at_most(span) == 1.41
    assert RATES.at_most(replace(span, instance_type="system")) == 0.0
    assert RATES.at_most(replace(span, kind="JupyterLab", instance_type="ml.t3.medium")) == 0.06
    assert RATES.at_most(replace(span, kind="training", instance_type="ml.m5.large")) == 0.115
    job = replace(span, kind="training", instance_type="ml.g5.xlarge")
    assert RATES.per_hour(job) is None
    assert RATES.at_most(job) == 1.41
    assert not RATES.has_no_price(job)
    assert RATES.has_no_price(span)
    assert not RATES.has_no_price(replace(span, instance_type=""))


def test_people_know_a_space_a_job_by_its_name_and_canvas_by_its_type() -> None:
    assert titled("CodeEditor", "s1", "default") == "s1"
    assert titled("training", "", "acme--job") == "acme--job"
    assert titled("Canvas", "", "default") == "Canvas"
    assert titled("", "", "default") == "default"  # an earlier version did not write the type down


def test_a_span_is_the_same_after_it_was_written_down() -> None:
    span = Span("training", "", "", "acme--job", "ml.m5.large", 1.5, 2.5, ended=2.0, count=3)
    assert Span.of(span.to_json()) == span


@pytest.mark.parametrize("seed", range(20))
def test_any_sequence_is_counted_exactly_once_cloudtrail_has_told_all(seed: int) -> None:
    """Apps come and go at random; looks are irregular, some twice; CloudTrail is up to ninety minutes late."""
    dice = random.Random(seed)
    truth = list(_lives(dice))
    told = [
        (moment + dice.uniform(60, 5400), event(action, moment, space))
        for space, began, ended in truth
        for action, moment in (("CreateApp", began), ("DeleteApp", ended))
    ]
    spans: tuple[Span, ...] = ()
    at, last = 0.0, max(ended for _, _, ended in truth) + 8000
    while at < last:
        at += dice.choice([0, 300, 300, 300, 900])
        listed: dict[str, App] = {}
        for space, began, ended in truth:
            if began <= at:
                listed[space] = app(began, "InService" if at < ended else "Deleted", space)
        events = tuple(each for known, each in told if known <= at)
        spans = observe(spans, look(at, *listed.values(), events=events))
    assert [(s.space, s.began, s.ended) for s in spans] == sorted(truth, key=lambda each: (each[1], each[0]))
    assert RATES.cost(spans, 0, last) == pytest.approx(sum(e - b for _, b, e in truth) / HOUR * 0.05)


def _lives(dice: random.Random) -> Iterator[tuple[str, float, float]]:
    for space in ("s1", "s2"):
        moment = 0.0
        for _ in range(40):
            moment += dice.uniform(60, 7200)
            began = float(round(moment))
            moment += dice.uniform(40, 7200)
            yield space, began, float(round(moment))
