"""An audit on a terminal, and in a pipe."""

import io
from dataclasses import replace
from typing import Any

from rich.console import Console

from studioctl.audit.report import Report, Scan
from studioctl.findings import Acceptance, Place, Rule, Severity, Subject
from studioctl.presentation.audit import report
from studioctl.presentation.console import SafeConsole

KNOWN: Any = {"reference": "https://example.com", "key": ("house",), "subject": Subject.FILE}
OPEN = Rule("ONE-1", Severity.HIGH, "It is open", "Anybody may come in.", "close it", cost="free", **KNOWN)
DARK = Rule("TWO-2", Severity.LOW, "It is dark", "Nobody sees.", "make light", cost="1 USD", **KNOWN)
FOUND = Report(
    name="acme-ml",
    region="us-east-1",
    target="aws",
    account_id="123456789012",
    file="studio.toml",
    findings=(
        replace(
            OPEN.broken("the door stands open", about="aws_door.front"), place=Place("studio.toml", 7, "house.door")
        ),
        replace(
            DARK.broken("no lamp"),
            place=Place("studio.toml", None, "house"),
            accepted=Acceptance("studio.toml", "we sleep"),
        ),
    ),
    scans=(Scan("checkov", "3.3.30", 70, 1),),
    unused=("OLD-9",),
)


def shown(*, terminal: bool, accepted: bool = False) -> str:
    console = Console(file=io.StringIO(), width=100 if terminal else 10_000, force_terminal=terminal, no_color=True)
    report(FOUND, console, accepted=accepted)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_pipe_gets_a_line_for_each_open_finding_and_the_sum() -> None:
    assert shown(terminal=False) == (
        "high\tONE-1\tstudio.toml:7: house.door\taws_door.front\tthe door stands open\tclose it\n"
        "Accepted in studio.toml, and not found: OLD-9\n"
        "1 finding (1 high), 1 accepted.\n"
    )


def test_what_is_accepted_is_there_when_it_is_asked_for() -> None:
    lines = shown(terminal=False, accepted=True).splitlines()

    assert lines[1] == "accepted\tTWO-2\tstudio.toml: house\t-\tno lamp\taccepted by studio.toml: we sleep"


def test_a_terminal_gets_what_to_do_and_what_it_costs_below_each_finding() -> None:
    screen = shown(terminal=True)
    plain = [line.strip() for line in _without_styles(screen).splitlines()]

    assert plain[0] == "acme-ml  us-east-1: file, plan and AWS"
    assert "high   ONE-1  It is open: the door stands open" in plain
    assert "at: studio.toml:7: house.door, aws_door.front" in plain
    assert "do: close it" in plain
    assert "cost: free" in plain
    assert "checkov 3.3.30: 70 passed, 1 failed" in plain
    assert "Accepted in studio.toml, and not found: OLD-9" in plain
    assert "TWO-2" not in screen


def _without_styles(text: str) -> str:
    return "".join(part.partition("m")[2] if index else part for index, part in enumerate(text.split("\x1b[")))


def test_a_command_is_whole_on_a_narrow_terminal() -> None:
    remedy = (
        "aws cloudtrail create-trail --name account --is-multi-region-trail --s3-bucket-name BUCKET --region us-east-1"
    )
    finding = replace(FOUND.findings[0], remedy=remedy)
    console = SafeConsole(file=io.StringIO(), width=60, force_terminal=True, no_color=True)
    report(replace(FOUND, findings=(finding,)), console)

    assert isinstance(console.file, io.StringIO)
    assert remedy in console.file.getvalue()
