"""Remote access as a person reads it, and as JSON."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from studioctl.findings import Finding
from studioctl.operations.spaces.connect import Reachable, Survey, blocking
from studioctl.presentation.console import Terminal
from studioctl.remote.editors import HOME
from studioctl.remote.host import config_flag


def as_json(found: Survey, everything: Sequence[Finding]) -> dict[str, Any]:
    """The shape of `connect --check --json`: docs/reference/json.md."""
    return {
        "space": found.space.name,
        "arn": found.space.arn,
        "host": found.host.alias,
        "ready": not blocking(everything),
        "findings": [{**finding.to_json(), "status": finding.severity.word} for finding in everything],
    }


def connected(
    found: Survey, reachable: Reachable, terminal: Terminal, *, command: Sequence[str] | None, flags: str
) -> None:
    """Show how to reach the space from now on, what happens now, and what a rehearsal leaves out."""
    space, alias = found.space.name, found.host.alias
    for sentence in reached(found, reachable, command=command):
        terminal.say(sentence)
    ssh = shlex.join(["ssh", *config_flag(), alias])
    terminal.next_commands(
        (ssh, "a shell; scp and rsync know the name too"),
        (f"studioctl connect {space} --remove{flags}", "take the name out of that file again"),
    )


def reached(found: Survey, reachable: Reachable, *, command: Sequence[str] | None) -> Iterator[str]:
    """Sentences that say how to reach the space from now on, and what happens now."""
    how = "was written to" if reachable.changed else "is in"
    yield f"'{found.space.name}' can be reached as '{found.host.alias}', which {how} {reachable.path}."
    if reachable.problem:
        yield f"But ssh ignores this entry: {reachable.problem}. Move studioctl's block to the top of that file."
    if found.host.local:
        last = f", the editor would open now: {shlex.join(command)}" if command else f" there would be {HOME}."
        yield f"This is the emulator: nothing runs behind a space. On AWS{last}"
    elif command:
        yield f"Opening the editor: {shlex.join(command)}"


def removed(gone: Sequence[str], path: Path, terminal: Terminal) -> None:
    """Show the names that were taken out of ssh's configuration."""
    if gone:
        terminal.say(f"Taken out of {path}: {', '.join(gone)}.")
    else:
        terminal.say(f"There is nothing of studioctl's to take out of {path}.")
