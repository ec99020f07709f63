"""A program that stands in for Terraform: `fake_terraform.py RECORDING ARGUMENTS...`.

A recording is a directory with a stream for each verb (`plan.jsonl`), its exit code (`plan.code`, 0 if missing) and
what `show` answers (`show.json`). Where a stream holds the line WAIT, it waits for SIGINT, as Terraform would in the
middle of its work, and then plays the rest.
"""

import signal
import sys
import time
from pathlib import Path


def main() -> int:
    """Play the recording of a verb."""
    recording, verb = Path(sys.argv[1]), sys.argv[2]
    heard: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    with Path("calls").open("a", encoding="utf-8") as calls:
        calls.write(" ".join(sys.argv[2:]) + "\n")
    if verb == "init":
        Path(".terraform/providers").mkdir(parents=True, exist_ok=True)
    for kind in (f"{verb}.json", f"{verb}.jsonl"):
        if (recording / kind).is_file():
            _play((recording / kind).read_text(encoding="utf-8"), heard)
    code = recording / f"{verb}.code"
    return int(code.read_text(encoding="utf-8")) if code.is_file() else 0


def _play(stream: str, heard: list[int]) -> None:
    for line in stream.splitlines():
        while line == "WAIT" and not heard:
            time.sleep(0.01)
        if line != "WAIT":
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
