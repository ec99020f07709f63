"""The environments created from this machine: by what studioctl noted, and by nothing that was brought along."""

import shutil
from pathlib import Path

import pytest

from studioctl.target import LocalEndpoint, Target
from studioctl.terraform import machine, vetting
from studioctl.terraform.backend import Backend
from studioctl.terraform.machine import Made
from studioctl.terraform.workspace import Workspace
from tests.unit.terraform.blueprints import AWS

EMULATOR = Target("us-east-1", local=LocalEndpoint("http://127.0.0.1:9", "id", "key"))


@pytest.fixture(autouse=True)
def own_notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIOCTL_DATA_DIR", str(tmp_path / "data"))


def made(directory: Path, name: str, target: Target = AWS, file: str = "studio.toml") -> Workspace:
    """A directory in which `up` made an environment."""
    directory.mkdir(exist_ok=True)
    (directory / file).write_text(f'name = "{name}"\n')
    work = Workspace.beside(directory / file, name, target)
    vetting.vet(work, Backend())
    with work.hold("up"):
        work.claim()
    work.note()
    return work


def test_nothing_is_known_at_first() -> None:
    assert machine.environments(AWS) == ()


def test_each_is_known_with_its_file_until_it_is_removed(tmp_path: Path) -> None:
    made(tmp_path / "two", "vision-lab", file="lab.toml")
    first = made(tmp_path / "one", "acme-ml")
    made(tmp_path / "one", "acme-ml", EMULATOR)

    acme = Made("acme-ml", tmp_path / "one/studio.toml")
    assert machine.environments(AWS) == (acme, Made("vision-lab", tmp_path / "two/lab.toml"))
    assert machine.environments(EMULATOR) == (acme,)
    first.release()
    assert machine.environments(AWS) == (Made("vision-lab", tmp_path / "two/lab.toml"),)
    assert machine.environments(EMULATOR) == (acme,)
    shutil.rmtree(tmp_path / "two")
    assert machine.environments(AWS) == ()


def test_what_was_brought_along_is_not_known(tmp_path: Path) -> None:
    made(tmp_path / "mine", "acme-ml")
    shutil.copytree(tmp_path / "mine", tmp_path / "clone")
    other = made(tmp_path / "changed", "vision-lab")
    (other.directory / "exists").write_text("../../mine/studio.toml")

    assert machine.environments(AWS) == (Made("acme-ml", tmp_path / "mine/studio.toml"),)


def test_a_note_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    made(tmp_path / "mine", "acme-ml")
    broken = tmp_path / "data/workspaces/0.json"
    broken.symlink_to(broken)  # which nobody can open, not even root

    assert machine.environments(AWS) == (Made("acme-ml", tmp_path / "mine/studio.toml"),)
