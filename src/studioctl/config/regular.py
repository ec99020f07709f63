"""Opening files that somebody else named: one that is no regular file is told, and none is waited for."""

import errno
import os
import stat
from functools import cache
from pathlib import Path
from typing import BinaryIO

LARGEST_FILE = 4 * 1024 * 1024
"""Of a studio.toml."""


def open_regular(file: Path, *, pipes: bool = False) -> BinaryIO:
    """The file, opened to be read.

    Args:
        file: Links are followed.
        pipes: Whether a pipe that somebody has open for writing is as good, as a shell's `<(...)` is.

    Raises:
        OSError: It cannot be opened, or is a directory, a pipe, a device or a socket.
    """
    number = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    mode = os.fstat(number).st_mode
    is_open = pipes and stat.S_ISFIFO(mode) and str(file).startswith(("/dev/fd/", "/proc/"))
    if not stat.S_ISREG(mode) and not is_open:
        os.close(number)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise OSError(0, f"it is {_kind(mode)}, not a file")
    os.set_blocking(number, True)
    return os.fdopen(number, "rb")


def read_named(file: Path, most: int) -> bytes:
    """As much of a file that a flag names, and one byte more; a pipe's content is kept, as it can be read only once.

    Raises:
        OSError: As `open_regular`, for what is neither a file nor a shell's pipe.
    """
    with open_regular(file, pipes=True) as stream:
        if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return stream.read(most + 1)
    return _piped(file, most)


@cache
def _piped(file: Path, most: int) -> bytes:
    with open_regular(file, pipes=True) as stream:
        return stream.read(most + 1)


def _kind(mode: int) -> str:
    return "a pipe" if stat.S_ISFIFO(mode) else "a device"
