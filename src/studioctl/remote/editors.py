"""Editors on this machine that can work in a space over ssh."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

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
        bundle: The place of its program on macOS; it is on PATH only if the person has put it there.
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

    def command_line(self, alias: str) -> list[str]:
        """Return the command that opens the editor on a space's home directory.

        https://code.visualstudio.com/docs/remote/troubleshooting#_connect-to-a-remote-host-from-the-terminal
        """
        return [self.command, "--remote", f"ssh-remote+{alias}", HOME]

    def open(self, alias: str, environ: Mapping[str, str]) -> None:
        """Opens it; its program ends once the window is on its way.

        Raises:
            StudioctlError: It is not there, cannot be run, or says that it failed.
        """
        command = self.command_line(alias)
        again = f"open it yourself: {shlex.join(command)}"
        program = self.find(environ)
        if program is None:
            raise StudioctlError(f"{self.title} was not found.", hint=again)
        try:
            done = subprocess.run(
                [program.path, *command[1:]], env=dict(environ), stdin=subprocess.DEVNULL, check=False
            )
        except OSError as error:
            raise StudioctlError(f"{program.path} cannot be run: {error.strerror}", hint=again) from error
        if done.returncode:
            raise StudioctlError(f"{program.path} ended with {done.returncode}.", hint=again)


EDITORS = (
    Editor("code", "Visual Studio Code", "1.90", ("ms-vscode-remote.remote-ssh",), "Visual Studio Code.app"),
    Editor("cursor", "Cursor", "2.6.18", ("anysphere.remote-ssh", "ms-vscode-remote.remote-ssh"), "Cursor.app"),
    Editor("kiro", "Kiro", "0.10.78", ("jeanp413.open-remote-ssh",), "Kiro.app"),
)


def flag(editor: Editor | None) -> str:
    """The flag with which `connect` selects this editor, or none; empty for the default one."""
    command = editor.command if editor else "none"
    return "" if command == EDITORS[0].command else f" --editor {command}"


def of(command: str) -> Editor:
    """The editor of this command: "code", "cursor" or "kiro"."""
    return next(editor for editor in EDITORS if editor.command == command)
