"""Other people's text is shown, and moves nothing on the reader's terminal."""

import io

import pytest
from rich.table import Table
from rich.text import Text

from studioctl.errors import StudioctlError
from studioctl.presentation.console import SafeConsole, Terminal, shown

HOSTILE = {
    "title": ("a\x1b]0;owned\x07b", "ab"),
    "clipboard": ("a\x1b]52;c;aGk=\x1b\\b", "ab"),
    "screen": ("a\x1b[2J\x1b[1Ab", "ab"),
    "color": ("a\x1b[31mred\x1b[0mb", "aredb"),
    "one-byte CSI": ("a\x9b2Jb", "a2Jb"),
    "half a sequence": ("a\x1b[", "a["),
    "turned around": ("a\u202egpj.exe\u202c", "agpj.exe"),
    "kept": ("é 漢\tx\ny", "é 漢\tx\ny"),
}


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def terminal(written: io.StringIO) -> Terminal:
    console = SafeConsole(file=written, force_terminal=True, color_system=None, width=200, highlight=False)
    return Terminal(out=console, err=console)


@pytest.mark.parametrize(("text", "seen"), HOSTILE.values(), ids=list(HOSTILE))
def test_nothing_in_a_text_is_acted_on(text: str, seen: str) -> None:
    assert shown(text) == seen


def test_that_holds_for_all_that_is_written(terminal: Terminal, written: io.StringIO) -> None:
    hostile = "a\x1b]0;title\x07\x1b[2J\x9bb"
    table = Table(hostile)
    table.add_row(hostile)
    terminal.say(hostile)
    terminal.error(StudioctlError(hostile, hint=hostile))
    terminal.next_commands((hostile, hostile))
    terminal.out.print(table)
    terminal.out.print(Text(hostile), soft_wrap=True)
    assert not {"\x07", "\x1b", "\x9b"} & set(written.getvalue())
    assert written.getvalue().count("title") == 8


def test_styles_of_our_own_stay(written: io.StringIO) -> None:
    console = SafeConsole(file=written, force_terminal=True, color_system="standard", no_color=False)
    console.print(Text("bold", style="bold"))
    assert written.getvalue() == "\x1b[1mbold\x1b[0m\n"
