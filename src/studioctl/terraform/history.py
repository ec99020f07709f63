"""Earlier states of an environment whose state is on this machine. In S3 the bucket's versions are the history."""

import filecmp
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from studioctl.events import Noted, Work
from studioctl.terraform import state
from studioctl.terraform.workspace import Workspace, write_text

KEPT = 30
_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z\.tfstate")
_STAMP = "%Y%m%dT%H%M%S.%fZ"


def keep(workspace: Workspace) -> Path | None:
    """Copy the state as it is, damaged or not, once; the copy, or None where there is no state. The oldest ones go."""
    if not workspace.state_file.exists():
        return None
    earlier = copies(workspace)
    filecmp.clear_cache()  # it goes by size and time, and some disks tell whole seconds
    if earlier and filecmp.cmp(earlier[0], workspace.state_file, shallow=False):
        return earlier[0]
    # Their names are their order. A clock that was set back must not make the newest look like the oldest.
    now = max([datetime.now(UTC), *(taken_at(copy) + timedelta(microseconds=1) for copy in earlier[:1])])
    file = workspace.history / f"{now:{_STAMP}}.tfstate"
    write_text(file, text_of(workspace.state_file))
    for old in copies(workspace)[KEPT:]:
        old.unlink(missing_ok=True)
    return file


def copies(workspace: Workspace) -> list[Path]:
    """The copies, the newest first."""
    return sorted((file for file in workspace.history.glob("*.tfstate") if _is_copy(file)), reverse=True)


def _is_copy(file: Path) -> bool:
    with suppress(ValueError):  # no such day
        return bool(_NAME.fullmatch(file.name) and taken_at(file))
    return False


def taken_at(copy: Path) -> datetime:
    """The time at which this copy was taken."""
    return datetime.strptime(copy.stem, _STAMP).replace(tzinfo=UTC)


def before_torn(workspace: Workspace) -> str | None:
    """The last whole state, when the present one is torn; empty if there was none. None while nothing is torn.

    Terraform empties the file and writes it anew each time that something was made. A kill or a full disk at that
    moment leaves a part of it, or nothing.
    """
    if not workspace.state_file.is_file():
        return None
    present = text_of(workspace.state_file)
    if state.is_whole(present):
        return None
    earlier = next(filter(state.is_whole, map(text_of, copies(workspace))), "")  # each apply keeps the state before it
    return earlier if present or earlier else None


def mend(workspace: Workspace, *, is_whole: bool) -> Work[None]:
    """Put the state before a torn one in its place, and keep the torn one beside it.

    Args:
        workspace: The place of the state.
        is_whole: Whether the state was read, and is not torn.
    """
    earlier = None if is_whole else before_torn(workspace)
    if earlier is None:
        return
    if text_of(workspace.state_file):
        keep(workspace)
    write_text(workspace.state_file, earlier)
    instead = "the state before is taken" if earlier else "there is none before it"
    yield Noted(
        f"Terraform's state is torn, as a full disk or a kill leaves it; {instead}. What was made since is looked"
        " for in AWS"
    )


def text_of(file: Path) -> str:
    """A state as it lies there, whatever bytes it is of."""
    return file.read_text(encoding="utf-8", errors="surrogateescape")
