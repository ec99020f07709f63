"""Processes by a word in their command line: in a room they have other numbers than outside."""

import contextlib
import secrets
from pathlib import Path


def nap() -> str:
    """A number of seconds for `sleep`, longer than any test waits, that nobody else sleeps."""
    return f"600.{secrets.randbelow(10**9):09}"


def napping(seconds: str) -> bool:
    """Whether anybody sleeps for this long, in any namespace."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if seconds.encode() in (process / "cmdline").read_bytes().split(b"\0"):
                return True
    return False
