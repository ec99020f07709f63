"""Terraform's stream as our events."""

import json
from pathlib import Path

from studioctl.events import Event, Failed, Finished, Noted, Progressed, Started
from studioctl.terraform.stream import Transcript

RECORDINGS = Path(__file__).with_name("recordings")


def played(name: str) -> tuple[Transcript, list[Event]]:
    said = Transcript()
    lines = (RECORDINGS / name).read_text(encoding="utf-8").splitlines()
    return said, [event for line in lines for event in said.read(line)]


def test_an_apply_starts_progresses_and_finishes_with_the_things_id() -> None:
    said, events = played("create/apply.jsonl")

    assert events == [
        Started("aws_vpc.studio", "create"),
        Progressed("aws_vpc.studio", "create", 10.0),
        Finished("aws_vpc.studio", "create", 11.5, "vpc-029cfc99ab238a6c1"),
        Started("aws_s3_bucket.data", "create"),
        Finished("aws_s3_bucket.data", "create", 0.5, "demo-data"),
        Noted("aws_s3_bucket.data: Argument is deprecated"),
    ]
    assert said.completed == 2
    assert said.outputs["bucket"]["value"] == "demo-data"


def test_what_is_looked_at_is_told_too_but_counts_for_nothing() -> None:
    said, events = played("unchanged/plan.jsonl")

    assert events == [Started("aws_vpc.studio", "refresh"), Finished("aws_vpc.studio", "refresh", 0.5, "vpc-1")]
    assert said.completed == 0


def test_a_failure_is_an_event_and_its_reason_a_diagnostic() -> None:
    said, events = played("name-taken/apply.jsonl")

    assert events[-1] == Failed("aws_s3_bucket.data", "create", 1.0)
    assert [diagnostic["address"] for diagnostic in said.diagnostics] == ["aws_s3_bucket.data"]


def test_what_ctrl_c_ends_the_wait_for_has_not_failed() -> None:
    said = Transcript()
    lines = (RECORDINGS / "name-taken/apply.jsonl").read_text(encoding="utf-8").splitlines()
    events = [event for line in lines for event in said.read(line, is_stopping=True)]

    assert events[-1] == Failed("aws_s3_bucket.data", "create", 1.0, is_stopped=True)


def test_lines_that_are_no_events_are_kept() -> None:
    said, events = played("crash/plan.jsonl")

    assert events == []
    assert said.plain[-1] == "runtime error: invalid memory address"


def test_what_we_do_on_purpose_is_no_news_to_anybody() -> None:
    said = Transcript()
    warnings = [
        {"severity": "warning", "summary": "Deprecated flag: -state", "detail": "Use `path` instead"},
        {"severity": "warning", "summary": "Argument is deprecated", "detail": "lifecycle_rule is deprecated. Use"},
        {"severity": "warning", "summary": "Argument is deprecated", "detail": "Use another"},
    ]

    events = [it for each in warnings for it in said.read(json.dumps({"type": "diagnostic", "diagnostic": each}))]

    assert events == [Noted("Argument is deprecated")]
    assert said.diagnostics == warnings  # the log has them
