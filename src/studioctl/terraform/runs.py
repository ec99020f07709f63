"""Runs of Terraform that did not end by themselves, and the locks that they may have left behind.

A state on this machine is locked by the operating system, which frees the lock with the process. One in S3 is locked by
an object, which stays when Terraform is killed. Whose it is cannot be read from it with certainty: it names user and
host, not the process. So each run is noted before it starts, and the note is removed when Terraform has ended.
"""

import json
import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from studioctl import homes
from studioctl.terraform import records
from studioctl.terraform.workspace import Workspace, write_text

# Seconds after its start within which a run has taken the lock, slow answers included.
LOCKS_WITHIN = 120.0
_OPERATION = {"plan": "OperationTypePlan", "apply": "OperationTypeApply", "destroy": "OperationTypeApply"}
_WORKS = re.compile(
    rb"(terraform|tofu|studioctl\.terraform\.bundled)\x00(.*\x00)?(plan|apply|destroy|import|refresh)\x00"
)


@dataclass(frozen=True)
class Run:
    """A run of Terraform. `started` counts seconds since 1970."""

    verb: str
    pid: int
    started: float

    def is_alive(self) -> bool:
        """Whether its process lives. Where processes cannot be looked at, another of the same number counts too."""
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, PermissionError):  # somebody else's process: ours is gone
            return False
        words = _words_of(self.pid)
        return words is None or bool(_WORKS.search(words))

    def took(self, lock: Mapping[str, str]) -> bool:
        """Whether a lock may well be this run's."""
        created = _moment(lock.get("Created", ""))
        return (
            lock.get("Who") == who()
            and lock.get("Operation") == _OPERATION.get(self.verb)
            and created is not None
            and -2 <= created - self.started <= LOCKS_WITHIN
        )


def who() -> str:
    """Our name in Terraform's locks: user@host."""
    return f"{homes.user()}@{socket.gethostname()}"


def begin(workspace: Workspace, verb: str, pid: int) -> None:
    """Note that a run has started."""
    _write(workspace, [*unfinished(workspace), Run(verb, pid, time.time())])


def end(workspace: Workspace, pid: int) -> None:
    """Note that a run has ended by itself without ever having had the lock."""
    with suppress(OSError):  # a full disk: a note too many does no harm, and what the run said is still to be told
        _write(workspace, [run for run in unfinished(workspace) if run.pid != pid])


def end_all(workspace: Workspace) -> None:
    """Note that a run has had the lock and ended by itself: so no lock of an earlier one is left either."""
    _file(workspace).unlink(missing_ok=True)


def unfinished(workspace: Workspace) -> list[Run]:
    """Runs that were noted and did not end by themselves."""
    found = records.content(_file(workspace))
    return [Run(**run) for run in found if _is_whole(run)] if isinstance(found, list) else []


def _is_whole(run: Any) -> bool:
    return (
        isinstance(run, dict)
        and run.keys() == {"verb", "pid", "started"}
        and isinstance(run["verb"], str)
        and type(run["pid"]) is int
        and 0 < run["pid"] < 2**31
        and type(run["started"]) in {int, float}
    )


def left_behind(workspace: Workspace, lock: Mapping[str, str]) -> Run | None:
    """Return our run that left this lock behind; None if that is not certain.

    It is certain if the run was recorded, its Terraform has ended, and no other Terraform here could hold the lock.
    """
    runs = unfinished(workspace)
    owner = next((run for run in reversed(runs) if run.took(lock)), None)
    if owner is None or any(run.is_alive() for run in runs):
        return None
    return None if _others_work_on(lock.get("Path")) else owner


def _others_work_on(place: str | None) -> bool:
    """Whether a Terraform works on the state at this place from anywhere on this machine. Where that is unseen: yes."""
    if place is None or not Path("/proc/self/cmdline").exists():
        return True
    return any(_place(directory) == place for directory in _working_directories())


def _working_directories() -> Iterator[Path]:
    """The working directories of this user's Terraforms; those of others could not have taken a lock in our name."""
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and _WORKS.search(_words_of(int(process.name)) or b""):
            with suppress(OSError):  # it has just ended, or is another user's
                yield (process / "cwd").readlink()


def _place(directory: Path) -> str | None:
    """Bucket and key of the state that a directory was initialised for, as a lock's `Path` has them."""
    try:
        config = records.mapping(directory / ".terraform/terraform.tfstate")["backend"]["config"]
        return f"{config['bucket']}/{config['key']}"
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _words_of(pid: int) -> bytes | None:
    """A process's command line; empty for one that is dead and not yet waited for; None where it cannot be seen."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return None if not Path("/proc/self").exists() else b""
    except OSError:
        return None


def _moment(created: str) -> float | None:
    """Terraform writes "2026-11-23 12:58:03.123456789 +0000 UTC" in its messages, and ISO 8601 in the lock itself."""
    found = re.match(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)", created)
    with suppress(ValueError):  # no such day
        return datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC).timestamp() if found else None
    return None


def _write(workspace: Workspace, runs: list[Run]) -> None:
    write_text(_file(workspace), json.dumps([asdict(run) for run in runs]))


def _file(workspace: Workspace) -> Path:
    return workspace.directory / "runs.json"
