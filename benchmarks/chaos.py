"""Kills studioctl, Terraform and its provider at random moments, under random faults, and looks at what is left.

`make chaos`. A life is `up`, a change, `down`, `up` again and `down --delete-data`; whatever is killed is run again, as
it stands, until it completes. After each step everything that exists must be what an undisturbed life leaves: nothing
more, nothing twice, nothing less, and each object in the bucket with its checksum.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.world import ACCOUNT, NAME, Done, World, descendants, finish, told

BUCKET = f"{NAME}-data-{ACCOUNT}"
OBJECTS = {f"data/{number}.bin": random.Random(number).randbytes(2000) for number in range(5)}
ATTEMPTS = 15  # of one step; more means that it is stuck
VICTIMS = ("studioctl", "terraform", "provider")
FAULTS: tuple[Mapping[str, Any], ...] = (
    {"kind": "throttling", "probability": 0.04},
    {"kind": "server-error", "probability": 0.02},
    {"kind": "unavailable", "probability": 0.02},
    {"kind": "reset", "probability": 0.02},
    {"kind": "lost-answer", "probability": 0.01},
    {"kind": "slow", "probability": 0.01, "seconds": 3},
    {"kind": "timeout", "probability": 0.003, "seconds": 12},
    {"kind": "expired-credentials", "after": 40, "times": 2},
    {"kind": "failed", "action": "Create*", "times": 1, "probability": 0.3},
    {"kind": "failed", "action": "Delete*", "times": 1, "probability": 0.3},
    {"kind": "quota", "action": "CreateUserProfile", "times": 1, "probability": 0.3},
)


@dataclass(frozen=True)
class Step:
    """A command, what is done before it, and whether the objects are there afterwards."""

    name: str
    command: tuple[str, ...]
    change: tuple[str, str] | None = None
    fills: bool = False
    keeps: bool = True


UP = ("up", "--local", "--yes")
STEPS = (
    Step("up", UP, fills=True),
    Step(
        "change",
        UP,
        (
            'volume_gb = 20\n\n[[users]]\nname = "ada"',
            'volume_gb = 30\n\n[[users]]\nname = "bob"\n\n[[users]]\nname = "ada"',
        ),
    ),
    Step("down", ("down", "--local", "--yes")),
    Step("up again", UP),
    Step("down, all", ("down", "--local", "--yes", "--delete-data"), keeps=False),
)


@dataclass
class Result:
    """The outcome of a step."""

    step: str
    kills: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    seconds: float = 0
    faults: dict[str, int] = field(default_factory=dict)
    orphans: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    lost: set[str] = field(default_factory=set)
    stuck: str = ""

    @property
    def is_good(self) -> bool:
        return not (self.orphans or self.missing or self.lost or self.stuck)


@dataclass(frozen=True)
class Expected:
    """The resources that an undisturbed step leaves, and its duration."""

    things: Counter[str]
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of every decision; printed")
    parser.add_argument("--kills", type=int, default=40, help="how many processes to kill at least")
    parser.add_argument("--state", choices=("local", "s3", "both"), default="both", help="where the state is")
    parser.add_argument("--no-faults", action="store_true", help="only kill")
    parser.add_argument("--minutes", type=float, default=90, help="begin no further step after so long")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    dice, deadline = random.Random(arguments.seed), time.monotonic() + 60 * arguments.minutes
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="chaos-") as place:
        expected = undisturbed(Path(place) / "undisturbed")
        life = 0
        while sum(result.kills.total() for result in results) < arguments.kills and time.monotonic() < deadline:
            state = arguments.state if arguments.state != "both" else ("local", "s3")[life % 2]
            world = World(Path(place) / f"life-{life}", state=state)
            try:
                results += live(world, expected, dice, faults=not arguments.no_faults, deadline=deadline, life=life)
            finally:
                world.close()
            life += 1
    return show(results, arguments.seed)


def undisturbed(place: Path) -> dict[str, Expected]:
    """One life without any trouble."""
    world, expected = World(place), {}
    try:
        for step in STEPS:
            prepare(world, step)
            done = world.run(*step.command)
            if done.code:
                sys.exit(f"the undisturbed {step.name} failed:\n{done.text}")
            if step.fills:
                fill(world)
            expected[step.name] = Expected(world.things(), done.seconds)
            print(
                f"undisturbed {step.name}: {done.seconds:.0f} s, {expected[step.name].things.total()} things",
                flush=True,
            )
    finally:
        world.close()
    return expected


def live(
    world: World, expected: Mapping[str, Expected], dice: random.Random, *, faults: bool, deadline: float, life: int
) -> list[Result]:
    """One life with trouble; it ends at the first step that goes wrong."""
    results = []
    for step in STEPS:
        if time.monotonic() > deadline:
            break
        prepare(world, step)
        result = disturbed(world, step, expected[step.name], dice, faults=faults)
        result.step = f"{life}. {step.name}"
        results.append(result)
        print(line_of(result), flush=True)
        if not result.is_good:
            break
    return results


def prepare(world: World, step: Step) -> None:
    if step.change:
        world.edit(*step.change)


def fill(world: World) -> None:
    s3 = world.client("s3")
    for key, body in OBJECTS.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)


def disturbed(world: World, step: Step, expected: Expected, dice: random.Random, *, faults: bool) -> Result:
    """Run a step again and again until it completes, with processes killed and calls failing meanwhile."""
    result, began = Result(step.name), time.monotonic()
    before = world.checksums(BUCKET)
    if faults:
        world.faults(*dice.sample(FAULTS, 4), seed=dice.randrange(10**6))
    wanted = dice.randint(2, 5)
    while True:
        result.attempts += 1
        kill = result.kills.total() < wanted
        done, killed = attempt(world, step, dice, expected.seconds, kill=kill)
        if killed:
            result.kills[killed] += 1
        if done.code == 0:
            break
        if result.attempts == ATTEMPTS:
            result.stuck = done.last_words or done.text[-300:]
            break
    result.faults = world.hits()
    world.faults()
    if step.fills and not result.stuck:
        fill(world)
        before = world.checksums(BUCKET)
    compare(world, step, expected, result, before)
    result.seconds = time.monotonic() - began
    return result


def compare(world: World, step: Step, expected: Expected, result: Result, before: Mapping[str, str]) -> None:
    """Record unexpected and missing resources, and objects that are lost or changed."""
    time.sleep(1)  # what AWS removes behind a domain goes a little later
    things = world.things()
    result.orphans, result.missing = things - expected.things, expected.things - things
    if step.keeps:
        after = world.checksums(BUCKET)
        result.lost = {key for key, checksum in before.items() if after.get(key) != checksum}


def attempt(world: World, step: Step, dice: random.Random, usual: float, *, kill: bool) -> tuple[Done, str]:
    """One run of the command; which process was killed in it, if one was."""
    moment, victim, killed = dice.uniform(0, usual / 2), dice.choice(VICTIMS), []
    process = world.start(*step.command)
    timer = threading.Timer(moment, lambda: killed.extend(strike(process, victim)))
    if kill:
        timer.start()
    done = finish(process)
    timer.cancel()
    if kill:
        timer.join()
    return done, "".join(killed)


def strike(process: "subprocess.Popen[str]", victim: str) -> list[str]:
    """Kill one of the processes that we started, as soon as there is such a one."""
    while process.poll() is None:
        pids = [process.pid] if victim == "studioctl" else [p for p in descendants(process.pid) if kind_of(p) == victim]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return [victim]
        time.sleep(0.05)
    return []


def kind_of(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    if b"terraform-provider-aws" in words[0]:
        return "provider"
    return "terraform" if any(word in words for word in (b"plan", b"apply", b"init", b"show")) else ""


def line_of(result: Result) -> str:
    verdict = "good" if result.is_good else "BAD"
    killed = ", ".join(f"{count} {victim}" for victim, count in result.kills.items()) or "none"
    hits = ", ".join(f"{count} {kind}" for kind, count in result.faults.items()) or "none"
    words = f"{result.step}: {verdict}; killed {killed}; faults {hits}; {result.attempts} runs, {result.seconds:.0f} s"
    if result.orphans:
        words += f"\n    too much: {told(result.orphans)}"
    if result.missing:
        words += f"\n    missing: {told(result.missing)}"
    if result.lost:
        words += f"\n    lost: {', '.join(sorted(result.lost))}"
    return words + (f"\n    stuck: {result.stuck}" if result.stuck else "")


def show(results: list[Result], seed: int) -> int:
    """The table; 1 when anything went wrong."""
    table = Table(
        "step", "killed", "faults hit", "runs", "s", "too much", "missing", "lost objects", "", title=f"seed {seed}"
    )
    for result in results:
        table.add_row(
            result.step,
            str(result.kills.total()),
            str(sum(result.faults.values())),
            str(result.attempts),
            f"{result.seconds:.0f}",
            str(result.orphans.total()),
            str(result.missing.total()),
            str(len(result.lost)),
            "stuck" if result.stuck else "",
        )
    Console(width=110).print(table)
    kills: Counter[str] = Counter()
    for result in results:
        kills += result.kills
    bad = [result for result in results if not result.is_good]
    told_kills = ", ".join(f"{count} {victim}" for victim, count in sorted(kills.items()))
    print(f"{kills.total()} kills ({told_kills}) in {len(results)} steps; {len(bad)} went wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
