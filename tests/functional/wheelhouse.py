"""Wheels of what is installed here: an index for clean environments that needs no network, and lacks studioctl."""

import importlib.metadata
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

# The installer's own notes.
_NOTES = {"INSTALLER", "REQUESTED", "direct_url.json"}


def fill(house: Path, requirement: str) -> None:
    """Packs everything that the requirement needs, and not the required package itself."""
    for name in sorted(set(_needed(Requirement(requirement)))):
        _pack(importlib.metadata.distribution(name), house)


def _needed(root: Requirement) -> Iterator[str]:
    """Names of what must be installed beside it."""
    waiting, seen = [root], set()
    while waiting:
        wanted = waiting.pop()
        for text in importlib.metadata.distribution(wanted.name).requires or ():
            other = Requirement(text)
            extras = wanted.extras or {""}
            is_needed = other.marker is None or any(other.marker.evaluate({"extra": extra}) for extra in extras)
            if is_needed and str(other) not in seen:
                seen.add(str(other))
                waiting.append(other)
                yield importlib.metadata.distribution(other.name).name


def _pack(installed: importlib.metadata.Distribution, house: Path) -> None:
    """https://packaging.python.org/en/latest/specifications/binary-distribution-format/; programs are made anew."""
    tag = [line for line in (installed.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")][-1]
    name = installed.name.replace("-", "_").replace(".", "_")
    wheel = house / f"{name}-{installed.version}-{tag.removeprefix('Tag: ')}.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        for file in installed.files or ():
            if file.parts[0] != ".." and file.suffix != ".pyc" and file.name not in _NOTES:
                packed.write(str(file.locate()), str(file))
