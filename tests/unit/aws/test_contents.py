"""When a home file system holds somebody's work: doubt means that it does."""

from dataclasses import dataclass
from typing import Any, cast

import pytest

from studioctl.aws.contents import Amount, home_contents
from studioctl.aws.session import Session

KIB = 1024


@dataclass
class FakeEfs:
    """An EFS with one file system of this size."""

    size: int

    def describe_file_systems(self, FileSystemId: str) -> dict[str, Any]:  # noqa: N803
        return {"FileSystems": [{"FileSystemId": FileSystemId, "SizeInBytes": {"Value": self.size}}]}


@dataclass
class FakeSession:
    """A session that has nothing but EFS."""

    size: int

    def client(self, service: str) -> FakeEfs:
        assert service == "efs"
        return FakeEfs(self.size)


@pytest.mark.parametrize(
    ("size", "profiles", "used", "held"),
    [
        (0, 0, False, None),
        (6 * KIB, 0, False, None),
        (7 * KIB, 0, False, "7.0 KiB"),
        (12 * KIB, 1, False, None),
        (13 * KIB, 1, True, "13.0 KiB"),
        (6 * KIB, 1, True, "apps have run; 6.0 KiB when AWS last measured"),
        (100 * KIB, 5000, False, "100.0 KiB"),
    ],
)
def test_what_a_home_holds(size: int, profiles: int, used: bool, held: str | None) -> None:
    session = cast("Session", FakeSession(size))
    found = home_contents(session, "fs-1", profiles=profiles, used=used)
    assert found == (Amount(held, size) if held else None)
