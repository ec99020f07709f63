"""An account for all of these tests, in which names and regions keep them apart."""

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio_emulator import server
from studio_emulator.sandbox import run as sandbox
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from studioctl.remote import plugin
from tests.unit.operations.doctor.ward import Ward

PROBED = functools.cache(sandbox.probe)  # what it finds out is the same for all


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """An emulator in which everything is quick."""
    home = tmp_path_factory.mktemp("clinic")
    yield server.start(settings=EmulatorSettings(transition_seconds=0.02, nfs_groups_go=False), state_dir=home)
    server.stop(home)


@pytest.fixture
def ward(clinic: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ward:
    """A machine without any configuration or credentials of AWS's, and with no program on its PATH."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(clinic.log_path.parent / "cache"))  # which remembers the engine's version
    monkeypatch.setattr(plugin, "PLACES", ())  # where this machine may have it
    monkeypatch.setattr(sandbox, "probe", PROBED)
    return Ward(clinic, tmp_path)
