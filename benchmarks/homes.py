"""Measures `up`, a `plan` without changes and `down`, with a home file system and without one: seconds and calls.

    python -m benchmarks.homes                 # 3 users, and nothing takes time but what studioctl and Terraform do
    python -m benchmarks.homes --users 30

The emulator makes a file system at once, where AWS needs minutes: the calls are AWS's, the seconds are not.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scale import Row, show, world

WITHOUT = "[studio]\nhome_file_system = false\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=3, help="how many users there are")
    users = parser.parse_args().users
    rows: list[Row] = []
    for words, more in (("with", ""), ("without", WITHOUT)):
        for row in measure(users, words, more):
            rows.append(row)
            print(f"{row.what:<34} {row.seconds:8.1f} s {row.calls:7} calls", file=sys.stderr)
    show(rows)


def measure(users: int, words: str, more: str) -> Iterator[Row]:
    """The life of one environment."""
    with tempfile.TemporaryDirectory() as directory, world(Path(directory), users) as place:
        place.write(users, more)
        yield place.run(f"up, {words} homes", "up", "--yes")
        yield place.run(f"plan, no change, {words} homes", "plan")
        yield place.run(f"down, {words} homes", "down", "--yes")


if __name__ == "__main__":
    main()
