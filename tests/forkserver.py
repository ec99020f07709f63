"""Processes that begin as a fork of one which has loaded what they need: commands of studioctl, and emulators.

A command needs about a second to load itself and the descriptions of AWS's services, an emulator two to load moto. A
suite starts a thousand of the one and a hundred of the other. Here both are loaded once for all processes of tests, and
what is forked then does everything as the program does: its own arguments, directory, environment, streams, exit code.
What cannot be seen in a fork is tested with `fresh=True`: how long the start takes, what `ps` shows, what is imported.
"""

import atexit
import contextlib
import fcntl
import functools
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

REQUEST_BYTES = 1 << 20
SHARED = "STUDIOCTL_TESTS_FORK_SERVERS"
shared = os.environ.pop(SHARED, None)
"""Where the fork servers are that all processes of tests share; None where there is one process."""
LIFELINE = "lifeline"
SERVICES = (
    "ec2",
    "ecr",
    "efs",
    "iam",
    "kms",
    "logs",
    "resourcegroupstaggingapi",
    "s3",
    "sagemaker",
    "secretsmanager",
    "sts",
)
COMMAND = (
    "botocore.session",
    "ctypes",
    "encodings.idna",
    "filelock",
    "pydantic.type_adapter",
    "rich.live",
    "rich.table",
    "studioctl.api",
    "studioctl.aws.claims",
    "studioctl.aws.endpoint_services",
    "studioctl.aws.keys",
    "studioctl.cli.confirm",
    "studioctl.cli.context",
    "studioctl.cli.main",
    "studioctl.config.positions",
    "studioctl.lifecycle.reading",
    "studioctl.operations.composition",
    "studioctl.operations.costs.estimate",
    "studioctl.operations.doctor.catalogue",
    "studioctl.operations.provisioning.up",
    "studioctl.operations.quotas",
    "studioctl.operations.spaces.start_stop",
    "studioctl.operations.status",
    "studioctl.presentation.console",
    "studioctl.presentation.doctor",
    "studioctl.presentation.json",
    "studioctl.presentation.progress",
    "studioctl.presentation.status",
    "studioctl.presentation.whole_plan",
    "studioctl.review.facts",
    "tree_sitter_toml",
)
MOTO: tuple[Any, ...] = (  # moto's names, which it types
    *("cloudtrail", "cloudwatch", "ec2", "ecr", "efs", "events", "iam", "kms", "logs", "moto_api", "rds"),
    *("resourcegroupstaggingapi", "s3", "sagemaker", "secretsmanager", "servicequotas", "sns", "ssoadmin", "sts"),
)
PROGRAM = """\
#!{python} -IS
import json, os, socket, sys
asked = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
asked.connect({address!r})
request = {{"words": sys.argv[1:], "cwd": os.getcwd(), "env": dict(os.environ)}}
socket.send_fds(asked, [json.dumps(request).encode()], [0, 1, 2])
asked.recv(1000)
code = json.loads(asked.recv(1000))["code"]
sys.exit(code if code >= 0 else 128 - code)
"""


class Forked:
    """A forked process, with as much of `subprocess.Popen` as its owners use."""

    def __init__(self, asked: socket.socket) -> None:
        self._asked = asked
        self._code: int | None = None
        self.pid = int(json.loads(asked.recv(1000))["pid"])

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended."""
        if self._code is None:
            if not select.select([self._asked], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("forked", timeout or 0)
            told = self._asked.recv(1000)
            self._code = int(json.loads(told)["code"]) if told else -signal.SIGKILL
            self._asked.close()
        return self._code

    def kill(self) -> None:
        """SIGKILL, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


class ForkServer:
    """The process that forks, as those who ask it see it. It ends when nobody holds its lifeline.

    Args:
        kind: "command" or "emulator".
        directory: Where its socket is, and its lifeline. The first one who asks starts it.
        environment: What it sees itself; what is forked gets another.
        emulators: The fork server of emulators, for commands that start one.
    """

    def __init__(
        self, kind: str, directory: Path, environment: Mapping[str, str], emulators: "ForkServer | None" = None
    ) -> None:
        self.address = str(directory / kind)
        with (directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not Path(self.address).exists():
                self._start(kind, directory, environment, emulators)

    def _start(
        self, kind: str, directory: Path, environment: Mapping[str, str], emulators: "ForkServer | None"
    ) -> None:
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening,
            (directory / LIFELINE).open("rb", buffering=0) as lifeline,
        ):
            listening.bind(self.address)
            listening.listen(64)
            words = [str(listening.fileno()), kind, emulators.address if emulators else ""]
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tests.forkserver", *words],
                cwd=Path(__file__).parents[1],
                env={**environment, "PYTHONPATH": _path()},
                pass_fds=[listening.fileno()],
                stdin=lifeline,
                start_new_session=True,
            )
        process.returncode = 0  # nobody waits for it

    def run(self, words: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of one that has ended."""
        with (
            open(os.devnull) as nothing,  # noqa: PTH123
            tempfile.TemporaryFile("w+", encoding="utf-8") as out,
            tempfile.TemporaryFile("w+", encoding="utf-8") as err,
        ):
            streams = (nothing.fileno(), out.fileno(), err.fileno())
            code = ask(self.address, words, cwd=cwd, env=env, streams=streams).wait()
            said = [(stream.seek(0), stream.read())[1] for stream in (out, err)]
        return code, said[0], said[1]

    def write_program(self, file: Path) -> None:
        """A program that is run as any other: it hands its words, directory, environment and streams to the fork."""
        file.write_text(PROGRAM.format(python=sys.executable, address=self.address), encoding="utf-8")
        file.chmod(0o755)


def _path() -> str:
    """The module path: our modules before the caller's, because `make mutations` has the tests import a copy."""
    return os.pathsep.join(filter(None, (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH"))))


@functools.cache
def emulators() -> ForkServer:
    """The fork server of emulators."""
    from studio_emulator.server import clean_environment

    return ForkServer("emulator", _place(), clean_environment(os.environ))


@functools.cache
def commands() -> ForkServer:
    """The fork server of commands."""
    inherited = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return ForkServer("command", _place(), inherited, emulators())


def share() -> None:
    """Let the processes of tests that are started from here have the same fork servers. They end with this process."""
    os.environ[SHARED] = str(_begun())


def _place() -> Path:
    return Path(shared) if shared else _begun()


@functools.cache
def _begun() -> Path:
    """A new place for fork servers, which end with this process; what they have forked goes on."""
    directory = Path(tempfile.mkdtemp(prefix="fork-"))  # pytest's own are too long for a socket's path
    os.mkfifo(directory / LIFELINE)
    lifeline = os.open(directory / LIFELINE, os.O_RDWR)
    atexit.register(os.close, lifeline)
    atexit.register(shutil.rmtree, directory)
    return directory


def ask(address: str, words: Sequence[str], *, cwd: Path, env: Mapping[str, str], streams: Sequence[int]) -> Forked:
    """Asks the fork server at this address for a process."""
    asked = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    asked.connect(address)
    request = {"words": list(words), "cwd": str(cwd), "env": dict(env)}
    socket.send_fds(asked, [json.dumps(request).encode()], list(streams))
    return Forked(asked)


def spawning(address: Callable[[], str]) -> Callable[..., Any]:
    """A replacement for `studio_emulator.server._spawn`: it forks emulators, unless they run scripts of apps."""
    from studio_emulator import server

    spawned = server._spawn

    def spawn(command: Sequence[str], *, home: Path, env: Mapping[str, str], log: int) -> Any:
        if json.loads(command[-1])["run_lifecycle"]:
            return spawned(command, home=home, env=env, log=log)
        words = command[command.index("studio_emulator.process") + 1 :]
        with open(os.devnull) as nothing:  # noqa: PTH123
            return ask(address(), words, cwd=home, env=env, streams=(nothing.fileno(), log, log))

    return spawn


def serve(
    listening: socket.socket,
    begin: Callable[[Sequence[str]], None],
    *,
    owner: int | None = None,
) -> None:
    """Forks for each request a process that waits for another, which does what is asked: the one that returns.

    Args:
        listening: Where requests come.
        begin: What that one does.
        owner: A pipe from the process with which this one ends.
    """
    while True:
        watched: list[Any] = [listening, *([] if owner is None else [owner])]
        if owner in select.select(watched, [], [])[0]:
            sys.exit()
        asked, _ = listening.accept()
        message, files, *_ = socket.recv_fds(asked, REQUEST_BYTES, 3)
        if not os.fork():
            break
        for file in files:
            os.close(file)
        asked.close()
    listening.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid:
        for file in (0, 1, 2, *files):
            os.close(file)
        asked.sendall(json.dumps({"pid": pid}).encode())
        _, status = os.waitpid(pid, 0)
        with contextlib.suppress(OSError):  # nobody waits for it any more
            asked.sendall(json.dumps({"code": os.waitstatus_to_exitcode(status)}).encode())
        os._exit(0)
    asked.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request = json.loads(message)
    for file, number in zip(files, (0, 1, 2), strict=True):
        os.dup2(file, number)
        os.close(file)
    os.setsid()  # no Ctrl-C that is meant for the tests
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    begin(request["words"])


def command(words: Sequence[str]) -> None:
    """`studioctl ...`"""
    from studioctl.cli.main import main

    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        old = getattr(sys, name)  # which knows what the descriptor was: whether it is a terminal, and can be wound back
        new = open(  # noqa: SIM115
            number,
            "w" if number else "r",
            encoding=old.encoding,
            errors=old.errors,
            buffering=1 if number == 2 or os.isatty(number) else -1,
            closefd=False,
        )
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)
    sys.argv = [str(Path(sysconfig.get_path("scripts")) / "studioctl"), *words]
    try:
        main()
    except SystemExit as end:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)  # to take everything apart costs half a second


def emulator(words: Sequence[str]) -> None:
    """`python -m studio_emulator.process ...`"""
    from moto.moto_api._internal import mock_random

    from studio_emulator.process import main

    mock_random.seed()  # or else all of them would make the same ids
    sys.argv = ["studio_emulator.process", *words]
    main()


def prepare_commands(emulators: str) -> None:
    """Loads what most commands load, and makes the clients of the services that they call."""
    for name in COMMAND:
        importlib.import_module(name)
    import botocore.session

    from studio_emulator import server
    from tests import clients

    clients.remember()
    session = botocore.session.get_session()
    session.set_credentials("none", "none")
    for service in SERVICES:
        session.create_client(service, "us-east-1", endpoint_url="http://127.0.0.1:9")
    server._spawn = spawning(lambda: emulators)


def prepare_emulators() -> None:
    """Loads moto's services and botocore's descriptions of them, and the empty account's policies and networks."""
    from moto.backends import get_backend
    from moto.core.utils import get_service_model
    from moto.ec2.models import ec2_backends
    from moto.ec2.models.vpcs import IMPLEMENTED_ENDPOINT_SERVICES
    from moto.iam.models import iam_backends
    from moto.moto_server import werkzeug_app

    from studio_emulator import application, calls
    from studio_emulator.iam.credentials import AdministratorKey
    from studio_emulator.install import install
    from studio_emulator.server import ACCOUNT_ID
    from studio_emulator.settings import EmulatorSettings

    importlib.import_module("studio_emulator.process")
    install(EmulatorSettings(), "http://127.0.0.1:9", AdministratorKey())  # each emulator does it again, for itself
    once = functools.cache(werkzeug_app.create_backend_app)
    setattr(application, "create_backend_app", once)  # noqa: B010 (it is moto's)
    for service in MOTO:
        once(service)
    for service in (*SERVICES, *calls.SERVICES):
        get_service_model(service)
    for service in {*MOTO, *IMPLEMENTED_ENDPOINT_SERVICES} - {"moto_api"}:
        get_backend(service)[ACCOUNT_ID]  # where a service is
    for backends, region in ((iam_backends, "aws"), (ec2_backends, "us-east-1")):
        backends[ACCOUNT_ID][region]


def main() -> None:
    """The fork server's own process: what is loaded, and then forked for ever."""
    number, kind, emulators = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # what waits for a process that was forked is waited for by nobody
    if kind == "command":
        prepare_commands(emulators)
    else:
        prepare_emulators()
    gc.freeze()
    serve(socket.socket(fileno=int(number)), command if kind == "command" else emulator, owner=0)


if __name__ == "__main__":
    main()
