"""Asking before something is done."""

import sys
import termios
from typing import TYPE_CHECKING

import typer

from studioctl.errors import RefusedError
from studioctl.presentation.console import Terminal

if TYPE_CHECKING:
    from studioctl.terraform.backend import BackendChange


def agreed(question: str, *, yes: bool) -> None:
    """Goes on when the user says yes.

    Raises:
        RefusedError: The user said no, or nobody is there to ask.
    """
    if yes:
        return
    _somebody()
    if not typer.confirm(question, err=True):
        raise RefusedError("Nothing was changed.", hint="run the same command again when ready")


def typed(word: str, question: str, *, yes: bool) -> None:
    """Goes on when the user types this word.

    Raises:
        RefusedError: The user typed something else, or nobody is there to ask.
    """
    if yes:
        return
    _somebody()
    if typer.prompt(question, err=True) != word:
        raise RefusedError(f"That was not '{word}'. Nothing was changed.", hint="run the same command again when ready")


def _somebody() -> None:
    """Makes sure that somebody is there to ask, and that only what they type from now on is an answer."""
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
