"""Choose a space: the named one, the only one, or the one that the person picks."""

import sys
from typing import TYPE_CHECKING

from studioctl.cli import confirm
from studioctl.operations.spaces import start_stop
from studioctl.presentation.console import Terminal

if TYPE_CHECKING:
    from studioctl.operations.environment import Account

SHOWN = 30


def space(account: "Account", name: str | None, terminal: Terminal) -> str | None:
    """The name of the space that a command is about, for `spaces.find`.

    Asks when none was named, there are several, and somebody is there to ask; else it stays as it is.
    """
    if name is not None or sys.stdin is None or not sys.stdin.isatty():
        return name
    found = start_stop.candidates(account)
    if len(found) == 1:
        return found[0].name
    for number, candidate in enumerate(found[:SHOWN], start=1):
        terminal.say(f"  {number:>3}  {candidate.name}  ({candidate.owner or 'shared'})")
    if len(found) > SHOWN:
        terminal.say(f"       and {len(found) - SHOWN} more")
    confirm.forget_typed()
    by_answer = {candidate.name: candidate.name for candidate in found}
    by_answer = {str(number): candidate.name for number, candidate in enumerate(found, start=1)} | by_answer
    while True:
        answer = confirm.answer("Which space? Its number or name").strip()
        if answer in by_answer:
            return by_answer[answer]
        terminal.say(f"  There is no space '{answer}'.")
