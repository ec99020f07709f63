"""Whether fast plans and full ones agree on hundreds of random changes, made by the file, by other clients and by both.

    python -m benchmarks.agreement                      # 500 changes: an hour and a half
    python -m benchmarks.agreement 50 --seed 4

It ends with an error at the first difference, and says what had been changed.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.functional.agreement import Crowd
from tests.functional.conftest import Shell

from studio_emulator import server
from studio_emulator.settings import EmulatorSettings

BETWEEN = 4  # changes from one `up` to the next


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("changes", type=int, nargs="?", default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory) / "emulator"
        server.start(settings=EmulatorSettings(transition_seconds=0), state_dir=home)
        try:
            shell = Shell(Path(directory), {"STUDIOCTL_EMULATOR_DIR": str(home)})
            compare(Crowd(shell, random.Random(arguments.seed)), arguments.changes)
        finally:
            server.stop(home)


def compare(crowd: Crowd, changes: int) -> None:
    """Change, plan in both ways, compare; now and then make it so."""
    crowd.write()
    crowd.up()
    began = time.monotonic()
    for number in range(1, changes + 1):
        crowd.change()
        fast, full = crowd.plans()
        if fast != full:
            sys.exit(f"After {number} changes the plans differ.\n{crowd.did}\nfast: {fast}\nfull: {full}")
        if number % BETWEEN == 0:
            crowd.up()
            crowd.did.append("up")
            print(f"{number} changes, {time.monotonic() - began:.0f} s: {crowd.did[-BETWEEN - 1]}", file=sys.stderr)
    print(f"{changes} changes: fast and full plans agree. {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
