"""Files: written whole or not at all, and read only where nobody has to be waited for.

Also what it is called when a disk does not take them.
"""

import errno
import os
import secrets
import stat
from functools import cache
from pathlib import Path
from typing import BinaryIO

# EFBIG comes from `ulimit -f`, also where the disk has room.
REASONS = {
    errno.ENOSPC: "The disk is full",
    errno.EDQUOT: "Your quota of the disk is used up",
    errno.EFBIG: "The disk is full for this shell: a file would grow beyond its limit (ulimit -f)",
    errno.EROFS: "The file system is read-only",
}
REMEDIES = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there, or ask for a larger quota",
    errno.EFBIG: "raise the limit (ulimit -f unlimited)",
    errno.EROFS: "mount it for writing, or work in another directory",
}
# As Go's programs end an error: "write terraform.tfstate: no space left on device".
WORDS = {f": {os.strerror(number).lower()}": number for number in REASONS}
# Where a shell's `<(...)`, and what is piped to us, is found.
_OPEN_ALREADY = ("/dev/fd/", "/dev/stdin", "/proc/")


def replace(path: Path, content: str | bytes, *, mode: int | None = None) -> None:
    """Replace a file in one step: a full disk or a kill leaves the old file or the new one, never half of one.

    Args:
        path: The file. A symlink is replaced, not followed. Its directory must exist.
        content: Text is written as UTF-8, with the line breaks that it has.
        mode: Permissions of the new file; by default those that the umask leaves.

    Raises:
        OSError: It could not be written; the old file is as it was.
    """
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    if path.exists() and not path.is_file():  # a device or a pipe is written to, as by anybody
        with _open_special(path) as file:
            file.write(data)
        return
    temporary, handle = _beside(path, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())  # some file systems rename before the content is stored
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # write(2) does not know it
        raise


def _open_special(path: Path) -> BinaryIO:
    """A device or a pipe, opened to be written: without O_NONBLOCK, a pipe that nobody reads is waited for forever."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            error.strerror = "nobody reads this pipe"
        raise
    os.set_blocking(number, True)
    return os.fdopen(number, "wb")


def try_out(path: Path) -> None:
    """See, before long work, whether `replace` could write a file. Nothing is changed.

    Raises:
        OSError: It could not.
    """
    if not path.exists() or path.is_file():
        temporary, handle = _beside(path, 0o600)
        os.close(handle)
        temporary.unlink()


def _beside(path: Path, mode: int) -> tuple[Path, int]:
    """A new file in the same directory, open to be written."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        return temporary, os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        error.filename = str(path)  # nobody knows the other one
        raise


def is_ours(directory: Path, *, closed: int) -> bool:
    """Whether this directory belongs to us, and is not a link.

    Args:
        directory: It need not exist.
        closed: Permissions that nobody else may have, such as 0o022: to write.
    """
    try:
        seen = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid() and not seen.st_mode & closed


def refusal(text: str) -> int | None:
    """The `errno` of a disk's refusal that a program told in this text; None where it tells of none."""
    return next((number for words, number in WORDS.items() if words in text.lower()), None)


def refuses(file: Path) -> int | None:
    """The `errno` with which the disk refuses one more line in this log; None when it takes it."""
    try:
        with file.open("ab") as log:
            log.write(b"\n")
            log.flush()
            os.fsync(log.fileno())
            log.truncate(log.tell() - 1)
    except OSError as error:
        return error.errno if error.errno in REASONS else None
    return None


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
    is_open = pipes and stat.S_ISFIFO(mode) and str(file).startswith(_OPEN_ALREADY)
    if not stat.S_ISREG(mode) and not is_open:
        os.close(number)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
        raise OSError(0, f"it is {_kind(mode)}, not a file", str(file))
    os.set_blocking(number, True)
    return os.fdopen(number, "rb")


def read_named(file: Path, most: int) -> bytes:
    """Read the named file up to one byte more than `most`; a pipe is kept, as it can be read only once.

    Raises:
        OSError: As `open_regular`, for what is neither a file nor a shell's pipe.
    """
    with open_regular(file, pipes=True) as stream:
        if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return stream.read(most + 1)
    return _piped(file, most)


def text_named(file: Path, *, kilobytes: int = 64) -> str:
    """The text of a small file that a flag names.

    Raises:
        OSError: As `read_named`, or it is larger.
        UnicodeDecodeError: It is no UTF-8.
    """
    content = read_named(file, kilobytes * 1024)
    if len(content) > kilobytes * 1024:
        raise OSError(0, f"it is larger than {kilobytes} KB", str(file))
    return content.decode("utf-8")


@cache
def _piped(file: Path, most: int) -> bytes:
    with open_regular(file, pipes=True) as stream:
        return stream.read(most + 1)


def _kind(mode: int) -> str:
    return "a pipe" if stat.S_ISFIFO(mode) else "a device"
