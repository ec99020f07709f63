"""The command tree, as the shell sees it."""

from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command


def commands(app: typer.Typer) -> Iterator[tuple[str, set[str]]]:
    """Each command that is no group, such as "state history", with its options."""
    yield from _below(get_command(app), ())


def _below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, set[str]]]:
    below = getattr(command, "commands", None)  # typer's group has no public type
    if below is None:
        yield " ".join(path), {option for each in command.params for option in each.opts}
        return
    for name, child in below.items():
        yield from _below(child, (*path, name))
