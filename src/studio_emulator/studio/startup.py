"""Runs an app's lifecycle scripts when it starts, in a room on this machine.

They run in a separate thread, because the emulator answers one request at a time. `StartupBackend` applies the result.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio_emulator.errors import SandboxError
from studio_emulator.sandbox.run import Run, start_editor

if TYPE_CHECKING:
    from studio_emulator.sandbox.reach import Reach
    from studio_emulator.sandbox.room import Room
    from studio_emulator.settings import EmulatorSettings
    from studio_emulator.studio.models.app import App

LONGEST_MESSAGE = 256 * 1024 - 26  # of a log event: API reference, PutLogEvents


@dataclass(frozen=True)
class Script:
    """A lifecycle configuration that is to run."""

    arn: str
    text: str


class Startup:
    """The scripts of one start, one after the other, and what they leave running for as long as the app is there.

    Attributes:
        over: Whether the app need not wait any longer.
        failure: AWS's reason, when one of them failed.
    """

    def __init__(
        self,
        app: App,
        room: Room,
        scripts: Sequence[Script],
        environ: Mapping[str, str],
        reach: Reach,
        settings: EmulatorSettings,
    ) -> None:
        self.app = app
        self.over = False
        self.failure: str | None = None
        self._room = room
        self._scripts = scripts
        self._environ = environ
        self._reach = reach
        self._settings = settings
        self._seconds = settings.lifecycle_seconds
        self._lines: list[tuple[int, str]] = []
        self._runs: list[Run] = []
        self._turn = threading.Lock()
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name=f"start of {app.arn}", daemon=True)
        self._thread.start()

    def take_lines(self) -> list[tuple[int, str]]:
        """Return the lines written since the last call, with their times in milliseconds since 1970."""
        taken = list(self._lines)
        del self._lines[: len(taken)]
        return taken

    def stop(self) -> None:
        """Kill the scripts and all that they left running, and wait until it is gone."""
        with self._turn:
            self._stopped = True
            for run in self._runs:
                run.kill()
        self._thread.join()
        for run in self._runs:
            run.end()

    def _work(self) -> None:
        failure: str | None = "The emulator failed to run the lifecycle configuration: its log says why."
        try:
            self._room.lay_out()
            if self._settings.editor_first:
                start_editor(self._room)
            failure = next(filter(None, map(self._run, self._scripts)), None)
            if failure is None and not self._settings.editor_first:
                start_editor(self._room)
        except (OSError, SandboxError) as error:  # the disk is full, or there are no namespaces
            failure = f"The emulator cannot run the lifecycle configuration: {error}"
        finally:
            self.failure = failure
            self.over = True

    def _run(self, script: Script) -> str | None:
        """Run one script to its end; why it failed."""
        with self._turn:
            if self._stopped:
                return None
            run = Run(self._room, script.text, self._environ, reach=self._reach, seconds=self._seconds)
            self._runs.append(run)
        for line in run.lines():
            if line.text:  # CloudWatch takes no empty message
                self._lines.append((time.time_ns() // 1_000_000, line.text[:LONGEST_MESSAGE]))
        if run.timed_out:
            return (  # text assumed
                f"ConfigurationError: LifecycleConfig execution timed out after {self._seconds:g} seconds"
                f" for script: {script.arn}"
            )
        if run.exit_code:
            # the words before "for script" were seen in public, those from there on are assumed
            return (
                f"ConfigurationError: LifecycleConfig execution failed with non zero exit code {run.exit_code}"
                f" for script: {script.arn}"
            )
        return None
