"""A command that a message tells to run is run as printed, by a shell; what was refused is then done.

tests/remedies.toml says which remedies are walked here.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.functional.conftest import STUDIOCTL, Done, Shell
from tests.functional.living import Living
from tests.remedies import catalogue, claimed, pattern

HERE = "tests/functional/test_remedies.py"
NEXT = re.compile(r"^Next:  (.*)$", re.MULTILINE)
FLAGS = re.compile(r" --(?:local|config \S+)(?= |$)")  # which the command line puts behind each command
COMMAND = re.compile(r"(?:gh auth token \| )?\b(?:studioctl|cd|unset|export) .*?(?=, then |   \(|; |, or |$)")
TO_ADD = re.compile(r"\badd:? (--\S+(?: (?!to )\S+\.toml)?)")
LOCK = {"ID": "0f8fad5b-d9cb-469f-a165-70867728950e", "Operation": "apply", "Who": "bob@den", "Created": "2026-11-29"}

pytestmark = pytest.mark.timeout(240)


def test_a_token(home: Living, asks_for_a_token: None) -> None:
    """No value, no terminal: `gh` tells it."""
    home.client("secretsmanager").create_secret(Name="acme-ml/github")
    programs = home.shell.directory / "programs"
    programs.mkdir()
    (programs / "gh").write_text("#!/bin/sh\necho ghp_0123456789012345678901234567890123456789\n")
    (programs / "gh").chmod(0o700)
    path = {"PATH": f"{programs}:{os.environ['PATH']}"}
    walk = Walk(Shell(home.shell.directory, {**home.shell.variables, **path}))

    printed = walk.printed(home.run("secret", "get", "github", expect=1), of="studioctl.operations.secrets")
    printed = walk.printed(walk.run(printed), of="studioctl.cli.secret")
    assert walk.run(printed).code == 0
    assert home.run("secret", "get", "github").out == "ghp_0123456789012345678901234567890123456789\n"

    home.client("secretsmanager").delete_secret(SecretId="acme-ml/github", RecoveryWindowInDays=7)
    printed = walk.printed(home.run("secret", "get", "github", expect=1), of="studioctl.operations.secrets")
    printed = walk.printed(walk.run(printed), of="studioctl.cli.secret")
    walk.run(printed)
    assert home.run("secret", "get", "github").out.startswith("ghp_")

    assert claimed(f"{HERE}::test_a_token") == walk.walked


def test_a_lock(home: Living, keeps_its_state_in_s3: None) -> None:
    """The bucket is not named, then not there; then somebody holds the state."""
    walk = Walk(home.shell)
    printed = walk.printed(home.run("state", "bucket", "create", expect=3), of="studioctl.cli.context")
    assert walk.run(printed.replace("NAME", "acme-remedies-tfstate")).code == 0
    home.shell.edit('backend = "s3"', 'backend = "s3"\nbucket = "acme-remedies-tfstate"')
    place = {"Bucket": "acme-remedies-tfstate", "Key": "acme-ml/terraform.tfstate.tflock"}
    home.client("s3").put_object(**place, Body=json.dumps(LOCK).encode())

    printed = walk.printed(home.run("state", "unlock", expect=4), of="studioctl.cli.state")
    printed_next = walk.printed(walk.run(printed), of="studioctl.cli.confirm")
    assert walk.run(f"{COMMAND.findall(printed)[0]} {TO_ADD.findall(printed_next)[0]}").code == 0
    assert home.run("state", "unlock").err == "The state is not locked.\n"

    assert claimed(f"{HERE}::test_a_lock") == walk.walked


@pytest.fixture
def asks_for_a_token(home: Living) -> Iterator[None]:
    yield from _with(home, '\n[secrets]\ngithub = { username = "ada" }\n')
    home.client("secretsmanager").delete_secret(SecretId="acme-ml/github", ForceDeleteWithoutRecovery=True)


@pytest.fixture
def keeps_its_state_in_s3(home: Living) -> Iterator[None]:
    yield from _with(home, '\n[state]\nbackend = "s3"\n')


def _with(home: Living, more: str) -> Iterator[None]:
    file: Path = home.shell.directory / "studio.toml"
    before = file.read_text()
    file.write_text(before + more)
    yield
    file.write_text(before)


class Walk:
    """Does as it is told, and notes by which remedies.

    Args:
        shell: Where.
        walked: Module and template of each remedy so far.
    """

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.walked: set[tuple[str, str]] = set()

    def printed(self, refused: Done, *, of: str) -> str:
        """The remedy that was printed: one of this module."""
        assert refused.code != 0, refused
        found = NEXT.search(refused.err)
        assert found, refused
        texts = (found[1], FLAGS.sub("", found[1]))
        known = [each for each in catalogue()[of] if any(pattern(each).fullmatch(text) for text in texts)]
        assert known, (of, texts)
        self.walked.add((of, max(known, key=len)))
        return found[1]

    def run(self, text: str) -> Done:
        """The command in the text, as a shell runs it."""
        command = COMMAND.findall(text)[0]
        place = {"PATH": f"{Path(STUDIOCTL).parent}:{self.shell.environment['PATH']}"}
        environment: Mapping[str, str] = {**self.shell.environment, **place}
        done = subprocess.run(
            ["/bin/bash", "-c", command],
            cwd=self.shell.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)
