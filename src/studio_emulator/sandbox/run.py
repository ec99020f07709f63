"""One run of a script in a room: its lines as they come, its end, and the end of everything that it left running."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from studio_emulator.errors import SandboxError
from studio_emulator.sandbox import aws_cli, enter, machine
from studio_emulator.sandbox.image import Image
from studio_emulator.sandbox.namespaces import diagnose, require
from studio_emulator.sandbox.reach import Reach
from studio_emulator.sandbox.room import INIT, Room
from studio_emulator.waiting import readable

POLL_SECONDS = 0.02
PIECE = 1 << 16  # characters of output at a time
AWS_SECONDS = 300.0
"""An app fails when its script takes longer: https://docs.aws.amazon.com/sagemaker/latest/dg/jl-lcc-debug.html"""
SCRIPT = "/run/room/OnStart.sh"
# The shell runs a file without a first line `#!` itself, and gives 126 or 127 for a bad one, as the image does.
START = ("/bin/bash", "-c", f"exec {SCRIPT}")


@dataclass(frozen=True)
class Line:
    """A line that the script wrote, and its time in seconds after the start."""

    seconds: float
    text: str


class Place(Protocol):
    """A place to run a program in: a room, or the container of a training job.

    Attributes:
        root: The directory that is the root of what is seen there, with a program `INIT` in it.
        log_path: The file for output, outside of the place.
        home_place: The home, as it is called there.
        hostname: The machine's name there.
        shown: Other files of this machine that are visible, by their place; to be read only.
        mounts: File systems, by their place; to be read and written.
        most_output: Bytes of output that are kept.
    """

    @property
    def root(self) -> Path: ...
    @property
    def log_path(self) -> Path: ...
    @property
    def home_place(self) -> str: ...
    @property
    def hostname(self) -> str: ...
    @property
    def shown(self) -> Mapping[str, Path]: ...
    @property
    def mounts(self) -> Mapping[str, Path]: ...
    @property
    def most_output(self) -> int: ...


class Run:
    """A script that runs in a place, from its construction until `end`. Use it with `with`.

    Args:
        room: The place, laid out already.
        script: The script's text.
        environ: All of its environment, see `Room.environment`.
        reach: The network that it may reach; nothing by default.
        seconds: After this time, the script and all that it started are killed.
        log: The file for its lines; the room's log by default.
        patience: Seconds between two looks at its lines.

    Attributes:
        exit_code: The script's, as a shell would tell it; None while it runs, and when its time was up.
        timed_out: Whether its time was up.
        elapsed: The seconds that the script took, without what it left in the background.

    Raises:
        SandboxError: Its namespaces cannot be had on this machine. Nothing has been run.
    """

    def __init__(
        self,
        room: Place,
        script: str,
        environ: Mapping[str, str],
        *,
        reach: Reach | None = None,
        seconds: float = AWS_SECONDS,
        log: Path | None = None,
        patience: float = POLL_SECONDS,
    ) -> None:
        require()
        self.exit_code: int | None = None
        self.timed_out = False
        self.elapsed = 0.0
        self._limit = seconds
        self._patience = patience
        self._log = log or room.log_path
        self._log.unlink(missing_ok=True)
        self._log.touch(0o600)
        self._told = b""
        with self._log.open("ab") as words:
            self._enter = subprocess.Popen(
                [sys.executable, "-I", "-S", enter.__file__],
                env={"PATH": os.defpath},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                start_new_session=True,  # the terminal's Ctrl-C is for us, and we end the run
            )
        with tempfile.NamedTemporaryFile("w", newline="", encoding="utf-8") as file:
            file.write(script)
            file.flush()
            self._send(_wanted(room, Path(file.name), environ, reach or Reach(), self._log))
            ready = self._next(None)
        self._began = time.monotonic()
        if ready != "ready":
            self.end()
            raise diagnose(self._log.read_text(errors="replace"))

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
        """The new lines, again and again, also if there are none; otherwise the same as `lines`."""
        with self._log.open(encoding="utf-8", errors="replace", newline="\n") as followed:
            partial = read = ""
            over = False
            while not over:
                # Asked before reading, so that the last lines are never missed; and between pieces, so that whoever
                # takes his time over many lines does not put off the end of the script's.
                over = self._is_over(self._patience if len(read) < PIECE else 0)
                read = followed.read() if over else followed.read(PIECE)
                *complete, partial = (partial + read).split("\n")
                yield [Line(self.seconds, text.rstrip("\r")) for text in complete]
            if partial:
                yield [Line(self.seconds, partial)]

    def finish(self) -> None:
        """Wait until the script is over or its time is up. Its lines are in the log."""
        for _ in self.lines():
            pass

    def wait_for_background(self, seconds: float) -> bool:
        """Wait until nothing runs any more; whether that is so after this time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._enter.wait(seconds)
        return self._enter.poll() is not None

    def terminate(self) -> None:
        """SIGTERM for the script, which ends only if it has set up something for it, as a container's first process."""
        if self._enter.stdin is not None:
            with contextlib.suppress(OSError, ValueError):  # it is over
                self._enter.stdin.write(b"terminate\n")
                self._enter.stdin.flush()

    def kill(self) -> None:
        """Kill all that still runs, and wait until it is gone. May be called from another thread than `lines`."""
        if self._enter.stdin is not None:
            with contextlib.suppress(OSError):
                self._enter.stdin.close()
        self._enter.wait()

    def end(self) -> None:
        """Kill it for good: nothing can be asked afterwards."""
        self.kill()
        if self._enter.stdout is not None:
            self._enter.stdout.close()

    @property
    def seconds(self) -> float:
        """Since its start."""
        return time.monotonic() - self._began

    def _send(self, wanted: Mapping[str, object]) -> None:
        if self._enter.stdin is not None:
            with contextlib.suppress(OSError):  # it has ended, which is told by what it does not answer
                self._enter.stdin.write(json.dumps(wanted).encode() + b"\n")
                self._enter.stdin.flush()

    def _is_over(self, patience: float) -> bool:
        """Whether the script ended; waits this long for it."""
        ended = self._enter.poll() is not None  # asked first: what it said is then there to be read
        told = self._next(patience)
        if told:
            code = int(told.removeprefix("exit "))
            self.elapsed = self.seconds
            self.exit_code = 128 - code if code < 0 else code
            return True
        if self.seconds > self._limit:
            self.elapsed = self.seconds
            self.timed_out = True
            self.kill()
            return True
        if not ended:
            return False
        self.elapsed, self.exit_code = self.seconds, 128 + signal.SIGKILL  # it was killed, and nobody told
        return True

    def _next(self, patience: float | None) -> str:
        """Return the next line from `enter.py`; empty if none arrives within this time."""
        pipe: IO[bytes] | None = self._enter.stdout
        while pipe is not None and b"\n" not in self._told:
            if not readable([pipe], patience):
                break
            more = os.read(pipe.fileno(), 256)
            if not more:
                break
            self._told += more
        line, end, rest = self._told.partition(b"\n")
        self._told = rest if end else self._told
        return line.decode() if end else ""


def start_editor(room: Room) -> None:
    """Do what Code Editor does when it starts. It happens in the room, because a script may have left a link there.

    JupyterLab creates nothing in the home directory that a script would have to wait for.
    """
    if room.app.type != "CodeEditor":
        return
    with (
        tempfile.TemporaryDirectory() as directory,
        Run(room, "exec start-code-editor", room.environment(), log=Path(directory, "log")) as run,
    ):
        run.finish()


def _wanted(room: Place, script: Path, environ: Mapping[str, str], reach: Reach, log: Path) -> dict[str, object]:
    """Return the instructions for `enter.py`."""
    cli = aws_cli.find()
    programs = ((machine.shown(place), str(place)) for place in (cli.places if cli else ()))
    shown = [*machine.binds(), *programs, *((str(place), str(place)) for place in reach.directories)]
    shown += [(place, str(source)) for place, source in (*room.shown.items(), *room.mounts.items())]
    ports = reach.ports
    files = {SCRIPT: str(script), **{place: str(file) for place, file in reach.files.items()}}
    environment = dict(environ) | reach.environment
    return {
        "binds": [["/", str(room.root)], *map(list, dict(shown).items())],
        "mounts": list(room.mounts),
        "files": files,
        "script": SCRIPT,
        "home": room.home_place,
        "hostname": room.hostname,
        "most_output": room.most_output,
        "log": str(log),
        "relays": list(ports.values()),
        "first": [machine.interpreter(), "-I", "-S", INIT],
        "inside": {
            "ports": list(ports),
            "command": START,
            "environment": environment,
            "directory": room.home_place,
        },
    }


def probe() -> SandboxError | None:
    """The reason why nothing can be rehearsed here; None if it can. Found out by trying."""
    with tempfile.TemporaryDirectory(prefix="studioctl-probe-") as directory:
        room = Room(Path(directory) / "root", Image(4, 0))
        try:
            room.lay_out()
            with Run(room, "exec sudo true", room.environment(), seconds=30) as run:
                run.finish()
        except SandboxError as error:
            return error
        finally:
            room.remove()
    return None if run.exit_code == 0 else diagnose(f"a first command ended with {run.exit_code}")
