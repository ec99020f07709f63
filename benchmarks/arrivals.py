"""Kills `user import` of 200 people, and the `up` that makes them, at 20 random moments; then runs each once more.

    python -m benchmarks.arrivals                       # ten minutes
    python -m benchmarks.arrivals 50 --kills 6 --seed 4

The file must be the old one or the new one after each kill, and the new one in the end. In the account there must be
each profile and each space, no other, and nothing that an undisturbed plan would still change.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from benchmarks.world import REGION, World, descendants, finish

NAME = "arrivals"
TOML = f'name = "{NAME}"\nregion = "{REGION}"\n\n[network]\ncidr = "10.0.0.0/16"\n\n[[users]]\nname = "ada"\n'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=int, nargs="?", default=200)
    parser.add_argument("--kills", type=int, default=20, help="of the import, and as many of the up")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    dice, names = random.Random(arguments.seed), [f"user-{number:03}" for number in range(arguments.people)]
    with tempfile.TemporaryDirectory(prefix="arrivals-") as place:
        world = World(Path(place))
        try:
            world.write(TOML)
            need(world, "up", "--local", "--yes")
            (world.directory / "people.csv").write_text("name\n" + "".join(f"{name}\n" for name in names))
            kill_imports(world, dice, arguments.kills)
            kill_ups(world, dice, arguments.kills)
            return compare(world, ["ada", *names])
        finally:
            world.close()


def need(world: World, *words: str) -> float:
    """A command that must end well; its seconds."""
    done = world.run(*words)
    if done.code:
        sys.exit(f"studioctl {' '.join(words)} ended with {done.code}:\n{done.text}")
    return done.seconds


def kill_imports(world: World, dice: random.Random, kills: int) -> None:
    """Each import begins with the old file, is killed at some moment of its life, and leaves one of the two files."""
    took = need(world, "user", "import", "people.csv")
    new, left = (world.directory / "studio.toml").read_text(), Counter[str]()
    for _ in range(kills):
        world.write(TOML)
        process = world.start("user", "import", "people.csv")
        time.sleep(dice.uniform(0, took))
        process.kill()
        finish(process)
        found = (world.directory / "studio.toml").read_text()
        left["new" if found == new else "old" if found == TOML else "neither"] += 1
        need(world, "user", "import", "people.csv")
        if left["neither"] or (world.directory / "studio.toml").read_text() != new:
            sys.exit(f"A killed import left neither the old file nor the new one:\n{found}")
    print(f"user import killed {kills} times: {dict(left)}; run again, the file is whole each time", flush=True)


def kill_ups(world: World, dice: random.Random, kills: int) -> None:
    """One `up` after the other, each killed with or without its children, until the last one may finish."""
    did, began = Counter[str](), time.monotonic()
    for _ in range(kills):
        process = world.start("up", "--local", "--yes")
        time.sleep(dice.uniform(1, 25))
        if process.poll() is not None:
            did["ended before"] += 1
            finish(process)
            continue
        victims = [process.pid, *(descendants(process.pid) if dice.random() < 0.5 else ())]
        did["studioctl" if len(victims) == 1 else "all its processes"] += 1
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        finish(process)
    seconds = need(world, "up", "--local", "--yes")
    told = ", ".join(f"{count} times {what}" for what, count in did.items())
    print(f"up killed: {told}; the last one took {seconds:.0f} s, all {time.monotonic() - began:.0f} s", flush=True)


def compare(world: World, people: list[str]) -> int:
    """Whether everybody is there once, and nobody else."""
    sagemaker = world.client("sagemaker")

    def listed(operation: str, member: str, name: str) -> Counter[str]:
        pages = sagemaker.get_paginator(operation).paginate()
        return Counter(each[name] for page in pages for each in page[member])

    profiles = listed("list_user_profiles", "UserProfiles", "UserProfileName")
    spaces = listed("list_spaces", "Spaces", "SpaceName")
    wanted = Counter(people), Counter(f"{name}-editor" for name in people)
    missing, doubled = wanted[0] - profiles + (wanted[1] - spaces), profiles - wanted[0] + (spaces - wanted[1])
    domains = len(sagemaker.list_domains()["Domains"])
    plan = world.run("plan", "--local", "--refresh")
    print(f"{len(people)} people: missing {dict(missing)}, too much {dict(doubled)}, {domains} domain")
    print(plan.text.strip().splitlines()[-1])
    return 1 if plan.code or missing or doubled or domains != 1 else 0


if __name__ == "__main__":
    sys.exit(main())
