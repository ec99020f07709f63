"""The user's files as one archive for jobs, and what jobs need beside it."""

import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from studioctl.errors import ExitCode, StudioctlError
from studioctl.tuning.places import DIRECTORY

LARGEST = 50 * 1024 * 1024
_HERE = Path(__file__).parent
PROGRAMS = ("job.py", "runner.py")


@dataclass(frozen=True)
class Package:
    """The content of a job's channel `code`.

    Args:
        directory: Whose files it has.
        files: How many they are.
        size: Their bytes.
        digest: Of all of it: two equal directories have the same.
        objects: Each object's content by its name.
    """

    directory: Path
    files: int
    size: int
    digest: str
    objects: Mapping[str, bytes]


def packed(file: Path) -> Package:
    """The package of a user's file.

    Args:
        file: The user's file. All of its directory goes along, but for hidden files, virtual environments, studies and
            what leads elsewhere.

    Raises:
        StudioctlError: It is larger than 50 MB.
    """
    content = io.BytesIO()
    files = size = 0
    with tarfile.open(fileobj=content, mode="w:gz", compresslevel=6) as archive:
        for each in sorted(_files(file.parent)):
            files, size = files + 1, size + each.stat().st_size
            if size > LARGEST:
                raise StudioctlError(
                    f"'{file.parent}' has more than {LARGEST >> 20} MB of files for the jobs. Nothing was started.",
                    hint="move data out of it, into the bucket; or the file into a directory with its code alone",
                    exit_code=ExitCode.USAGE,
                )
            information = archive.gettarinfo(each, each.relative_to(file.parent).as_posix())
            information.mtime = information.uid = information.gid = 0
            information.uname = information.gname = ""
            with each.open("rb") as source:
                archive.addfile(information, source)
    objects = {"code.tar.gz": content.getvalue(), **{name: (_HERE / name).read_bytes() for name in PROGRAMS}}
    # Of the compressed archive's bytes all but its time.
    digest = sha256(b"".join(name.encode() + value[8:] for name, value in sorted(objects.items()))).hexdigest()
    return Package(file.parent, files, size, digest[:16], objects)


def _files(directory: Path) -> Iterator[Path]:
    for place, directories, names in os.walk(directory):
        here = Path(place)
        directories[:] = [each for each in directories if _goes_along(here / each)]
        yield from (here / name for name in names if not name.startswith(".") and not (here / name).is_symlink())


def _goes_along(directory: Path) -> bool:
    named = directory.name.startswith(".") or directory.name in {DIRECTORY, "__pycache__"}
    return not named and not directory.is_symlink() and not (directory / "pyvenv.cfg").exists()
