"""Looks whether this Optuna has those parts without a public name that we use, as the one that they were tried with.

It is sent into jobs, and needs Optuna alone.
"""

from __future__ import annotations

import importlib
import inspect
import operator
from typing import Any

TRIED = "5.0.0"
# Functions, with their parameters. What a newer one takes beyond them is not our concern.
FUNCTIONS = {
    "optuna.storages._rdb.models:StudyModel.find_or_raise_by_id": "study_id session for_update",
    "optuna.storages._rdb.models:TrialModel.find_or_raise_by_id": "trial_id session for_update",
    "optuna.storages._rdb.storage:_create_scoped_session": "scoped_session",
    "optuna.storages._rdb.storage:RDBStorage._build_frozen_trial_from_trial_model": "self trial",
    "optuna.storages._rdb.storage:RDBStorage._create_new_trial": "self study_id template_trial",
    "optuna.storages._rdb.storage:RDBStorage._get_best_trial_id": "self study_id direction",
    "optuna.storages._rdb.storage:RDBStorage._get_prepared_new_trial": "self study_id template_trial session",
    "optuna.storages._rdb.storage:RDBStorage._get_stale_trial_ids": "self study_id",
    "optuna.storages._rdb.storage:RDBStorage._get_trials": "self study_id states included_trial_ids",
    "optuna.storages._rdb.storage:RDBStorage._set_trial_param": "self trial_id param_name param_value_internal",
    "optuna.storages._rdb.storage:RDBStorage.record_heartbeat": "self trial_id",
    "optuna.trial._trial:Trial._suggest": "self name distribution",
}
COLUMNS = {
    "studies": "study_id study_name",
    "trials": "trial_id study_id state number datetime_start datetime_complete",
    "trial_heartbeats": "trial_id heartbeat",
    "trial_system_attributes": "trial_id key",
}
ATTRIBUTES = {
    "optuna.storages._cached_storage:_CachedStorage": "_backend",
    "optuna.study.study:Study": "_storage _study_id",
    "optuna.trial._trial:Trial": "_cached_frozen_trial _fixed_params _trial_id",
}


def changed() -> str:
    """The first part that this Optuna lacks, or has otherwise; empty where all are as we use them."""
    return _function() or _column() or _attribute()


def _found(name: str) -> Any:
    module, _, path = name.partition(":")
    try:
        return operator.attrgetter(path)(importlib.import_module(module))
    except (ImportError, AttributeError):
        return None


def _function() -> str:
    for name, parameters in FUNCTIONS.items():
        wanted, found = parameters.split(), _found(name)
        if not callable(found) or [*inspect.signature(found).parameters][: len(wanted)] != wanted:
            return name.rpartition(":")[2]
    return ""


def _column() -> str:
    tables = _found("optuna.storages._rdb.models:BaseModel.metadata.tables") or {}
    for table, columns in COLUMNS.items():
        has = {column.name for column in tables[table].columns} if table in tables else set()
        if missing := sorted(set(columns.split()) - has):
            return f"{table}.{missing[0]}"
    return ""


def _attribute() -> str:
    for name, attributes in ATTRIBUTES.items():
        try:
            source = inspect.getsource(found) if inspect.isclass(found := _found(name)) else ""
        except OSError:  # installed without its source
            continue
        if missing := [each for each in attributes.split() if f"self.{each} " not in source]:
            return f"{name.rpartition(':')[2]}.{missing[0]}"
    return ""
