"""A room for each test, and short words for what happens in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from studio_emulator.sandbox.image import Image
from studio_emulator.sandbox.room import Room
from studio_emulator.sandbox.run import Run

Say = Callable[[str], list[str]]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    made = Room(tmp_path / "root", Image(4, 0))
    made.lay_out()
    return made


@pytest.fixture
def say(room: Room) -> Say:
    """Runs a script to its end in the room; what it wrote."""

    def said(script: str) -> list[str]:
        with Run(room, script, room.environment(), seconds=60) as run:
            return [line.text for line in run.lines()]

    return said
