"""An environment, its `.studioctl` and its state made by the first version: what the present one makes of them.

`make compatibility`. The first version comes out of git's history, and acts on the present emulator as on AWS: through
AWS_ENDPOINT_URL, once with the state on this machine and once in S3. The present version then plans, applies, shows and
removes. Nothing may be replaced but lifecycle configurations, whose names hold a digest of our script; nothing may be
lost; and what `--json` printed is still there.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.world import FIRST, REGION, STATE, TOML, source_of

MADE_ANEW = {"aws_sagemaker_studio_lifecycle_config"}
SHOWN = (("status", "--json"), ("outputs", "--json"), ("plan", "--json"))


@dataclass
class Life:
    """A directory with a studio.toml, and both versions that work on it."""

    directory: Path
    first: Path
    environ: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def run(self, *words: str, first: bool = False, codes: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        """Runs a command of one version; what it said is kept when it ends otherwise than it should."""
        path = {"PYTHONPATH": str(self.first)} if first else {}
        done = subprocess.run(
            [sys.executable, "-m", "studioctl", *words],
            cwd=self.directory,
            env=self.environ | path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in codes:
            version = "first" if first else "present"
            self.faults.append(f"{version} `{' '.join(words)}` ended with {done.returncode}: {done.stderr[-1500:]}")
        return done

    def answer(self, *words: str, first: bool = False) -> Any:
        """The JSON that a command prints; None if the command failed."""
        done = self.run(*words, first=first, codes=(0, 2))
        return json.loads(done.stdout) if done.stdout else None

    def begin(self) -> None:
        """Starts the emulator, and points both versions at it as if it were AWS."""
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
            "HOME": str(self.directory),
            "STUDIOCTL_EMULATOR_DIR": str(self.directory / "emulator"),
            "COLUMNS": "120",
        }
        self.run("emulator", "start", "--transition-seconds", "0.1")
        self.environ |= self.answer("emulator", "env", "--json")

    def world(self) -> dict[str, list[str]]:
        """The existing resources, without those that may be created again."""
        found = json.loads(self.run("emulator", "inventory").stdout)
        return {kind: sorted(things) for kind, things in found.items() if kind != "lifecycle_configs"}


def lived(life: Life, toml: str) -> None:
    """Made by the first version; planned, changed, shown and removed by the present one."""
    (life.directory / "studio.toml").write_text(toml)
    life.begin()
    if "bucket" in toml:
        life.run("state", "bucket", "create", "chaos-tfstate")
    empty = life.world()
    life.run("up", "--yes", first=True)
    made = life.world()
    before = {words: life.answer(*words, first=True) for words in SHOWN}
    trusted(life)
    after = {words: life.answer(*words) for words in SHOWN}
    for words in SHOWN:
        life.faults += [f"{' '.join(words)}: {fault}" for fault in missing(before[words], after[words])]
    for change in (after["plan", "--json"] or {"changes": ()})["changes"]:
        print(f"  {change['action']} {change['address']}: {', '.join(a['path'] for a in change['attributes'])}")
        if change["action"] in {"replace", "delete"} and change["type"] not in MADE_ANEW:
            life.faults.append(f"`plan` wants to {change['action']} {change['address']}")
    life.run("up", "--yes")
    if (now := life.world()) != made:
        life.faults.append(f"`up` changed what exists: {differences(made, now)}")
    life.run("plan")
    life.run("down", "--yes", "--delete-data")
    if (left := life.world()) != empty:
        life.faults.append(f"`down` left or took too much: {differences(empty, left)}")


def trusted(life: Life) -> None:
    """Run `state trust` if the present version asks whose directory this is."""
    asked = life.run("plan", codes=(0, 2, 4))
    if asked.returncode == 4 and "studioctl state trust" in asked.stderr:
        print("  asks for `studioctl state trust` once")
        life.run("state", "trust", "--yes")


def missing(before: Any, now: Any, place: str = "") -> Iterator[str]:
    """The parts of an answer that are gone or have another type now."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key, value in before.items():
            if key in now:
                yield from missing(value, now[key], f"{place}.{key}")
            else:
                yield f"{place}.{key} is gone"
    elif isinstance(before, list) and isinstance(now, list):
        if before and now:
            yield from missing(before[0], now[0], f"{place}[0]")
    elif None not in (before, now) and type(before) is not type(now):
        yield f"{place} was {type(before).__name__} and is {type(now).__name__}"


def differences(before: Mapping[str, list[str]], now: Mapping[str, list[str]]) -> str:
    """By kind, what is there only before (-) and only now (+)."""
    words = []
    for kind in sorted({*before, *now}):
        was, is_ = set(before.get(kind, ())), set(now.get(kind, ()))
        words += [f"-{kind} {thing}" for thing in sorted(was - is_)] + [
            f"+{kind} {thing}" for thing in sorted(is_ - was)
        ]
    return ", ".join(words)


def main() -> int:
    table = Table("state", "result", title=f"An environment of {FIRST}")
    good = True
    with tempfile.TemporaryDirectory(prefix="compatibility-") as place:
        first = source_of(FIRST, Path(place))
        wanted = {"local": TOML, "s3": TOML + STATE}
        for state, toml in wanted.items():
            if sys.argv[1:] not in ([], [state]):
                continue
            print(f"{state} state in {REGION}:", flush=True)
            life = Life(Path(place) / state, first)
            life.directory.mkdir()
            try:
                lived(life, toml)
            finally:
                life.run("emulator", "stop")
            good = good and not life.faults
            table.add_row(state, "\n".join(life.faults) or "nothing lost, and nothing replaced but the editor's script")
    Console().print(table)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
