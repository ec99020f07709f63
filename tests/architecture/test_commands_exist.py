"""No message, comment or page names a command that does not exist."""

import re

from tests.commands import follow
from tests.generated import ROOT

PLACES = [
    *(ROOT / "src").rglob("*.py"),
    *(ROOT / "docs").rglob("*.md"),
    ROOT / "README.md",
    *(ROOT / "examples").iterdir(),
]
# A command is quoted, or ends a message after a colon; "studioctl is", "studioctl does" are prose.
NAMED = re.compile(r"(?:`|: |\$ |, )studioctl((?: [a-z][a-z-]*)+)")


def known_prefix(words: list[str]) -> list[str]:
    """The words up to the first that is no command where one has to stand."""
    command, left = follow(words)
    return words[: len(words) - len(left)] if hasattr(command, "commands") else words


def test_every_command_that_is_named_exists() -> None:
    named = {
        (match[1].strip(), str(path.relative_to(ROOT)))
        for path in PLACES
        for match in NAMED.finditer(path.read_text(encoding="utf-8"))
    }

    assert {command.split()[0] for command, _ in named} > {"up", "state", "emulator"}
    assert {(command, path) for command, path in named if known_prefix(command.split()) != command.split()} == set()


def test_a_group_is_followed_to_its_command() -> None:
    assert known_prefix(["state", "history"]) == ["state", "history"]
    assert known_prefix(["state", "nothing"]) == ["state"]
    assert known_prefix(["nothing"]) == []
    assert known_prefix(["plan", "and"]) == ["plan", "and"]
