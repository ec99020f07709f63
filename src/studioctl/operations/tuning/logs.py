"""Reading a trial's log, wherever it ran."""

from dataclasses import dataclass
from pathlib import Path

from studioctl.errors import StudioctlError
from studioctl.operations.tuning import jobs
from studioctl.operations.tuning.sizes import AccountOf
from studioctl.tuning import places, runner, studies


@dataclass(frozen=True)
class Log:
    """Everything that a trial wrote.

    Args:
        study: The study's name.
        trial: The trial's number.
        job: The training job that it ran in; None where it ran on this machine.
        text: As it was written.
    """

    study: str
    trial: int
    job: str | None
    text: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The text, line by line."""
        return tuple(self.text.splitlines())


def log(beside: Path, study: str | None, trial: int, account_of: AccountOf) -> Log:
    """The log of a trial.

    Args:
        beside: The environment's file.
        study: The study's name; None takes the one that changed last.
        trial: The trial's number.
        account_of: Signs in to where its job ran.

    Raises:
        StudioctlError: The trial has not begun, or there is no such study.
    """
    found = places.chosen(beside, study)
    if job := studies.job_of(found, trial):
        account = account_of(bool(places.remembered(found)["jobs"]["is_local"]))
        lines = jobs.log_of(account, job)
        return Log(found.name, trial, job, "\n".join(runner.of_trial(lines, trial) if found.is_shared else lines))
    if (lines_here := studies.lines_of(found, trial)) is not None:
        return Log(found.name, trial, None, "\n".join(lines_here))
    file = found.log(trial)
    if not file.is_file():
        raise StudioctlError(
            f"There is no log of trial {trial} of study '{found.name}': it has not begun.",
            hint=f"studioctl tune status --study {found.name}",
        )
    return Log(found.name, trial, None, file.read_text(encoding="utf-8", errors="replace"))
