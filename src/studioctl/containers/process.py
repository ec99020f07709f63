"""An engine at work: its lines as they come, and its end."""

import os
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress

from studioctl.errors import StudioctlError
from studioctl.events import Failed, Finished, Progressed, Said, Started, Work

LAST_LINES = 5
STOP_SECONDS = 10.0


def run(
    command: Sequence[str], *, subject: str, action: str, environment: Mapping[str, str] | None = None, stdin: str = ""
) -> Work[None]:
    """Runs a command to its end; its lines are passed on.

    Args:
        command: The program and its arguments. A password is never one of them.
        subject: The thing that it works on.
        action: The action on it: "build".
        environment: Variables on top of the user's own.
        stdin: Its input.

    Raises:
        StudioctlError: It failed; the last lines say why.
    """
    began = time.monotonic()
    yield Started(subject, action)
    process = subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    last: deque[str] = deque(maxlen=LAST_LINES)
    try:
        lines = _lines(process, stdin)
        while (line := _next(lines)) is not None:
            if line:
                last.append(line)
                yield Said(line)
            else:
                yield Progressed(subject, action, time.monotonic() - began)
        code = process.wait()
    finally:
        _end(process)
    if code:
        yield Failed(subject, action, time.monotonic() - began)
        said = "\n".join(f"  {line}" for line in last) or "  it said nothing"
        raise StudioctlError(
            f"{command[0]} could not {action} {subject} (exit code {code}):\n{said}",
            hint="mend what it names, then run the same command again",
        )
    yield Finished(subject, action, time.monotonic() - began)


def _lines(process: subprocess.Popen[str], stdin: str) -> "queue.Queue[str | None]":
    """The process's lines as they come; None at the end."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
        with suppress(BrokenPipeError), process.stdin:  # it may end without reading
            process.stdin.write(stdin)
        with process.stdout:
            for line in process.stdout:
                lines.put(line.rstrip() or " ")
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return lines


def _next(lines: "queue.Queue[str | None]") -> str | None:
    """The next line; an empty one when there was none for a second; None when it was the last."""
    try:
        return lines.get(timeout=1)
    except queue.Empty:
        return ""


def _end(process: subprocess.Popen[str]) -> None:
    """Makes sure that nothing stays behind when somebody stopped listening."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
