"""Point out a rehearsal in the emulator if AWS has nothing of the environment and `--local` was left out."""

import os
import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from studioctl.cli import options
from studioctl.cli.hints import named_environment, named_file, own
from studioctl.errors import AbsentError, StudioctlError

if TYPE_CHECKING:
    from studioctl.presentation.console import Terminal


def exists(file: Path, name: str) -> bool:
    """Whether the emulator that runs now has the environment of this file; no, where it cannot be looked at."""
    from studio_emulator import server
    from studio_emulator.errors import EmulatorError
    from studioctl.target import LocalEndpoint, Target
    from studioctl.terraform.workspace import Workspace

    with suppress(OSError, StudioctlError, EmulatorError):
        workspace = Workspace.beside(file, name, Target("", local=LocalEndpoint("", "", "")))
        if workspace.is_claimed and (emulator := server.find()):
            return workspace.is_bound_to(emulator.instance_id)
    return False


def note(terminal: "Terminal", command: str, file: Path, name: str, *, local: bool) -> None:
    """Says so below what a command has told of AWS, with the command that shows it."""
    if not local and exists(file, name):
        terminal.say(f"\nThe emulator has '{name}': studioctl {command}{options.config_flag(file)} --local")


def told(error: AbsentError, typed: list[str]) -> None:
    """Adds to the error that the emulator has what AWS lacks, with the line that was typed and `--local`."""
    from studioctl.config.load import load

    if named_environment(typed) or os.environ.get("STUDIOCTL_ENV"):
        return  # a rehearsal belongs to a file, and there is none
    file = Path(named_file(typed) or os.environ.get("STUDIOCTL_CONFIG") or options.DEFAULT_CONFIG)
    if not error.is_local and exists(file, name := load(file).name):
        words = own(typed)
        line = shlex.join([*words, "--local", *typed[len(words) :]])
        error.message += f" The emulator has '{name}'."
        error.hint = f"studioctl {line}   (the one on the emulator); on AWS: {error.hint}"
