"""One run of a script in a room: its lines as they come, its end, and the end of everything that it left running."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Self

from studio_emulator.errors import SandboxError
from studio_emulator.sandbox import supervisor
from studio_emulator.sandbox.room import Room

POLL_SECONDS = 0.02
AWS_SECONDS = 300.0
"""An app fails when its script takes longer: https://docs.aws.amazon.com/sagemaker/latest/dg/jl-lcc-debug.html"""


@dataclass(frozen=True)
class Line:
    """What the script wrote, and when: seconds after its start."""

    seconds: float
    text: str


class Run:
    """A script that runs in a room, from its construction until `end`. Use it with `with`.

    Args:
        room: Laid out already.
        script: The script's text.
        environ: All of its environment, see `Room.environment`.
        seconds: After this time, the script and all that it started are killed.

    Attributes:
        exit_code: The script's, as a shell would tell it; None while it runs, and when its time was up.
        timed_out: Whether its time was up.
        elapsed: How long the script took, in seconds, without what it left in the background.
    """

    def __init__(self, room: Room, script: str, environ: Mapping[str, str], *, seconds: float = AWS_SECONDS) -> None:
        if sys.platform != "linux":
            raise SandboxError(
                "A lifecycle script can be run only on Linux: its processes cannot be held together elsewhere.",
                hint="run it in a Linux container that has Python and git",
            )
        self.exit_code: int | None = None
        self.timed_out = False
        self.elapsed = 0.0
        self._limit = seconds
        self._log = room.log_path
        self._log.write_bytes(b"")
        self._began = time.monotonic()
        self._supervisor = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__, str(room.write_script(script)), str(self._log)],
            cwd=room.home,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # the terminal's Ctrl-C is for us, and we end the run
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def lines(self) -> Iterator[Line]:
        """Each line as soon as it is complete, until the script is over or its time is up.

        What it left in the background goes on; its lines, if it still writes any, are not seen here.
        """
        for lines in self.glances():
            yield from lines

    def glances(self) -> Iterator[list[Line]]:
        """As `lines`, but again and again with those that are new, also when there are none."""
        with self._log.open(encoding="utf-8", errors="replace", newline="\n") as followed:
            partial = ""
            over = False
            while not over:
                over = self._is_over(POLL_SECONDS)  # asked before reading, so that the last lines are never missed
                *complete, partial = (partial + followed.read()).split("\n")
                yield [Line(self.seconds, text.rstrip("\r")) for text in complete]
            if partial:
                yield [Line(self.seconds, partial)]

    def finish(self) -> None:
        """Wait until the script is over or its time is up. Its lines are in the room's log."""
        for _ in self.lines():
            pass

    def wait_for_background(self, seconds: float) -> bool:
        """Wait until nothing runs any more; whether that is so after this time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._supervisor.wait(seconds)
        return self._supervisor.poll() is not None

    def kill(self) -> None:
        """Kill all that still runs, and wait until it is gone. May be called from another thread than `lines`."""
        if self._supervisor.stdin is not None:
            self._supervisor.stdin.close()
        self._supervisor.wait()

    def end(self) -> None:
        """As `kill`, for good: nothing can be asked afterwards."""
        self.kill()
        if self._supervisor.stdout is not None:
            self._supervisor.stdout.close()

    @property
    def seconds(self) -> float:
        """Since its start."""
        return time.monotonic() - self._began

    def _is_over(self, patience: float) -> bool:
        """Whether the script ended; waits this long for it."""
        told = _told(self._supervisor.stdout, patience)
        if told is not None:
            self.elapsed = self.seconds
            self.exit_code = told
            return True
        if self.seconds > self._limit:
            self.elapsed = self.seconds
            self.timed_out = True
            self.kill()
            return True
        return self._supervisor.poll() is not None


def _told(pipe: IO[bytes] | None, patience: float) -> int | None:
    """The exit code of the script, once the supervisor says it."""
    if pipe is None or not select.select([pipe], [], [], patience)[0]:
        return None
    words = os.read(pipe.fileno(), 64).split()
    code = int(words[1]) if len(words) > 1 else -signal.SIGKILL  # it was killed, and said nothing
    return 128 - code if code < 0 else code
