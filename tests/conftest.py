"""Which tests run side by side: two cores are busy until the end, and no environment is made twice."""

from collections.abc import Sequence

import pytest

SHARED = {"applied", "lived"}  # fixtures that hold an environment which several tests look at
ALONE = {"shell", "life", "place"}  # fixtures that give a test an environment of its own


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests stay together, unless they stand alone; what runs Terraform begins first, as it takes longest."""
    for item in items:
        if not _uses(item, ALONE) or _uses(item, SHARED):
            item.add_marker(pytest.mark.xdist_group(item.location[0]))
    items.sort(key=lambda item: not _uses(item, ALONE | SHARED))


def _uses(item: pytest.Item, fixtures: set[str]) -> bool:
    names: Sequence[str] = getattr(item, "fixturenames", ())
    return not fixtures.isdisjoint(names)
