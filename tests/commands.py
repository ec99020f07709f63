"""The command tree, as the shell sees it."""

from collections.abc import Iterator, Sequence
from typing import Any

from studioctl.cli import main


def tree() -> Any:
    """The whole tree."""
    return main.tree()


def follow(words: Sequence[str]) -> tuple[Any, list[str]]:
    """The command or group to which the words lead, and the words that are left over."""
    command, left = tree(), list(words)
    while left and left[0] in getattr(command, "commands", {}):  # typer's group has no public type
        command = command.commands[left.pop(0)]
    return command, left


def commands() -> Iterator[tuple[str, set[str]]]:
    """Each command that is no group, such as "state history", with its options."""
    yield from _below(tree(), ())


def _below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, set[str]]]:
    below = getattr(command, "commands", None)  # typer's group has no public type
    if below is None:
        yield " ".join(path), {option for each in command.params for option in each.opts}
        return
    for name, child in below.items():
        yield from _below(child, (*path, name))
