"""A home of the test's own: nothing here reads or writes the configuration of whoever runs the tests."""

from pathlib import Path

import pytest

from studioctl.remote.host import Host
from tests.unit.remote.hosts import host_of


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STUDIOCTL_SSH_CONFIG", "XDG_STATE_HOME", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def host() -> Host:
    return host_of("ada-editor")
