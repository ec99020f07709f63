"""The environments that were made from this machine: by the notes on their working directories, without a search."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from studioctl.target import Target
from studioctl.terraform import records
from studioctl.terraform.trust import Anchor, directories
from studioctl.terraform.workspace import CLAIM, HOME


@dataclass(frozen=True)
class Made:
    """An environment that `up` made from here, and that no `down` has removed since.

    Args:
        name: The environment's.
        file: The file that describes it.
    """

    name: str
    file: Path


def environments(target: Target) -> tuple[Made, ...]:
    """The environments on AWS, or on the emulator, by name; each from a directory that is as studioctl left it."""
    found = (made for directory in directories() if directory.name == target.name for made in _made(directory))
    return tuple(sorted(found, key=lambda made: (made.name, made.file)))


def _made(directory: Path) -> Iterator[Made]:
    """The environment of a working directory, `<file's directory>/.studioctl/<environment>/<target>`."""
    with suppress(OSError):  # on a disk that is not there, or not for us any more
        source = (records.text(directory / CLAIM) or "").strip()
        home = directory.parent.parent
        file = home.parent / source
        is_one = home.name == HOME and file.name == source and file.is_file()
        if is_one and Anchor(directory).knows(CLAIM):
            yield Made(directory.parent.name, file)
