"""Studies are users' data, in directories that only they write."""

import os
import shlex
import shutil
import subprocess
import threading
from pathlib import Path

import optuna
import pytest

from studioctl.errors import RefusedError, StudioctlError
from studioctl.tuning import places, studies
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


def test_optunas_lock_that_a_kill_left_stops_nothing(project: Project) -> None:
    project.run(1)
    journal = project.place().journal
    lock = journal.with_name("journal.log.lock")
    lock.symlink_to(journal)

    assert project.tuner.status().finished == 1
    assert project.run(2).status.finished == 2
    lock.unlink()
    lock.symlink_to(project.directory / "objective.py")
    with pytest.raises(RefusedError, match="is a link"):
        project.tuner.status()


def test_looking_never_meets_a_lock(project: Project) -> None:
    """Optuna's own lock is a link, which comes and goes with each line that is written."""
    project.run(1)
    storage = studies.storage(project.place())
    seen = set[str]()

    def look() -> None:
        while "done" not in seen:
            seen.update(each.name for each in project.place().directory.iterdir() if each.is_symlink())

    thread = threading.Thread(target=look)
    thread.start()
    study = optuna.load_study(study_name="objective", storage=storage)
    for _ in range(200):
        study.set_user_attr("n", 1)
    seen.add("done")
    thread.join()

    assert seen == {"done"}


def test_a_damaged_study_hides_no_other(project: Project) -> None:
    for name in ("first", "second", "third"):
        project.run(1, study=name)
    home = project.directory / "tuning"
    (home / "first").rename(home / "renamed")
    (home / "second/journal.log").write_bytes(b"")

    assert [each.study for each in project.tuner.studies()] == ["third"]
    told = {
        each.message: each.hint
        for each in studies.each_of(project.directory / "studio.toml")
        if isinstance(each, StudioctlError)
    }
    assert told == {
        f"'{home}/renamed' has no study 'renamed': the study in it is 'first'.": f"mv {home}/renamed {home}/first",
        f"'{home}/second' has no study 'second': nothing was begun in it, or its journal was emptied.": (
            "studioctl tune delete --study second"
        ),
    }
    with pytest.raises(StudioctlError, match="the study in it is 'first'"):
        project.tuner.status("renamed")
    subprocess.run(
        shlex.split(told[f"'{home}/renamed' has no study 'renamed': the study in it is 'first'."]), check=True
    )
    assert project.tuner.status("first").finished == 1
    project.tuner.delete("second")
    (home / "third").rename(home / "old")
    project.tuner.delete("old")
    assert [each.name for each in home.iterdir()] == ["first"]


@pytest.mark.parametrize("tail", ["cut", '{"op_co', '{"op_code": 5, "worker\n'])
def test_a_line_that_was_cut_off_is_set_aside(project: Project, tail: str) -> None:
    project.run(2)
    journal = project.place().journal
    content = journal.read_bytes()
    torn = content[:-20] if tail == "cut" else content + tail.encode()
    journal.write_bytes(torn)
    assert project.tuner.status().finished == 2 - (tail == "cut")

    assert project.run(3).status.finished == 3
    (aside,) = journal.parent.glob("journal-torn-*.log")
    assert aside.read_bytes() == torn
    assert journal.read_bytes().startswith(torn[: torn.rstrip(b"\n").rindex(b"\n") + 1])
    assert project.tuner.status().finished == 3


@pytest.mark.parametrize("line", ['{"op_code": 99}', "5", "{"])
def test_a_line_that_is_not_optunas_is_named(project: Project, line: str) -> None:
    project.run(1)
    journal = project.place().journal
    lines = journal.read_text(encoding="utf-8").splitlines()
    journal.write_text("\n".join([*lines[:3], line, *lines[3:], ""]), encoding="utf-8")

    with pytest.raises(StudioctlError) as raised:
        project.run(2)

    assert raised.value.message == (
        "The journal of study 'objective' cannot be read: line 4 is not Optuna's. It was not changed."
    )
    command = raised.value.hint.partition("   ")[0]
    assert command == f"sed -i.bak 4d {journal}"
    subprocess.run(shlex.split(command), check=True)
    assert project.run(2).status.finished == 2


def test_what_a_killed_controller_left_does_not_run(project: Project) -> None:
    project.run(1)
    studies.opened(project.place()).ask()

    status = project.tuner.status()

    assert (status.running, status.waiting) == (0, 1)
    with project.place().hold({"trials": 5, "workers": 1}):
        assert project.tuner.status().running == 1


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
