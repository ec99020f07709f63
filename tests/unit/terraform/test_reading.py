"""Terraform's state, read once until something writes it."""

import json
from pathlib import Path

import pytest

from studioctl.errors import TerraformError
from studioctl.target import Target
from studioctl.terraform import history
from studioctl.terraform.backend import Backend
from studioctl.terraform.executable import Engine
from studioctl.terraform.reading import Reading
from studioctl.terraform.workspace import Workspace

IN_S3 = Backend("s3", {"bucket": "b", "key": "k"})


def state(serial: int) -> str:
    return json.dumps({"version": 4, "serial": serial, "lineage": "l", "resources": [], "terraform_version": "1.11.4"})


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    tmp_path.joinpath("w").mkdir()
    return Workspace(tmp_path / "w", Target("us-east-1"))


@pytest.fixture
def reading(workspace: Workspace) -> Reading:
    return Reading(workspace, Engine("terraform", ("terraform",), "1.11.4"))


class Bucket:
    """Holds another state at each look."""

    def __init__(self) -> None:
        self.looks = 0

    def text(self, _: Backend) -> str:
        self.looks += 1
        return state(self.looks)


def test_what_is_elsewhere_is_read_once_until_a_command_may_have_written_it(reading: Reading) -> None:
    bucket = Bucket()

    def serial() -> object:
        return reading.elsewhere(IN_S3, bucket.text)["serial"]

    assert [serial() for _ in range(3)] == [1, 1, 1]
    reads = [("plan", "-json"), ("-chdir=part", "plan"), ("show", "-json", "plan.tfplan"), ("init", "-reconfigure")]
    for words in reads:
        with reading.around(words):
            pass
    assert serial() == 1
    writes = [("apply", "-json"), ("state", "push", "-"), ("untaint", "a.b"), ("init", "-migrate-state")]
    for number, words in enumerate(writes, 2):
        with reading.around(words):
            assert serial() == number - 1
        assert serial() == number


def test_another_place_has_another_state(reading: Reading) -> None:
    bucket = Bucket()
    other = Backend("s3", {"bucket": "another", "key": "k"})
    assert [reading.elsewhere(place, bucket.text)["serial"] for place in (IN_S3, other, other, IN_S3)] == [1, 2, 2, 3]


def test_a_command_that_failed_may_have_written_too(reading: Reading) -> None:
    bucket = Bucket()
    reading.elsewhere(IN_S3, bucket.text)
    with pytest.raises(TerraformError), reading.around(("apply",)):
        raise TerraformError("half-way", hint="again")
    assert reading.elsewhere(IN_S3, bucket.text)["serial"] == 2


def test_one_that_cannot_be_had_is_asked_for_again(reading: Reading) -> None:
    damaged = iter(("{", state(1).replace('"l"', '"\udcff"')))  # cut off; no UTF-8, as it is read
    for _ in range(2):
        with pytest.raises(TerraformError, match="state is damaged"):
            reading.elsewhere(IN_S3, lambda _: next(damaged))
    assert reading.elsewhere(IN_S3, lambda _: state(1))["serial"] == 1
    assert reading.elsewhere(Backend("s3", {"bucket": "b", "key": "none"}), lambda _: None) == {}


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
