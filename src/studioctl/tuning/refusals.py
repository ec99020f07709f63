"""Runs of a study that would mix what does not belong together."""

from typing import TYPE_CHECKING

from studioctl.errors import ExitCode, RefusedError, StudioctlError
from studioctl.tuning import package, places
from studioctl.tuning.places import Place

if TYPE_CHECKING:
    from studioctl.tuning.runs import Settings


def another_user(found: Place, settings: "Settings") -> None:
    """Goes on with a run of the user whose study it is: its jobs have one role, and one place in the bucket.

    Raises:
        RefusedError: It is another's.
    """
    try:
        before = places.remembered(found).get("jobs") if found.exists else None
    except StudioctlError:  # it was run elsewhere
        return
    is_user, was_user = ((jobs or {}).get("user") for jobs in (settings.jobs, before))
    if before is not None and settings.jobs is not None and is_user != was_user:
        raise RefusedError(
            f"Study '{found.name}' is of {_named(was_user)}, and this run would be of {_named(is_user)}. Nothing was"
            " started.",
            hint="begin another study with --study",
        )


def _named(user: str | None) -> str:
    return f"user '{user}'" if user else "all users"


def another_kind(found: Place, settings: "Settings", *, is_script: bool, is_far: bool) -> None:
    """Goes on with a file of the study's kind, where that may run.

    Raises:
        StudioctlError: It is of another one.
    """
    file = settings.file.name
    if is_script and is_far:
        raise StudioctlError(
            f"'{file}' loads its study itself, from {package.STORAGE}, and a job for each trial has none to load."
            " Nothing was started.",
            hint="add --local, or a database under [tuning]: studioctl docs tune-with-many-workers",
            exit_code=ExitCode.USAGE,
        )
    if found.exists and found.database.is_file() != is_script:
        other = "has an objective" if is_script else "loads it itself"
        raise StudioctlError(
            f"Study '{found.name}' belongs to a file that {other}, and '{file}' does not. Nothing was started.",
            hint="begin another study with --study",
            exit_code=ExitCode.USAGE,
        )
