"""Compares two versions of studioctl: what each takes for `--help`, `synth`, `init`, `plan` and `up`. `make versions`.

A revision out of git's history, beside the working tree. Both run with the libraries of this virtual environment, each
in a fresh directory and home, on an emulator of its own version. They take turns, and swap who begins, so that what
else the machine does meets both; the ratio is the median of the pairs' ratios. A ratio of 1.10 says that the working
tree takes a tenth more.

CPU is the command's own with that of everything that it started and waited for: Terraform and its provider. The
emulator's is not in it, as it runs on its own.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.world import FIRST, ROOT, source_of

SEED = "examples/seed.toml"
STEPS = {
    "--help": ("--help",),
    "synth of the seed": ("synth", "synthesised", "--config", SEED),
    "init": ("init", "--defaults"),
    "first plan, with terraform init": ("plan", "--local"),
    "plan": ("plan", "--local"),
    "up": ("up", "--local", "--yes"),
    "plan, no change": ("plan", "--local"),
}
UNTIL = {"synth": 2, "init": 3, "plan": 5, "up": 7}
PLAN_FOUND_CHANGES = 2


@dataclass(frozen=True)
class Taken:
    """The time that one command took, in seconds."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Version:
    """One of the two.

    Args:
        name: What the table calls it.
        source: The directory with its package, beside its examples: not every version takes another one's.
    """

    name: str
    source: Path

    def lived(self, directory: Path, steps: Mapping[str, tuple[str, ...]]) -> dict[str, Taken]:
        """Each step, in a fresh directory."""
        (directory / SEED).parent.mkdir(parents=True)
        shutil.copy(self.source.parent / SEED, directory / SEED)
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STUDIOCTL_WARM"))
        } | {
            "HOME": str(directory),
            "PYTHONPATH": str(self.source),
            "STUDIOCTL_EMULATOR_DIR": str(directory / "emulator"),
        }
        self._run(directory, environ, "emulator", "start")
        try:
            return {what: self._run(directory, environ, *words) for what, words in steps.items()}
        finally:
            self._run(directory, environ, "emulator", "stop")

    def _run(self, directory: Path, environ: Mapping[str, str], *words: str) -> Taken:
        before, began = os.times(), time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "studioctl", *words],
            cwd=directory,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        wall, after = time.perf_counter() - began, os.times()
        if done.returncode not in {0, PLAN_FOUND_CHANGES}:
            sys.exit(f"{self.name}: `{' '.join(words)}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        used = after.children_user + after.children_system - before.children_user - before.children_system
        return Taken(wall, used)


def compare(old: Version, new: Version, place: Path, pairs: int, steps: Mapping[str, tuple[str, ...]]) -> Table:
    """The table of medians and ratios."""
    found: dict[str, list[dict[str, Taken]]] = {old.name: [], new.name: []}
    for number in range(pairs):
        for version in (old, new) if number % 2 == 0 else (new, old):
            taken = version.lived(place / f"{version.name}-{number}", steps)
            found[version.name].append(taken)
            told = ", ".join(f"{what} {it.wall:.2f}/{it.cpu:.2f}" for what, it in taken.items())
            print(f"pair {number + 1}, {version.name} (wall/CPU): {told}; load {os.getloadavg()[0]:.1f}", flush=True)
    table = Table("what", "seconds", old.name, new.name, "ratio", title=f"Medians of {pairs} pairs")
    for what in steps:
        for measure in ("cpu", "wall"):
            before, now = ([getattr(it[what], measure) for it in found[version.name]] for version in (old, new))
            ratio = statistics.median(is_ / was for was, is_ in zip(before, now, strict=True))
            medians = (f"{statistics.median(values):.2f}" for values in (before, now))
            table.add_row(what, measure, *medians, f"{ratio:.2f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--revision", default=FIRST, help="the version to compare with, as git names it")
    parser.add_argument("--pairs", type=int, default=3, help="how often each version has its turn")
    parser.add_argument("--until", choices=UNTIL, default="up", help="the last command; `up` takes a minute a version")
    arguments = parser.parse_args()
    steps = dict(list(STEPS.items())[: UNTIL[arguments.until]])
    with tempfile.TemporaryDirectory(prefix="versions-") as directory:
        place = Path(directory)
        (place / "old").mkdir()
        old = Version(arguments.revision, source_of(arguments.revision, place / "old"))
        table = compare(old, Version("working tree", ROOT / "src"), place, arguments.pairs, steps)
    Console().print(table)


if __name__ == "__main__":
    main()
