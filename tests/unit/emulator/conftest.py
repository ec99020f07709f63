"""One emulator for all of these tests, and a studio in it for each test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from studio_emulator.studio.quotas import of_type
from tests.unit.emulator.emulated import Studio, new_studio


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """A running emulator whose transitions are short, but long enough to be seen."""
    home = tmp_path_factory.mktemp("emulator")
    asked_for = {of_type("CodeEditor", "ml.g5.xlarge").code: 1.0}
    settings = EmulatorSettings(transition_seconds=0.15, registration_seconds=3, quotas=asked_for)
    yield server.start(settings=settings, state_dir=home)
    server.stop(home)


@pytest.fixture
def studio(emulator: RunningEmulator) -> Studio:
    """Clients, a network and a role of its own."""
    return new_studio(emulator)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A state directory of the test's own; whatever was started in it is stopped."""
    yield tmp_path
    server.stop(tmp_path)
