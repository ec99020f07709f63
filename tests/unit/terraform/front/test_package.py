"""The provider's package, and the lock file."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from studioctl.terraform.front import package

LOCK = 'provider "registry.terraform.io/hashicorp/aws" {{\n  version = "5.100.0"\n  hashes = [\n    "{0}",\n  ]\n}}\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    directory = tmp_path / "linux_amd64"
    directory.mkdir()
    (directory / "LICENSE.txt").write_text("free\n")
    (directory / "terraform-provider-aws_v5").write_text("#!/bin/sh\n")
    (directory / "terraform-provider-aws_v5").chmod(0o755)
    return directory


def digest(place: Path, cache: Path | None = None) -> str:
    found = package.package(place, cache=cache)
    assert found is not None
    return found.hash


def test_it_is_the_package_that_the_lock_file_names(place: Path, tmp_path: Path) -> None:
    lock = tmp_path / ".terraform.lock.hcl"
    lock.write_text(LOCK.format(digest(place)))
    found = package.locked(place, lock, cache=None)
    assert found is not None
    assert found.program == place / "terraform-provider-aws_v5"
    (place / "LICENSE.txt").write_text("not free\n")
    assert package.locked(place, lock, cache=None) is None


def test_a_link_leads_to_it(place: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(place)
    assert digest(tmp_path / "link") == digest(place)


def test_without_a_lock_file_there_is_none(place: Path, tmp_path: Path) -> None:
    assert package.locked(place, tmp_path / "nothing", cache=None) is None
    (tmp_path / "bytes").write_bytes(b"\xff")
    assert package.locked(place, tmp_path / "bytes", cache=None) is None


def test_what_holds_no_program_or_two_is_none(place: Path, tmp_path: Path) -> None:
    assert package.package(tmp_path / "nothing", cache=None) is None
    (place / "terraform-provider-other").write_text("")
    assert package.package(place, cache=None) is None
    (place / "terraform-provider-other").unlink()
    (place / "terraform-provider-aws_v5").unlink()
    assert package.package(place, cache=None) is None


def test_it_is_read_again_only_when_a_file_changed(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    read: list[Path] = []
    hashed = package._hash

    def hash_(directory: Path, files: Iterable[Path]) -> str:
        read.append(directory)
        return hashed(directory, files)

    monkeypatch.setattr(package, "_hash", hash_)
    first = digest(place, cache)
    assert digest(place, cache) == first
    assert len(read) == 1
    license_ = place / "LICENSE.txt"
    times = license_.stat()
    license_.write_text("FREE\n")  # as long as before
    os.utime(license_, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert digest(place, cache) != first
    assert len(read) == 2
    (place / "more").touch()
    digest(place, cache)
    (cache / "packages.json").write_text("{")
    digest(place, cache)
    assert len(read) == 4


def test_the_hash_of_nothing() -> None:
    # SHA-256 of nothing, in base 64. With Terraform's own lock files it is compared wherever one runs with a front.
    assert package._hash(Path("/"), []) == "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
