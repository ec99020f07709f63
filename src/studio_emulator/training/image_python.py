"""The packages that a job's image has, of those that are installed where the emulator runs.

The stand-in for an image has this machine's Python. The distributions that belong to the image, with what they need,
are shown in it as they are installed here; what is not installed here is missing there.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

_NOT_PACKAGES = frozenset({"..", "__pycache__", ""})


@cache
def packages_of(names: tuple[str, ...]) -> dict[str, Path]:
    """The files and directories at the top of these distributions, and of all that they need, by name."""
    found: dict[str, Path] = {}
    for each in _closure(names):
        for file in each.files or ():
            top = file.parts[0]
            if top not in _NOT_PACKAGES and top not in found:
                found[top] = Path(str(each.locate_file(top))).resolve()
    return {name: place for name, place in found.items() if place.exists()}


def _closure(names: Iterable[str]) -> Iterator[Distribution]:
    waiting, seen = list(names), set[str]()
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            known = distribution(name)
        except PackageNotFoundError:
            continue
        yield known
        waiting += _needs(known)


def _needs(known: Distribution) -> Iterator[str]:
    for line in known.requires or ():
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            continue
        if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
            yield wanted.name
