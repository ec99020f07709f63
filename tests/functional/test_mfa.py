"""A profile that needs an MFA code: a whole life of an environment, with one code for each command.

What the commands take for AWS is the emulator, to which the person's own configuration leads: no command has --local.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.functional.conftest import SMALL, Shell

from studio_emulator import server
from studio_emulator.settings import EmulatorSettings
from studioctl.operations import emulation

pytestmark = pytest.mark.life

CONFIG = """\
[profile mfa]
role_arn = arn:aws:iam::123456789012:role/Admin
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/ada
endpoint_url = {url}
[profile base]
aws_access_key_id = {key}
aws_secret_access_key = {secret}
endpoint_url = {url}
[default]
aws_access_key_id = AKIASOMEBODYELSES000
aws_secret_access_key = not-for-terraform
"""
ANYONE = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
QUESTION = "Enter MFA code for arn:aws:iam::123456789012:mfa/ada: "


@pytest.fixture
def mfa(tmp_path: Path) -> Iterator[Shell]:
    variables = {
        "STUDIOCTL_EMULATOR_DIR": str(tmp_path / "emulator"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    shell = Shell(tmp_path, variables)
    emulator = server.start(settings=EmulatorSettings(transition_seconds=0.1), state_dir=tmp_path / "emulator")
    try:
        iam = shell.client("iam")
        iam.create_role(
            RoleName="Admin", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [ANYONE]})
        )
        iam.attach_role_policy(RoleName="Admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        (tmp_path / ".aws").mkdir()
        key = emulation.target(emulator, "us-east-1").local
        assert key is not None
        (tmp_path / ".aws" / "config").write_text(
            CONFIG.format(url=key.url, key=key.access_key_id, secret=key.secret_access_key)
        )
        state = '[state]\nbackend = "s3"\nbucket = "acme-ml-states"\n'
        shell.write(SMALL.format(name="acme-ml").replace("\n\n", '\nprofile = "mfa"\n\n', 1) + state)
        yield shell
    finally:
        server.stop(tmp_path / "emulator")


def test_each_command_asks_for_one_code(mfa: Shell) -> None:
    before = mfa.inventory()

    alone = mfa.studioctl("plan", expect=1)
    assert alone.err == (
        "Error: AWS profile 'mfa': its role asks for an MFA code, and there is no terminal to type it at\n"
        "Next:  sign in at a terminal first: aws sts get-caller-identity --profile mfa   (studioctl uses that session"
        " of the AWS CLI while it lasts); or name a profile without `mfa_serial`\n"
    )
    assert mfa.inventory() == before

    for command, expected in (
        (("state", "bucket", "create"), 0),
        (("plan",), 2),
        (("up", "--yes"), 0),
        (("status",), 0),
        (("down", "--yes", "--delete-data"), 0),
    ):
        code, shown = mfa.typed(*command, answers={QUESTION: "123456"})
        assert code == expected, shown
        assert shown.count(QUESTION) == 1
        assert shown.startswith("AWS profile 'mfa' asks for an MFA code, once for this command.")
        assert "123456\r\n" not in shown  # what is typed is not shown
        if command == ("status",):
            url = emulation.target(mfa.emulator, "us-east-1").endpoint_url
            assert f"acme-ml  us-east-1 on {url}" in shown
        if command == ("up", "--yes"):
            assert [domain["DomainName"] for domain in mfa.client("sagemaker").list_domains()["Domains"]] == ["acme-ml"]

    assert mfa.client("sagemaker").list_domains()["Domains"] == []
    kept = [
        file for file in (mfa.directory / ".studioctl").rglob("*") if file.is_file() and "providers" not in file.parts
    ]
    assert any(file.suffix == ".jsonl" for file in kept)
    for file in kept:
        content = file.read_bytes()
        assert not [word for word in (b"ASIA", b"AWS_CONTAINER", b"SecretAccessKey") if word in content], file
