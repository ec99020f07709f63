"""Asking before something is done."""

import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from studioctl.errors import DeclinedError, InterruptedByUserError, RefusedError
from studioctl.presentation.console import Terminal

if TYPE_CHECKING:
    from studioctl.terraform.backend import BackendChange

WHEN_READY = "run the same command again when ready"


def agreed(question: str, *, yes: bool) -> None:
    """Goes on when the user says yes.

    Raises:
        DeclinedError: The user said no.
        RefusedError: Nobody is there to ask.
        InterruptedByUserError: Ctrl-C.
    """
    if yes:
        return
    _somebody()
    with _answerable():
        agrees = typer.confirm(question, err=True)
    if not agrees:
        raise DeclinedError("Nothing was changed.", hint=WHEN_READY)


def typed(word: str, question: str, *, yes: bool) -> None:
    """Goes on when the user types this word.

    Raises:
        DeclinedError: The user typed something else.
        RefusedError: Nobody is there to ask.
        InterruptedByUserError: Ctrl-C.
    """
    if yes:
        return
    _somebody()
    if answer(question) != word:
        raise DeclinedError(f"That was not '{word}'. Nothing was changed.", hint=WHEN_READY)


def answer(question: str, *, default: str | None = None, is_secret: bool = False) -> str:
    """Ask the user a question and return the answer.

    Raises:
        InterruptedByUserError: Ctrl-C, or Ctrl-D.
    """
    with _answerable():
        return str(typer.prompt(question, default=default, hide_input=is_secret, err=True))


@contextmanager
def _answerable() -> Iterator[None]:
    """While a question waits, nothing has been changed, and Ctrl-C leaves the cursor behind it."""
    try:
        yield
    except typer.Abort:
        typer.echo(err=True)
        raise InterruptedByUserError("Stopped. Nothing was changed.", hint=WHEN_READY) from None


def _somebody() -> None:
    """Requires a terminal and discards keys typed before the question."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise RefusedError("There is no terminal to ask on. Nothing was changed.", hint="add --yes to go on unasked")
    forget_typed()


def forget_typed() -> None:
    """Keys that were pressed before a question are no answer to it."""
    termios.tcflush(sys.stdin, termios.TCIFLUSH)


def backend_change(terminal: Terminal, change: "BackendChange | None", *, yes: bool) -> bool:
    """Says that Terraform's state would move, and asks; whether it shall move."""
    if change is None:
        return False
    terminal.say(f"{change}.")
    agreed("Move it?", yes=yes)
    return True
