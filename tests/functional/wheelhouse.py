"""Wheels of what is installed here: an index for clean environments that needs no network, and lacks studioctl.

A wheel holds its package's metadata, and a file that lets Python find the package's modules where they are installed
here: these, and no other package's. To pack ten thousand files and to unpack them again would take a minute.
"""

import importlib.metadata
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

_METADATA = ("METADATA", "WHEEL", "entry_points.txt")


def fill(house: Path, requirement: str) -> None:
    """Packs everything that the requirement needs, and not the required package itself.

    Args:
        house: An empty directory for the wheels. The modules' places are linked from a directory in it.
        requirement: Of an installed package, with extras.
    """
    for name in sorted(set(_needed(Requirement(requirement)))):
        _pack(importlib.metadata.distribution(name), house)


def environment(place: Path) -> Path:
    """Makes a virtual environment with nothing but pip, which is linked; its Python."""
    venv.create(place)
    (packages,) = (place / "lib").glob("python*/site-packages")
    (packages / "pip.pth").write_text(f"{linked('pip', place)}\n")
    return place / "bin" / "python"


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


def linked(name: str, house: Path) -> Path:
    """A directory with links to the modules of this installed package, and to nothing else."""
    installed = importlib.metadata.distribution(name)
    place = house / "modules" / name
    place.mkdir(parents=True)
    for module in {file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}:
        if not module.endswith(".dist-info"):
            (place / module).symlink_to(str(installed.locate_file(module)))
    return place


def _pack(installed: importlib.metadata.Distribution, house: Path) -> None:
    """https://packaging.python.org/en/latest/specifications/binary-distribution-format/; programs are made anew."""
    tag = [line for line in (installed.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")][-1]
    name = installed.name.replace("-", "_").replace(".", "_")
    about = f"{name}-{installed.version}.dist-info"
    content = {f"{name}.pth": f"{linked(installed.name, house)}\n"}
    content |= {f"{about}/{file}": text for file in _METADATA if (text := installed.read_text(file))}
    content[f"{about}/RECORD"] = "".join(f"{file},,\n" for file in (*content, f"{about}/RECORD"))
    with zipfile.ZipFile(house / f"{name}-{installed.version}-{tag.removeprefix('Tag: ')}.whl", "w") as packed:
        for file, text in content.items():
            packed.writestr(file, text)
