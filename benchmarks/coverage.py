"""Measures which branches of `src` the tests take. `make coverage`, or `python -m benchmarks.coverage [REVISION]`.

Runs the whole suite of this commit, and of the revision that is named, each in a fresh clone with its own virtual
environment. Prints a row for each room. What is not committed is not measured. Reports are kept in `build/coverage` by
the commit, and such a commit is not measured again; with a choice of tests they are not kept.

Every Python process of that environment is measured (benchmarks/measured.py): the tests, the commands and emulators
that they start or fork, the workers. Not seen:

- what a process did that ended by SIGKILL; SIGTERM lets it write first
- `python -S`: what enters a room (studio_emulator/sandbox/enter.py), what keeps a database (database/keeper.py)
- programs in a space, a job or a function: a room has its own Python. `inside/` and lifecycle/program count only where
  a test imports them
- what runs as another user without the right to write the data, and what a test installs elsewhere

A test that fails does not end the run. It is listed, because what it would have done is missing.
"""

import argparse
import importlib.metadata
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.world import ROOT

KEPT = ROOT / "build" / "coverage"
SETTINGS = """\
[run]
branch = true
parallel = true
relative_files = true
sigterm = true
source = {clone}/src
data_file = {data}/coverage
patch =
    _exit
    execv
disable_warnings =
    no-data-collected
    module-not-measured
"""
NOTE = (
    "percent: of lines and branches together, as coverage.py counts. Unseen: processes ended by SIGKILL, `python -S`, "
    "and programs in rooms, which have their own Python."
)


@dataclass(frozen=True)
class Counted:
    """The numbers of lines and branches, and of those that were run."""

    lines: int = 0
    lines_run: int = 0
    branches: int = 0
    branches_run: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(
            self.lines + other.lines,
            self.lines_run + other.lines_run,
            self.branches + other.branches,
            self.branches_run + other.branches_run,
        )

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> "Counted":
        """A summary of coverage.py's JSON report."""
        return cls(
            summary["num_statements"],
            summary["covered_lines"],
            summary["num_branches"],
            summary["covered_branches"],
        )

    def cells(self) -> tuple[str, str, str, str]:
        """Lines, branches, percent of both, percent of the branches."""
        both = _percent(self.lines_run + self.branches_run, self.lines + self.branches)
        return f"{self.lines:,}", f"{self.branches:,}", both, _percent(self.branches_run, self.branches)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


def room(file: str) -> str:
    """The room of a file: `src/studioctl/aws/session.py` is in `studioctl/aws`."""
    return "/".join(Path(file).parts[1:-1][:2])


def by_room(report: Mapping[str, Any]) -> dict[str, Counted]:
    """The figures of each room. A file without a statement is left out."""
    found: defaultdict[str, Counted] = defaultdict(Counted)
    for file, told in report["files"].items():
        if told["summary"]["num_statements"]:
            found[room(file)] += Counted.of(told["summary"])
    return dict(found)


def table(reports: Mapping[str, Mapping[str, Any]]) -> Table:
    """A row for each room of any of the reports, which are named by their revisions, and one for all."""
    drawn = Table("room")
    counted = {revision: by_room(report) for revision, report in reports.items()}
    for revision in reports:
        for heading in (f"{revision}\nlines", "\nbranches", "\npercent", "of the\nbranches"):
            drawn.add_column(heading, justify="right")
    for name in sorted(set().union(*counted.values())):
        there = (found.get(name) for found in counted.values())
        drawn.add_row(name, *(cell for each in there for cell in (each.cells() if each else ("",) * 4)))
    drawn.add_section()
    drawn.add_row("all", *(cell for found in counted.values() for cell in sum(found.values(), Counted()).cells()))
    return drawn


@dataclass(frozen=True)
class Missed:
    """Lines of a function that no test runs.

    Args:
        lines: How many; of two revisions, how many more than before.
        name: With its class.
        file: Where it is.
    """

    lines: int
    name: str
    file: str


def missed(report: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> list[Missed]:
    """Functions by the lines that no test runs, most first; with a report from before, by how many more than then.

    A function that moved to another file is found by its name, if no other has it. Left out is one that is not found,
    as it is new or was renamed, and one that no test ran before.
    """
    found = _functions(report)
    if before is not None:
        earlier = _functions(before)
        found = {
            (file, name): missing - earlier[was]
            for (file, name), missing in found.items()
            if (was := _earlier(file, name, found, earlier))
            and before["files"][was[0]]["functions"][was[1]]["executed_lines"]
        }
    lost = (Missed(missing, name, file) for (file, name), missing in found.items() if missing > 0)
    return sorted(lost, key=lambda each: (-each.lines, each.name, each.file))


def _functions(report: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """The number of lines that no test runs in each function, by its file and name."""
    return {
        (file, name): len(function["missing_lines"])
        for file, told in report["files"].items()
        for name, function in told["functions"].items()
        if name  # what is outside of functions has none
    }


def _earlier(
    file: str, name: str, now: Collection[tuple[str, str]], earlier: Collection[tuple[str, str]]
) -> tuple[str, str] | None:
    """A function's file and name before."""
    if (file, name) in earlier:
        return file, name
    same = [key for key in earlier if key[1] == name]
    return same[0] if len(same) == 1 and sum(key[1] == name for key in now) == 1 else None


def measure(commit: str, place: Path, *, workers: int, chosen: Sequence[str], log: Path) -> dict[str, Any]:
    """Runs the tests of a commit in a clone, and returns coverage.py's report."""
    clone = _clone(commit, place)
    data = place / "data"
    data.mkdir()
    data.chmod(0o1777)  # some tests become another user
    settings = _prepare(clone, data)
    python = str(clone / ".venv/bin/python")
    command = [python, "-m", "pytest", "-n", str(workers), "--dist", "loadgroup", "--no-loadscope-reorder", *chosen]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PYTHON", "VIRTUAL"))}
    with log.open("w", encoding="utf-8") as written:
        subprocess.run(command, cwd=clone, env=environ, stdout=written, stderr=subprocess.STDOUT, check=False)
    for file in clone.glob(".venv/lib/python*/site-packages/measured.*"):
        file.unlink()
    report = place / "report.json"
    rcfile = f"--rcfile={settings}"
    _run(python, "-m", "coverage", "combine", "--quiet", rcfile, str(data), cwd=clone)
    _run(python, "-m", "coverage", "json", "--quiet", rcfile, "-o", str(report), cwd=clone)
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


def _clone(commit: str, place: Path) -> Path:
    """A clone with its virtual environments, of which that of the tests has the same coverage.py as this one."""
    clone = place / "clone"
    _run("git", "clone", "--quiet", "--no-checkout", str(ROOT), str(clone), cwd=place)
    _run("git", "checkout", "--quiet", commit, cwd=clone)
    ready = re.findall(r"^\w+ := (\.venv\S*)$", (clone / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    wanted = ["prerequisites", *(f"{directory}/.ready" for directory in ready)]
    _run("make", f"PYTHON={sys.base_prefix}/bin/python3", *wanted, cwd=clone)
    same = f"coverage=={importlib.metadata.version('coverage')}"
    _run(str(clone / ".venv/bin/python"), "-m", "pip", "install", "--quiet", same, cwd=clone)
    return clone


def _prepare(clone: Path, data: Path) -> Path:
    """Let each Python of the clone's environment measure itself; the file with the settings."""
    (packages,) = clone.glob(".venv/lib/python*/site-packages")
    settings = data.parent / "measured.ini"
    settings.write_text(SETTINGS.format(clone=clone, data=data), encoding="utf-8")
    shutil.copy(settings, packages)
    shutil.copy(Path(__file__).with_name("measured.py"), packages)
    (packages / "measured.pth").write_text("import measured\n", encoding="utf-8")
    return settings


def _run(*words: str, cwd: Path) -> None:
    subprocess.run(words, cwd=cwd, check=True)


def _commit(revision: str) -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "--verify", f"{revision}^{{commit}}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{revision} is not in this clone: git fetch --unshallow   ({done.stderr.strip()})")
    return done.stdout.strip()


def report_of(commit: str, *, workers: int, chosen: Sequence[str]) -> dict[str, Any]:
    """The kept report of a commit, or one that is measured now."""
    kept, log = KEPT / f"{commit}.json", KEPT / f"{commit}.log"
    KEPT.mkdir(parents=True, exist_ok=True)
    if kept.exists() and not chosen:
        print(f"{commit}: measured before. Delete {kept} to measure it again.")
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return found
    print(f"{commit}: running its tests; see {log}", flush=True)
    with tempfile.TemporaryDirectory(prefix="coverage-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o755)  # some tests become another user
        report = measure(commit, Path(place), workers=workers, chosen=chosen, log=log)
    if not chosen:
        kept.write_text(json.dumps(report), encoding="utf-8")
    ends = log.read_text(encoding="utf-8").splitlines()
    print(*(f"{commit}: {line}" for line in ends if line.startswith(("FAILED", "ERROR")) or line == ends[-1]), sep="\n")
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision", nargs="?", help="the one to compare with, as git names it")
    parser.add_argument("--workers", type=int, default=3, help="how many tests run side by side")
    parser.add_argument("--only", default="", metavar="WORDS", help="words for pytest, such as 'tests/unit -m fast'")
    parser.add_argument("--functions", type=int, default=20, help="how many functions are listed")
    arguments = parser.parse_args()
    revisions = [*filter(None, (arguments.revision,)), "HEAD"]
    reports = {
        commit: report_of(commit, workers=arguments.workers, chosen=shlex.split(arguments.only))
        for commit in map(_commit, revisions)
    }
    console = Console(width=max(120, Console().width))
    console.print(table(reports))
    console.print(NOTE)
    *before, now = reports.values()
    listed = missed(now, *before)[: arguments.functions]
    print("Functions with more lines that no test runs than before:" if before else "Lines that no test runs:")
    for each in listed:
        print(f"{each.lines:5} {each.name}   {each.file}")


if __name__ == "__main__":
    main()
