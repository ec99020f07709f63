"""Remote access as a person reads it, and as JSON."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from studioctl.operations.spaces.connect import Reachable, Survey
from studioctl.presentation.console import Terminal
from studioctl.remote.editors import HOME
from studioctl.remote.finding import Finding, is_ready
from studioctl.remote.host import config_flag

SIGNS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red")}


def findings(found: Sequence[Finding], terminal: Terminal) -> None:
    """One thing a line, with what mends it."""
    width = max(len(finding.id) for finding in found)
    for finding in found:
        sign, style = SIGNS[finding.status]
        remedy = f"; {finding.remedy}" if finding.remedy else ""
        message = finding.message.removesuffix(".") if remedy else finding.message
        terminal.out.print(Text(f"{sign} {finding.id:<{width}}  {message}{remedy}", style=style), soft_wrap=True)


def as_json(found: Survey, everything: Sequence[Finding]) -> dict[str, Any]:
    """The shape of `connect --check --json`: docs/reference/json.md."""
    return {
        "space": found.space.name,
        "arn": found.space.arn,
        "host": found.host.alias,
        "ready": is_ready(tuple(everything)),
        "findings": list(everything),
    }


def connected(
    found: Survey, reachable: Reachable, terminal: Terminal, *, command: Sequence[str] | None, flags: str
) -> None:
    """Where the space can be reached from now on, what happens now, and what a rehearsal leaves out."""
    space, alias = found.space.name, found.host.alias
    for sentence in reached(found, reachable, command=command):
        terminal.say(sentence)
    ssh = shlex.join(["ssh", *config_flag(), alias])
    terminal.next_commands(
        (ssh, "a shell; scp and rsync know the name too"),
        (f"studioctl connect {space} --remove{flags}", "take the name out of that file again"),
    )


def reached(found: Survey, reachable: Reachable, *, command: Sequence[str] | None) -> Iterator[str]:
    """Where the space can be reached from now on and what happens now, in sentences."""
    how = "was written to" if reachable.changed else "is in"
    yield f"'{found.space.name}' can be reached as '{found.host.alias}', which {how} {reachable.path}."
    if reachable.problem:
        yield f"But ssh does not take it so: {reachable.problem}. Move studioctl's block to the top of that file."
    if found.host.local:
        last = f", the editor would open now: {shlex.join(command)}" if command else f" there would be {HOME}."
        yield f"This is the emulator: nothing runs behind a space. On AWS{last}"
    elif command:
        yield f"Opening the editor: {shlex.join(command)}"


def removed(gone: Sequence[str], path: Path, terminal: Terminal) -> None:
    """Which names ssh no longer knows."""
    if gone:
        terminal.say(f"Taken out of {path}: {', '.join(gone)}.")
    else:
        terminal.say(f"There is nothing of studioctl's to take out of {path}.")
