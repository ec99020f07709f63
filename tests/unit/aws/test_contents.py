"""When something holds somebody's work: of a home file system, doubt means that it does."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from studioctl.aws.contents import (
    WORDS,
    Amount,
    Dated,
    bucket_contents,
    dated_objects,
    drop_dataless,
    home_contents,
)
from studioctl.aws.session import Session
from studioctl.guard import idle

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


@dataclass
class FakeS3:
    """An S3 with one bucket, whose versions are (key, size, whether it is the latest), by id."""

    versions: dict[str, tuple[str, int, bool]]

    def client(self, service: str) -> "FakeS3":
        assert service == "s3"
        return self

    def get_paginator(self, name: str) -> "FakeS3":
        assert name == "list_object_versions"
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        told = [
            {"Key": key, "Size": size, "IsLatest": latest, "VersionId": version, "LastModified": WRITTEN}
            for version, (key, size, latest) in self.versions.items()
        ]
        return [{"Versions": told, "DeleteMarkers": [{"Key": "gone", "VersionId": "m", "LastModified": WRITTEN}]}]

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        for each in Delete["Objects"]:
            self.versions.pop(each["VersionId"], None)
        return {}


WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
TELLING = [(f"{WORDS}ada-gpu/alive", 0, number == 0) for number in range(12_000)]


@pytest.mark.parametrize(
    ("more", "held"),
    [
        ([], None),
        ([("data.csv", 7, True), ("data.csv", 5, False)], Amount("1 object, 1 old version, 12 bytes", 12)),
        ([(f"{WORDS}notes.txt", 7, True)], Amount("1 object, 7 bytes", 7)),
        ([("empty", 0, True)], Amount("1 object, 0 bytes", 0)),
    ],
    ids=["nothing else", "beside data", "somebody's file in that place", "an empty object elsewhere"],
)
def test_what_gpus_tell_is_nobodys_data(more: list[tuple[str, int, bool]], held: Amount | None) -> None:
    s3 = FakeS3({f"v{number}": version for number, version in enumerate([*TELLING, *more])})
    assert bucket_contents(cast("Session", s3), "acme-data") == held
    drop_dataless(cast("Session", s3), "acme-data")
    assert list(s3.versions.values()) == more


def test_what_gpus_tell_does_not_make_a_bucket_too_large_to_be_counted() -> None:
    files = [("data.csv", 7, True), ("data.csv", 5, False)]
    s3 = FakeS3({f"v{number}": version for number, version in enumerate([*TELLING, *files])})
    assert dated_objects(cast("Session", s3), "acme-data") == (Dated(7, WRITTEN), Dated(5, WRITTEN))
    many = FakeS3({f"v{number}": (f"{number}", 1, True) for number in range(10_001)})
    assert dated_objects(cast("Session", many), "acme-data") is None


def test_gpus_tell_it_where_the_guard_reads_it() -> None:
    assert WORDS == idle.PREFIX
