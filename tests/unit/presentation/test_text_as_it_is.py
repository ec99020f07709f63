"""Whatever is printed comes out as it is: no markup, no emoji, no character that ends the program."""

import io
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from studioctl.cli.streams import accept_every_character
from studioctl.errors import StudioctlError
from studioctl.operations.editor import Rehearsal, Start, StepReport
from studioctl.operations.state import Snapshot
from studioctl.presentation import console, editor_views, views

TEXT = "studio.toml:100:3 arn:aws:secretsmanager:eu-west-1:1:secret:a [python] [/red] [bold]b[/]"


def test_what_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = console.Terminal()
    terminal.say(TEXT)
    terminal.next_commands((TEXT, TEXT))
    terminal.error(StudioctlError(TEXT, hint=TEXT))
    assert "".join(capsys.readouterr()).count(TEXT) == 5


def test_what_stands_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = console.Terminal()
    start = Start(0.5, 0, (StepReport(TEXT, "done", 0.1, TEXT),), ())
    editor_views.rehearsal(Rehearsal("4.0", None, start, start, (TEXT,)), terminal, again="studioctl editor test")
    snapshot = Snapshot(1, datetime(2026, 3, 1, tzinfo=UTC), 3, "1.11", "", is_current=False, problem=TEXT, place="")
    views.snapshots([snapshot], terminal.out)
    fault = {"kind": "error", "service": TEXT, "action": "", "times": 1, "after": 0, "probability": 1, "seen": 0}
    views.faults({"faults": [{**fault, "hit": 0}]}, terminal.out)
    assert "".join(capsys.readouterr()).count(TEXT) == 5


def test_every_console_is_one_of_these() -> None:
    sources = Path(console.__file__).parents[1].rglob("*.py")
    makers = {file.name for file in sources if re.search(r"Console\(stderr|rich import print", file.read_text("utf-8"))}
    assert makers == {"console.py"}


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("ascii", b"+ x ... caf\\u00e9 \\ud83d\\ude00 \xff\n"),
        ("latin-1", b"+ x ... caf\xe9 \\ud83d\\ude00 \xff\n"),
        ("utf-8", "✓ ✗ … café 😀 ".encode() + b"\xff\n"),
    ],
)
def test_a_stream_takes_every_character(encoding: str, written: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    monkeypatch.setattr(sys, "stdout", stream)
    accept_every_character()
    print("✓ ✗ … café 😀 \udcff")
    stream.flush()
    assert stream.buffer.getvalue() == written


def test_a_message_wraps_at_words_and_a_command_stays_in_one_line() -> None:
    err = io.StringIO()
    narrow = console.SafeConsole(file=err, width=30, force_terminal=True, color_system=None)
    error = StudioctlError("There is no bucket 'acme-tfstate' in us-east-1.", hint="studioctl state bucket create NAME")

    console.Terminal(err=narrow).error(error)

    assert err.getvalue() == (
        "Error: There is no bucket\n'acme-tfstate' in us-east-1.\nNext:  studioctl state bucket create NAME\n"
    )
