"""The directories in which Terraform works: real ones, the user's own, closed to others, and nothing in them but ours.

They lie in a directory that may have come with a repository. A link there could make us write, or empty, what it points
to; a file of somebody else could make Terraform run what they like.
"""

import os
import pwd
import re
import shlex
import shutil
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from studioctl.errors import RefusedError

PRIVATE_DIRECTORY = 0o700
PROVIDERS = ".terraform/providers"
# Where links are the rule: to the provider in a mirror. `trust` looks at where they lead.
_LINKED = (PROVIDERS, "mirror")
# What Terraform and OpenTofu read from the directory they run in, whatever the rest of the name is: documents,
# overrides, variables, tests, states of other workspaces, and providers.
_READ = re.compile(r".*\.(tf|tofu)|terraform\.d$")
_STATE = re.compile(r"(terraform|errored)\.tfstate(\.[\w.-]+)?|plan\.tfplan")
ASIDE = "set-aside"


def make(directory: Path) -> None:
    """Make a directory, and those above it that are ours, closed to others."""
    for place in _folders(directory):
        place.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)


def refuse_foreign(directory: Path) -> None:
    """Refuse what we would not have made: links, special files, and anything that is another user's.

    Args:
        directory: A workspace's; looked at with the two directories above it, which are ours, too.

    Raises:
        RefusedError: It names the file and the way on.
    """
    for path, status in _entries(directory):
        refuse_special(path, status)
        if status.st_uid != os.geteuid():
            _refuse_owner(path, status.st_uid, directory.parent.parent)


def refuse_special(path: Path, status: os.stat_result) -> None:
    """Refuse a link, and what is neither a file nor a directory.

    Raises:
        RefusedError: It names the file and the way on.
    """
    if stat.S_ISLNK(status.st_mode):
        raise RefusedError(
            f"'{path}' is a symbolic link, to '{path.readlink()}'. studioctl follows none there: a repository could"
            " have brought it. Nothing was changed.",
            hint=f"look at it, then remove the link: rm {shlex.quote(str(path))}",
        )
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise RefusedError(
            f"'{path}' is neither a file nor a directory. Nothing was changed.",
            hint=f"look at it, then remove it: rm {shlex.quote(str(path))}",
        )


def _refuse_owner(path: Path, owner: int, root: Path) -> None:
    raise RefusedError(
        f"'{path}' belongs to {_user(owner)}, and you are {_user(os.geteuid())}. Nothing was changed.",
        hint=f"run studioctl as {_user(owner)}, or if all of it is yours: sudo chown -R {os.geteuid()}"
        f" {shlex.quote(str(root))}",
    )


def _user(number: int) -> str:
    try:
        return f"'{pwd.getpwuid(number).pw_name}'"
    except KeyError:
        return f"user {number}"


def _entries(directory: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Every file of studioctl in a workspace, except the links in which Terraform keeps providers."""
    root = directory.parent.parent
    for path in (root, root / ".gitignore", root / "README.md", directory.parent, directory):
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue
        yield path, status
        if stat.S_ISLNK(status.st_mode):
            return
    for place, directories, files in os.walk(directory):
        here = Path(place)
        may_link = here != directory and any(here.is_relative_to(directory / linked) for linked in _LINKED)
        for name in (*directories, *files):
            try:
                status = (here / name).lstat()
            except FileNotFoundError:  # another process has just removed it
                continue
            if not (may_link and stat.S_ISLNK(status.st_mode)):
                yield here / name, status


def tighten(directory: Path) -> tuple[bool, bool]:
    """Close it to other users: folders 0700, files 0600. Whether it was open, and whether it still is.

    It stays open on file systems that keep no modes. A file that a run has just written lies behind closed directories.
    """
    was_open = any(place.is_dir() and place.lstat().st_mode & 0o077 for place in _folders(directory))
    for path, status in _entries(directory):
        mode = stat.S_IMODE(status.st_mode)
        if mode & 0o077:
            with suppress(OSError):  # of a file system that keeps no modes, or a file that has just gone
                path.chmod(mode & 0o700)
    return was_open, directory.is_dir() and bool(directory.lstat().st_mode & 0o077)


def _folders(directory: Path) -> tuple[Path, Path, Path]:
    """The directory of all environments, that of one, and the workspace."""
    return directory.parent.parent, directory.parent, directory


def set_aside(directory: Path, ours: Collection[str]) -> tuple[str, ...]:
    """Move what Terraform would read and is not ours into a directory that it does not read; the names.

    Args:
        directory: The directory in which Terraform works.
        ours: Names of the documents that we wrote.
    """
    if not directory.is_dir():
        return ()
    found = sorted(path for path in directory.iterdir() if path.name not in ours and _is_read(path))
    for path in found:
        place = directory / ASIDE
        place.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
        path.rename(_free(place / path.name))
    return tuple(path.name for path in found)


def _is_read(path: Path) -> bool:
    if path.name.startswith(".") or not _READ.match(path.name):  # Terraform passes over hidden files, too
        return False
    return path.is_dir() or not _STATE.fullmatch(path.name)


def _free(path: Path) -> Path:
    numbered = (path.with_name(f"{path.name}.{number}") for number in range(1, 10_000))
    return next(place for place in (path, *numbered) if not place.exists())


def remove(path: Path) -> None:
    """Remove a file or a whole directory; links in it are removed, and not what they lead to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
