"""The packages that a job installs before it begins."""

import importlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from studioctl.tuning import runner


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The program of a job whose files are a requirements.txt."""
    monkeypatch.setitem(sys.modules, "studioctl_runner", runner)
    module = importlib.import_module("studioctl.tuning.job")
    needs = b"nothing-like-it\n"
    with tarfile.open(tmp_path / "code.tar.gz", "w:gz") as archive:
        information = tarfile.TarInfo("requirements.txt")
        information.size = len(needs)
        archive.addfile(information, io.BytesIO(needs))
    monkeypatch.setattr(module, "HERE", tmp_path)
    monkeypatch.setattr(module, "CODE", tmp_path / "code")
    return module


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("WARNING: slow\nERROR: No matching distribution\nERROR: more\n", "No matching distribution"),
        ("Killed\n", "exit code 1"),
    ],
    ids=["error", "killed"],
)
def test_what_pip_says_is_why_a_job_fails(
    job: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: str, why: str
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> "subprocess.CompletedProcess[bytes]":
        commands.append(command[1:4])
        return subprocess.CompletedProcess(command, 1, stderr=said.encode())

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(job.InstallError) as failed:
        job.install("optuna")
    assert str(failed.value) == f"-r requirements.txt could not be installed: {why}"
    assert (commands, capsys.readouterr().err) == ([["-m", "pip", "install"]], said)
