"""The parts of Optuna that we use without a public name: all are known, and another Optuna is reported at once."""

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import RDBStorage

from studioctl.errors import StudioctlError
from studioctl.tuning import private, runner, runs

SOURCE = Path(private.__file__).parent


def test_this_optuna_has_what_we_use() -> None:
    """If this fails, Optuna has changed: look at each use before the names here follow."""
    assert private.changed() == ""
    assert optuna.__version__ == private.TRIED


def test_whatever_we_use_is_known() -> None:
    used = {
        name or imported
        for file in SOURCE.glob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if "noqa: SLF001" in line or "from optuna" in line
        for name, imported in re.findall(r"(?<!self)(?<!storages)\.(_[a-z]\w+)|import (_[a-z]\w+)", line)
    }
    known = {
        *(name.rpartition(".")[2].rpartition(":")[2] for name in private.FUNCTIONS),
        *(name for names in private.ATTRIBUTES.values() for name in names.split()),
    }
    assert used - known == set()


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(sys.modules, "studioctl_runner", runner)
    monkeypatch.setitem(sys.modules, "studioctl_private", private)
    return importlib.import_module("studioctl.tuning.job")


def _without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(RDBStorage, "_get_prepared_new_trial")


def _otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RDBStorage, "_get_stale_trial_ids", lambda self, session: [])  # noqa: ARG005


def _column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(private.COLUMNS, "trial_heartbeats", "trial_id heartbeat beat")


def _attribute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(private.ATTRIBUTES, "optuna.study.study:Study", "_study_number")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_without, "RDBStorage._get_prepared_new_trial"),
        (_otherwise, "RDBStorage._get_stale_trial_ids"),
        (_column, "trial_heartbeats.beat"),
        (_attribute, "Study._study_number"),
    ],
    ids=["without", "otherwise", "column", "attribute"],
)
def test_another_optuna_runs_nothing(
    job: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None], what: str
) -> None:
    assert job.other_optuna() == ""
    change(monkeypatch)

    has = optuna.__version__
    assert job.other_optuna() == f"Optuna {has} {runner.OUTDATED}{private.TRIED}, which has another {what}"
    with pytest.raises(StudioctlError) as refused:
        runs.checked(runs.Settings(tmp_path / "objective.py", trials=1))
    assert str(refused.value) == (
        f"Optuna {has} has another {what} than {private.TRIED}, which tuning was tried with. Nothing was started."
    )
    assert (refused.value.hint or "").endswith(f" -m pip install optuna=={private.TRIED}")
