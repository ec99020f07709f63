"""Terraform's state, read once until something writes it."""

import json
from pathlib import Path

import pytest

from studioctl.errors import TerraformError
from studioctl.target import Target
from studioctl.terraform import history
from studioctl.terraform.executable import Engine
from studioctl.terraform.reading import Reading
from studioctl.terraform.workspace import Workspace


def state(serial: int) -> str:
    return json.dumps({"version": 4, "serial": serial, "lineage": "l", "resources": [], "terraform_version": "1.11.4"})


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    tmp_path.joinpath("w").mkdir()
    return Workspace(tmp_path / "w", Target("us-east-1"))


@pytest.fixture
def reading(workspace: Workspace) -> Reading:
    return Reading(workspace, Engine("terraform", ("terraform",), "1.11.4"))


def test_what_is_elsewhere_is_pulled_once_until_a_command_may_have_written_it(reading: Reading) -> None:
    pulls: list[int] = []

    def pull() -> str:
        pulls.append(len(pulls))
        return state(len(pulls))

    assert [reading.pulled(pull)["serial"] for _ in range(3)] == [1, 1, 1]
    for read in (("state", "pull"), ("plan", "-json"), ("show", "-json", "plan.tfplan")):
        with reading.around(read):
            pass
    assert reading.pulled(pull)["serial"] == 1
    writing: list[tuple[str, ...]] = [("apply", "-json"), ("state", "push", "-"), ("untaint", "a.b"), ("init",)]
    for number, words in enumerate(writing, 2):
        with reading.around(words):
            assert reading.pulled(pull)["serial"] == number - 1
        assert reading.pulled(pull)["serial"] == number


def test_a_command_that_failed_may_have_written_too(reading: Reading) -> None:
    reading.pulled(lambda: state(1))
    with pytest.raises(TerraformError), reading.around(("apply",)):
        raise TerraformError("half-way", hint="again")
    assert reading.pulled(lambda: state(2))["serial"] == 2


def test_one_that_cannot_be_had_is_asked_for_again(reading: Reading) -> None:
    with pytest.raises(TerraformError):
        reading.pulled(lambda: "{")
    assert reading.pulled(lambda: state(1))["serial"] == 1


def test_a_local_one_is_read_again_when_its_file_is_another(
    workspace: Workspace, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reading.on_disk() == {}
    workspace.write_state(state(1))
    first = reading.on_disk()
    assert first["serial"] == 1
    assert reading.on_disk() is first
    workspace.write_state(state(2))
    assert reading.on_disk()["serial"] == 2
    workspace.state_file.unlink()
    assert reading.on_disk() == {}


def test_a_torn_one_is_never_kept(workspace: Workspace, reading: Reading) -> None:
    workspace.write_state(state(1))
    history.keep(workspace)
    workspace.write_state(state(2)[:-5])
    assert reading.on_disk()["serial"] == 1
    next(workspace.history.iterdir()).write_text(state(7))
    assert reading.on_disk()["serial"] == 7
