"""The directory that tests write to: in memory, if this machine has enough of it.

A suite makes and removes some hundred thousand small files, and Terraform waits until each state is on the disk. On a
disk that is a fifth of its CPU time, and more of what it waits for.
"""

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 4 * 1024**3  # bytes; a run of everything needs less than one


def choose() -> None:
    """Let this process and its children make temporary files in memory, unless TMPDIR names a place already."""
    if "TMPDIR" not in os.environ and _is_fit():
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # it remembers what it found before


def _is_fit() -> bool:
    """Whether files can be made and run there, and there is room for them: a container's is small."""
    try:
        found = os.statvfs(MEMORY)
    except OSError:
        return False
    is_closed = found.f_flag & (getattr(os, "ST_NOEXEC", 0) | os.ST_RDONLY)
    return not is_closed and os.access(MEMORY, os.W_OK) and found.f_bavail * found.f_frsize >= ENOUGH
