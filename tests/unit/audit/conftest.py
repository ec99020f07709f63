"""One account for all of these tests, and the examples' audits with the real engines, once: checkov takes seconds."""

from collections.abc import Iterator, Mapping

import pytest
from benchmarks.audit import CHECKOV, examine_all

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studioctl.audit.report import Report
from studioctl.operations import emulation
from studioctl.target import Target


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    home = tmp_path_factory.mktemp("audited")
    yield server.start(state_dir=home)
    server.stop(home)


@pytest.fixture(scope="session")
def account(emulator: RunningEmulator) -> Target:
    return emulation.target(emulator, "us-east-1")


@pytest.fixture(scope="session")
def reports(account: Target) -> Mapping[str, Report]:
    """The environments of `make audit`, by its titles."""
    assert (CHECKOV / "checkov").is_file(), "run: make .venv-audit/.ready"
    return examine_all(account)
