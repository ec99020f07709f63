"""No message, comment or page names a command that does not exist."""

import re
from pathlib import Path

from tests.generated import ROOT
from typer.main import get_command

from studioctl.cli.main import app

PLACES = [
    *(ROOT / "src").rglob("*.py"),
    *(ROOT / "docs").rglob("*.md"),
    ROOT / "README.md",
    *(ROOT / "examples").iterdir(),
]
# A command is quoted, or ends a message after a colon; "studioctl is", "studioctl does" are prose.
NAMED = re.compile(r"(?:`|: |\$ |, )studioctl ([a-z]+)")


def test_every_command_that_is_named_exists() -> None:
    known = set(getattr(get_command(app), "commands"))  # noqa: B009 (typer's group has no public type)
    named = {(match[1], str(path.relative_to(ROOT))) for path in PLACES for match in NAMED.finditer(_text(path))}

    assert named
    assert {(command, path) for command, path in named if command not in known} == set()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
