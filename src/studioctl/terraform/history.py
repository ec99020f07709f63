"""Earlier states of an environment whose state is on this machine. In S3 the bucket's versions are the history."""

import json
from datetime import UTC, datetime
from pathlib import Path

from studioctl.terraform.workspace import Workspace, write_text

KEPT = 30
# Terraform removes it when it lets the state go, so only one that was killed leaves it.
LOCK = ".terraform.tfstate.lock.info"


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


def before_torn(workspace: Workspace) -> str | None:
    """The last whole state, when Terraform was killed while it wrote the present one; empty if that was the first.

    Terraform empties the file and writes it anew, each time that something was made. None while nothing is torn.
    """
    if not (workspace.directory / LOCK).is_file() or not workspace.state_file.is_file():
        return None
    if _serial(_text(workspace.state_file)) is not None:
        return None
    earlier = (_text(copy) for copy in copies(workspace))  # each apply keeps the state before it
    return next((text for text in earlier if _serial(text) is not None), "")


def mend(workspace: Workspace, text: str) -> None:
    """Put an earlier state in the place of a torn one, which is kept beside it."""
    keep(workspace)
    write_text(workspace.state_file, text)


def _serial(text: str) -> int | None:
    """How often a state was changed; None when it is not whole."""
    try:
        return int(json.loads(text)["serial"])
    except (ValueError, KeyError, TypeError):
        return None


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="surrogateescape")
