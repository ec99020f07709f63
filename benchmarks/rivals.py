"""Two people run `up` on the same state in S3 at the same time, again and again: exactly one applies each time.

`make rivals`. Each has a directory of their own. Every round both want another size for the volumes.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.world import Done, World, finish

UP = ("up", "--local", "--yes")


@dataclass(frozen=True)
class Round:
    """Both results; `applied` is how many changed something."""

    first: Done
    second: Done

    @property
    def applied(self) -> int:
        return sum("changed space " in done.text for done in (self.first, self.second))

    @property
    def refusals(self) -> list[str]:
        return [done.last_words for done in (self.first, self.second) if done.code]

    @property
    def is_good(self) -> bool:
        """One applied, and whoever failed was told of the lock, or that things had moved on meanwhile."""
        told = all("is locked by" in words or "stale" in words for words in self.refusals)
        return self.applied == 1 and told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    rounds = []
    with tempfile.TemporaryDirectory(prefix="rivals-") as place:
        ada = World(Path(place) / "ada", state="s3")
        bob = World(Path(place) / "bob", state="s3", emulator=ada.emulator)
        try:
            for world in (ada, bob):
                done = world.run(*UP)
                if done.code:
                    sys.exit(done.text)
            size = 20
            for number in range(arguments.rounds):
                for world in (ada, bob):
                    world.edit(f"volume_gb = {size}", f"volume_gb = {size + 1}")
                size += 1
                rounds.append(race(ada, bob, delay=0.7 * number))
                print(f"round {number + 1}: {rounds[-1].applied} applied; {rounds[-1].refusals}", flush=True)
                for world in (ada, bob):
                    settle(world)
        finally:
            ada.close()
    return show(rounds)


def race(ada: World, bob: World, *, delay: float) -> Round:
    """Both at once; the second a little later each round, so that each part of a run meets each other one."""
    first = ada.start(*UP)
    time.sleep(delay)
    second = bob.start(*UP)
    return Round(finish(first), finish(second))


def settle(world: World) -> None:
    """Whoever lost runs it again, and finds nothing left to do."""
    done = world.run(*UP)
    if done.code or "No changes" not in done.text:
        sys.exit(f"after the race:\n{done.text}")


def show(rounds: list[Round]) -> int:
    table = Table("round", "applied", "exit codes", "the other was told")
    for number, each in enumerate(rounds, start=1):
        codes = f"{each.first.code}, {each.second.code}"
        table.add_row(str(number), str(each.applied), codes, "; ".join(each.refusals)[:90])
    Console(width=130).print(table)
    bad = [each for each in rounds if not each.is_good]
    print(f"{len(rounds)} rounds, {len(bad)} of them bad")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
