"""Queue a lost trial once more, from a controller or, in a job, from a worker. Needs Optuna alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import optuna
import sqlalchemy
from optuna.storages import RDBStorage

# Of trials: why one failed, which of the later ones repeats it, and how often its worker was lost.
ERROR = "error"
HISTORY = "retry_history"  # as Optuna's own retries note it
FIRST = "failed_trial"
LOSSES = "studioctl:losses"
FIXED = "fixed_params"  # Optuna's name for parameters that a queued trial brings along
JOB = "studioctl:job"


def again(
    trial: optuna.trial.FrozenTrial, *, lost: bool, drawn: Mapping[str, Any] | None = None
) -> optuna.trial.FrozenTrial:
    """The trial that takes a lost one's place, with its parameters.

    Args:
        trial: The lost one.
        lost: Whether that counts as a loss: it does not where somebody stopped its worker.
        drawn: Parameters that were drawn for it and that it has not asked for yet.
    """
    attrs = trial.system_attrs
    return optuna.trial.create_trial(
        state=optuna.trial.TrialState.WAITING,
        user_attrs={name: value for name, value in trial.user_attrs.items() if name not in {ERROR, JOB}},
        system_attrs={
            **attrs,
            FIXED: {**attrs.get(FIXED, {}), **(drawn or {}), **trial.params},
            FIRST: attrs.get(FIRST, trial.number),
            HISTORY: [*attrs.get(HISTORY, ()), trial.number],
            LOSSES: attrs.get(LOSSES, 0) + lost,
        },
    )


def end_and_queue(storage: RDBStorage, trial_id: int, *, lost: bool, retries: int) -> None:
    """Ends a running trial and lets another one take its place, in one transaction; one that has ended is left alone.

    So whoever is killed loses no trial, and of two who do it at once, one does.

    Args:
        storage: The database.
        trial_id: The trial's.
        lost: Whether that counts as a loss.
        retries: The number of times that a lost trial is tried again. One that was lost as often only ends.
    """
    from optuna.storages._rdb import models  # noqa: PLC0415 (loaded by who needs it; neither has a public name)
    from optuna.storages._rdb.storage import _create_scoped_session  # noqa: PLC0415

    with _create_scoped_session(storage.scoped_session) as session:
        found: Any = models.TrialModel.find_or_raise_by_id(trial_id, session)
        # First, as Optuna locks it before it inserts a trial.
        models.StudyModel.find_or_raise_by_id(found.study_id, session, for_update=True)
        running = models.TrialModel.trial_id == trial_id, models.TrialModel.state == optuna.trial.TrialState.RUNNING
        ends = sqlalchemy.update(models.TrialModel).where(*running).values(state=optuna.trial.TrialState.FAIL)
        if not session.execute(ends).rowcount:  # type: ignore[attr-defined]
            return
        session.refresh(found)
        found.datetime_complete = datetime.now()
        trial = storage._build_frozen_trial_from_trial_model(found)  # noqa: SLF001
        if not lost or trial.system_attrs.get(LOSSES, 0) < retries:
            storage._get_prepared_new_trial(found.study_id, again(trial, lost=lost), session)  # noqa: SLF001
