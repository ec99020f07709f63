"""The user's file as messages point into it: which line says this."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studioctl.config.text import Location, path, place_elsewhere
from studioctl.disk import read_named

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
        """Where this, or the nearest thing around it, stands: "studio.toml:9: network.cidr", "people.csv:3: name".

        Without a line when nothing of it is in the file, because a default holds.
        """
        if elsewhere := place_elsewhere(self._written(location)):
            return elsewhere
        line = self.line(*location)
        return f"{self.name}{'' if line is None else f':{line}'}: {path(self._written(location))}"

    def line(self, *location: str | int) -> int | None:
        """On which line, from 1, this or the nearest thing around it stands; None when a default holds."""
        from studioctl.config.positions import lines, nearest_place  # noqa: PLC0415 (needed for refusals only)

        known = lines(self.text)
        location = self._written(location)
        nearest = nearest_place(location, known)
        return known[nearest] if nearest else None

    def places(self, key: str, number: int) -> list[str]:
        """Where each entry of a list stands: "studio.toml:9", "people.csv:3". Quicker than asking for each."""
        from studioctl.config.people import everybody  # noqa: PLC0415 (needed here only)
        from studioctl.config.positions import lines, nearest_place  # noqa: PLC0415 (as above)

        known = lines(self.text)
        origins = everybody(self._data(), Path(self.name).parent).origins
        found: list[str] = []
        for index in range(number):
            written = origins.of((key, index))
            nearest = nearest_place(written, known)
            elsewhere = place_elsewhere(written)
            found.append(elsewhere or (f"{self.name}:{known[nearest]}" if nearest else self.name))
        return found

    def _data(self) -> dict[str, Any]:
        return tomllib.loads(self.text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))

    def _written(self, location: Location) -> Location:
        """Where a person wrote what stands there once everybody is in `users`."""
        from studioctl.config.people import everybody  # noqa: PLC0415 (as above)

        return everybody(self._data(), Path(self.name).parent).origins.of(location)
