"""The doctor's findings on a terminal and in a pipe."""

import io
from dataclasses import replace

from rich.console import Console

from studioctl.findings import Place, Severity
from studioctl.operations.doctor.diagnosis import Diagnosis
from studioctl.presentation.doctor import diagnosis
from tests.fakes.findings import rule

URL = "https://example.com/a/page/whose/address/is/longer/than/the/line"
FOUND = Diagnosis(
    name="acme-ml",
    region="us-east-1",
    target="aws",
    account_id="123456789012",
    findings=(
        replace(rule("ONE001").ok("all is well"), group="First"),
        replace(
            rule("ONE002", why="Because of this and that.", remedy=f"see {URL}").broken("two lines\nof a message"),
            group="First",
            place=Place("studio.toml", 14, "studio.instance_type"),
        ),
        replace(
            rule("TWO001", Severity.WARNING, why="It could be better than that.", remedy="mend it").broken("so so"),
            group="Second",
        ),
    ),
)


def shown(width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    diagnosis(FOUND, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_prose_keeps_its_indent_and_commands_stay_whole() -> None:
    assert (
        shown(24)
        == f"""\
acme-ml  us-east-1 on AWS

First
  ✓ ONE001  all is well
  ✗ ONE002  two lines
            of a message
      at: studio.toml:14: studio.instance_type
      Because of this
      and that.
      do: see {URL}

Second
  ! TWO001  so so
      It could be better
      than that.
      do: mend it

1 error, 1 warning, 1 ok
"""
    )


def test_in_a_pipe_nothing_is_wrapped() -> None:
    assert "\n      Because of this and that.\n" in shown(10_000)
