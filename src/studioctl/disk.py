"""Files written whole or not at all, and what it is called when a disk does not take them."""

import errno
import os
import secrets
from pathlib import Path

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
        path.write_bytes(data)
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
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
