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
