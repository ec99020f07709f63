"""Counts the lines of Python in `src`, by room: of a revision out of git's history, and of this commit.

    python -m benchmarks.lines              # beside the first version
    python -m benchmarks.lines v0.2.0

The core is studioctl without the emulator and the room that scripts are rehearsed in.
"""

import argparse
import subprocess
from collections import Counter

from rich.console import Console
from rich.table import Table

from benchmarks.world import FIRST, ROOT

NOT_CORE = ("studio_emulator", "studioctl/emulator", "studioctl/sandbox")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision", nargs="?", default=FIRST, help="as git names it")
    before = rooms(parser.parse_args().revision)
    after = rooms("HEAD")
    table = Table("room", "before", "after", "more")
    for room in sorted({*before, *after}):
        table.add_row(room, *cells(before[room], after[room]))
    table.add_section()
    table.add_row("the core", *cells(core(before), core(after)))
    table.add_row("all", *cells(before.total(), after.total()))
    Console().print(table)


def rooms(revision: str) -> Counter[str]:
    """The number of lines by room: a package below studioctl, its own modules together, the whole emulator."""
    words = ["git", "grep", "--count", "", revision, "--", "src/*.py"]
    counted = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found: Counter[str] = Counter()
    for line in counted.splitlines():
        path, lines = line.removeprefix(f"{revision}:").rsplit(":", 1)
        _, package, *rest = path.split("/")
        room = f"{package}/{rest[0]}" if package == "studioctl" and len(rest) > 1 else package
        found[room] += int(lines)
    return found


def core(lines: Counter[str]) -> int:
    """The lines of all rooms that belong to the core."""
    return sum(number for room, number in lines.items() if room not in NOT_CORE)


def cells(before: int, after: int) -> tuple[str, str, str]:
    """A row's numbers."""
    return f"{before:,}", f"{after:,}", f"{after - before:+,}"


if __name__ == "__main__":
    main()
