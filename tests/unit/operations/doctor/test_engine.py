"""A container engine that is installed and cannot work."""

from pathlib import Path

import pytest

from studioctl.operations.doctor import machine
from studioctl.operations.doctor.patient import Patient
from studioctl.target import Target


def program(directory: Path, name: str, line: str) -> None:
    path = directory / name
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


STOPPED = '[ "$1" = info ] && exit 1; echo 27.5.1'


@pytest.mark.parametrize(
    ("programs", "message", "remedy"),
    [
        ({"docker": STOPPED, "systemctl": ""}, "docker 27.5.1 (BIN/docker)", "sudo systemctl start docker"),
        ({"docker": STOPPED}, "docker 27.5.1 (BIN/docker)", "start Docker Desktop, or dockerd"),
        ({"finch": STOPPED}, "finch 27.5.1 (BIN/finch)", "finch vm start"),
    ],
)
def test_one_whose_daemon_does_not_run_is_to_be_started(
    programs: dict[str, str], message: str, remedy: str, tmp_path: Path
) -> None:
    for name, line in programs.items():
        program(tmp_path, name, line)
    patient = Patient(Target("us-east-1"), tmp_path / "studio.toml", environ={"PATH": str(tmp_path)})

    (found,) = machine._containers(patient)

    assert found.message == f"{message} does not answer: its daemon does not run".replace("BIN", str(tmp_path))
    assert found.remedy == remedy


def test_another_that_works_will_do(tmp_path: Path) -> None:
    program(tmp_path, "docker", STOPPED)
    program(tmp_path, "podman", "echo 5.4.2")
    patient = Patient(Target("us-east-1"), tmp_path / "studio.toml", environ={"PATH": str(tmp_path)})

    (found,) = machine._containers(patient)

    assert found.message == f"podman 5.4.2 ({tmp_path}/podman)"
