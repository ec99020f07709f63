"""The fixture `studio_emulator` for pytest, which finds it by itself."""

import os
import sys
from collections.abc import Iterator

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings


@pytest.fixture(scope="session")
def studio_emulator_settings() -> EmulatorSettings:
    """The emulator's settings; override them with a fixture of this name in a conftest.py."""
    return EmulatorSettings()


@pytest.fixture(scope="session")
def _running_studio_emulator(
    studio_emulator_settings: EmulatorSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningEmulator]:
    home = tmp_path_factory.mktemp("studio-emulator")
    yield server.start(settings=studio_emulator_settings, state_dir=home)
    server.stop(home)


@pytest.fixture
def studio_emulator(
    _running_studio_emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningEmulator]:
    """An empty AWS account on this machine, which every AWS client in this process and its children finds."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    for name, value in {**server.environment(_running_studio_emulator, "us-east-1"), **files}.items():
        monkeypatch.setenv(name, value)
    if "boto3" in sys.modules:  # its default session may have found real credentials before
        monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    yield _running_studio_emulator
    server.reset(_running_studio_emulator)
