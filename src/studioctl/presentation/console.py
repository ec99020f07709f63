"""Where things are written: data to stdout, everything else to stderr."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from studioctl.errors import StudioctlError

# In a pipe nothing is wrapped or cut: a program, or grep, reads it.
PIPE_WIDTH = 10_000


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console = Console(stderr=stderr, highlight=False, width=PIPE_WIDTH)
    return console


@dataclass(frozen=True)
class Terminal:
    """The two streams of a process. `NO_COLOR` and pipes are honoured by rich."""

    out: Console = field(default_factory=lambda: _console(stderr=False))
    err: Console = field(default_factory=lambda: _console(stderr=True))

    def say(self, message: str) -> None:
        """A line for the person, on stderr. Square brackets in it are text."""
        self.err.print(message, markup=False, soft_wrap=True)

    def data(self, text: str) -> None:
        """A line of the result, on stdout, at once and as it is: also a pipe's reader sees it now."""
        self.out.file.write(f"{text}\n")
        self.out.file.flush()

    def next_commands(self, *commands: tuple[str, str]) -> None:
        """What to try next: pairs of command and what it does."""
        width = max(len(command) for command, _ in commands)
        self.say("\nNext:")
        for command, effect in commands:
            self.say(f"  {command:<{width}}  {effect}")

    def error(self, error: "StudioctlError") -> None:
        """What happened, and what to do next."""
        self.err.print("Error: ", style="bold red", end="")
        self.err.print(error.message, markup=False, soft_wrap=True)
        self.err.print("Next:  ", style="bold", end="")
        self.err.print(error.hint, markup=False, soft_wrap=True)
