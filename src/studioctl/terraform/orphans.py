"""Handles processes of a killed run: a Terraform that is still stopping, or provider processes without a Terraform.

When studioctl is killed, the kernel notifies Terraform (see process.py). Terraform finishes what it has begun, which
can take minutes and keeps the state locked. When Terraform is killed too, its provider processes stay. Both are
identified by the process id recorded beside the documents and by their working directory, because another process may
have the id by now. Only Linux shows a process's directory; elsewhere nothing is done.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from studioctl import disk
from studioctl.events import Finished, Progressed, Started, Work

NOTE = ".engine"
LONGEST_WAIT = 1500.0  # seconds; then Terraform itself says that the state is locked
PAUSE = 0.2
_PROCESSES = Path("/proc")


@contextmanager
def noted(directory: Path, pid: int) -> Iterator[None]:
    """Notes the process that works in a directory, and ends what it started when it died without doing so."""
    note = directory / NOTE
    disk.replace(note, str(pid))
    try:
        yield
    finally:
        end_group(directory, pid)
        note.unlink(missing_ok=True)


def wait_for_orphan(directory: Path) -> Work[None]:
    """Waits until the Terraform of a run that was killed has stopped, and ends what it left behind."""
    try:
        pid = int((directory / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    began = time.monotonic()
    subject, action = "Terraform of the run that was killed", "finish"
    if _works_in(pid, directory):
        yield Started(subject, action)
        while _works_in(pid, directory) and time.monotonic() - began < LONGEST_WAIT:
            yield Progressed(subject, action, time.monotonic() - began)
            time.sleep(PAUSE)
        yield Finished(subject, action, time.monotonic() - began)
    if not _works_in(pid, directory):
        end_group(directory, pid)
        (directory / NOTE).unlink(missing_ok=True)


def end_group(directory: Path, leader: int) -> None:
    """Ends the processes that a dead leader of a process group left in a directory."""
    for process in _PROCESSES.glob("[0-9]*"):
        pid = int(process.name)
        if pid != leader and _works_in(pid, directory):
            with suppress(OSError):
                if os.getpgid(pid) == leader:
                    os.kill(pid, signal.SIGKILL)


def _works_in(pid: int, directory: Path) -> bool:
    """Whether this process lives and runs in this directory. A dead one that nobody waited for has none."""
    try:
        return (_PROCESSES / str(pid) / "cwd").resolve(strict=True) == directory.resolve()
    except OSError:
        return False
