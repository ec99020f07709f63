"""Each way in which AWS fails, against each command that writes: how it ends, how long nothing is said, what is left.

`make misbehaviour`. For each fault a life of its own: `up` with the fault, `up` again without it, then likewise a space
started and stopped, a secret stored, a bucket for the state made, and `down`. After each second run what exists is
compared with a life without faults.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from benchmarks.world import Done, World

LONGEST_SILENCE = 10.0


@dataclass(frozen=True)
class Command:
    """A command that writes, and the calls in it that go wrong: many of a kind, or one that all depends on."""

    name: str
    words: tuple[str, ...]
    many: str
    one: str
    reads: str = ""


COMMANDS = (
    Command("up", ("up", "--local", "--yes"), "Create*", "CreateDomain"),
    Command("start", ("start", "--local"), "CreateApp", "CreateApp"),
    Command("stop", ("stop", "--local"), "DeleteApp", "DeleteApp"),
    Command("secret set", ("secret", "set", "github", "-", "--local"), "PutSecretValue", "PutSecretValue", "t0ken"),
    Command("state bucket", ("state", "bucket", "create", "other-tfstate", "--local"), "Put*", "CreateBucket"),
    Command("down", ("down", "--local", "--yes", "--delete-data"), "Delete*", "DeleteDomain"),
)


@dataclass(frozen=True)
class Trouble:
    """A fault, where it strikes, and whether every command is to get through by itself."""

    name: str
    fault: Mapping[str, Any]
    where: Literal["many", "one", "any"]
    is_passing: bool

    def within(self, command: Command) -> dict[str, Any]:
        """The fault as the emulator is to play it during this command."""
        action = {"many": command.many, "one": command.one, "any": "*"}[self.where]
        return {**self.fault, "action": action}


TROUBLES = (
    Trouble("throttling, a burst", {"kind": "throttling", "times": 5}, "many", is_passing=True),
    Trouble("throttling for ever", {"kind": "throttling"}, "one", is_passing=False),
    Trouble("status 500 for ever", {"kind": "server-error"}, "one", is_passing=False),
    Trouble("status 503, a burst", {"kind": "unavailable", "times": 5}, "many", is_passing=True),
    Trouble("slow answers", {"kind": "slow", "seconds": 12.0, "times": 3}, "many", is_passing=True),
    Trouble("no answer", {"kind": "timeout", "seconds": 40.0, "times": 1}, "one", is_passing=True),
    Trouble("connections reset", {"kind": "reset", "probability": 0.1, "times": 8}, "any", is_passing=True),
    Trouble("answer lost", {"kind": "lost-answer", "times": 1}, "one", is_passing=False),
    Trouble("credentials expire", {"kind": "expired-credentials", "after": 3}, "any", is_passing=False),
    Trouble("no quota", {"kind": "quota"}, "one", is_passing=False),
    Trouble("no capacity", {"kind": "capacity"}, "one", is_passing=False),
    Trouble("Failed", {"kind": "failed", "times": 1}, "one", is_passing=False),
    Trouble("access denied", {"kind": "error", "code": "AccessDeniedException"}, "one", is_passing=False),
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


def undisturbed(place: Path) -> dict[str, Counter[str]]:
    """The resources that each command leaves when all goes well."""
    world = World(place)
    try:
        left = {}
        for command in COMMANDS:
            done = run(world, command)
            if done.code:
                sys.exit(f"the undisturbed {command.name} failed:\n{done.text}")
            left[command.name] = world.things()
        return left
    finally:
        world.close()


def life(world: World, trouble: Trouble, whole: Mapping[str, Counter[str]]) -> Iterator[Row]:
    for command in COMMANDS:
        world.faults(trouble.within(command))
        done = run(world, command)
        hits = sum(world.hits().values())
        world.faults()
        again = run(world, command)
        is_whole = world.things() == whole[command.name]
        yield Row(trouble.name, command.name, hits, done, again, is_whole, trouble.is_passing)


def run(world: World, command: Command) -> Done:
    return world.run(*command.words, reads=command.reads)


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
