"""The command tree is typer's, of which only what is looked at is made."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from studioctl.cli import tree
from studioctl.cli.main import app


def told(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """All that makes a difference, of each command and group in the order in which they are listed."""
    about = {key: value for key, value in vars(command).items() if key not in {"params", "commands"}}
    options = [(type(each), vars(each)) for each in command.params]
    yield path, type(command), re.sub(r" at 0x\w+", "", repr((about, options)))
    for name, inner in getattr(command, "commands", {}).items():
        yield from told(inner, (*path, name))


def test_it_is_typers() -> None:
    assert list(told(tree.lazily(app))) == list(told(get_command(app)))


def test_only_what_is_looked_at_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    for name in ("get_command_from_info", "get_group_from_info"):
        monkeypatch.setattr(tree, name, noting(getattr(tree, name), made))
    root = tree.lazily(app)
    assert ("state" in root.commands, "nothing" in root.commands, made) == (True, False, [])

    state = root.commands["state"]
    assert (state.commands["history"].name, state.commands["history"].name) == ("history", "history")

    assert made == ["state", "history"]


def noting(make: Any, made: list[Any]) -> Any:
    def of(info: Any, **how: Any) -> Any:
        found = make(info, **how)
        made.append(found.name)
        return found

    return of
