"""The user's helper programs: their locations and versions. Imports no other module of studioctl."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ANSWER_SECONDS = 15.0  # an editor starts a whole browser to say its version
VERSION = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True)
class Program:
    """A program that was found. `version` is None when it did not say one."""

    name: str
    path: Path
    version: str | None

    def __str__(self) -> str:
        """The program for a person: "git 2.39.5 (/usr/bin/git)"."""
        return f"{self.name} {self.version or 'of an unknown version'} ({self.path})"

    def is_older_than(self, wanted: str) -> bool:
        """Whether it says a version that is below this one."""
        return self.version is not None and _numbers(self.version) < _numbers(wanted)


def find(name: str, environ: Mapping[str, str], *, asked: Sequence[str] = ("--version",)) -> Program | None:
    """The program of this name on PATH, and its version.

    Args:
        name: Such as "git".
        environ: The environment whose PATH is searched, and in which the program is asked.
        asked: The words that make it say its version, on either stream.
    """
    path = shutil.which(name, path=environ.get("PATH"))
    if path is None:
        return None
    said = VERSION.search(_ask((path, *asked), environ))
    return Program(name, Path(path), said[0] if said else None)


def _ask(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return a program's output on both streams; empty if it cannot run or does not end in time."""
    try:
        done = subprocess.run(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=ANSWER_SECONDS,
            text=True,
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def laid_out(graph: str, environ: Mapping[str, str]) -> str:
    """A graph in DOT, as SVG, by Graphviz; empty where there is none.

    Args:
        graph: The graph in DOT's language.
        environ: The environment whose PATH is searched. `graphviz-pure` beside this Python goes first.
    """
    beside = os.pathsep.join(filter(None, (str(Path(sys.executable).parent), environ.get("PATH"))))
    program = shutil.which("graphviz-pure", path=beside) or shutil.which("dot", path=environ.get("PATH"))
    if program is None:
        return ""
    try:
        done = subprocess.run(
            (program, "-Tsvg"),
            env=dict(environ),
            input=graph.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=ANSWER_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
