"""The help of each command at the usual width of a terminal."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from studioctl.cli.main import app
from tests.commands import tree


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command and group, by what is typed."""
    yield path, command
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from commands(inner, (*path, name))


@pytest.mark.parametrize("columns", ["80"])
def test_no_option_is_cut(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    cut = {}
    for path, command in commands(tree()):
        shown = CliRunner().invoke(app, [*path, "--help"]).output
        names = {name for param in command.params for name in (*param.opts, *param.secondary_opts) if name[:2] == "--"}
        words = set(re.findall(r"--[\w-]+", shown))
        assert max(map(len, shown.splitlines())) <= int(columns)
        if missing := names - words - {"--install-completion", "--show-completion"}:
            cut[" ".join(path)] = sorted(missing)

    assert cut == {}


@pytest.mark.parametrize("words", [("up", "--local"), ("--local", "up"), ("up", "-c", "--yes")])
def test_help_leaves_a_commands_own_options_alone(words: tuple[str, ...]) -> None:
    """They were typed, and then the person wondered."""
    shown = CliRunner().invoke(app, ["help", *words])

    assert shown.exit_code == 0
    assert shown.output == CliRunner().invoke(app, ["up", "--help"]).output
