"""What is optional is installed into the Python that runs, whatever `pip` on PATH belongs to."""

import subprocess
import sys
from pathlib import Path

import pytest

from studioctl.extras import installing


def test_the_command_names_this_python() -> None:
    assert installing("studioctl[local]") == f"{sys.executable} -m pip install 'studioctl[local]'"


def test_the_command_is_one_that_a_shell_can_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "my tools" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(python))
    asked = installing("studioctl[local]").replace(" install ", " --version # ")

    assert subprocess.run(asked, shell=True, capture_output=True, text=True, check=True).stdout.startswith("pip ")


def test_an_environment_without_pip_is_filled_by_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    assert installing("studioctl[local]") == f"uv pip install --python {sys.executable} 'studioctl[local]'"
