"""The streams to write to: data goes to stdout, everything else to stderr."""

import io
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from studioctl.presentation.lines import broken

if TYPE_CHECKING:
    from studioctl.errors import StudioctlError

# In a pipe nothing is wrapped or cut: a program, or grep, reads it.
PIPE_WIDTH = 10_000
# On a terminal, lines of text are broken at its width, but not below this, and go on at an indentation.
NARROWEST = 40
INDENT = "      "
# What a terminal acts on in place of showing it: ECMA-48's sequences and controls, also as bytes that are no text, and
# marks that turn text around.
_ACTED_ON = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\udc80-\udc9f\u202a-\u202e\u2066-\u2069]"
)


def shown(text: str) -> str:
    """The text as a terminal may show it, whoever wrote it: a script, a user of Studio, a repository, a state.

    What moves the cursor, sets the title or fills the clipboard is left out; line breaks and tabs stay.
    """
    return text if text.isprintable() else _ACTED_ON.sub("", text)


class SafeConsole(Console):
    """Shows every text as `shown` has it, and breaks lines where a person would."""

    def print(self, *objects: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        """Prints as rich does. With `soft_wrap` one text is broken at words, and never inside what is to be copied."""
        if soft_wrap and self.is_terminal and len(objects) == 1 and isinstance(objects[0], str | Text):
            text = objects[0] if isinstance(objects[0], Text) else Text(objects[0])
            objects = (broken(text, self.width),)
        super().print(*objects, soft_wrap=soft_wrap, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Return the segments to write. rich's own styles and cursor movements are not text, and stay."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(shown(segment.text), segment.style)


def _console(*, stderr: bool) -> Console:
    """A console that prints text as it is: nothing in it is markup, or the name of an emoji."""
    console = SafeConsole(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = SafeConsole(stderr=stderr, highlight=False, markup=False, emoji=False, width=PIPE_WIDTH)
    return console


def telling(write: Callable[[str], object]) -> Console:
    """A console that hands its text to a function, as plain lines: nothing is wrapped, cut or coloured."""
    options: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False, "force_terminal": False}
    return SafeConsole(file=_Told(write), width=PIPE_WIDTH, no_color=True, **options)


class _Told(io.StringIO):
    """A stream that hands on what is written to it."""

    def __init__(self, write: Callable[[str], object]) -> None:
        super().__init__()
        self._hand_on = write

    def write(self, text: str) -> int:
        self._hand_on(text)
        return len(text)


@dataclass(frozen=True)
class Terminal:
    """The two streams of a process. `NO_COLOR` and pipes are honoured by rich."""

    out: Console = field(default_factory=lambda: _console(stderr=False))
    err: Console = field(default_factory=lambda: _console(stderr=True))

    def say(self, message: str) -> None:
        """A line for the person, on stderr."""
        self.err.print(message, soft_wrap=True)

    def data(self, text: str) -> None:
        """A line of the result, on stdout, at once and as it is: also a pipe's reader sees it now."""
        self.out.file.write(f"{text}\n")
        self.out.file.flush()

    def next_commands(self, *commands: tuple[str, str]) -> None:
        """Show the next commands: pairs of a command and its effect."""
        width = max(len(command) for command, _ in commands)
        self.say("\nNext:")
        for command, effect in commands:
            self.say(f"  {command:<{width}}  {effect}")

    def error(self, error: "StudioctlError") -> None:
        """Show an error and the next step."""
        self.err.print(Text.assemble(("Error: ", "bold red"), error.message), soft_wrap=True)
        self.err.print(Text.assemble(("Next:  ", "bold"), error.hint), soft_wrap=True)


def hung(console: Console, words: str) -> str:
    """A line as a terminal shows it: broken between words, with what follows set in; in a pipe as it is."""
    if not console.is_terminal:
        return words
    width = max(NARROWEST, console.width)
    return textwrap.fill(words, width, subsequent_indent=INDENT, break_long_words=False, break_on_hyphens=False)
