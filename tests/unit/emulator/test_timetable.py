"""When schedules are due, by a clock that the test holds."""

import threading
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from studio_emulator.functions import timetable
from studio_emulator.functions.timetable import Call, Timetable


@dataclass
class Minutely:
    """A schedule that calls every minute."""

    state: str = "ENABLED"
    arn: str = "arn:aws:scheduler:us-east-1:123456789012:schedule/default/guard"
    schedule_expression: str = "rate(1 minute)"


@pytest.mark.parametrize(
    ("due", "until", "minutes", "later"),
    [
        (0, 86400, 5, 3600),
        (0, 86400, 120, 7200),
        (600, 2000, 5, 1200),  # the last before the end of the step
        (86400 - 900, 2 * 86400, 5, 900),
        (86400 - 1000, 2 * 86400, 5, 1200),  # the first of the next day
        (0, 100, 5, 300),
    ],
)
def test_where_nothing_runs_an_hour_is_one_step(due: float, until: float, minutes: int, later: float) -> None:
    period = 60.0 * minutes
    assert timetable._steps(due, period, until) * period == later


@pytest.mark.parametrize(("runs", "calls"), [(True, 180), (False, 4)])
def test_every_call_takes_place_while_something_runs(monkeypatch: pytest.MonkeyPatch, runs: bool, calls: int) -> None:
    now, called = [0.0], list[float]()

    def forward(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(timetable, "clock", SimpleNamespace(time=lambda: now[0], forward=forward))
    monkeypatch.setattr(timetable, "_schedules", lambda: [Minutely()])
    monkeypatch.setattr(timetable, "_runs", lambda: runs)
    monkeypatch.setattr(timetable, "settle", lambda: None)
    monkeypatch.setattr(Timetable, "_do", lambda _, call: called.append(call.scheduled))
    Timetable(threading.RLock()).run(10_800.0, moves=True)
    assert len(called) == calls
    assert called[-1] == 10_800.0


def test_a_schedule_that_was_disabled_does_not_make_up_for_what_it_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    now, schedule, called = [0.0], Minutely(), list[float]()
    monkeypatch.setattr(timetable, "clock", SimpleNamespace(time=lambda: now[0]))
    monkeypatch.setattr(timetable, "_schedules", lambda: [schedule])

    def note(_: Timetable, call: Call) -> None:
        called.append(call.scheduled)

    monkeypatch.setattr(Timetable, "_do", note)
    table = Timetable(threading.RLock())

    def look(at: float, state: str) -> None:
        now[0], schedule.state = at, state
        table.run(at)

    for at, state in ((0, "ENABLED"), (130, "ENABLED"), (140, "DISABLED"), (6000, "DISABLED"), (6000, "ENABLED")):
        look(at, state)
    assert called == [60, 120]

    look(6100, "ENABLED")
    assert called == [60, 120, 6060]
