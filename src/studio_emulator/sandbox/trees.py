"""Directories that a script may have filled: as deep, as long and as closed as it likes.

Nothing here recurses, and nothing trusts that a path fits the system's limit.
"""

import contextlib
import os
import secrets
from collections.abc import Collection, Iterator
from pathlib import Path


def below(root: Path, *, but: Collection[str] = ()) -> Iterator["os.DirEntry[str]"]:
    """Everything below a directory, as far as a path can name it; each directory before what is in it.

    Args:
        root: The directory.
        but: Directories of which only they themselves are wanted, by their paths from the root.
    """
    waiting = [str(root)]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False) and os.path.relpath(entry.path, root) not in but:
                    waiting.append(entry.path)


def remove(place: Path) -> None:
    """Remove a directory, or anything else, whose directories may be closed to their owner. What resists stays.

    A directory's own directories are first moved up beside it, so that no path grows with the depth.
    """
    if place.is_symlink() or not place.is_dir():
        place.unlink(missing_ok=True)
        return
    with contextlib.suppress(OSError):
        place.chmod(0o700)
    while removed := [_take_away(entry, place) for entry in _entries(place)]:
        if not any(removed):
            return
    with contextlib.suppress(OSError):
        place.rmdir()


def _take_away(entry: "os.DirEntry[str]", place: Path) -> bool:
    """Remove an entry; whether it is gone. Directories in it are moved to the place, and removed later."""
    try:
        if not entry.is_dir(follow_symlinks=False):
            os.unlink(entry.path)  # noqa: PTH108 - there may be very many
            return True
        os.chmod(entry.path, 0o700)  # noqa: PTH101 - as above
        for child in _entries(Path(entry.path)):
            if child.is_dir(follow_symlinks=False):
                os.chmod(child.path, 0o700)  # noqa: PTH101 - only who may write there can move a directory
                os.rename(child.path, place / secrets.token_hex(8))  # noqa: PTH104 - as above
            else:
                os.unlink(child.path)  # noqa: PTH108 - as above
        os.rmdir(entry.path)  # noqa: PTH106 - as above
    except OSError:
        return False
    return True


def _entries(directory: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError:
        return []
