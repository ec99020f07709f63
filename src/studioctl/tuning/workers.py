"""Worker processes: each runs the user's objective for one trial after the other, and ends with its controller."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RUNNER = Path(__file__).with_name("runner.py")
# What numeric libraries take as the number of their threads.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
LEAVE_SECONDS = 5.0


@dataclass(frozen=True)
class Program:
    """The program that a worker runs.

    Args:
        file: The user's file, an absolute path; its directory is the worker's.
        python: The Python that runs it.
        workers: The number of workers side by side: they share the machine's cores.
    """

    file: Path
    python: Path
    workers: int

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The worker's variables: the user's, and no more threads than there are cores, unless they say how many."""
        threads = max(1, (os.cpu_count() or 1) // self.workers)
        return {**dict.fromkeys(_THREADS, str(threads)), "PYTHONUNBUFFERED": "1", **environ}


@dataclass
class Worker:
    """A process that runs trials.

    Args:
        slot: Its place among the workers, from 0.
        process: The process, which leads its own session and group.
        connection: Our end of what it talks on.
        lifeline: Our end of the pipe whose closing ends it.
    """

    slot: int
    process: "subprocess.Popen[bytes]"
    connection: socket.socket
    lifeline: int
    _rest: bytes = field(default=b"", repr=False)

    def fileno(self) -> int:
        """The descriptor that a selector waits for."""
        return self.connection.fileno()

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message; one that is gone is found when it is read from."""
        with suppress(OSError):
            self.connection.sendall(json.dumps(message).encode() + b"\n")

    def messages(self) -> list[dict[str, Any]] | None:
        """The messages that have come; None when the process has gone.

        A worker is the user's program and may write anything: what is no message counts as its end.
        """
        try:
            more = self.connection.recv(1 << 20)
        except OSError:
            return None
        if not more:
            return None
        *lines, self._rest = (self._rest + more).split(b"\n")
        try:
            messages = [json.loads(line) for line in lines]
        except ValueError:
            return None
        return messages if all(isinstance(each, dict) for each in messages) else None

    def dismiss(self) -> None:
        """Let an idle process leave."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)

    def end(self, *, patience: float = 0) -> str:
        """End the process and all that it started; how it ended, such as "exit code 1" or "SIGKILL".

        Args:
            patience: The seconds that it may take to leave by itself.
        """
        if patience:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=patience)
        self._kill_group()  # a process that has ended keeps its exit code
        code = self.process.wait()
        self.connection.close()
        with suppress(OSError):
            os.close(self.lifeline)
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


def start(program: Program, slot: int, log: Path) -> Worker:
    """Starts a worker.

    Args:
        program: The program that it runs.
        slot: Its place among the workers.
        log: The file for its output until its first trial.
    """
    ours, theirs = socket.socketpair()
    read_end, write_end = os.pipe()
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                [program.python, str(RUNNER), str(theirs.fileno()), str(read_end), str(program.file)],
                cwd=program.file.parent,
                env=program.environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(), read_end),
                start_new_session=True,
            )
    except BaseException:
        ours.close()
        os.close(write_end)
        raise
    finally:
        theirs.close()
        os.close(read_end)
    return Worker(slot, process, ours, write_end)
