"""Processes that a test did not start itself: whether one lives, and waiting for its end."""

import time
from pathlib import Path


def is_alive(pid: int) -> bool:
    """Whether a process is there and has not ended; one that nobody has waited for has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone before, or while it was read
        return False


def has_ended(pid: int, seconds: float = 60) -> bool:
    """Whether a process ends in this time."""
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
