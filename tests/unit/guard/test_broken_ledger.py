"""A ledger or grants that the guard cannot read: it goes on, spends no more than allowed, and loses nothing."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from studioctl.guard.function import run
from studioctl.guard.ledger import GRANTS, LEDGER, PREFIX, Ledger, UnreadableError, granted
from studioctl.guard.spans import Span
from tests.unit.guard.test_function import HOUR, NOW, Client, refused, settings

APP = Span("CodeEditor", "ada", "ada-editor", "default", "ml.t3.medium", NOW - HOUR, NOW)
GOOD = json.loads(Ledger(NOW - HOUR, NOW, (APP,)).to_text())
METER = {"until": 0, "final": {}, "recent": {}, "rests": True}


def changed(**members: Any) -> bytes:
    return json.dumps({**GOOD, **members}).encode()


BROKEN = {
    "empty": b"",
    "truncated": json.dumps(GOOD).encode()[:-9],
    "of bytes": b"\x80\x00PNG",
    "a list": b"[1]",
    "of a later version": changed(version=2),
    "without a version": b"{}",
    "deep": b"[" * 100_000,
    "sampled as words": changed(sampled="yesterday"),
    "sampled never": changed(sampled=float("inf")),
    "sampled in the year 30000": changed(sampled=1e12),
    "spans as a number": changed(spans=7),
    "a span of words": changed(spans=["ada"]),
    "a span without a start": changed(spans=[{"kind": "CodeEditor", "name": "default", "seen": NOW}]),
    "a span with a list": changed(spans=[{**APP.to_json(), "owner": ["ada"]}]),
    "a count below zero": changed(spans=[{**APP.to_json(), "count": -5}]),
    "warned of numbers": changed(warned=[1]),
    "stopped of words": changed(stopped=["ada"]),
    "whole as words": changed(whole="yes"),
    "a meter of words": changed(database="much"),
    "a meter with words": changed(database={**METER, "final": {"2026-12": "much"}}),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_it_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(UnreadableError):
        Ledger.of(content)


def test_what_a_later_version_adds_is_left_out() -> None:
    assert Ledger.of(changed(spans=[{**APP.to_json(), "color": "red"}], color="red")).spans == (APP,)


@pytest.fixture
def aws() -> Client:
    """Ada's editor has run since the first of the month: it has spent 11.40 USD."""
    made = Client()
    made.start("ada-editor", datetime(2026, 12, 1, tzinfo=UTC).timestamp())
    return made


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_the_guard_keeps_it_and_counts_the_month_anew(aws: Client, content: bytes) -> None:
    aws.objects[LEDGER] = content
    aws.holders.add("acme-ml-execution-ada")
    run(settings(monthly_usd_per_user=10.0), aws, NOW, NOW)
    assert aws.apps == []
    assert aws.holders == {"acme-ml-execution-ada"}
    assert round(aws.ledger.spans[0].hours(0, NOW)) == 9 * 24 + 12
    kept = [body for key, body in aws.objects.items() if key.startswith(f"{PREFIX}unreadable-")]
    assert kept == [content]


def test_nobody_is_released_while_neither_it_nor_aws_tells_what_was_spent(aws: Client) -> None:
    aws.objects[LEDGER] = b"{"
    aws.holders.add("acme-ml-execution-ada")
    aws.fails["list_apps"] = "ThrottlingException"
    with pytest.raises(ExceptionGroup) as failed:
        run(settings(monthly_usd_per_user=10.0), aws, NOW, NOW)
    assert [str(error) for error in failed.value.exceptions] == [str(refused("ThrottlingException"))]
    assert aws.holders == {"acme-ml-execution-ada"}
    assert not aws.ledger.is_whole


def test_a_database_that_it_has_stopped_is_known_to_the_new_one() -> None:
    told = json.dumps({**GOOD, "version": 2, "database": METER}, separators=(",", ":")).encode()
    for lost, rests in ((told, True), (b"{", False)):
        meter = Ledger.anew(NOW, lost).database
        assert (meter is not None and meter.rests) is rests


@pytest.mark.parametrize("content", [b"", b"[]", b'{"2026-12": 7}', b'{"2026-12": {"ada": "20"}}'])
def test_grants_that_cannot_be_read_grant_nothing(aws: Client, content: bytes) -> None:
    with pytest.raises(UnreadableError):
        granted(content)
    aws.objects[GRANTS] = content
    with pytest.raises(ExceptionGroup):
        run(settings(monthly_usd_per_user=10.0), aws, NOW, NOW)
    assert aws.holders == {"acme-ml-execution-ada"}
    assert aws.apps == []
    assert aws.objects[GRANTS] == content
