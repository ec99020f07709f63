"""Documents without the people whom a plan leaves as they are, and whole again afterwards."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from studioctl.infrastructure import blueprint
from studioctl.target import Target
from studioctl.terraform import document
from studioctl.terraform.thinned import left_out, thinned
from tests.environments import environment as config

PEOPLE = ("ada", "grace", "linus")
PROFILE, SPACE = "aws_sagemaker_user_profile", "aws_sagemaker_space"
DESCRIBED = blueprint.build(config(users=[{"name": name} for name in PEOPLE]))
BASE = {resource.address for resource in DESCRIBED.resources() if resource.type not in {PROFILE, SPACE}}


def both(*names: str) -> set[str]:
    return {f"{PROFILE}.{name}" for name in names} | {f"{SPACE}.{name}-editor" for name in names}


@pytest.mark.parametrize(
    ("targets", "left"),
    [
        (BASE, both(*PEOPLE)),
        (BASE | both("ada"), both("grace", "linus")),
        ({f"{SPACE}.ada-editor"}, both("grace", "linus")),  # a space needs its owner
        ({f"{PROFILE}.ada"}, both("grace", "linus") | {f"{SPACE}.ada-editor"}),
        (BASE | {f"{SPACE}.somebody-who-is-gone"}, both(*PEOPLE)),
        (BASE | both(*PEOPLE), set()),
    ],
    ids=["base", "one", "space", "profile", "gone", "all"],
)
def test_people_whom_no_target_needs_are_left_out(targets: set[str], left: set[str]) -> None:
    assert left_out(DESCRIBED, targets) == left


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name, text in document.render(DESCRIBED, Target("us-east-1")).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def thin(place: Path, targets: set[str]) -> AbstractContextManager[None]:
    return thinned(cast("Any", SimpleNamespace(directory=place, target=Target("us-east-1"))), DESCRIBED, targets)


def test_the_documents_are_whole_again_also_after_a_failure(place: Path) -> None:
    whole = {file: file.read_text() for file in place.glob("*.tf.json")}
    meanwhile: dict[str, Any] = {}

    def interrupted() -> None:
        meanwhile.update(json.loads((place / "sagemaker.tf.json").read_text())["resource"])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), thin(place, BASE | both("grace")):
        interrupted()

    assert (set(meanwhile[PROFILE]), set(meanwhile[SPACE])) == ({"grace"}, {"grace-editor"})
    assert "aws_sagemaker_domain" in meanwhile
    assert {file: file.read_text() for file in place.glob("*.tf.json")} == whole


def test_a_plan_of_everything_has_whole_documents(place: Path) -> None:
    whole = (place / "sagemaker.tf.json").read_text()

    with thin(place, set()):
        assert (place / "sagemaker.tf.json").read_text() == whole


def test_a_type_of_which_nobody_is_left_is_not_there(place: Path) -> None:
    with thin(place, BASE):
        resources = json.loads((place / "sagemaker.tf.json").read_text())["resource"]

    assert not {PROFILE, SPACE} & resources.keys()
