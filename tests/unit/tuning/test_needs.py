"""Without the extra, each command of `tune` says what to install, and changes nothing."""

import importlib.util
import sys
from pathlib import Path

import pytest

from studioctl.cli.main import run
from studioctl.errors import ExitCode
from tests.commands import tree

ARGUMENTS = {
    "run": ("x.py", "--trials", "1"),
    "logs": ("--trial", "1"),
    "export": ("--output", "x.csv"),
    "delete": ("--study", "x"),
}


def test_each_command_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "optuna" else find(name))
    monkeypatch.chdir(tmp_path)
    commands = list(tree().commands["tune"].commands)
    assert len(commands) == 12

    for command in commands:
        assert run(["tune", command, *ARGUMENTS.get(command, ())]) == ExitCode.FAILED
        said = capsys.readouterr().err
        assert said == (
            "Error: Tuning needs optuna, which is not installed. Nothing was changed.\n"
            f"Next:  {sys.executable} -m pip install 'studioctl[tune]'\n"
        )
    assert list(tmp_path.iterdir()) == []
