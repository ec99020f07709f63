"""The emulator without studioctl: its command, and its fixture for pytest."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

THREE_TESTS = """\
import boto3

def test_a_role(studio_emulator):
    boto3.client("iam").create_role(RoleName="ada", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": [\
{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}]}')
    vpc = boto3.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = boto3.client("ec2").create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    boto3.client("sagemaker").create_domain(
        DomainName="mine", AuthMode="IAM", VpcId=vpc, SubnetIds=[subnet],
        DefaultUserSettings={"ExecutionRole": "arn:aws:iam::123456789012:role/ada"},
    )
    assert [found["DomainName"] for found in boto3.client("sagemaker").list_domains()["Domains"]] == ["mine"]

def test_the_next_one_begins_empty(studio_emulator):
    assert boto3.client("sagemaker").list_domains()["Domains"] == []
    assert boto3.client("iam").list_roles()["Roles"] == []

def test_it_knows_its_settings(studio_emulator):
    from studio_emulator import server
    assert server.settings_of(studio_emulator).transition_seconds == 0.1
"""
CONFTEST = """\
import pytest
from studio_emulator.settings import EmulatorSettings

@pytest.fixture(scope="session")
def studio_emulator_settings():
    return EmulatorSettings(transition_seconds=0.1)
"""


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Nothing of the person who runs the tests, but for the way to the programs."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_PROFILE": "acme-admin",  # which no file has
        "STUDIOCTL_EMULATOR_DIR": str(tmp_path / "emulator"),
    }
    yield environ
    run(environ, "stop")


def run(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "studio_emulator", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_the_command(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "faults.toml").write_text('[[faults]]\nkind = "throttling"\n')
    before = run(environ, "status")
    started = run(environ, "start", "--settings", '{"transition_seconds": 0.1}')
    variables = json.loads(run(environ, "env", "--json", "--region", "eu-west-1").stdout)
    shell = run(environ, "env").stdout
    inventory = json.loads(run(environ, "inventory").stdout)
    set_ = run(environ, "faults", str(tmp_path / "faults.toml"))
    faults = json.loads(run(environ, "faults").stdout)
    after = run(environ, "status")
    stopped = run(environ, "stop")

    assert (before.returncode, json.loads(before.stdout)) == (1, {"running": False, "endpoint_url": None})
    assert started.stdout.startswith(f"running at {variables['AWS_ENDPOINT_URL']}, process ")
    assert variables["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert f"export AWS_ENDPOINT_URL={variables['AWS_ENDPOINT_URL']}\n" in shell
    assert inventory["domains"] == inventory["apps"] == []
    assert (set_.returncode, [fault["kind"] for fault in faults["faults"]]) == (0, ["throttling"])
    assert json.loads(after.stdout) == {"running": True, "endpoint_url": variables["AWS_ENDPOINT_URL"]}
    assert stopped.stdout == "stopped\n"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["begin"], 64, "invalid choice: 'begin'"),
        (["start", "--settings", '{"colour": 1}'], 64, "argument --settings: "),
        (["start", "--settings", "["], 64, "argument --settings: "),
        (["faults", "missing.toml"], 1, "missing.toml is not a file."),
    ],
)
def test_what_it_does_not_take(environ: dict[str, str], words: list[str], code: int, told: str) -> None:
    done = run(environ, *words)

    assert done.returncode == code
    assert done.stderr.startswith("Error: ")
    assert told in done.stderr
    assert "\nNext:  " in done.stderr


def test_the_fixture(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_mine.py").write_text(THREE_TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=.", "test_mine.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    assert "3 passed" in done.stdout, done.stdout + done.stderr
