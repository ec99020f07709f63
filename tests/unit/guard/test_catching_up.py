"""A guard that has much to learn, of a ledger that was lost or after a pause: it takes several runs, each in time."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from studioctl.guard import database, function
from studioctl.guard.database import Meter
from studioctl.guard.function import Settings, run
from studioctl.guard.ledger import LEDGER, Ledger
from studioctl.guard.spans import CREATE, DELETE
from studioctl.infrastructure.guard import SECONDS
from tests.unit.guard.test_function import DAY, HOUR, NOW, Client, settings

PEOPLE = 100
FIRST = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
BROKEN = b'{"rests":true'
HELD = "acme-ml-execution-ada"


class Slow(Client):
    """AWS, which takes its time: half a second for a page of CloudTrail's, a tenth for a job."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.time = 0.0
        self.events: list[tuple[float, str, str]] = []
        self.database = "available"
        monkeypatch.setattr(function, "monotonic", lambda: self.time)

    def work(self, space: str, began: float, ended: float) -> None:
        self.events += [(began, CREATE, space), (ended, DELETE, space)]

    def lookup_events(self, **asked: Any) -> Iterator[dict[str, Any]]:
        name = asked["LookupAttributes"][0]["AttributeValue"]
        found = [e for e in self.events if e[1] == name and asked["StartTime"] <= e[0] <= asked["EndTime"]]
        for number in range(0, len(found) or 1, 50):
            self.time += 0.5
            yield {"Events": [self.told(*event) for event in found[number : number + 50]]}

    def told(self, at: float, _: str, space: str) -> dict[str, Any]:
        app = {"domainId": "d-1", "appType": "CodeEditor", "spaceName": space, "appName": "default"}
        asked = app | {"resourceSpec": {"instanceType": "ml.t3.medium"}}
        record = {"eventSource": "sagemaker.amazonaws.com", "requestParameters": asked}
        return {"EventTime": datetime.fromtimestamp(at, UTC), "CloudTrailEvent": json.dumps(record)}

    def list_spaces(self, **_: Any) -> Iterator[dict[str, Any]]:
        for space in sorted({space for _, _, space in self.events} | {app["SpaceName"] for app in self.apps}):
            owner = {"OwnerUserProfileName": space.partition("-")[0]}
            yield {"Spaces": [{"SpaceName": space, "OwnershipSettingsSummary": owner}]}

    def describe_training_job(self, **asked: Any) -> dict[str, Any]:
        self.time += 0.1
        return super().describe_training_job(**asked)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Slow:
    """Ada works ten hours a day, and so has spent 4.75 USD; the others start and stop something all the time."""
    made = Slow(monkeypatch)
    for day in range(9):
        made.work("ada-editor", FIRST + day * DAY + 7 * HOUR, FIRST + day * DAY + 17 * HOUR)
        for person in range(PEOPLE):
            for hour in (9, 14):
                began = FIRST + day * DAY + hour * HOUR + person
                made.work(f"user{person}-editor", began, began + 600)
    made.holders.add(HELD)
    return made


def caught_up(aws: Slow, known: Settings, at: float = NOW) -> list[tuple[dict[str, Any], set[str]]]:
    """Each run until the guard knows all: what it says, and who is held after it. None takes too long."""
    found: list[tuple[dict[str, Any], set[str]]] = []
    while not found or found[-1][0]["behind"]:
        assert len(found) < 20
        begun = aws.time
        found.append((run(known, aws, at, at), set(aws.holders)))
        assert aws.time - begun < SECONDS - 10
        at += 300
    return found


@pytest.mark.parametrize(
    "ledger", [BROKEN, Ledger.new(FIRST).to_text().encode()], ids=["it was lost", "it is of the first of the month"]
)
def test_a_month_of_many_people_is_counted_in_several_runs_that_are_in_time(aws: Slow, ledger: bytes) -> None:
    aws.objects[LEDGER] = ledger
    known = settings(monthly_usd_per_user=4.0)
    runs = caught_up(aws, known)
    assert len(runs) > 1
    behind = [told["behind"] for told, _ in runs]
    assert behind == sorted(behind, reverse=True)
    assert aws.holders == {HELD}
    if ledger == BROKEN:
        assert all(holders == {HELD} for _, holders in runs)
    ended = [span for span in aws.ledger.spans if span.ended is not None]
    assert len(ended) == len(aws.ledger.spans) == len(aws.events) / 2
    assert sum(span.hours(FIRST, NOW) for span in ended) == pytest.approx(90 + PEOPLE * 3)
    assert [share for share in aws.said if "are used up" not in share] == []  # no share on the way was told


def test_nobody_is_released_before_the_month_is_whole_and_then_who_may_be(aws: Slow) -> None:
    aws.objects[LEDGER] = BROKEN
    runs = caught_up(aws, settings(monthly_usd_per_user=1000.0))
    assert [bool(holders) for _, holders in runs] == [True] * (len(runs) - 1) + [False]
    assert aws.ledger.is_whole


def test_a_database_that_rests_is_not_started_before_the_month_is_whole(
    aws: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned = []

    def turn(*_: Any, rests: bool, **__: Any) -> str:
        turned.append((rests, aws.ledger.is_whole))
        return ""

    monkeypatch.setattr(database, "turn", turn)
    monkeypatch.setattr(database, "measured", lambda meter, *_: meter or Meter(FIRST))
    aws.objects[LEDGER] = BROKEN
    caught_up(aws, replace(settings(monthly_usd=1000.0), database="acme-ml-studies"))
    assert turned == [(False, True)]


def test_jobs_that_are_too_many_for_one_run_are_asked_about_once_each(aws: Slow) -> None:
    aws.events.clear()
    known = settings(monthly_usd=9000.0)
    aws.store(Ledger.new(NOW - 2 * DAY))
    names = [f"{known.job_prefixes['ada']}{number}" for number in range(2500)]
    for name in names:
        aws.train(name, NOW - 30 * HOUR, NOW - 29 * HOUR)
    runs = caught_up(aws, known)
    assert len(runs) > 2
    assert [call["TrainingJobName"] for call in aws.calls("describe_training_job")] == sorted(names)
    assert {span.ended for span in aws.ledger.spans} == {NOW - 29 * HOUR}


def test_a_schedule_waits_until_the_guard_knows_what_runs_now(aws: Slow) -> None:
    known = settings(schedule={"stop": "11:59"})
    aws.store(replace(Ledger.new(FIRST), schedule=known.schedule))
    aws.start("bob-editor", NOW - HOUR)
    runs = caught_up(aws, known)
    assert [told["stopped"] for told, _ in runs] == [[]] * (len(runs) - 1) + [["bob/bob-editor: schedule"]]
