"""One emulator for all of these tests, and an account in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from tests.unit.emulator.training.jobs import Account, new_account

SETTINGS = EmulatorSettings(transition_seconds=0.1, training_stop_seconds=2, lifecycle_network="emulator")


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """A running emulator whose jobs begin at once, and have two seconds after SIGTERM."""
    home = tmp_path_factory.mktemp("emulator")
    yield server.start(settings=SETTINGS, state_dir=home)
    server.stop(home)


@pytest.fixture(scope="module")
def account(emulator: RunningEmulator) -> Account:
    """Clients, a role and a bucket."""
    return new_account(emulator)


@pytest.fixture
def running() -> Callable[[str], list[str]]:
    """Looks for processes of this machine with a word in their command lines."""

    def look(word: str) -> list[str]:
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:  # it has ended meanwhile
                continue
            if line.startswith(word):
                found.append(line)
        return found

    return look
