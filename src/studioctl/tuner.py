"""Hyperparameter tuning for notebooks and scripts: the verbs of `studioctl tune`.

    from studioctl import Tuner

    tuner = Tuner()
    result = tuner.run("objective.py", trials=40, workers=4, on_progress=print)
    print(result.status.best)

With SageMaker's training jobs in place of processes: `tuner.run(..., jobs=JobSettings(max_usd=5.0))`.

Nothing here prints, asks or exits. What goes wrong is a `StudioctlError`, with a message and a hint.
"""

import dataclasses
import warnings
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studioctl.config.load import load
from studioctl.events import result_of
from studioctl.extras import require
from studioctl.target import Target

if TYPE_CHECKING:  # they load Optuna, which takes a second
    from studioctl.events import Noted
    from studioctl.operations.environment import Account
    from studioctl.operations.tuning import jobs as of_jobs
    from studioctl.operations.tuning import workers as of_workers
    from studioctl.operations.tuning.jobs import JobSettings
    from studioctl.tuning.controller import Progress
    from studioctl.tuning.dashboard import Dashboard
    from studioctl.tuning.records import StudyStatus, TrialRecord
    from studioctl.tuning.runs import RunResult, Settings


class Tuner:
    """The studies beside one file.

    Every method raises StudioctlError (or one of its subclasses in `studioctl.errors`) with a message and a hint. If
    the name of a study is left out, it is the one that changed last.

    Args:
        beside: The environment's file, which only jobs need: studies are in `tuning/` in its directory.
        local: Jobs run on the emulator on this machine, which is started if it is not running, instead of AWS.
    """

    def __init__(self, beside: str | Path = "studio.toml", *, local: bool = False) -> None:
        require("tune")
        self._beside, self._is_local = Path(beside), local

    def init(self, file: str | Path = "objective.py") -> tuple[Path, ...]:
        """Write a small objective, and requirements.txt beside it if there is none. Return the files written.

        Args:
            file: The file to write.

        Raises:
            RefusedError: The file exists.
        """
        from studioctl.tuning import template  # noqa: PLC0415

        return template.write(Path(file))

    def run(
        self,
        file: str | Path,
        *,
        trials: int,
        workers: int = 1,
        study: str | None = None,
        jobs: "JobSettings | None" = None,
        on_progress: "Callable[[Progress | Noted], None] | None" = None,
        **settings: Any,
    ) -> "RunResult":
        """Run trials until the study has the given number. Call it again to continue.

        Jobs start without a question: `estimate` returns their cost, and `JobSettings.max_usd` limits it.

        Args:
            file: The file that defines `objective(trial)`, or loads its study from OPTUNA_STORAGE.
            trials: Total number of finished trials in the study.
            workers: Number of trials that run in parallel, each in a process or in a job.
            study: The study's name; None takes the file's.
            jobs: Settings of training jobs of the environment: one job for each trial, or with a database in [tuning]
                workers that run many trials. None: processes of this machine.
            on_progress: Called when a trial has ended, and each second.
            settings: Other fields of `studioctl.tuning.runs.Settings`, such as `directions=("maximize",)` or `seed=1`.

        Raises:
            RefusedError: Another process tunes this study.
            StudioctlError: The file cannot be loaded, every trial fails, or AWS refuses a call.
        """
        wanted = self._settings(file, jobs, trials=trials, workers=workers, study=study, **settings)
        return result_of(self._work(wanted), on_progress)

    def estimate(
        self,
        file: str | Path,
        *,
        trials: int,
        workers: int = 1,
        study: str | None = None,
        jobs: "JobSettings",
        **settings: Any,
    ) -> "of_jobs.Estimate | of_workers.Estimate":
        """Return the highest cost of `run` with these jobs, and the quota that it needs and has. Starts nothing.

        Args:
            file: As for `run`.
            trials: As for `run`.
            workers: As for `run`.
            study: As for `run`.
            jobs: As for `run`.
            settings: As for `run`.
        """
        from studioctl.operations.tuning import sizes  # noqa: PLC0415

        wanted = self._settings(file, jobs, trials=trials, workers=workers, study=study, **settings)
        return sizes.prepared(self._beside, wanted, self._account).most

    def resume(
        self,
        study: str | None = None,
        *,
        trials: int | None = None,
        workers: int | None = None,
        on_progress: "Callable[[Progress | Noted], None] | None" = None,
    ) -> "RunResult":
        """Continue a study with its last settings, including jobs, without asking.

        Args:
            study: The study's name.
            trials: Another total number of trials.
            workers: Another number of workers.
            on_progress: As for `run`.
        """
        from studioctl.tuning import runs  # noqa: PLC0415

        settings = runs.as_before(self._beside, study, trials=trials, workers=workers)
        return result_of(self._work(settings), on_progress)

    def stop(self, study: str | None = None) -> bool:
        """Stop a study that another process or only jobs run, and return whether it ran. Running trials are queued."""
        from studioctl.operations.tuning import sizes  # noqa: PLC0415

        return sizes.stop(self._beside, study, self._account)[1]

    def status(self, study: str | None = None) -> "StudyStatus":
        """Return the trials by state, the best so far, the rate and the expected end."""
        from studioctl.tuning import studies  # noqa: PLC0415

        self._look_afresh(study)
        return studies.status(self._beside, study)

    def best(self, study: str | None = None) -> "tuple[TrialRecord, ...]":
        """Return the best trial, or for several objectives the Pareto-optimal ones; empty before the first trial."""
        return self.status(study).best

    def trials(self, study: str | None = None) -> "tuple[TrialRecord, ...]":
        """Return all trials, by number."""
        from studioctl.tuning import studies  # noqa: PLC0415

        self._look_afresh(study)
        return studies.records(self._beside, study)

    def logs(self, trial: int, study: str | None = None) -> tuple[str, ...]:
        """Return the lines that a trial wrote, here or in its job.

        Args:
            trial: The trial's number.
            study: The study's name.

        Raises:
            StudioctlError: The trial has not begun.
        """
        from studioctl.operations.tuning import logs  # noqa: PLC0415

        self._look_afresh(study)
        return logs.log(self._beside, study, trial, self._account).lines

    def studies(self) -> "tuple[StudyStatus, ...]":
        """Return all studies, the last changed one first."""
        from studioctl.tuning import studies  # noqa: PLC0415

        return studies.all_of(self._beside)

    def plot(self, study: str | None = None, *, directory: str | Path | None = None) -> tuple[Path, Path]:
        """Draw Optuna's plots: an HTML file and a PNG, in the study's directory or the given one."""
        from studioctl.tuning import plots  # noqa: PLC0415

        self._look_afresh(study)
        return plots.plot(self._beside, study, Path(directory) if directory else None)

    def dashboard(self, study: str | None = None, *, port: int = 0) -> "Dashboard":
        """Serve optuna-dashboard on 127.0.0.1, in a thread, until `close()` or the end of its `with` block.

        Args:
            study: The study's name.
            port: The port; 0 takes a free one. The result's `url` has the address.

        Raises:
            StudioctlError: The port is taken.
        """
        from studioctl.tuning.dashboard import Dashboard  # noqa: PLC0415

        self._look_afresh(study)
        return Dashboard(self._beside, study, port, lambda: self._look_afresh(study))

    def export(self, file: str | Path, study: str | None = None, *, replace: bool = False) -> int:
        """Write the trials as .csv, .json or .db, and return their number.

        Args:
            file: The file to write.
            study: The study's name.
            replace: Whether to replace an existing file.

        Raises:
            RefusedError: The file exists.
        """
        from studioctl.tuning import exports  # noqa: PLC0415

        self._look_afresh(study)
        return exports.export(self._beside, study, Path(file), replace=replace)

    def delete(self, study: str) -> None:
        """Permanently delete a study with its logs, without asking. A job deletes it from the database too.

        Raises:
            RefusedError: The study is running.
        """
        from studioctl.operations.tuning import sizes  # noqa: PLC0415
        from studioctl.tuning import runs, studies  # noqa: PLC0415

        status = studies.status_if_readable(self._beside, study)
        erase = sizes.eraser(self._beside, status, self._account)[0] if status else None
        runs.delete(self._beside, study, erase)

    def _settings(self, file: str | Path, jobs: "JobSettings | None", **settings: Any) -> "Settings":
        from studioctl.tuning import runs  # noqa: PLC0415

        plain = None if jobs is None else {**dataclasses.asdict(jobs), "is_local": self._is_local}
        return runs.Settings(file=Path(file), jobs=plain, **settings)

    def _work(self, settings: "Settings") -> "Generator[Progress | Noted, None, RunResult]":
        from studioctl.operations.tuning import sizes  # noqa: PLC0415
        from studioctl.tuning import runs  # noqa: PLC0415

        if settings.jobs is None:
            return runs.run(self._beside, settings)
        return sizes.prepared(self._beside, settings, self._account).work

    def _account(self, is_local: bool) -> "Account":
        from studioctl.operations import emulation  # noqa: PLC0415
        from studioctl.operations.environment import Account  # noqa: PLC0415

        config = load(self._beside)
        target = emulation.begin(config.region)[0] if is_local else Target(config.region, config.profile)
        return Account(config, target)

    def _look_afresh(self, study: str | None) -> None:
        """Fetch the newest copy of a study that workers share, and warn about its problems."""
        from studioctl.operations.tuning import sizes  # noqa: PLC0415

        for told in sizes.fresh(self._beside, study, self._account):
            warnings.warn(told, stacklevel=3)
