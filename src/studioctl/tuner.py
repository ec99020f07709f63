"""Hyperparameter tuning for notebooks and scripts: the verbs of `studioctl tune`.

    from studioctl import Tuner

    tuner = Tuner()
    result = tuner.run("objective.py", trials=40, workers=4, on_progress=print)
    print(result.status.best)

Nothing here prints, asks or exits. What goes wrong is a `StudioctlError`, with a message and a hint.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studioctl.events import result_of
from studioctl.tuning import needs

if TYPE_CHECKING:  # they load Optuna, which takes a second
    from studioctl.events import Noted
    from studioctl.tuning.controller import Progress
    from studioctl.tuning.records import StudyStatus, TrialRecord
    from studioctl.tuning.runs import RunResult


class Tuner:
    """The studies beside one file.

    Every method raises StudioctlError (or one of its families in `studioctl.errors`) with a message and a hint. A study
    is named; where the name is left out, it is the one that changed last.

    Args:
        beside: The environment's file, which need not exist: studies are in `tuning/` in its directory.
    """

    def __init__(self, beside: str | Path = "studio.toml") -> None:
        needs.require()
        self._beside = Path(beside)

    def run(
        self,
        file: str | Path,
        *,
        trials: int,
        workers: int = 1,
        study: str | None = None,
        on_progress: "Callable[[Progress | Noted], None] | None" = None,
        **settings: Any,
    ) -> "RunResult":
        """Tunes on this machine until the study has its trials. Called again, it goes on where it ended.

        Args:
            file: The file that defines `objective(trial)`.
            trials: How many finished trials the study shall have in all.
            workers: How many run side by side, each in a process.
            study: Its name; None takes the file's.
            on_progress: Called when a trial has ended, and each second.
            settings: Others of `studioctl.tuning.runs.Settings`, such as `directions=("maximize",)` or `seed=1`.

        Raises:
            RefusedError: Another process tunes this study.
            StudioctlError: The file cannot be loaded, or every trial fails.
        """
        from studioctl.tuning import runs  # noqa: PLC0415

        wanted = runs.Settings(file=Path(file), trials=trials, workers=workers, study=study, **settings)
        return result_of(runs.run(self._beside, wanted), on_progress)

    def resume(
        self,
        study: str | None = None,
        *,
        trials: int | None = None,
        workers: int | None = None,
        on_progress: "Callable[[Progress | Noted], None] | None" = None,
    ) -> "RunResult":
        """Goes on with a study as it was run last.

        Args:
            study: Its name.
            trials: Another number of trials in all.
            workers: Another number of workers.
            on_progress: As for `run`.
        """
        from studioctl.tuning import runs  # noqa: PLC0415

        settings = runs.as_before(self._beside, study, trials=trials, workers=workers)
        return result_of(runs.run(self._beside, settings), on_progress)

    def stop(self, study: str | None = None) -> bool:
        """Stops a study that another process runs; whether it ran. Trials that run are queued."""
        from studioctl.tuning import runs  # noqa: PLC0415

        return runs.stop(self._beside, study)[1]

    def status(self, study: str | None = None) -> "StudyStatus":
        """Trials by state, the best so far, the rate and when it will end."""
        from studioctl.tuning import studies  # noqa: PLC0415

        return studies.status(self._beside, study)

    def best(self, study: str | None = None) -> "tuple[TrialRecord, ...]":
        """The best trial; of several objectives, those that no other is better than in all; none before the first."""
        return self.status(study).best

    def trials(self, study: str | None = None) -> "tuple[TrialRecord, ...]":
        """Every trial, by number."""
        from studioctl.tuning import studies  # noqa: PLC0415

        return studies.records(self._beside, study)

    def studies(self) -> "tuple[StudyStatus, ...]":
        """Every study, the one that changed last first."""
        from studioctl.tuning import studies  # noqa: PLC0415

        return studies.all_of(self._beside)

    def plot(self, study: str | None = None, *, directory: str | Path | None = None) -> tuple[Path, Path]:
        """Draws Optuna's plots: an HTML file and a PNG, in the study's directory unless another one is named."""
        from studioctl.tuning import plots  # noqa: PLC0415

        return plots.plot(self._beside, study, Path(directory) if directory else None)

    def export(self, file: str | Path, study: str | None = None, *, replace: bool = False) -> int:
        """Writes the trials as .csv, .json or .db; how many.

        Args:
            file: Where.
            study: Its name.
            replace: Whether a file that is there is replaced.

        Raises:
            RefusedError: The file is there.
        """
        from studioctl.tuning import exports  # noqa: PLC0415

        return exports.export(self._beside, study, Path(file), replace=replace)

    def delete(self, study: str) -> None:
        """Permanently deletes a study with its logs, without asking.

        Raises:
            RefusedError: It runs.
        """
        from studioctl.tuning import runs  # noqa: PLC0415

        runs.delete(self._beside, study)
