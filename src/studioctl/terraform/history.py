"""Earlier states of an environment whose state is on this machine. In S3 the bucket's versions are the history."""

from datetime import UTC, datetime
from pathlib import Path

from studioctl.terraform.workspace import Workspace, write_text

KEPT = 30


def keep(workspace: Workspace) -> Path | None:
    """Copy the state as it is, damaged or not; the copy, or None where there is no state."""
    try:
        text = workspace.state_file.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None
    return keep_text(workspace, text)


def keep_text(workspace: Workspace, text: str) -> Path:
    """Keep this state, once, and no more than the newest ones."""
    earlier = copies(workspace)
    if earlier and _text(earlier[0]) == text:
        return earlier[0]
    file = workspace.history / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.tfstate"
    write_text(file, text)
    for old in copies(workspace)[KEPT:]:
        old.unlink(missing_ok=True)
    return file


def copies(workspace: Workspace) -> list[Path]:
    """The copies, the newest first."""
    return sorted(workspace.history.glob("*.tfstate"), reverse=True)


def taken_at(copy: Path) -> datetime:
    """When this copy was taken."""
    return datetime.strptime(copy.stem, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="surrogateescape")
