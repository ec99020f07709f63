"""A long page of the documentation goes to the reader's pager, a short one and a pipe do not."""

import io
import shlex
import sys
from pathlib import Path

import pytest

from studioctl.manual import Page
from studioctl.presentation import pages
from studioctl.presentation.console import SafeConsole, Terminal

LONG = Page("long", "how-to", "Long", "# Long\n\n" + "".join(f"- line {number}\n" for number in range(60)))
SHORT = Page("short", "how-to", "Short", "# Short\n\n- line 1\n")


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("page", "goes_to_the_pager"), [(LONG, True), (SHORT, False)])
def test_where_it_goes(page: Page, *, goes_to_the_pager: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pager = tmp_path / "my pager"
    pager.write_text(f"#!{sys.executable}\nimport sys\nopen({str(tmp_path / 'read')!r}, 'w').write(sys.stdin.read())\n")
    pager.chmod(0o700)
    monkeypatch.setenv("PAGER", shlex.quote(str(pager)))
    monkeypatch.setattr("sys.stdin", Keyboard())
    shown = show(page)

    assert ("line 1" in shown) is not goes_to_the_pager
    assert (tmp_path / "read").exists() is goes_to_the_pager
    if goes_to_the_pager:
        assert "line 59" in (tmp_path / "read").read_text()


def test_a_pager_that_is_not_there_takes_nothing_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", "/nowhere/pager")
    monkeypatch.setattr("sys.stdin", Keyboard())

    assert "line 59" in show(LONG)


def show(page: Page) -> str:
    written = io.StringIO()
    console = SafeConsole(file=written, force_terminal=True, color_system=None, width=80, height=24)
    pages.show(page, Terminal(out=console, err=console))
    return written.getvalue()
