"""Measures what a person waits for when the editor starts, in one run: `make benchmark`.

Our lifecycle script installs uv, poetry and pdm from PyPI, in an empty home and again in the same home; pipx installs
the same three one after the other. Both have the same Python, the same environment and no cache, and take turns.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from studio_emulator.sandbox.image import Image
from studio_emulator.sandbox.room import Room, reach
from studio_emulator.sandbox.run import Run
from studioctl.config.load import load
from studioctl.config.model import Editor
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
        pipx = install_pipx(Path(directory))
        for number in range(arguments.rounds):
            place = Path(directory) / str(number)
            cold, warm, whole = with_script(place / "ours")
            colds.append(cold)
            warms.extend(warm)
            wholes.extend(whole)
            theirs.append(with_pipx(place / "pipx", pipx))
            shutil.rmtree(place)
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
    """How long our script holds up the app: the first start, more in the same home, and more with all of the seed's."""
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
    with Run(room, text, room.environment(reach(os.environ))) as run:
        run.finish()
        room.start_editor()
        if run.exit_code or "failed" in room.log_path.read_text() or not run.wait_for_background(30):
            sys.exit(f"The script failed:\n{room.log_path.read_text()}")
    return run.elapsed


def install_pipx(place: Path) -> Path:
    """pipx in an environment of its own. This is not measured."""
    python = str(place / "pipx/bin/python")
    for command in ([sys.executable, "-m", "venv", f"{place}/pipx"], [python, "-m", "pip", "install", "-qq", "pipx"]):
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return place / "pipx/bin/pipx"


def with_pipx(place: Path, pipx: Path) -> float:
    """The three, one after the other, in an empty home."""
    room = Room(place, Image(4, 0))
    room.lay_out()
    environ = room.environment(reach(os.environ)) | {"PIPX_HOME": str(room.home / "pipx")}
    began = time.perf_counter()
    for tool in TOOLS:
        done = subprocess.run(
            [pipx, "install", tool], env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"pipx install {tool} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
