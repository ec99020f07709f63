"""The help of each command at the usual width of a terminal."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from studioctl.cli import main
from tests.commands import tree


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command and group, by what is typed."""
    yield path, command
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from commands(inner, (*path, name))


@pytest.mark.parametrize("columns", ["80"])
def test_no_option_is_cut(columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    cut = {}
    for path, command in commands(tree()):
        assert main.run([*path, "--help"]) == 0
        shown = capsys.readouterr().out
        names = {name for param in command.params for name in (*param.opts, *param.secondary_opts) if name[:2] == "--"}
        words = set(re.findall(r"--[\w-]+", shown))
        assert max(map(len, shown.splitlines())) <= int(columns)
        if missing := names - words - {"--install-completion", "--show-completion"}:
            cut[" ".join(path)] = sorted(missing)

    assert cut == {}


@pytest.mark.parametrize("words", [("up", "--local"), ("--local", "up"), ("up", "-c", "--yes")])
def test_help_leaves_a_commands_own_options_alone(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """They were typed, and then the person wondered."""
    assert main.run(["help", *words]) == 0
    shown = capsys.readouterr()
    assert main.run(["up", "--help"]) == 0
    assert shown == capsys.readouterr()
