"""The containers of one attempt: each runs in its room, and its thread follows it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio_emulator.errors import SandboxError
from studio_emulator.sandbox.run import Run

if TYPE_CHECKING:
    from studio_emulator.sandbox.reach import Reach
    from studio_emulator.training.container import Container
    from studio_emulator.training.logs import LogStream
    from studio_emulator.training.metrics import Metrics

FOREVER = 366 * 24 * 3600.0
PATIENCE = 0.1
"""Seconds between two looks at a program's output: many jobs run at once."""


@dataclass(frozen=True)
class Launch:
    """A program that is to run.

    Args:
        container: Laid out already.
        script: A shell's text.
        environment: All of its variables.
        reach: The network that it may reach.
        log: The log of its output.
        metrics: The metrics to find in it.
    """

    container: Container
    script: str
    environment: Mapping[str, str]
    reach: Reach
    log: LogStream
    metrics: Metrics


class RunningHost:
    """One container from its start to its end.

    Attributes:
        exit_code: The program's; None while it runs.
        failure: Why it could not be run at all.
    """

    def __init__(self, launch: Launch) -> None:
        self.exit_code: int | None = None
        self.failure: str | None = None
        self.over = threading.Event()
        self._launch = launch
        self._run: Run | None = None
        self._turn = threading.Lock()
        self._killed = False
        self._thread = threading.Thread(target=self._follow, name=launch.container.root.name, daemon=True)
        self._thread.start()

    def terminate(self) -> None:
        """SIGTERM, as `docker stop` sends it."""
        with self._turn:
            if self._run is not None:
                self._run.terminate()

    def kill(self) -> None:
        """SIGKILL for all that runs in it, and wait until it is gone."""
        with self._turn:
            self._killed = True
            if self._run is not None:
                self._run.kill()

    def close(self) -> None:
        """Release what is held for it after its end."""
        self._thread.join()
        if self._run is not None:
            self._run.end()

    def _follow(self) -> None:
        launch = self._launch
        try:
            with self._turn:
                if self._killed:
                    return
                self._run = run = Run(
                    launch.container,
                    launch.script,
                    launch.environment,
                    reach=launch.reach,
                    seconds=FOREVER,
                    patience=PATIENCE,
                )
            for lines in run.glances():
                moment = time.time_ns() // 1_000_000
                for line in lines:
                    launch.metrics.read(line.text, moment)
                    launch.log.write(line.text, moment)
                launch.log.flush()
            launch.log.flush(force=True)
            run.kill()  # a container ends with its first process
            self.exit_code = run.exit_code
        except (OSError, SandboxError) as error:  # the disk is full, or there are no namespaces
            self.failure = f"The emulator cannot run this job: {error}"
        finally:
            self.over.set()
