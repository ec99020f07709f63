"""Somebody goes from the list that `users_file` names, if it is as it was shown."""

import os
from pathlib import Path

import pytest

from studioctl.config import people_csv
from studioctl.errors import RefusedError
from studioctl.operations import people

TEXT = 'name = "acme-ml"\nregion = "us-east-1"\nusers_file = "p.csv"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "p.csv").write_text("name\neve\nzoe\n")
    (tmp_path / "studio.toml").write_text(TEXT)
    return tmp_path / "studio.toml"


def test_a_list_that_somebody_changed_since_is_left_alone(file: Path) -> None:
    listed = file.with_name("p.csv")
    shown = people.remove(TEXT, file, "eve")
    listed.write_text("name\neve\nzoe\nkim\n")

    with pytest.raises(RefusedError) as refused:
        people.remove_as_shown(TEXT, file, shown)

    assert refused.value.message == f"{listed} was changed after it was shown to you, so it stays as it is."
    assert listed.read_text() == "name\neve\nzoe\nkim\n"
    people.remove_as_shown(TEXT, file, people.remove(TEXT, file, "eve"))
    assert listed.read_text() == "name\nzoe\nkim\n"


def test_a_list_that_may_not_be_written_is_told_at_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)

    with pytest.raises(RefusedError) as refused:
        people.remove(TEXT, file, "eve")

    assert refused.value.message == f"{file.with_name('p.csv')} is read-only. Nothing was changed."


def test_a_line_that_does_not_go_alone_is_left_to_a_person(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = file.with_name("p.csv")
    monkeypatch.setattr(people_csv, "without", lambda *_: "name\n")

    with pytest.raises(RefusedError) as refused:
        people.remove(TEXT, file, "eve")

    assert (
        refused.value.message
        == f"{listed} is written in a way that cannot be changed without doubt. Nothing was changed."
    )
    assert refused.value.hint == f"delete the line {listed}:2, then: studioctl plan"
