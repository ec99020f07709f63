"""Distribute tests over processes: two cores are busy until the end, and no environment is created twice."""

import gc
import os
import signal
from collections.abc import Generator, Iterator
from contextlib import nullcontext

import pytest

from studio_emulator import server
from tests import clients, forkserver, scratch
from tests.tiers import TIERS, no_process, tier_of, uses

# What is imported and collected stays: looking through it for garbage again and again is a quarter of the collection.
gc.disable()

scratch.choose()  # before anything asks for a temporary directory

# A shell lets what it starts in the background ignore Ctrl-C, and every child inherits that: also those of tests which
# press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# With several tests at a time every core has work: one thread of Go for each Terraform is a tenth cheaper than several.
os.environ.setdefault("GOMAXPROCS", "1")

clients.remember()

SPAWN = server._spawn
SHARED = {"applied", "lived", "reports"}  # fixtures that hold an environment which several tests look at
ALONE = {"shell", "life", "place"}  # fixtures that give a test an environment of its own


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("numprocesses", None):  # not in xdist's own processes
        forkserver.share()


@pytest.fixture(autouse=True, scope="session")
def data_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is noted in the home of the person who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIOCTL_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_reminders() -> Iterator[None]:
    """A command that is run in this process says nothing of how long it takes: only a busy machine would see that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studioctl.presentation.progress.PLAIN_REMINDER", 3600.0)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Holds the fast tests, and what is made for them, to starting no process. Each begins where all do."""
    os.chdir(item.config.rootpath)  # a directory that an earlier one went to may be gone
    with no_process() if item.get_closest_marker("fast") else nullcontext():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    with no_process() if item.get_closest_marker("fast") else nullcontext():
        return (yield)


@pytest.fixture(autouse=True, scope="session")
def _forked_emulators() -> Iterator[None]:
    """Emulators begin as a fork of one process that has loaded moto. `fresh_emulators` is the way of everybody else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "_spawn", forkserver.spawning(lambda: forkserver.emulators().address))
        yield


@pytest.fixture
def fresh_emulators(monkeypatch: pytest.MonkeyPatch) -> None:
    """Emulators are processes of their own: for tests of how they start, and of what `ps` shows."""
    monkeypatch.setattr(server, "_spawn", SPAWN)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests stay together, unless they stand alone; the longest tier begins first."""
    tiers = {item: tier_of(item) for item in items}
    for item, tier in tiers.items():
        if not item.get_closest_marker(tier):
            item.add_marker(tier)
        if together := uses(item, SHARED) or (not uses(item, ALONE) and {item.location[0]}):
            item.add_marker(pytest.mark.xdist_group("+".join(sorted(together))))
        refuse_chance(item)
    items.sort(key=lambda item: TIERS.index(tiers[item]))


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # parsed sources and plans are large: often, it is a third of what looks at them
    gc.enable()


def refuse_chance(item: pytest.Item) -> None:
    """A name that differs from process to process ends a run with several workers before its first test.

    Raises:
        UsageError: The name has a set in the order of its hashes, or an address.
    """
    given = item.callspec.params.values() if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ()
    if " at 0x" in item.name or any(isinstance(each, set | frozenset) and str(each) in item.name for each in given):
        raise pytest.UsageError(f"{item.nodeid}: this name is another one in each process. Give it one by ids=[...].")
