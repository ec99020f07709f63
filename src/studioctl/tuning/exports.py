"""A study as a file that other programs read: CSV, JSON, or a database of SQLite that Optuna opens."""

import csv
import dataclasses
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna

from studioctl import disk
from studioctl.errors import ExitCode, RefusedError, StudioctlError
from studioctl.tuning import studies
from studioctl.tuning.places import Place, chosen
from studioctl.tuning.records import TrialRecord


def export(beside: Path, name: str | None, file: Path, *, replace: bool) -> int:
    """Writes a study into a file; how many trials there are.

    Args:
        beside: The environment's file.
        name: The study's name; None takes the one that changed last.
        file: Ends with .csv, .json or .db.
        replace: Whether a file that is there is replaced.

    Raises:
        StudioctlError: The file's kind is not known.
        RefusedError: The file is there.
    """
    found = chosen(beside, name)
    if file.suffix not in _KINDS:
        raise StudioctlError(
            f"'{file}' ends with '{file.suffix}', not with .csv, .json or .db. Nothing was written.",
            hint=f"studioctl tune export --study {found.name} --output {found.name}.csv",
            exit_code=ExitCode.USAGE,
        )
    if file.exists() and not replace:
        raise RefusedError(f"{file} is there already. Nothing was written.", hint="add --force to replace it")
    trials = tuple(studies.records_of(studies.opened(found).get_trials(deepcopy=False)))
    if file.suffix == ".db":
        _database(found, file)
    else:
        disk.replace(file, _csv(trials) if file.suffix == ".csv" else _json(trials))
    return len(trials)


def _csv(trials: tuple[TrialRecord, ...]) -> str:
    objectives = max((len(trial.values) for trial in trials if trial.values), default=1)
    values = ["value"] if objectives == 1 else [f"value_{place}" for place in range(objectives)]
    params = sorted({name for trial in trials for name in trial.params})
    attrs = sorted({name for trial in trials for name in trial.user_attrs})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = [*(f"param_{name}" for name in params), *(f"attr_{name}" for name in attrs)]
    writer.writerow(["number", "state", *values, *heads, "started_at", "seconds", "retry_of", "error"])
    for trial in trials:
        cells = [
            *(trial.values or [None] * objectives),
            *_cells(trial.params, params),
            *_cells(trial.user_attrs, attrs),
        ]
        begun = trial.started_at.isoformat() if trial.started_at else None
        writer.writerow([trial.number, trial.state, *cells, begun, trial.seconds, trial.retry_of, trial.error])
    return text.getvalue()


def _json(trials: tuple[TrialRecord, ...]) -> str:
    plain = [dataclasses.asdict(trial) for trial in trials]
    return json.dumps(plain, indent=2, default=lambda moment: moment.isoformat()) + "\n"


def _cells(values: Mapping[str, Any], names: list[str]) -> list[Any]:
    return [values.get(name) for name in names]


def _database(found: Place, file: Path) -> None:
    temporary = file.with_name(f".{file.name}.part")
    temporary.unlink(missing_ok=True)
    target = optuna.storages.RDBStorage(f"sqlite:///{temporary.absolute()}")
    try:
        optuna.copy_study(from_study_name=found.name, from_storage=studies.storage(found), to_storage=target)
        target.remove_session()
        target.engine.dispose()
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


_KINDS = (".csv", ".json", ".db")
