"""Whether the tests notice mistakes: `python -m tests.mutations [WORD ...]` makes each that `mutations.toml` lists.

Each is made in a copy of the code, which the tests import instead of it. Words pick mutations by their names.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]
SOURCE = TESTS.parent / "src"
LIST = Path(__file__).with_name("mutations.toml")
PASSED, FAILED = 0, 1  # exit codes of pytest; others mean that no test ran


@dataclass(frozen=True)
class Mutation:
    """A mistake.

    Args:
        name: The mistake in one sentence.
        file: The file, below `src`.
        was: The text that changes; the file has it once.
        becomes: The text in its place.
        tests: Files below tests/unit, of which one must notice.
    """

    name: str
    file: str
    was: str
    becomes: str
    tests: tuple[str, ...]


def listed() -> tuple[Mutation, ...]:
    """Every mutation of the list."""
    entries = tomllib.loads(LIST.read_text(encoding="utf-8"))["mutation"]
    return tuple(Mutation(**{**entry, "tests": tuple(entry["tests"])}) for entry in entries)


def mutated(mutation: Mutation, text: str) -> str:
    """A file's text with the mistake.

    Raises:
        ValueError: The text is not there, or there more than once.
    """
    if text.count(mutation.was) != 1:
        raise ValueError(f"{mutation.name}: {mutation.file} has its text {text.count(mutation.was)} times")
    return text.replace(mutation.was, mutation.becomes)


def run(source: Path, tests: Iterable[str]) -> "subprocess.CompletedProcess[str]":
    """Runs test files against the packages in a directory, until one fails.

    Sorted, since pytest loses a directory's fixtures when files of another one come in between.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    files = [str(TESTS / "unit" / name) for name in sorted(set(tests))]
    environ = os.environ | {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [*command, *files], cwd=TESTS.parent, env=environ, capture_output=True, text=True, check=False
    )


def survivors(mutations: Collection[Mutation], place: Path) -> list[Mutation]:
    """Makes one mutation after the other in a copy of the code, says how each went, and returns those unnoticed.

    Raises:
        RuntimeError: The tests do not pass without any mutation; it has what they printed last.
    """
    copy = place / "src"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    plain = run(copy, dict.fromkeys(name for mutation in mutations for name in mutation.tests))
    if plain.returncode != PASSED:
        raise RuntimeError(f"The tests do not pass without any mutation:\n{plain.stdout[-5000:]}")
    unnoticed = []
    for mutation in mutations:
        file = copy / mutation.file
        text = file.read_text(encoding="utf-8")
        file.write_text(mutated(mutation, text), encoding="utf-8")
        is_caught = run(copy, mutation.tests).returncode == FAILED
        file.write_text(text, encoding="utf-8")
        print(f"{'caught  ' if is_caught else 'SURVIVED'}  {mutation.name}", flush=True)
        unnoticed += [] if is_caught else [mutation]
    return unnoticed


def main(words: list[str]) -> int:
    """Exit code 1 if a mutation survives."""
    picked = [m for m in listed() if not words or any(word.lower() in m.name.lower() for word in words)]
    with tempfile.TemporaryDirectory() as place:
        unnoticed = survivors(picked, Path(place))
    print(f"{len(picked) - len(unnoticed)} of {len(picked)} mutations were caught")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
