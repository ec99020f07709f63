"""Measures what a team's size costs: seconds, API calls, and the memory of studioctl's own process.

For each number of users, on an emulator: the first `up`, `plan` without changes, `plan` and `up` of one more user and
of one changed value, `status`, and taking one user out again. Then one more user with AWS's limits of rates, which
are rehearsed by throttling beyond some calls a second.

    python -m benchmarks.scale                      # 10 and 100 users
    python -m benchmarks.scale 10 100 1000 --throttle 5

A thousand users take about an hour, most of it the first `up`.
"""

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings

STUDIOCTL = str(Path(sysconfig.get_path("scripts")) / "studioctl")
CHANGES = 2
HEAD = 'name = "scale"\nregion = "us-east-1"\n\n[network]\ncidr = "10.0.0.0/16"\n'
# Nothing goes wrong: it only counts.
COUNTER = {"kind": "slow", "seconds": 0}


@dataclass(frozen=True)
class Row:
    """One command at one size.

    Args:
        what: The command, in words.
        users: How many users there are before it.
        seconds: Of the whole process.
        calls: To AWS, by studioctl and Terraform's provider together.
        hit: How many of them were throttled.
        megabytes: The largest memory of studioctl's own process.
    """

    what: str
    users: int
    seconds: float
    calls: int
    hit: int
    megabytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("users", type=int, nargs="*", default=[10, 100], help="numbers of users")
    parser.add_argument("--throttle", type=float, metavar="N", help="also one more user at N calls a second")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for users in arguments.users:
        for row in measure(users, throttle=arguments.throttle):
            rows.append(row)
            print(f"{row.users:>6}  {row.what:<34} {row.seconds:8.1f} s {row.calls:7} calls", file=sys.stderr)
    show(rows)


def show(rows: list[Row]) -> None:
    """All of it as a table, each row beside the same at the first size."""
    first = {row.what: row for row in reversed(rows)}
    table = Table("what", "users", "seconds", "of the first", "calls", "throttled", "MB")
    for row in sorted(rows, key=lambda row: [*first].index(row.what)):
        share = f"{row.seconds / first[row.what].seconds:.2f}"
        cells = (row.what, row.users, f"{row.seconds:.1f}", share, row.calls, row.hit, f"{row.megabytes:.0f}")
        table.add_row(*map(str, cells))
    Console(width=120).print(table)


def measure(users: int, *, throttle: float | None) -> Iterator[Row]:
    """Everything at one size."""
    with tempfile.TemporaryDirectory() as directory, world(Path(directory), users) as place:
        yield place.run("up, the first", "up", "--yes")
        yield place.run("plan, no change", "plan")
        yield place.run("status", "status")
        place.write(users + 1)
        yield place.run("plan, one more user", "plan", allowed=CHANGES)
        yield place.run("up, one more user", "up", "--yes")
        place.write(users + 1, "[images]\nkeep_latest = 9\n")
        yield place.run("plan, one changed value", "plan", allowed=CHANGES)
        yield place.run("up, one changed value", "up", "--yes")
        place.write(users, "[images]\nkeep_latest = 9\n")
        yield place.run("up, one user less", "up", "--yes")
        if throttle:
            place.write(users + 1, "[images]\nkeep_latest = 9\n")
            yield place.run(f"up, one more user, {throttle:g} calls/s", "up", "--yes", per_second=throttle)


@dataclass(frozen=True)
class World:
    """A directory with a file and an emulator of its own."""

    directory: Path
    emulator: RunningEmulator
    users: int

    def write(self, users: int, more: str = "") -> None:
        """The file with this many users."""
        people = "".join(f'\n[[users]]\nname = "user-{number:04}"\n' for number in range(users))
        (self.directory / "studio.toml").write_text(HEAD + more + people)

    def run(self, what: str, *words: str, allowed: int = 0, per_second: float | None = None) -> Row:
        """A command as a whole process; ends the program when it fails."""
        faults = [*([{"kind": "throttling", "per_second": per_second}] if per_second else []), COUNTER]
        server.set_faults(self.emulator, {"faults": faults})
        began = time.perf_counter()
        child = subprocess.Popen(
            [STUDIOCTL, *words, "--local"],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with memory_of(child.pid) as megabytes:
            said, _ = child.communicate()
        seconds = time.perf_counter() - began
        if child.returncode not in {0, allowed}:
            sys.exit(f"{words} with {self.users} users failed:\n{said}")
        counted = server.faults(self.emulator)["faults"]
        hit = counted[0]["hit"] if per_second else 0
        return Row(what, self.users, seconds, counted[-1]["seen"] + hit, hit, max(megabytes, default=0.0))

    @property
    def environment(self) -> Mapping[str, str]:
        return os.environ | {"STUDIOCTL_EMULATOR_DIR": str(self.directory / "emulator"), "COLUMNS": "100"}


@contextmanager
def memory_of(pid: int) -> Iterator[list[float]]:
    """What this process itself has in memory at most, in MB, looked at now and then; Terraform is another process."""
    found: list[float] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.1):
            with suppress(OSError, StopIteration, ValueError):
                lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
                found.append(int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()


@contextmanager
def world(directory: Path, users: int) -> Iterator[World]:
    """An emulator on which nothing takes time but what studioctl and Terraform do."""
    home = directory / "emulator"
    emulator = server.start(settings=EmulatorSettings(transition_seconds=0), state_dir=home)
    try:
        made = World(directory, emulator, users)
        made.write(users)
        yield made
    finally:
        server.stop(home)


if __name__ == "__main__":
    main()
