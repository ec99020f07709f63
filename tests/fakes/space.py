"""A space in which a lifecycle script runs: the sandbox's room, with programs that need no network."""

import json
import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio_emulator.sandbox.image import Image
from studio_emulator.sandbox.room import Room, give_away
from studio_emulator.sandbox.run import Run, start_editor
from studioctl.config.editor import Editor
from studioctl.lifecycle import script
from studioctl.lifecycle.script import LINE
from studioctl.lifecycle.steps.git import Token

UV = """
import pathlib, subprocess, sys
where = pathlib.Path(sys.argv[sys.argv.index("--python") + 1] if "pip" in sys.argv else sys.argv[-1])
if "pip" not in sys.argv:
    subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", str(where)], check=True)
    sys.exit()
spec = sys.argv[-1]
name, _, version = spec.partition("==")
if name == "missing":
    sys.exit("No solution found: there is no package of this name")
program = where.parent / name
program.write_text(f"#!/bin/sh\\necho {name} {version or '1.0'}\\n")
program.chmod(0o755)
packages = next((where.parent.parent / "lib").glob("python*/site-packages"))
metadata = packages / f"{name}-1.0.dist-info"
metadata.mkdir()
(metadata / "METADATA").write_text(f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
(metadata / "RECORD").write_text(f"../../../bin/{name},,\\n{name}.py,,\\n")
"""


@dataclass(frozen=True)
class Report:
    """The report of a start. `states` and `details` are by step."""

    exit_code: int | None
    output: str
    states: dict[str, str] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, exit_code: int | None, output: str) -> "Report":
        """Read a report from the output; every line must have the documented form."""
        found = [LINE.fullmatch(line) for line in output.splitlines()]
        assert all(found), output
        lines = [match for match in found if match]
        return cls(
            exit_code,
            output,
            {line["name"]: line["state"] for line in lines},
            {line["name"]: line["detail"] or "" for line in lines},
        )


class Space:
    """One space with its volume, started as often as a test wants."""

    def __init__(self, directory: Path, image: str = "4.0") -> None:
        self.room = Room(directory / "root", Image.of(image))
        self.variables = {"STUDIOCTL_BUDGET_SECONDS": "30", "STUDIOCTL_PATIENCE_SECONDS": "20"}
        self.room.lay_out()
        self.give("uv", f'exec python3 -I -c {shlex.quote(UV)} "$@"')

    @property
    def home(self) -> Path:
        """The volume."""
        return self.room.home

    def inside(self, place: Path) -> Path:
        """The path on this machine of a path in the space."""
        return self.room.root / place.relative_to("/")

    @property
    def user_files(self) -> Path:
        """The directory in which the editor keeps the user's settings."""
        return self.room.server_data / "data/User"

    def give(self, name: str, text: str) -> None:
        """Put a program into the image: bash that does what a test wants to see."""
        self.room.add_program(name, f"#!/bin/bash\n{text}\n", "usr/local/bin")

    def environment(self) -> dict[str, str]:
        """All that the script's environment holds. What a test has put into the home is the user's from now on."""
        give_away(self.home)
        return self.room.environment() | self.variables

    def run(self, editor: dict[str, Any], *, docker: bool = False, token: Token | None = None) -> Run:
        """Start the script; the caller ends it."""
        made = script.build(Editor.model_validate(editor), is_docker=docker, token=token)
        return Run(self.room, made.text, self.environment(), seconds=60)

    def start(self, editor: dict[str, Any], *, docker: bool = False, token: Token | None = None) -> Report:
        """Start the app, its editor and wait for everything, as far as the log tells it."""
        with self.run(editor, docker=docker, token=token) as run:
            run.finish()
            self.open_editor()
            assert run.wait_for_background(30)
            return Report.of(run.exit_code, self.room.log_path.read_text())

    def open_editor(self) -> None:
        """Do what the editor does when it starts, also before any script."""
        give_away(self.home)
        start_editor(self.room)

    def shell(self, command: str) -> str:
        """The output of a command in a terminal of the space."""
        log = self.room.root.with_name("terminal")
        with Run(self.room, f'. "$HOME/.bashrc"; {command}', self.environment(), seconds=60, log=log) as run:
            run.finish()
        return log.read_text()

    def status(self) -> dict[str, str]:
        """The state of each step, from `studio-setup status`."""
        lines = self.shell("studio-setup status").splitlines()
        return {words[1]: words[2] for words in map(str.split, lines) if words[0] == "[studioctl]"}

    def json(self, name: str) -> Any:
        """One of the editor's files, without comments in it."""
        return json.loads((self.user_files / name).read_text())

    def holds(self, text: str) -> list[str]:
        """The files in the home that contain a text."""
        files = (Path(place) / name for place, _, names in os.walk(self.home) for name in names)
        return [str(file) for file in files if file.is_file() and text.encode() in file.read_bytes()]
