"""The notes below a rehearsal of the editor's script."""

import io

import pytest

from studioctl.operations.editor import Rehearsal, Start, StepReport
from studioctl.presentation import editor_views
from studioctl.presentation.console import SafeConsole, Terminal

AGAIN = "studioctl editor test --image 3.2"


@pytest.mark.parametrize(
    ("state", "detail", "last"),
    [
        ("done", "", []),
        (
            "failed",
            "no such tool",
            ["", "Next:", f"  {AGAIN}  once what failed is mended; with --network none it reaches"],
        ),
        (
            "failed",
            "curl: (22) The requested URL returned error: 502",
            [
                "502 is the rehearsal's own answer: this machine does not reach that server.",
                "",
                "Next:",
                f"  {AGAIN}  once what failed is mended; with --network none it reaches",
            ],
        ),
    ],
)
def test_what_comes_next(state: str, detail: str, last: list[str]) -> None:
    written = io.StringIO()
    console = SafeConsole(file=written, width=200, highlight=False)
    start = Start(1.0, 0, (StepReport("docker", state, 1.0, detail),), ())
    other = io.StringIO()
    out = SafeConsole(file=other, width=200, highlight=False)
    editor_views.rehearsal(Rehearsal("3.2", None, start, start), Terminal(out=out, err=console), again=AGAIN)

    lines = written.getvalue().splitlines()
    assert [line.removesuffix(" no server") for line in lines] == last
