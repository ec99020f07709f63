"""The processes of functions: each runs in a room, as the function's role, from the archive that was uploaded.

As on AWS a process stays for the next event, and a function has as many as it has events at once.
"""

import io
import json
import queue
import secrets
import shlex
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.awslambda.models import LambdaFunction

from studio_emulator.errors import SandboxError
from studio_emulator.functions.inside import runtime
from studio_emulator.sandbox.reach import Reach
from studio_emulator.sandbox.run import Run
from studio_emulator.training.aws import Role
from studio_emulator.training.container import Container, Host
from studio_emulator.training.peers import peers

FOREVER = 366 * 24 * 3600.0
TASK, RUNTIME = "/var/task", "/usr/lib/lambda-runtime/runtime.py"
PATH = "/2018-06-01/runtime/invocation/"
PYTHON = ("boto3",)
LOOK_SECONDS = 0.2
LARGEST_ARCHIVE = 64 * 1024 * 1024


@dataclass(frozen=True)
class Outcome:
    """The result of an invocation."""

    payload: bytes
    failed: bool = False


class Process:
    """One process of a function, which works on one event at a time.

    Attributes:
        lines: Its output so far.
        is_dead: Whether it takes no more events.
    """

    def __init__(self, function: LambdaFunction, version: str, endpoint_url: str, directory: Path) -> None:
        self.version = version
        self.is_dead = False
        self.calls_left: int | None = None
        self._timeout = float(function.timeout)
        self._waiting: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._ended: queue.Queue[tuple[str, Outcome]] = queue.Queue()
        role = Role(endpoint_url, function.region, function.account_id, function.role)
        self.peer = peers.add(None, role.credentials)
        self._container = Container(directory / secrets.token_hex(6) / "root", Host(1, 1, "lambda"), PYTHON)
        self._read = 0
        self._run = self._begin(function, endpoint_url)

    def invoke(self, event: bytes) -> Outcome:
        """Give it an event and wait for the end of that."""
        request_id = secrets.token_hex(8)
        self._waiting.put((request_id, event))
        waited = 0.0
        while True:
            try:
                known, outcome = self._ended.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                waited += LOOK_SECONDS
            else:
                if known == request_id:
                    return outcome
            if self.is_dead or self._run.wait_for_background(0):
                self.kill()
                return _failure("Runtime exited without providing a reason", "Runtime.ExitError")
            if waited > self._timeout:
                self.kill()
                return _failure(f"Task timed out after {self._timeout:.2f} seconds", "Sandbox.Timedout")

    def answer(self, place: str, body: bytes) -> tuple[bytes, Mapping[str, str]]:
        """The answer of Lambda's interface to the process."""
        request_id, _, what = place.partition("/")
        if request_id == "next":
            known, event = self._waiting.get()
            return event, {"Lambda-Runtime-Aws-Request-Id": known}
        self._ended.put((request_id, Outcome(body, failed=what == "error")))
        return b"{}", {}

    def output(self) -> list[str]:
        """Its lines that were not read yet."""
        text = self._container.log_path.read_text(errors="replace") if self._container.log_path.exists() else ""
        new, self._read = text[self._read :], len(text)
        return new.splitlines()

    def kill(self) -> None:
        """End it, and take away its room."""
        self.is_dead = True
        self._waiting.put(("", b"{}"))  # whoever waits for the next event waits no more
        self._run.end()
        peers.remove(self.peer)
        self._container.remove()

    def _begin(self, function: LambdaFunction, endpoint_url: str) -> Run:
        self._container.lay_out({}, ())
        for name, content in _files(function.code_bytes):
            file = self._container.root / TASK[1:] / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self._container.put(RUNTIME[1:], Path(runtime.__file__).read_text())
        self._container.give_away()
        port = int(endpoint_url.rpartition(":")[2])
        variables = {
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": self.peer.path,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "LAMBDA_TASK_ROOT": TASK,
            "_HANDLER": str(function.handler),
        }
        return Run(
            self._container,
            f"exec {shlex.join(['/opt/conda/bin/python3', RUNTIME])}\n",
            self._container.environment({**function.environment_vars, **variables}),
            reach=Reach().with_container(port, self.peer.address),
            seconds=FOREVER,
        )


class Processes:
    """The processes of all functions."""

    def __init__(self) -> None:
        self._idle: dict[str, list[Process]] = {}
        self._all: dict[str, Process] = {}
        self._lock = threading.Lock()

    def invoke(
        self, function: LambdaFunction, event: bytes, endpoint_url: str, directory: Path
    ) -> tuple[Outcome, list[str]]:
        """Run the function once; its outcome and its output."""
        if not str(function.run_time).startswith("python"):
            return _failure(f"The emulator runs no {function.run_time}", "Runtime.NotSupported"), []
        version = json.dumps(
            [function.code_sha_256, function.role, function.handler, function.environment_vars, function.timeout]
        )
        with self._lock:
            idle = self._idle.setdefault(function.function_arn, [])
            for old in [process for process in idle if process.version != version]:
                idle.remove(old)
                self._forget(old)
            process = idle.pop() if idle else None
        try:
            process = process or self._start(function, version, endpoint_url, directory)
        except (SandboxError, OSError, ValueError, zipfile.BadZipFile) as error:
            return _failure(f"The emulator cannot run this function: {error}", "Runtime.InitError"), []
        outcome = process.invoke(event)
        lines = process.output() if not process.is_dead else []
        with self._lock:
            if process.is_dead:
                self._all.pop(process.peer.address, None)
            else:
                self._idle[function.function_arn].append(process)
        return outcome, lines

    def at(self, address: str) -> Process | None:
        """The process that has this address."""
        return self._all.get(address)

    def stop(self) -> None:
        """End all of them."""
        with self._lock:
            for process in list(self._all.values()):
                self._forget(process)
            self._idle.clear()

    def kill_after(self, calls: int) -> None:
        """Let each of them be killed at this many calls of AWS from now: a run that did not come to its end."""
        with self._lock:
            for process in self._all.values():
                process.calls_left = calls

    def is_killed(self, address: str) -> bool:
        """Whether this call is the one at which its process dies. Counts the call."""
        process = self._all.get(address)
        if process is None or process.calls_left is None:
            return False
        process.calls_left -= 1
        if process.calls_left > 0:
            return False
        process.is_dead = True
        return True

    def _start(self, function: LambdaFunction, version: str, endpoint_url: str, directory: Path) -> Process:
        process = Process(function, version, endpoint_url, directory)
        with self._lock:
            self._all[process.peer.address] = process
        return process

    def _forget(self, process: Process) -> None:
        self._all.pop(process.peer.address, None)
        process.kill()


processes = Processes()
"""Those of this emulator."""


def _files(archive: bytes) -> list[tuple[str, bytes]]:
    """Files of an archive; none may lie outside of its directory."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        entries = [entry for entry in opened.infolist() if not entry.is_dir()]
        if sum(entry.file_size for entry in entries) > LARGEST_ARCHIVE:
            raise ValueError("its archive is too large")
        for entry in entries:
            if entry.filename.startswith("/") or ".." in Path(entry.filename).parts:
                raise ValueError(f"its archive has a file outside of it: {entry.filename}")
        return [(entry.filename, opened.read(entry)) for entry in entries]


def _failure(message: str, kind: str) -> Outcome:
    content: dict[str, Any] = {"errorMessage": message, "errorType": kind}
    return Outcome(json.dumps(content).encode(), failed=True)
