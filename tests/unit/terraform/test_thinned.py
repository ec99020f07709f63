"""Documents without the people whom a plan leaves as they are, beside those that describe everybody."""

import json
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from studioctl.catalog.provider import LOCK_FILE
from studioctl.infrastructure import blueprint
from studioctl.target import Target
from studioctl.terraform import document
from studioctl.terraform.backend import Backend
from studioctl.terraform.thinned import Place, left_out, thinned
from studioctl.terraform.vetting import IMPORTS_FILE
from studioctl.terraform.workspace import Workspace
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
    workspace = Workspace(tmp_path, Target("us-east-1"))
    workspace.write(document.render(DESCRIBED, workspace.target), Backend())
    (tmp_path / LOCK_FILE).write_text("# locked")
    return tmp_path


def thin(place: Path, targets: set[str], *, is_local: bool = True) -> AbstractContextManager[Place]:
    return thinned(Workspace(place, Target("us-east-1")), DESCRIBED, targets, is_local=is_local)


def contents(directory: Path) -> dict[str, str]:
    """All that Terraform reads there, by name."""
    return {file.name: file.read_text() for file in directory.iterdir() if file.is_file()}


def test_the_workspace_describes_everybody_while_a_part_is_planned(place: Path) -> None:
    """Nothing there has to be restored after a kill: a bare `terraform apply` beside the state would delete people."""
    whole = contents(place)

    with thin(place, BASE | both("grace")) as found:
        assert contents(place) == whole
        part = contents(place / "part")
        assert part.keys() == {*whole} - {"documents.json"}
        assert {name for name in part if part[name] != whole[name]} == {"sagemaker.tf.json"}
        resources = json.loads(part["sagemaker.tf.json"])["resource"]
        assert (set(resources[PROFILE]), set(resources[SPACE])) == ({"grace"}, {"grace-editor"})
        assert "aws_sagemaker_domain" in resources
        assert found == Place(("-chdir=part",), "../", ("-state=../terraform.tfstate",))

    assert contents(place) == whole
    assert not (place / "part").exists()


def test_a_state_elsewhere_is_found_by_what_terraform_was_initialised_with(place: Path) -> None:
    with thin(place, BASE, is_local=False) as found:
        assert found.state == ()


def test_what_is_to_be_adopted_is_offered_there_too(place: Path) -> None:
    (place / IMPORTS_FILE).write_text("{}")

    with thin(place, BASE):
        assert (place / "part" / IMPORTS_FILE).read_text() == "{}"


@pytest.mark.parametrize("targets", [set(), BASE | both(*PEOPLE)], ids=["all", "each"])
def test_a_plan_of_everything_has_the_documents_that_are_there(place: Path, targets: set[str]) -> None:
    with thin(place, targets) as found:
        assert found == Place()
        assert not (place / "part").exists()


@pytest.mark.parametrize("targets", [set(), BASE], ids=["all", "a part"])
def test_what_a_killed_run_or_a_stranger_left_there_is_not_read(place: Path, targets: set[str]) -> None:
    (place / "part").mkdir()
    (place / "part" / "strange.tf").write_text("# of somebody else")

    with thin(place, targets):
        assert not (place / "part" / "strange.tf").exists()


def test_a_type_of_which_nobody_is_left_is_not_there(place: Path) -> None:
    with thin(place, BASE):
        resources = json.loads((place / "part" / "sagemaker.tf.json").read_text())["resource"]

    assert not {PROFILE, SPACE} & resources.keys()
