"""The deletion of a study that workers share, after its database or its environment has gone, and its program."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studioctl.errors import StudioctlError
from studioctl.operations.environment import Account
from studioctl.operations.tuning import workers
from studioctl.operations.tuning.jobs import JobSettings
from studioctl.target import Target
from studioctl.tuning import package, runs
from tests.environments import environment


@pytest.mark.parametrize(
    ("domain", "known"),
    [
        ("d-1", "The database is not there: in its snapshots the study stays."),
        (None, "'acme-ml' is not there: what it left of the study in its bucket and in snapshots stays."),
    ],
)
def test_it_can_be_deleted_without_its_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, domain: Any, known: str
) -> None:
    monkeypatch.setattr(Account, "domain", lambda _: domain)
    monkeypatch.setattr("studioctl.operations.data.databases.of", lambda _: None)
    monkeypatch.setattr("studioctl.operations.tuning.workers._fleet", lambda *_: None)
    account, settings = Account(environment(), Target("us-east-1")), runs.Settings(tmp_path / "gone.py", 4)
    erase, told = workers.eraser(account, package.programs(tmp_path), settings, JobSettings())
    assert (callable(erase), told) == (True, known)


def test_what_the_program_needs_keeps_nobody_from_deleting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job that deletes installs nothing of the user's."""
    cluster = SimpleNamespace(name="c", status="available", resource_id="cluster-1", endpoint="h", port=5432)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(Account, "domain", lambda _: "d-1")
    monkeypatch.setattr(Account, "session", SimpleNamespace(target=Target("us-east-1")))
    monkeypatch.setattr("studioctl.operations.data.databases.of", lambda _: cluster)
    monkeypatch.setattr("studioctl.operations.data.databases.lacks_user", lambda _: False)
    monkeypatch.setattr("studioctl.aws.databases.certificates", lambda *_: b"")
    made: list[package.Package] = []
    monkeypatch.setattr("studioctl.operations.tuning.workers._fleet", lambda _, packed, *__: made.append(packed))
    (tmp_path / "requirements.txt").write_text("optuna<5\n", encoding="utf-8")
    (tmp_path / "square.py").write_text("", encoding="utf-8")
    account, settings = Account(environment(), Target("us-east-1")), runs.Settings(tmp_path / "square.py", 4)
    with pytest.raises(StudioctlError, match="asks for 'optuna<5'"):
        workers.fleet_of(account, package.packed(settings.file), settings, JobSettings())
    workers.eraser(account, package.programs(tmp_path), settings, JobSettings())
    assert [each.files for each in made] == [0]
