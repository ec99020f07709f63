"""The user's files as one archive for jobs, and what jobs need beside it."""

import io
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from studioctl.errors import ExitCode, StudioctlError
from studioctl.tuning.places import DIRECTORY

LARGEST = 50 * 1024 * 1024
_HERE = Path(__file__).parent
PROGRAMS = ("again.py", "bucket.py", "copies.py", "job.py", "private.py", "runner.py", "shared.py", "worker.py")
STORAGE = "OPTUNA_STORAGE"
OURS = "studioctl_"  # how their names begin in a job


@dataclass(frozen=True)
class Package:
    """The content of a job's channel `code`.

    Args:
        directory: The directory of the files.
        files: The number of files.
        size: Their bytes.
        digest: Of all of it: two equal directories have the same.
        objects: Each object's content by its name.
    """

    directory: Path
    files: int
    size: int
    digest: str
    objects: Mapping[str, bytes]

    @classmethod
    def empty(cls, directory: Path) -> "Package":
        """An empty package, for who only looks."""
        return cls(directory, 0, 0, "none", {})

    def with_object(self, name: str, content: bytes) -> "Package":
        """The same and one object more."""
        digest = sha256(self.digest.encode() + content).hexdigest()[:16]
        return replace(self, digest=digest, objects={**self.objects, name: content})


def is_script(file: Path) -> bool:
    """Whether a file loads its study itself: from the address that the variable holds."""
    return STORAGE in file.read_text(encoding="utf-8", errors="replace")


def programs(directory: Path) -> Package:
    """The package of a job that runs nothing of the user's, whose files may be gone."""
    return _packed(directory, ())


def packed(file: Path) -> Package:
    """The package of a user's file.

    Args:
        file: The user's file. All of its directory goes along, but for hidden files, virtual environments, studies and
            what leads elsewhere.

    Raises:
        StudioctlError: It is larger than 50 MB.
    """
    return _packed(file.parent, sorted(_files(file.parent)))


def _packed(directory: Path, together: Iterable[Path]) -> Package:
    content = io.BytesIO()
    files = size = 0
    with tarfile.open(fileobj=content, mode="w:gz", compresslevel=6) as archive:
        for each in together:
            try:
                source = each.open("rb")
            except FileNotFoundError:  # it has gone since it was listed: a program that works there writes and deletes
                continue
            with source:
                information = archive.gettarinfo(None, each.relative_to(directory).as_posix(), source)
                files, size = files + 1, size + information.size
                if size > LARGEST:
                    raise StudioctlError(
                        f"'{directory}' has more than {LARGEST >> 20} MB of files for the jobs. Nothing was started.",
                        hint="move data out of it, into the bucket; or the file into a directory with its code alone",
                        exit_code=ExitCode.USAGE,
                    )
                information.mtime = information.uid = information.gid = 0
                information.uname = information.gname = ""
                archive.addfile(information, source)
    objects = {"code.tar.gz": content.getvalue(), **{OURS + name: (_HERE / name).read_bytes() for name in PROGRAMS}}
    # Of the compressed archive's bytes all but its time.
    digest = sha256(b"".join(name.encode() + value[8:] for name, value in sorted(objects.items()))).hexdigest()
    return Package(directory, files, size, digest[:16], objects)


def _files(directory: Path) -> Iterator[Path]:
    for place, directories, names in os.walk(directory):
        here = Path(place)
        directories[:] = [each for each in directories if _goes_along(here / each)]
        visible = (here / name for name in names if not name.startswith("."))
        yield from (each for each in visible if each.is_file() and not each.is_symlink())


def _goes_along(directory: Path) -> bool:
    named = directory.name.startswith(".") or directory.name in {DIRECTORY, "__pycache__"}
    return not named and not directory.is_symlink() and not (directory / "pyvenv.cfg").exists()
