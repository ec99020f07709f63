"""The user's file as messages point into it: which line says this."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studioctl.config.text import Elsewhere, Location, path, place_elsewhere
from studioctl.disk import read_named
from studioctl.findings import Finding, Place

if TYPE_CHECKING:
    from studioctl.config.people import Origins

LARGEST_FILE = 4 * 1024 * 1024


@dataclass(frozen=True)
class Source:
    """The text of a file that was read without an error, and what messages call it."""

    name: str
    text: str

    @classmethod
    def of(cls, file: Path) -> "Source":
        """The file as it is now."""
        return cls(str(file), read_named(file, LARGEST_FILE).decode("utf-8-sig"))

    def place(self, *location: str | int) -> str:
        """The place of this, or of the nearest thing around it: "studio.toml:9: network.cidr", "people.csv:3: name".

        Without a line when nothing of it is in the file, because a default holds.
        """
        return str(self.at(location))

    def at(self, location: Location) -> Place:
        """The same as a value."""
        written = self.written(location)
        if written and isinstance(written[0], Elsewhere):
            line = written[1]
            return Place(written[0], line if isinstance(line, int) and line else None, path(written[2:]))
        return Place(self.name, self.line(*location), path(written))

    def line(self, *location: str | int) -> int | None:
        """The line, from 1, of this or of the nearest thing around it; None if a default holds."""
        from studioctl.config.positions import nearest_place  # noqa: PLC0415 (needed for refusals only)

        nearest = nearest_place(self.written(location), self._lines)
        return self._lines[nearest] if nearest else None

    def spot(self, *location: str | int) -> str:
        """The file and line of this, or of the nearest thing around it: "studio.toml:9", "people.csv:3"."""
        if elsewhere := place_elsewhere(self.written(location)[:2]):
            return elsewhere
        line = self.line(*location)
        return self.name if line is None else f"{self.name}:{line}"

    def exactly(self, *location: str | int) -> str | None:
        """The exact place of this: "studio.toml:9", "people.csv:3"; None if a default holds."""
        written = self.written(location)
        if elsewhere := place_elsewhere(written[:2]):
            return elsewhere
        line = self._lines.get(written)
        return None if line is None else f"{self.name}:{line}"

    def written(self, location: Location) -> Location:
        """The location at which a person wrote a value: it may be in a group, or in a list elsewhere."""
        return self._origins.of(location)

    def spots(self) -> list[str | None]:
        """The spots of everything that the file says, in its order."""
        return [self.exactly(*location) for location in self._lines]

    def places(self, key: str, number: int) -> list[str]:
        """The spots of a list's entries."""
        return [self.spot(key, index) for index in range(number)]

    @cached_property
    def _lines(self) -> dict[Location, int]:
        from studioctl.config.positions import lines  # noqa: PLC0415 (needed for refusals only)

        return lines(self.text)

    @cached_property
    def _origins(self) -> "Origins":
        """The locations at which a person wrote the values of `users`, after groups and lists are merged."""
        from studioctl.config.people import everybody  # noqa: PLC0415 (as above)

        data: dict[str, Any] = tomllib.loads(self.text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))
        return everybody(data, Path(self.name).parent).origins


def located(findings: Iterable[Finding], source: Source) -> Iterator[Finding]:
    """The findings, each with the place in the file of the key that decides it."""
    return (replace(found, place=source.at(found.key)) if found.key else found for found in findings)
