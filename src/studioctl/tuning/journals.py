"""Optuna's journal files: how they are locked and read, and what a process that was killed leaves of a line."""

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import BaseJournalBackend, JournalFileBackend, JournalFileOpenLock

# What Optuna raises about lines that it did not write so.
UNREADABLE = (ValueError, KeyError, AssertionError, TypeError, AttributeError, IndexError)

_OPERATIONS = range(11)  # JournalOperation's


class Lock(JournalFileOpenLock):
    """The system's lock of a file, which ends with its process. Optuna's own is a link or a file that a kill leaves.

    Args:
        file: It is made, and stays.
    """

    def __init__(self, file: Path) -> None:
        super().__init__(str(file), None)
        self._file = file
        self._descriptor = -1

    def acquire(self) -> bool:
        """Wait for the lock."""
        self._descriptor = os.open(self._file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        """Let go of the lock."""
        os.close(self._descriptor)


class Copy(BaseJournalBackend):
    """A copy as it was when it was opened: a newer one may take its place at any moment, and what is added is lost."""

    def __init__(self, journal: Path) -> None:
        self._lines = [json.loads(line) for line in (journal.read_bytes() if journal.is_file() else b"").splitlines()]

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        return self._lines[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        self._lines += logs


def opened(journal: Path) -> BaseStorage:
    """A journal as a storage."""
    return JournalStorage(JournalFileBackend(str(journal), Lock(journal.with_name(".journal.lock"))))


def broken_line(journal: Path) -> int | None:
    """The number of the first line, from 1, that is not Optuna's; None where each looks like one."""
    lines = journal.read_bytes().splitlines() if journal.is_file() else []
    return next((number for number, line in enumerate(lines, 1) if not _is_line(line)), None)


def set_torn_line_aside(journal: Path) -> Path | None:
    """Takes a last line away that was not written to its end; the copy of the journal with it, where there was one.

    What would be added behind such a line could not be read. For who holds the study.
    """
    try:
        content = journal.read_bytes()
    except FileNotFoundError:
        return None
    whole, end, torn = content.rpartition(b"\n")
    if not torn:  # the last line has an end: is it one?
        before, _, last = whole.rpartition(b"\n")
        if not last or _is_line(last):
            return None
        whole, end = before, b"\n" if before else b""
    aside = journal.with_name(f"{journal.stem}-torn-{time.strftime('%Y%m%dT%H%M%S')}.log")
    aside.write_bytes(content)
    os.truncate(journal, len(whole) + len(end))
    return aside


def _is_line(line: bytes) -> bool:
    try:
        found = json.loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("op_code") in _OPERATIONS
