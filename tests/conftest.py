"""Which tests run side by side: two cores are busy until the end, and no environment is made twice."""

import functools
import os
import signal
from collections.abc import Iterator

import botocore.session
import pytest

# A shell lets what it starts in the background ignore Ctrl-C, and every child inherits that: also those of tests which
# press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# With four tests at a time every core has work: one thread of Go for each Terraform is a tenth cheaper than several.
os.environ.setdefault("GOMAXPROCS", "1")

# Each session reads the descriptions of the services anew, which is half of a small test's work: one reader serves all.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)

SHARED = {"applied", "lived", "reports"}  # fixtures that hold an environment which several tests look at
ALONE = {"shell", "life", "place"}  # fixtures that give a test an environment of its own
LONGEST = {"life", "applied"}  # those of ten minutes of Terraform
SERVED = {"emulator", "clinic", "moto"}  # fixtures that start an emulator
# Where tests start processes: of the emulator, of scripts, of programs that stand for Terraform.
WITH_PROCESSES = (
    "contract",
    "functional",
    "unit/aws",
    "unit/emulator",
    "unit/lifecycle",
    "unit/sandbox",
    "unit/terraform",
)


@pytest.fixture(autouse=True, scope="session")
def data_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is noted in the home of the person who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIOCTL_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests stay together, unless they stand alone; what runs Terraform begins first, as it takes longest."""
    for item in items:
        if not _of(item, SERVED) and not item.location[0].startswith(
            tuple(f"tests/{room}/" for room in WITH_PROCESSES)
        ):
            item.add_marker(pytest.mark.fast)
        if together := _of(item, SHARED) or (not _of(item, ALONE) and {item.location[0]}):
            item.add_marker(pytest.mark.xdist_group("+".join(sorted(together))))
    items.sort(key=lambda item: (not _of(item, LONGEST), not _of(item, ALONE | SHARED)))


def _of(item: pytest.Item, fixtures: set[str]) -> set[str]:
    """Those of the fixtures that the test uses."""
    return fixtures.intersection(getattr(item, "fixturenames", ()))
