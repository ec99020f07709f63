"""The user's file as messages point into it: which line says this."""

from dataclasses import dataclass
from pathlib import Path

from studioctl.config.text import path
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
        """Where this, or the nearest thing around it, stands: "studio.toml:9: network.cidr".

        Without a line when nothing of it is in the file, because a default holds.
        """
        line = self.line(*location)
        return f"{self.name}{'' if line is None else f':{line}'}: {path(location)}"

    def line(self, *location: str | int) -> int | None:
        """On which line, from 1, this or the nearest thing around it stands; None when a default holds."""
        from studioctl.config.positions import lines, nearest_place  # noqa: PLC0415 (needed for refusals only)

        known = lines(self.text)
        nearest = nearest_place(location, known)
        return known[nearest] if nearest else None
