"""The row of a space on the page, from what AWS says of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from studioctl.operations.status import SpaceStatus, Status
from studioctl.ui.rows import Filter, Row, changes, rows

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
STOPPED = SpaceStatus("a", "ada", "InService", 20, "Stopped", None, None, None, None, None)
RUNNING = replace(
    STOPPED, app_status="InService", instance_type="ml.m5.large", since=NOW, idle_timeout_minutes=60, usd_per_hour=0.115
)


def row(space: SpaceStatus, minutes: int = 0) -> Row:
    found = Status("acme-ml", "us-east-1", "aws", None, (), (space,), 0.0, None)
    return rows(found, {}, (NOW + timedelta(minutes=minutes)).timestamp())[0]


@pytest.mark.parametrize(
    ("minutes", "idle"),
    [
        (0, "after 60m idle, in 60m at the earliest"),
        (59, "after 60m idle, in 1m at the earliest"),
        (61, "after 60m idle"),
    ],
)
def test_the_earliest_moment_of_an_idle_stop_is_counted_down(minutes: int, idle: str) -> None:
    assert row(RUNNING, minutes).idle == idle


def test_how_long_it_runs_is_told_for_the_moment_of_the_page() -> None:
    assert [row(RUNNING, minutes).since for minutes in (-1, 0, 59, 61)] == ["0m", "0m", "59m", "1h 01m"]


def test_what_never_stops_and_has_no_price() -> None:
    found = row(replace(RUNNING, idle_timeout_minutes=None, usd_per_hour=None))
    assert (found.idle, found.cost) == ("never", "unknown")


@pytest.mark.parametrize(
    ("space", "word", "can"),
    [
        (STOPPED, "stopped", ("start", "open", "connect", "logs")),
        (RUNNING, "running", ("open", "connect", "stop", "logs")),
        (replace(RUNNING, app_status="Pending"), "starting", ("logs",)),
        (replace(RUNNING, app_status="Deleting"), "stopping", ("logs",)),
        (replace(STOPPED, app_status="Failed"), "failed", ("start", "open", "connect", "logs")),
        (replace(STOPPED, status="Updating"), "updating", ()),
        (replace(STOPPED, status="Update_Failed"), "update failed", ("start", "open", "connect", "logs")),
        (replace(RUNNING, app_type="JupyterLab"), "running", ("open", "connect", "stop", "logs")),
        (replace(RUNNING, app_type="KernelGateway"), "running", ()),
    ],
)
def test_what_can_be_done_to_it(space: SpaceStatus, word: str, can: tuple[str, ...]) -> None:
    found = row(space)
    assert (found.word, found.can) == (word, can)


def test_what_is_starting_is_paid_for_and_shown_with_what_runs() -> None:
    assert Filter(state="running").lets(row(replace(RUNNING, app_status="Pending")))
    assert not Filter(state="stopped").lets(row(RUNNING))
    assert Filter("AD").lets(row(STOPPED))
    assert not Filter("grace").lets(row(STOPPED))


def test_few_changes_are_named_and_many_are_counted() -> None:
    found = dict.fromkeys("abcde", "running")
    assert changes({"a": "stopped", "b": "running"}, found) == "a: running"
    assert changes(dict.fromkeys("abcde", "stopped"), found) == "5 spaces changed"
    assert changes({}, found) == ""
