"""Measures what a team's size costs: seconds, processor time, API calls, and the memory of studioctl's own process.

For each number of users, on an emulator: the first `up`, `plan` without changes, `plan` and `up` of one more user and
of one changed value, `status`, and taking one user out again. Then one more user with AWS's limits of rates, which
are rehearsed by throttling beyond some calls a second.

    python -m benchmarks.scale                                       # 10 and 100 users
    python -m benchmarks.scale 10 --generated 1000 5000              # without the first `up` of those
    python -m benchmarks.scale 100 --generated 1000 --throttle 5
    python -m benchmarks.scale 100 --bare                            # the first `up` beside bare Terraform
    python -m benchmarks.scale 1000 --bare --first --s3              # only that, with the state in S3
    python -m benchmarks.scale --generated 1000 --by-action          # with the calls of each command by their names

What is generated begins with a state and an account in which all of them are there: `benchmarks/crowd.py`.
"""

import argparse
import os
import resource
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import crowd
from benchmarks.benchmark import timed, without_us
from studio_emulator import controls, facts, server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings

STUDIOCTL = str(Path(sysconfig.get_path("scripts")) / "studioctl")
CHANGES = 2
MOST_REFRESHED = 1000  # users; Terraform asks about five times as much
# A team of that size has asked AWS for more: where a quota is too small, each plan asks for it again.
ENOUGH = dict.fromkeys((facts.PROFILES, facts.SPACES, facts.RUNNING_APPS, *facts.EDITORS_ON.values()), 10_000.0)
HEAD = 'name = "scale"\nregion = "us-east-1"\n\n[network]\ncidr = "10.0.0.0/16"\n'
IN_S3 = '\n[state]\nbackend = "s3"\nbucket = "scale-state"\n'


@dataclass(frozen=True)
class Row:
    """One command at one size.

    Args:
        what: The command, in words.
        users: How many users there are before it.
        seconds: Of the whole process.
        busy: Seconds of processor time, of studioctl and Terraform: on a machine that others use, too, these compare.
        calls: To AWS, by studioctl and Terraform's provider together: how many of which.
        hit: How many of them were throttled.
        megabytes: The largest memory of studioctl's own process.
    """

    what: str
    users: int
    seconds: float
    busy: float
    calls: Counter[str]
    hit: int
    megabytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("users", type=int, nargs="*", help="numbers of users: 10 and 100, if no others are named")
    parser.add_argument("--generated", type=int, nargs="*", default=[], metavar="N", help="without their first up")
    parser.add_argument("--bare", action="store_true", help="also apply the same documents by Terraform alone")
    parser.add_argument("--first", action="store_true", help="nothing after the first up")
    parser.add_argument("--s3", action="store_true", help="keep the state in S3; on this machine otherwise")
    parser.add_argument("--by-action", action="store_true", help="also name the calls of each command")
    parser.add_argument("--throttle", type=float, metavar="N", help="also one more user at N calls a second")
    arguments = parser.parse_args()
    rows: list[Row] = []
    made = arguments.users or ([] if arguments.generated else [10, 100])
    for users in (*made, *arguments.generated):
        is_generated = users not in made
        how = Measure(users, is_generated=is_generated, in_s3=arguments.s3)
        bare = how.bare() if arguments.bare else ()
        for row in chain(bare, how.studioctl(arguments.throttle, first=arguments.first)):
            rows.append(row)
            told = f"{row.users:>6}  {row.what:<34} {row.seconds:8.1f} s {row.busy:7.1f} s busy"
            print(f"{told} {row.calls.total():7} calls {row.megabytes:5.0f} MB", file=sys.stderr, flush=True)
            for action, number in sorted(row.calls.items()) if arguments.by_action else ():
                print(f"{number:15}  {action}", file=sys.stderr, flush=True)
    show(rows)


def show(rows: list[Row]) -> None:
    """All of it as a table, each row beside the same at the first size."""
    first = {row.what: row for row in reversed(rows)}
    table = Table("what", "users", "seconds", "of the first", "busy", "of the first", "calls", "throttled", "MB")
    for row in sorted(rows, key=lambda row: [*first].index(row.what)):
        same = first[row.what]
        times = [f"{row.seconds:.1f}", f"{row.seconds / same.seconds:.2f}", f"{row.busy:.1f}"]
        times.append(f"{row.busy / same.busy:.2f}" if same.busy else "")
        cells = (row.what, row.users, *times, row.calls.total(), row.hit, f"{row.megabytes:.0f}")
        table.add_row(*map(str, cells))
    Console(width=120).print(table)


@dataclass(frozen=True)
class Measure:
    """The measurements at one size.

    Args:
        users: How many users there are.
        is_generated: Whether they are there without their first `up`.
        in_s3: Whether the state is in S3.
    """

    users: int
    is_generated: bool
    in_s3: bool

    def bare(self) -> Iterator[Row]:
        """The first `terraform apply`, if there is a first `up` beside it."""
        if not self.is_generated:
            with self._world() as place:
                yield place.bare()

    def studioctl(self, throttle: float | None, *, first: bool) -> Iterator[Row]:
        """Each command in turn; after the first `up` only if that is not all that is asked for."""
        with self._world() as place:
            if self.is_generated:
                place.generate()
            else:
                place.run("plan", "plan", allowed=CHANGES)  # initialised, as bare Terraform is
                yield place.run("up, the first", "up", "--yes")
            if not first:
                yield from self._afterwards(place, throttle)

    def _afterwards(self, place: "World", throttle: float | None) -> Iterator[Row]:
        users = self.users
        yield place.run("up, nothing to do", "up", "--yes")  # after which it is known how all was left
        yield place.run("plan, no change", "plan")
        if users <= MOST_REFRESHED:
            yield place.run("plan, no change, of everything", "plan", "--refresh")
        yield place.run("status", "status")
        place.write(users + 1)
        yield place.run("plan, one more user", "plan", allowed=CHANGES)
        yield place.run("up, one more user", "up", "--yes")
        place.write(users + 1, "[images]\nkeep_latest = 9\n")
        yield place.run("plan, one changed value", "plan", allowed=CHANGES)
        yield place.run("up, one changed value", "up", "--yes")
        yield place.run("up, nothing to do after that", "up", "--yes")
        place.write(users, "[images]\nkeep_latest = 9\n")
        yield place.run("up, one user less", "up", "--yes")
        if throttle:
            place.write(users + 1, "[images]\nkeep_latest = 9\n")
            yield place.run(f"up, one more user, {throttle:g} calls/s", "up", "--yes", per_second=throttle)
            yield place.run(f"plan of everything, {throttle:g} calls/s", "plan", "--refresh", per_second=throttle)

    @contextmanager
    def _world(self) -> Iterator["World"]:
        with tempfile.TemporaryDirectory() as name, world(Path(name), self.users, in_s3=self.in_s3) as place:
            yield place


@dataclass(frozen=True)
class World:
    """A directory with a file and an emulator of its own."""

    directory: Path
    emulator: RunningEmulator
    users: int
    head: str

    def write(self, users: int, more: str = "") -> None:
        """The file with this many users."""
        people = "".join(f'\n[[users]]\nname = "user-{number:04}"\n' for number in range(users))
        (self.directory / "studio.toml").write_text(self.head + more + people)

    def run(self, what: str, *words: str, allowed: int = 0, per_second: float | None = None) -> Row:
        """A command as a whole process; ends the program when it fails."""
        faults = [{"kind": "throttling", "per_second": per_second}] if per_second else []
        server.set_faults(self.emulator, {"faults": faults})
        asked = controls.calls(self.emulator)
        began, before = time.perf_counter(), _busy()
        child = subprocess.Popen(
            [STUDIOCTL, *words],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with memory_of(child.pid) as megabytes:
            said, _ = child.communicate()
        seconds, busy = time.perf_counter() - began, _busy() - before
        if child.returncode not in {0, allowed}:
            sys.exit(f"{words} with {self.users} users failed:\n{said}")
        hit = server.faults(self.emulator)["faults"][0]["hit"] if per_second else 0
        calls = controls.calls(self.emulator) - asked
        return Row(what, self.users, seconds, busy, calls, hit, max(megabytes, default=0.0))

    def generate(self) -> None:
        """Everybody, without waiting for their first `up`."""
        self.write(1)
        self.run("up", "up", "--yes")
        self.write(self.users)
        crowd.populate(self.directory, self.emulator, [f"user-{number:04}" for number in range(self.users)])

    def bare(self) -> Row:
        """The first `terraform apply` of the same documents, with studioctl out of the way."""
        self.run("plan", "plan", allowed=CHANGES)
        documents = self.directory / ".studioctl/scale/local"
        terraform, place, variables = without_us(self.directory, documents, self.environment)
        before, asked = _busy(), controls.calls(self.emulator)
        seconds = timed([*terraform, "apply", "-auto-approve", "-input=false"], place, variables)
        busy = _busy() - before
        calls = controls.calls(self.emulator) - asked
        return Row("terraform apply, the first", self.users, seconds, busy, calls, 0, 0.0)

    @property
    def environment(self) -> Mapping[str, str]:
        # With a CA bundle each Terraform starts a provider of its own, which is not what is measured.
        inherited = {name: value for name, value in os.environ.items() if name != "AWS_CA_BUNDLE"}
        return inherited | {
            "STUDIOCTL_EMULATOR_DIR": str(self.directory / "emulator"),
            "STUDIOCTL_LOCAL": "1",
            "COLUMNS": "100",
        }


def _busy() -> float:
    """Processor time of all that was started here and has ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def memory_of(pid: int) -> Iterator[list[float]]:
    """This process's peak memory in MB, sampled while the block runs; Terraform is another process."""
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
def world(directory: Path, users: int, *, in_s3: bool = False) -> Iterator[World]:
    """An emulator on which nothing takes time but what studioctl and Terraform do."""
    home = directory / "emulator"
    emulator = server.start(settings=EmulatorSettings(transition_seconds=0, quotas=ENOUGH), state_dir=home)
    try:
        made = World(directory, emulator, users, HEAD + (IN_S3 if in_s3 else ""))
        made.write(users)
        if in_s3:
            made.run("bucket", "state", "bucket", "create")
        yield made
    finally:
        server.stop(home)


if __name__ == "__main__":
    main()
