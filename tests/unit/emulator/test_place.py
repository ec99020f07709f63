"""The directory of the emulator's state."""

from pathlib import Path

import pytest

from studio_emulator import server
from studio_emulator.errors import EmulatorError


def test_a_relative_place_is_refused_with_the_whole_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STUDIOCTL_EMULATOR_DIR", "my emulator")

    with pytest.raises(EmulatorError, match="STUDIOCTL_EMULATOR_DIR is 'my emulator'") as refused:
        server.default_state_dir()

    assert refused.value.hint == f"export STUDIOCTL_EMULATOR_DIR='{tmp_path}/my emulator'"
    assert not any(tmp_path.iterdir())


def test_a_whole_place_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIOCTL_EMULATOR_DIR", str(tmp_path))

    assert server.default_state_dir() == tmp_path
