"""Editors on this machine that can work in a space over ssh."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from studioctl import programs
from studioctl.errors import StudioctlError
from studioctl.programs import Program

HOME = "/home/sagemaker-user"  # the space's volume: all that stays when its app stops
LISTING_SECONDS = 30.0


@dataclass(frozen=True)
class Editor:
    """An editor that AWS supports.

    Args:
        command: Its command line program.
        title: Its name.
        minimum: The oldest version that AWS supports:
            https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access.html
        extensions: Ids of extensions of which any one gives it remote work over ssh; the first is the one to install.
        bundle: Where macOS keeps its program; it is on PATH only when the person has put it there.
    """

    command: str
    title: str
    minimum: str
    extensions: tuple[str, ...]
    bundle: str

    def find(self, environ: Mapping[str, str]) -> Program | None:
        """Its program and version, when it is installed."""
        path = os.pathsep.join(
            (environ.get("PATH", os.defpath), f"/Applications/{self.bundle}/Contents/Resources/app/bin")
        )
        return programs.find(self.command, {**environ, "PATH": path})

    def has_extension(self, program: Program, environ: Mapping[str, str]) -> bool | None:
        """Whether it has one of the extensions; None when it does not say."""
        try:
            done = subprocess.run(
                [program.path, "--list-extensions"],
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=LISTING_SECONDS,
                text=True,
                errors="replace",
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        installed = {line.strip().lower() for line in done.stdout.splitlines()}
        return bool(installed & set(self.extensions)) if done.returncode == 0 else None

    def command_line(self, alias: str, program: Path | None = None) -> list[str]:
        """What opens it on a space's home directory.

        https://code.visualstudio.com/docs/remote/troubleshooting#_connect-to-a-remote-host-from-the-terminal
        """
        return [str(program or self.command), "--remote", f"ssh-remote+{alias}", HOME]


EDITORS = (
    Editor("code", "Visual Studio Code", "1.90", ("ms-vscode-remote.remote-ssh",), "Visual Studio Code.app"),
    Editor("cursor", "Cursor", "2.6.18", ("anysphere.remote-ssh", "ms-vscode-remote.remote-ssh"), "Cursor.app"),
    Editor("kiro", "Kiro", "0.10.78", ("jeanp413.open-remote-ssh",), "Kiro.app"),
)


def of(command: str) -> Editor:
    """The editor of this command: "code", "cursor" or "kiro"."""
    return next(editor for editor in EDITORS if editor.command == command)


def launch(command: Sequence[str], environ: Mapping[str, str]) -> None:
    """Opens an editor; its program ends once the window is on its way.

    Raises:
        StudioctlError: It cannot be run, or says that it failed.
    """
    again = f"open it yourself: {' '.join(command)}"
    try:
        done = subprocess.run(command, env=dict(environ), stdin=subprocess.DEVNULL, check=False)
    except OSError as error:
        raise StudioctlError(f"{command[0]} cannot be run: {error.strerror}", hint=again) from error
    if done.returncode:
        raise StudioctlError(f"{command[0]} ended with {done.returncode}.", hint=again)
