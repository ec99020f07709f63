"""The dashboard of a study whose copy is replaced by a newer one while a browser has it open."""

import json
from pathlib import Path
from typing import Any

import optuna
import pytest

from studioctl.tuning import journals, places, studies


def test_a_newer_copy_is_shown_by_an_open_dashboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from studioctl.tuning import dashboard  # scikit-learn comes with it, which takes two seconds

    found = places.place(tmp_path / "studio.toml", "square")
    found.directory.mkdir(parents=True)
    studies.created(found, None).optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=9)
    found.note_shared(live=0)
    newer = journals.opened(tmp_path / "newer")
    study = optuna.create_study(study_name="square", storage=newer, directions=["maximize"])
    study.optimize(lambda trial: trial.suggest_int("n", 0, 9), n_trials=2)
    copies = iter([None, tmp_path / "newer"])

    def renew() -> None:
        if (copy := next(copies, None)) is not None:
            copy.replace(found.journal)

    monkeypatch.setattr(dashboard, "RENEW_SECONDS", 0.0)
    edition = places.Place.edition.fget  # type: ignore[attr-defined]
    # A file system may give out the inode anew.
    monkeypatch.setattr(places.Place, "edition", property(lambda its: (7, *edition(its)[1:])))
    application = dashboard._Newest(found, renew)

    def asked(path: str) -> Any:
        def start(status: str, *_: object) -> None:
            assert status == "200 OK"

        request = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "after=0"}
        return json.loads(b"".join(application(request, start)))

    assert [each["directions"] for each in asked("/api/studies")["study_summaries"]] == [["minimize"]]
    assert [each["directions"] for each in asked("/api/studies")["study_summaries"]] == [["maximize"]]
    assert len(asked(f"/api/studies/{study._study_id}")["trials"]) == 2
