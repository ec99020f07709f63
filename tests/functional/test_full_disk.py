"""A disk that is full in the middle of `up`, of a change and of `down`: the same command again ends well.

A limit on the size of files stands in for the disk. It needs no privileges, and hits Terraform and us alike.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.functional.conftest import SMALL, STUDIOCTL, Shell

pytestmark = pytest.mark.life

NAME = "acme-disk"
UP, DOWN = ("up", "--local", "--yes"), ("down", "--local", "--yes", "--delete-data")
IN_S3 = '\n[state]\nbackend = "s3"\nbucket = "acme-tfstate"\n'
LIMITED = """
import os, resource, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
os.execv(sys.argv[2], sys.argv[2:])
"""
FULL = "Error: The disk is full for this shell: a file would grow beyond its limit (ulimit -f), so "


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path, {"STUDIOCTL_EMULATOR_DIR": str(tmp_path / "emulator")})
    shell.write(SMALL.format(name=NAME))
    shell.studioctl("emulator", "start", "--transition-seconds", "0.1")
    yield shell
    shell.studioctl("emulator", "stop")


def limited(life: Shell, size: int, *command: str) -> str:
    """Runs a command in which no file may grow beyond this size; what it said when it failed.

    A shell that is `cold` starts the provider, too, with this limit.
    """
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(size), STUDIOCTL, *command],
        cwd=life.directory,
        env={**life.warm, "PYTHONDONTWRITEBYTECODE": "1"},  # Python writes torn ones, and cannot read them
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    error = done.stderr[done.stderr.index("Error: ") :]
    assert error.startswith(FULL), error
    assert "Next:  raise the limit (ulimit -f unlimited), then run the same command again" in error
    assert len(done.stderr) < 10_000
    for part_of_a_state in ('{"', '\\"', "lineage", "Traceback", "has a bug"):
        assert part_of_a_state not in done.stderr
    return done.stderr


def shape(life: Shell) -> dict[str, int]:
    return {kind: len(found) for kind, found in life.inventory().items()}


def whole(before: dict[str, int], **more: int) -> dict[str, int]:
    """The resources that an `up` of the file adds to those before."""
    made: dict[str, Any] = {
        "access_points": 1,
        "buckets": 1,
        "domains": 1,
        "file_systems": 1,
        "internet_gateways": 1,
        "lifecycle_configs": 2,
        "mount_targets": 2,
        "network_interfaces": 2,
        "policies": 6,
        "repositories": 1,
        "roles": 1,
        "route_tables": 2,
        "secrets": 1,
        "security_groups": 4,
        "spaces": 1,
        "subnets": 2,
        "user_profiles": 1,
        "vpcs": 1,
    }
    return {kind: count + made.get(kind, 0) + more.get(kind, 0) for kind, count in before.items()}


@pytest.mark.timeout(1200)  # two minutes on a machine of its own
def test_on_this_machine(life: Shell) -> None:
    before, place = shape(life), life.directory / ".studioctl" / NAME / "local"
    limited(replace(life, cold=True), 40_960, *UP)
    assert b'"lineage"' in (place / "terraform.tfstate").read_bytes()  # it was torn, and so was the dump of it
    status = life.studioctl("status", "--local").err
    assert status.startswith(f"'{NAME}' in us-east-1 on the emulator has no domain, but these exist and may cost money")

    again = life.studioctl(*UP).err
    assert "note: Terraform's state is torn, as a full disk or a kill leaves it; there is none before it." in again
    assert "note: The last run could not store its whole state; what it made is looked for in AWS" in again
    assert "resources of this name exist already: the plan adopts them" in again
    assert shape(life) == whole(before)

    life.edit('name = "ada"\n\n[secrets]', 'name = "ada"\n\n[[users]]\nname = "bob"\n\n[secrets]')
    limited(life, (place / "terraform.tfstate").stat().st_size + 2_000, *UP)
    again = life.studioctl(*UP).err
    assert "note: Terraform's state is torn, as a full disk or a kill leaves it; the state before is taken." in again
    assert shape(life) == whole(before, user_profiles=1, spaces=1, access_points=1)

    limited(life, 40_960, *DOWN)
    life.studioctl(*DOWN)
    assert shape(life) == before


@pytest.mark.timeout(1200)
def test_in_s3(life: Shell) -> None:
    life.write(SMALL.format(name=NAME) + IN_S3)
    before = shape(life)
    limited(life, 30_000, *UP)
    life.studioctl(*UP)
    before["buckets"] += 1  # that of the state
    assert shape(life) == whole(before)

    limited(life, 30_000, *DOWN)
    life.studioctl(*DOWN)
    assert shape(life) == before
