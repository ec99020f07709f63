"""Scripts that load their study themselves, in processes of this machine."""

import sqlite3
from pathlib import Path

import pytest

from studioctl.errors import StudioctlError
from studioctl.tuning import places
from studioctl.tuning.controller import Goal
from studioctl.tuning.scripts import Scripts
from studioctl.tuning.workers import Program


def test_tables_are_there_before_the_processes_that_share_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that make them at the same moment: one of both fails, and it may be the controller."""
    found = places.place(tmp_path / "studio.toml", "search")
    found.directory.mkdir(parents=True)
    versions: list[object] = []

    def begin(_: Scripts, __: int) -> None:
        with sqlite3.connect(found.database) as database:
            versions.extend(database.execute("select version_num from alembic_version"))

    monkeypatch.setattr(Scripts, "_begin", begin)
    scripts = Scripts(found, Program(tmp_path / "search.py", Path("python"), 2), Goal(4, None, 2, in_order=False))
    with pytest.raises(StudioctlError, match="ended without a study 'search'"):
        list(scripts.run())
    assert len(versions) == 2
