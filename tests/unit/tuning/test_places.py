"""Studies are users' data, in directories that only they write."""

import os
import shutil
from pathlib import Path

import pytest

from studioctl.errors import RefusedError, StudioctlError
from studioctl.tuning import places
from studioctl.tuning.places import OccupiedError
from tests.unit.tuning.conftest import Project


def test_a_study_has_one_controller(project: Project) -> None:
    with project.place().hold({"trials": 5, "workers": 1}), pytest.raises(OccupiedError) as raised:
        project.run(1)

    assert raised.value.message == (f"Study 'objective' is being tuned by process {os.getpid()}. Nothing was changed.")
    assert not project.place().exists
    assert project.run(1).status.finished == 1


@pytest.mark.parametrize(
    "link", ["tuning", "tuning/objective", "tuning/objective/journal.log", "tuning/objective/.lock"]
)
def test_a_repositorys_links_are_not_followed(project: Project, tmp_path: Path, link: str) -> None:
    target = tmp_path / "precious"
    if (link.endswith("g") and "." not in Path(link).name) or link == "tuning/objective":
        target.mkdir()
        (target / "kept").write_text("kept", encoding="utf-8")
    else:
        target.write_text("kept", encoding="utf-8")
    place = project.directory / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)

    with pytest.raises(RefusedError) as raised:
        project.run(1)

    assert raised.value.message == f"'{place}' is a link, so it is not used for a study. Nothing was changed."
    assert raised.value.hint == f"look at it, then move it away: mv {place} {place}.moved"
    assert [file.read_text(encoding="utf-8") for file in (target / "kept", target) if file.is_file()] == ["kept"]
    shutil.move(place, f"{place}.moved")
    if place.parent.name != "objective":
        assert project.run(1).status.finished == 1


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "x" * 64, "a b"])
def test_a_name_is_a_file_name(project: Project, name: str) -> None:
    with pytest.raises(StudioctlError, match="cannot be a study's name"):
        places.place(project.directory / "studio.toml", name)


def test_what_program_is_resumed_is_not_read_from_the_project(project: Project, tmp_path: Path) -> None:
    project.run(1)
    clone = tmp_path / "clone"
    shutil.copytree(project.directory, clone)

    with pytest.raises(StudioctlError) as raised:
        type(project.tuner)(clone / "studio.toml").resume()

    assert raised.value.message == "Study 'objective' was not run from here by you, so its program is not known."
    assert raised.value.hint == "studioctl tune run FILE --local --study objective --trials N"
    assert project.tuner.resume(trials=2).status.finished == 2


def test_the_one_that_changed_last_is_meant(project: Project) -> None:
    project.run(1, study="older")
    project.run(2, study="newer")

    assert project.tuner.status().study == "newer"
    assert [each.study for each in project.tuner.studies()] == ["newer", "older"]
    with pytest.raises(StudioctlError) as raised:
        project.tuner.status("other")
    assert raised.value.message == "There is no study 'other' here. There are: 'newer', 'older'."


def test_nothing_is_deleted_while_it_runs(project: Project) -> None:
    project.run(1)
    with project.place().hold({"trials": 5, "workers": 1}), pytest.raises(RefusedError, match="is being tuned"):
        project.tuner.delete("objective")
    assert project.tuner.status().finished == 1

    project.tuner.delete("objective")

    assert project.tuner.studies() == ()
    assert list((project.directory / "tuning").iterdir()) == []
