"""Each way in which AWS fails, against each command that writes: how it ends, how long nothing is said, what is left.

`make misbehaviour`. For each fault a life of its own: `up` with the fault, `up` again without it, `down` with the
fault, `down` again without it. After the second `up` and the second `down` what exists is compared with a life without
faults.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.world import Done, World

UP = ("up", "--local", "--yes")
DOWN = ("down", "--local", "--yes", "--delete-data")
LONGEST_SILENCE = 10.0


@dataclass(frozen=True)
class Trouble:
    """A fault in `up` and one in `down`, and whether the command is to get through by itself."""

    name: str
    up: Mapping[str, Any]
    down: Mapping[str, Any]
    is_passing: bool


def both(name: str, *, passing: bool, up: str = "*", down: str = "*", **fault: Any) -> Trouble:
    return Trouble(name, {**fault, "action": up}, {**fault, "action": down}, passing)


TROUBLES = (
    both("throttling, a burst", kind="throttling", times=5, passing=True, up="Create*", down="Delete*"),
    both("throttling for ever", kind="throttling", passing=False, up="CreateSpace", down="DeleteSpace"),
    both("status 500 for ever", kind="server-error", passing=False, up="CreateSpace", down="DeleteSpace"),
    both("status 503, a burst", kind="unavailable", times=5, passing=True, up="Create*", down="Delete*"),
    both("slow answers", kind="slow", seconds=12.0, times=3, passing=True, up="Create*", down="Delete*"),
    both("no answer", kind="timeout", seconds=40.0, times=1, passing=True, up="CreateUserProfile", down="DeleteDomain"),
    both("connections reset", kind="reset", probability=0.1, times=8, passing=True),
    both("answer lost", kind="lost-answer", times=1, passing=False, up="CreateDomain", down="DeleteDomain"),
    both("credentials expire", kind="expired-credentials", after=60, passing=False),
    both("no quota", kind="quota", passing=False, up="CreateUserProfile"),
    both("Failed", kind="failed", passing=False, up="CreateDomain", down="DeleteDomain"),
)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    trouble: str
    command: str
    hits: int
    done: Done
    again: Done
    is_whole: bool
    is_passing: bool

    @property
    def is_good(self) -> bool:
        told = self.done.code == 0 or bool(self.done.last_words)
        silent = max(self.done.silence, self.again.silence)
        as_expected = self.done.code == 0 or not self.is_passing
        return told and as_expected and self.again.code == 0 and self.is_whole and silent <= LONGEST_SILENCE + 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only troubles whose name holds this")
    arguments = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="misbehaviour-") as place:
        whole = undisturbed(Path(place) / "undisturbed")
        for number, trouble in enumerate(TROUBLES):
            if arguments.only in trouble.name:
                world = World(Path(place) / str(number))
                try:
                    for row in life(world, trouble, whole):
                        rows.append(row)
                        print(line_of(row), flush=True)
                finally:
                    world.close()
    return show(rows)


def undisturbed(place: Path) -> tuple[Counter[str], Counter[str]]:
    """What `up` and `down` leave when all goes well."""
    world = World(place)
    try:
        left = []
        for command in (UP, DOWN):
            done = world.run(*command)
            if done.code:
                sys.exit(f"the undisturbed {command[0]} failed:\n{done.text}")
            left.append(world.things())
        return left[0], left[1]
    finally:
        world.close()


def life(world: World, trouble: Trouble, whole: tuple[Counter[str], Counter[str]]) -> list[Row]:
    rows = []
    for command, fault, expected in ((UP, trouble.up, whole[0]), (DOWN, trouble.down, whole[1])):
        world.faults(fault)
        done = world.run(*command)
        hits = sum(world.hits().values())
        world.faults()
        again = world.run(*command)
        rows.append(Row(trouble.name, command[0], hits, done, again, world.things() == expected, trouble.is_passing))
    return rows


def line_of(row: Row) -> str:
    verdict = "good" if row.is_good else "BAD"
    head = f"{verdict}: {row.trouble}, {row.command}: {row.hits} hits, exit {row.done.code}"
    again = f"again {row.again.code}" + (f" ({row.again.last_words})" if row.again.code else "")
    return (
        f"{head} after {row.done.seconds:.0f} s, silent for {row.done.silence:.0f} s at most; {again};"
        f" {'whole' if row.is_whole else 'NOT WHOLE'}"
        f"\n    {row.done.last_words[:300]}"
    )


def show(rows: list[Row]) -> int:
    table = Table("trouble", "command", "hits", "exit", "s", "silence", "what was said", "again", "then")
    for row in rows:
        table.add_row(
            row.trouble,
            row.command,
            str(row.hits),
            str(row.done.code),
            f"{row.done.seconds:.0f}",
            f"{row.done.silence:.1f}",
            row.done.last_words[:80] or "done",
            str(row.again.code),
            "whole" if row.is_whole else "NOT WHOLE",
        )
    Console(width=150).print(table)
    bad = [row for row in rows if not row.is_good]
    print(f"{len(rows)} rows, {len(bad)} of them bad")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
