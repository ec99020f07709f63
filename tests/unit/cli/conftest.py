"""Fixtures for following remedies: an empty directory, an environment to live in, and the command line in-process."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio_emulator import server
from tests.functional.living import Living, living
from tests.unit.cli import pipelines
from tests.walking import InProcess

GH = f"#!/bin/sh\necho ghp_{'0123456789' * 4}\n"


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[InProcess]:
    """In an empty directory, with an emulator of its own."""
    emulator = tmp_path / "emulator"
    yield InProcess(monkeypatch, capsys, tmp_path, STUDIOCTL_EMULATOR_DIR=str(emulator))
    server.stop(emulator)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """ada's one space."""
    with living(tmp_path_factory.mktemp("home"), users={"ada": ("ada-editor",)}) as made:
        yield made


@pytest.fixture
def inside(home: Living, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[InProcess]:
    programs = home.shell.directory / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "gh").write_text(GH)
    (programs / "gh").chmod(0o700)
    path = f"{programs}:{os.environ['PATH']}"
    yield InProcess(monkeypatch, capsys, home.shell.directory, PATH=path, **home.shell.variables)
    home.stop_everything()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository's root with a file, on a machine without a network."""
    monkeypatch.chdir(tmp_path)
    Path("studio.toml").write_text(pipelines.FILE, encoding="utf-8")
    return tmp_path
