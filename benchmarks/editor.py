"""Measures what a person waits for when the editor starts, in one run: `make benchmark`.

Our lifecycle script installs uv, poetry and pdm from PyPI, in an empty home and again in the same home; pipx installs
the same three one after the other. Both have the same Python, the same environment and no cache, and take turns.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from studio_emulator.sandbox import trees
from studio_emulator.sandbox.image import Image
from studio_emulator.sandbox.reach import Reach
from studio_emulator.sandbox.room import Room
from studio_emulator.sandbox.run import Run, start_editor
from studioctl.config.editor import Editor
from studioctl.config.load import load
from studioctl.lifecycle import script

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("uv", "poetry", "pdm")
WARM_STARTS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="cold installations of each")
    arguments = parser.parse_args()
    colds, warms, theirs, wholes = [], [], [], []
    with tempfile.TemporaryDirectory() as directory:
        for number in range(arguments.rounds):
            place = Path(directory) / str(number)
            cold, warm, whole = with_script(place / "ours")
            colds.append(cold)
            warms.extend(warm)
            wholes.extend(whole)
            theirs.append(with_pipx(place / "pipx"))
            trees.remove(place)
    against = statistics.median(theirs)
    names = ", ".join(TOOLS)
    table = Table("what", "median", "compared with", "median", "ratio", "target", title="seconds")
    for what, times, target in (
        (f"cold start: {names}", colds, "ratio 0.5"),
        (f"warm start: {names}", warms, "1.0 s"),
        ("warm start: the seed's whole editor", wholes, "1.0 s"),
    ):
        ours = statistics.median(times)
        table.add_row(what, f"{ours:.2f}", f"pipx install {names}", f"{against:.2f}", f"{ours / against:.3f}", target)
    Console(width=120).print(table)


def with_script(place: Path) -> tuple[float, list[float], list[float]]:
    """Time the app's delay by our script: at first, later in the same home, and with everything in the seed."""
    text = script.build(Editor(tools=TOOLS)).text
    room = Room(place, Image(4, 0))
    cold = start(room, text)
    missing = [tool for tool in TOOLS if not (room.home / ".local/bin" / tool).exists()]
    if missing:
        sys.exit(f"The script did not install {missing}:\n{room.log_path.read_text()}")
    warm = [start(room, text) for _ in range(WARM_STARTS)]
    whole = script.build(load(ROOT / "examples/seed.toml").editor).text
    start(room, whole)  # what it has besides is installed now
    return cold, warm, [start(room, whole) for _ in range(WARM_STARTS)]


def start(room: Room, text: str) -> float:
    room.lay_out()
    with Run(room, text, room.environment(), reach=Reach.the_internet(os.environ)) as run:
        run.finish()
        start_editor(room)
        if run.exit_code or "failed" in room.log_path.read_text() or not run.wait_for_background(30):
            sys.exit(f"The script failed:\n{room.log_path.read_text()}")
    return run.elapsed


def with_pipx(place: Path) -> float:
    """The three, one after the other, in an empty home. That pipx itself is installed is not measured."""
    room = Room(place, Image(4, 0))
    room.lay_out()
    in_room(room, "pip install --quiet pipx")
    return sum(in_room(room, f"pipx install {tool}") for tool in TOOLS)


def in_room(room: Room, command: str) -> float:
    with Run(room, command, room.environment(), reach=Reach.the_internet(os.environ)) as run:
        run.finish()
    if run.exit_code:
        sys.exit(f"{command} failed:\n{room.log_path.read_text()}")
    return run.elapsed


if __name__ == "__main__":
    main()
