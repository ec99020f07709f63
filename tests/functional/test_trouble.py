"""Two people on one state in S3, a Terraform that is killed, an AWS that fails: one environment goes through it all."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from tests.functional.conftest import SMALL, STUDIOCTL, Applied, Shell, wait_for

pytestmark = pytest.mark.life

NAME = "acme-ml"
STATE = '\n[state]\nbackend = "s3"\nbucket = "acme-trouble-tfstate"\n'
LOCK = r"the state is locked by (\S+@\S+) \(apply\) since (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* \+0000 UTC)"


@pytest.fixture
def bob(shell: Shell) -> Shell:
    """A second person, with a directory of their own and the same file, on the same AWS account."""
    directory = shell.directory / "bob"
    directory.mkdir()
    return Shell(directory, shell.variables)


def begun(shell: Shell, until: str) -> "subprocess.Popen[str]":
    """An `up` that has come so far."""
    process = subprocess.Popen(
        [STUDIOCTL, "up", "--local", "--yes"],
        cwd=shell.directory,
        env=shell.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(process, until)
    return process


def terraform_of(process: "subprocess.Popen[str]") -> int:
    """The process of Terraform that this command started."""
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            try:
                parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
                words = (place / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if parent == process.pid and b"apply" in words:
                return int(place.name)
    raise AssertionError("no Terraform is running")


def test_trouble_of_every_kind_ends_well(shell: Shell, bob: Shell, applied: Applied) -> None:
    for someone in (shell, bob):
        someone.write(SMALL.format(name=NAME) + STATE)
    made = shell.studioctl("state", "bucket", "create", "--local")
    assert made.err == "Bucket 'acme-trouble-tfstate' in us-east-1 is made.\n"
    shell.studioctl("emulator", "faults", "set", "throttling", "--action", "Create*", "--times", "3")
    shell.studioctl("emulator", "faults", "set", "unavailable", "--action", "PutBucket*", "--times", "2")
    shell.studioctl("emulator", "faults", "set", "reset", "--probability", "0.02", "--seed", "7")
    shell.studioctl("emulator", "faults", "set", "slow", "--action", "CreateDomain", "--seconds", "120")
    up = begun(shell, "created policy remote access")

    the_second_is_told_who_holds_the_lock(bob)
    a_killed_terraform_leaves_its_lock(shell, bob, up)
    shell.studioctl("emulator", "faults", "clear")
    # Terraform sends it again, and hears that it exists.
    shell.studioctl("emulator", "faults", "set", "lost-answer", "--action", "CreateUserProfile", "--times", "1")
    again = shell.studioctl("up", "--local", "--yes")

    assert re.search(r"note: Our own `apply`, process \d+, was killed and left the state locked: freed\n", again.err)
    assert "creating user profile ada failed" in again.err
    assert "note: 1 resource of this name exists already: the plan adopts it" in again.err
    assert things(shell) == things(applied.shell)
    assert bob.studioctl("plan", "--local").out == "No changes: everything is as the file says.\n"
    earlier_states_come_back(bob)


def the_second_is_told_who_holds_the_lock(bob: Shell) -> None:
    told = bob.studioctl("up", "--local", "--yes", expect=1)

    assert re.search(LOCK, told.err), told.err
    assert re.search(
        r"Next:  Wait until that run has finished\. If it has died: studioctl state unlock [\w-]{36}", told.err
    )


def a_killed_terraform_leaves_its_lock(shell: Shell, bob: Shell, up: "subprocess.Popen[str]") -> None:
    os.kill(terraform_of(up), signal.SIGKILL)
    _, rest = up.communicate(timeout=120)
    assert up.returncode == 1, rest

    refused = bob.studioctl("state", "unlock", "--local", "--yes", expect=4)
    assert "It may be somebody else's run" in refused.err
    ours = shell.studioctl("state", "unlock", "--local", expect=4)
    assert "Your own run on this machine was killed and left it.\nError: There is no terminal to ask on." in ours.err


def earlier_states_come_back(bob: Shell) -> None:
    """Somebody has written over the state with one that knows nothing."""
    place = {"Bucket": "acme-trouble-tfstate", "Key": f"{NAME}/terraform.tfstate"}
    s3 = bob.client("s3")
    whole = json.loads(s3.get_object(**place)["Body"].read())
    serial = whole["serial"]
    managed = sum(len(resource["instances"]) for resource in whole["resources"] if resource["mode"] == "managed")
    s3.put_object(**place, Body=json.dumps({**whole, "serial": serial + 1, "resources": []}).encode())
    assert shown(bob)[:2] == [(serial + 1, 0, True), (serial, managed, False)]

    done = bob.studioctl("state", "restore", str(serial), "--local", "--yes")

    assert f"Restored the state of serial {serial}; its new serial is {serial + 2}.\n" in done.err
    assert shown(bob)[:2] == [(serial + 2, managed, True), (serial + 1, 0, False)]
    assert bob.studioctl("state", "unlock", "--local").err == "The state is not locked.\n"


def shown(bob: Shell) -> list[tuple[int, int, bool]]:
    listed = json.loads(bob.studioctl("state", "history", "--local", "--json").out)
    return [(found["serial"], found["resources"], found["is_current"]) for found in listed]


def things(shell: Shell) -> list[str]:
    """The existing resources, without ids, the state's bucket and jobs that other tests have run."""
    elsewhere = {"buckets", "sagemaker.training_jobs"}
    text = json.dumps({kind: named for kind, named in shell.inventory().items() if kind not in elsewhere})
    ids = r"\b((?:vpc|subnet|sg|igw|rtb|eni|fs|fsmt|fsap|d)-)[a-z0-9]+\b|(?<=/github-)\w{6}\b"
    return sorted(re.findall(r'"[^"]*"', re.sub(ids, "ID", text)))
