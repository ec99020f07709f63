"""The command line as people run it: the installed program, in a directory and a world of its own."""

import json
import os
import pty
import re
import select
import subprocess
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from tests import forkserver
from tests.functional.warmth import warm_provider

from studio_emulator import server
from studio_emulator.server import RunningEmulator

if TYPE_CHECKING:  # it needs this file's shell
    from tests.functional.living import Living

STUDIOCTL = str(Path(sysconfig.get_path("scripts")) / "studioctl")
PASSED_ON = ("PATH", "GOMAXPROCS", "LANG", "LC_ALL", "STUDIOCTL_PROVIDER_MIRROR", "TMPDIR")

RUN_TERRAFORM = {"up", "plan", "down"}  # among others, which find out for themselves what there is

REMINDER = re.compile(r"^  … .*\n", re.MULTILINE)

SMALL = """\
name = "{name}"
region = "us-east-1"

[[users]]
name = "ada"

[secrets]
github = {{ username = "ada" }}

[editor]
tools = ["uv"]
"""


@dataclass(frozen=True)
class Done:
    """The result of a finished command: its exit code, and both streams.

    Standard error comes without the reminders of what takes longer than ten seconds: only a busy machine sees them.
    """

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Shell:
    """A directory in which commands are run, with nothing of the person who runs the tests.

    Args:
        directory: Where they run; it is their home, too.
        variables: What they see beside that.
        cold: Whether each Terraform starts a provider of its own, as it does for everybody.
        fresh: Whether each command is a process of its own from its start, as it is for everybody; otherwise it is
            forked from one that has loaded studioctl, see tests/forkserver.py.
    """

    directory: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    cold: bool = False
    fresh: bool = False

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return {**inherited, "HOME": str(self.directory), "COLUMNS": "100", **self.variables}

    @property
    def warm(self) -> dict[str, str]:
        """The environment of a command that runs Terraform: with this process's warm provider, unless it is `cold`."""
        return self.environment if self.cold else {**warm_provider(), **self.environment}

    def studioctl(self, *arguments: str, expect: int | None = 0) -> Done:
        """Runs a command that has nobody to ask; fails the test when it ends with another code.

        What runs Terraform finds this test process's warm provider, unless `cold` says otherwise.
        """
        code, out, err = self._ran(arguments, self._sees(arguments))
        assert expect is None or code == expect, f"{arguments}: {code}\n{out}{err}"
        return Done(code, out, REMINDER.sub("", err))

    def _ran(self, arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
        """Exit code and both streams of a command."""
        if self._may_be_forked(environment):
            return forkserver.commands().run(arguments, cwd=self.directory, env=environment)
        done = subprocess.run(
            [STUDIOCTL, *arguments],
            cwd=self.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def _may_be_forked(self, environment: Mapping[str, str]) -> bool:
        """Whether nothing asks for a process whose Python starts anew."""
        return not self.fresh and not any(name.startswith(("PYTHON", "TYPER")) for name in environment)

    def typed(self, *arguments: str, answers: Mapping[str, str]) -> tuple[int, str]:
        """Runs a command on a terminal and types an answer to each question; its exit code and what was shown."""
        master, slave = pty.openpty()
        process = self._begun_at(slave, arguments, {**self._sees(arguments), "TERM": "xterm"})
        os.close(slave)
        shown, open_questions = "", dict(answers)
        while text := _read(master):
            shown += text
            for question in [question for question in open_questions if question in shown]:
                os.write(master, f"{open_questions.pop(question)}\n".encode())
        os.close(master)
        return process.wait(), shown

    def _begun_at(
        self, terminal: int, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> "forkserver.Forked | subprocess.Popen[bytes]":
        """A command with this terminal for all its streams."""
        streams = (terminal, terminal, terminal)
        if self._may_be_forked(environment):
            server = forkserver.commands()
            return forkserver.ask(server.address, arguments, cwd=self.directory, env=environment, streams=streams)
        return subprocess.Popen(
            [STUDIOCTL, *arguments],
            cwd=self.directory,
            env=environment,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )

    def _sees(self, arguments: Sequence[str]) -> dict[str, str]:
        return self.warm if RUN_TERRAFORM.intersection(arguments[:1]) else self.environment

    @property
    def emulator(self) -> RunningEmulator:
        """The emulator that was started from here."""
        found = server.find(Path(self.variables["STUDIOCTL_EMULATOR_DIR"]))
        assert found is not None
        return found

    def client(self, service: Any) -> Any:
        """A boto3 client as an unknown program would make it from what `emulator env` prints."""
        variables = json.loads(self.studioctl("emulator", "env", "--json").out)
        return boto3.client(
            service,
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            region_name=variables["AWS_REGION"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        )

    def inventory(self) -> Any:
        """Everything that exists in the emulator."""
        return json.loads(self.studioctl("emulator", "inventory").out)

    def write(self, text: str, name: str = "studio.toml") -> None:
        (self.directory / name).write_text(text)

    def edit(self, old: str, new: str) -> None:
        file = self.directory / "studio.toml"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))


def _read(terminal: int) -> str:
    if not select.select([terminal], [], [], 300)[0]:
        raise TimeoutError("the command said nothing for five minutes")
    try:
        return os.read(terminal, 65536).decode(errors="replace")
    except OSError:  # Linux's way of saying that the other side is closed
        return ""


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in an empty directory; an emulator that was started from it is stopped afterwards."""
    home = tmp_path / "emulator"
    yield Shell(tmp_path, {"STUDIOCTL_EMULATOR_DIR": str(home)})
    server.stop(home)


@dataclass(frozen=True)
class Applied:
    """An environment that `up` made, and what was seen on the way. Tests that share it leave it as it was."""

    shell: Shell
    before: Any
    plan: Done
    up: Done
    variables: Mapping[str, str]


@pytest.fixture(scope="session")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    directory = tmp_path_factory.mktemp("applied")
    shell = Shell(directory, {"STUDIOCTL_EMULATOR_DIR": str(directory / "emulator")})
    shell.write(SMALL.format(name="acme-ml"))
    shell.studioctl("emulator", "start")
    try:
        before = shell.inventory()
        plan = shell.studioctl("plan", "--local", expect=2)
        up = shell.studioctl("up", "--local", "--yes")
        variables = json.loads(shell.studioctl("emulator", "env", "--json").out)
        yield Applied(shell, before, plan, up, variables)
    finally:
        shell.studioctl("emulator", "stop")


def wait_for(process: subprocess.Popen[str], text: str, *, timeout: float = 600) -> str:
    """Reads a process's stderr until this text was said; everything read so far."""
    assert process.stderr is not None
    said, end = "", time.monotonic() + timeout
    while text not in said:
        assert time.monotonic() < end, said
        line = process.stderr.readline()
        assert line, said
        said += line
    return said


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Living"]:
    """An environment without Terraform, for the tests of one file: ada's one space. See living.py for others."""
    from tests.functional.living import living

    with living(tmp_path_factory.mktemp("home"), users={"ada": ("ada-editor",)}) as made:
        yield made
