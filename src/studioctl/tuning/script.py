"""The program of a worker on this machine that runs a script: the same as in a job, over a file of SQLite.

It is copied beside its modules, with the names that they have in a job: the user's Python needs nothing but Optuna.

Usage: studioctl_script.py LIFELINE SETTINGS, an inherited descriptor and a JSON file. The process ends when the other
side of LIFELINE closes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import studioctl_job as job  # type: ignore[import-not-found] # these are beside it
import studioctl_runner as runner  # type: ignore[import-not-found]
import studioctl_worker as worker  # type: ignore[import-not-found]


def main(lifeline: int, file: Path) -> int:
    """Runs the script; its exit code."""
    runner.ends_with(lifeline)
    settings = json.loads(file.read_text(encoding="utf-8"))
    if other := job.other_optuna():
        sys.stderr.write(f"{other}\n")
        return 1
    work = worker.Worker(settings, settings["url"], lambda *_: None)
    work.prepare()
    if work.broken:
        sys.stderr.write(f"{work.broken}\n")
        return 1
    work.run_script()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2])))
