"""`studioctl doctor` as people and programs run it. No Terraform is started."""

import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.functional.conftest import Shell

from studio_emulator import server
from studioctl.terraform.provider import platform_name

FILE = 'name = "acme-ml"\nregion = "us-east-1"\n\n[[users]]\nname = "ada"\n'
LARGER = (
    'write it in studio.toml: for everybody below [studio]: instance_type = "ml.t3.large"; for one user below'
    ' that [[users]]: spaces = [{ name = "ada-editor", instance_type = "ml.t3.large" }]'
)
PROGRAMS = {
    "terraform": '{"terraform_version": "1.11.4"}',
    "git": "git version 2.39.5",
    "ssh": "OpenSSH_9.2p1",
    "session-manager-plugin": "1.2.764.0",
    "podman": "podman version 5.4.2",
    "code": "1.104.0",
    "aws": "aws-cli/2.31.0",
}
WELL = """\
acme-ml  us-east-1 on the emulator

File and state
  ✓ FIL001  studio.toml is valid: 'acme-ml' in us-east-1
  ✓ FIL003  no image is pinned: spaces that name none start AWS's newest, 4.4 on 2026-08-19, supported until 2027-02-12

Terraform
  ✓ TF001  terraform 1.11.4 (BIN/terraform)
  ✓ TF002  hashicorp/aws 5.100.0 (MIRROR)

This machine
  ✓ PRG001  git 2.39.5 (BIN/git)
  ✓ PRG002  ssh 9.2 (BIN/ssh)
  ✓ PRG003  session-manager-plugin 1.2.764.0 (BIN/session-manager-plugin)
  ✓ PRG004  podman 5.4.2 (BIN/podman)
  ✓ PRG005  code 1.104.0 (BIN/code)
  ✓ PRG007  aws 2.31.0 (BIN/aws)
  ✓ PRG009  a lifecycle script can be rehearsed here

Account
  ✓ AWS001  account 123456789012, arn:aws:sts::123456789012:user/moto
  ✓ AWS005  region us-east-1 is enabled
  ✓ CLK001  the clock agrees with AWS's within N s

Instances and remote access
  ✓ TYP001  us-east-1 offers ml.t3.medium
  i RMT001  ml.t3.medium is too small for a local editor: ada-editor
      at: studio.toml: studio.instance_type
      AWS requires 8 GB and refuses remote access on this type. The editor in the browser works.
      do: LARGER

Quotas
  ✓ QUO001  user profiles: 1 of 2
  ✓ QUO002  spaces: 1 of 6
  ✓ QUO003  apps, with all spaces running: 1 of 40
  ✓ QUO005  Code Editors on ml.t3.medium, all running: 1 of 6
  ✓ QUO007  VPCs: 2 of 5
  ✓ QUO008  internet gateways: 1 of 5
  ✓ QUO009  IAM roles: 1 of 1000
  ✓ QUO009  IAM policies: 5 of 1500

Names
  ✓ NAM002  bucket acme-ml-data-123456789012: the name is free
  ✓ NAM002  repository acme-ml: the name is free
  ✓ NAM002  role acme-ml-execution: the name is free
  ✓ NAM002  policy acme-ml-studio: the name is free
  ✓ NAM002  policy acme-ml-remote-access: the name is free
  ✓ NAM002  policy acme-ml-s3: the name is free
  ✓ NAM002  policy acme-ml-images: the name is free
  ✓ NAM002  policy acme-ml-jobs: the name is free
  ✓ NAM004  domain acme-ml: the name is free

1 note, 32 ok
"""


def machine(shell: Shell, **programs: str) -> Shell:
    """The same shell on a machine that has these programs, a mirror of the provider, and nothing else."""
    bin_directory = shell.directory / "bin"
    bin_directory.mkdir()
    for name, says in programs.items():
        (bin_directory / name).write_text(f"#!/bin/sh\necho '{says}'\n")
        (bin_directory / name).chmod(0o755)
    mirror = shell.directory / "mirror"
    (mirror / "registry.terraform.io/hashicorp/aws/5.100.0" / platform_name()).mkdir(parents=True)
    variables = {"PATH": str(bin_directory), "STUDIOCTL_PROVIDER_MIRROR": str(mirror)}
    return replace(shell, variables={**shell.variables, **variables})


@pytest.fixture
def ready(shell: Shell) -> Shell:
    shell.write(FILE)
    return machine(shell, **PROGRAMS)


def normal(text: str, directory: Path) -> str:
    words = text.replace(f"{directory}/bin/", "BIN/").replace(str(directory / "mirror"), "MIRROR")
    return "\n".join(
        line if "CLK001" not in line else f"{line.rpartition('within')[0]}within N s" for line in words.split("\n")
    )


def test_a_machine_and_a_new_account_that_are_well(ready: Shell) -> None:
    done = ready.studioctl("doctor", "--local", "--strict")

    assert normal(done.out, ready.directory) == WELL.replace("LARGER", LARGER)
    assert done.err == ""


def test_errors_warnings_and_exit_codes(ready: Shell) -> None:
    ready.write(FILE + '\n[studio]\ninstance_type = "ml.g5.xlarge"\nremote_access = true\n')
    (ready.directory / "bin/session-manager-plugin").unlink()
    worse = ready.studioctl("doctor", "--local", "--json", expect=1)
    ready.edit("ml.g5.xlarge", "ml.t3.large")
    bad = ready.studioctl("doctor", "--local", "--json")
    strict = ready.studioctl("doctor", "--local", "--strict", expect=1)

    found = json.loads(worse.out)
    assert {key: found[key] for key in ("name", "region", "target", "account_id", "worst")} == {
        "name": "acme-ml",
        "region": "us-east-1",
        "target": "local",
        "account_id": "123456789012",
        "worst": "error",
    }
    assert found["counts"].keys() == {"error", "warning", "info", "ok"}
    assert [finding for finding in found["findings"] if finding["severity"] == "error"] == [
        {
            "id": "QUO004",
            "engine": "studioctl",
            "subject": None,
            "group": "Quotas",
            "severity": "error",
            "message": "Code Editors on ml.g5.xlarge, all running: 1 needed, and the account may have 0",
            "details": [],
            "why": "AWS creates a space of this type, but it never starts. Large and GPU instances must be requested.",
            "remedy": "studioctl quotas request --local",
            "cost": "",
            "reference": "https://github.com/aws/amazon-sagemaker-feedback/issues/157",
            "about": "",
            "file": "studio.toml",
            "line": 8,
            "key": ["studio", "instance_type"],
            "accepted": None,
        }
    ]
    assert [f["id"] for f in json.loads(bad.out)["findings"] if f["severity"] == "warning"] == ["PRG003"]
    told = "\n  ! PRG003  session-manager-plugin was not found\n      at: studio.toml:9: studio.remote_access\n"
    assert told in strict.out
    assert strict.out.endswith("\n1 warning, 32 ok\n")


def test_what_is_not_allowed_takes_nothing_away_from_the_rest(ready: Shell) -> None:
    refusal = {"kind": "error", "code": "AccessDeniedException", "message": "User ada is not authorized"}
    faults = {"faults": [{"action": action, **refusal} for action in ("GetServiceQuota", "DescribeRegions")]}
    ready.studioctl("emulator", "start")
    server.set_faults(ready.emulator, faults)
    done = ready.studioctl("doctor", "--local")

    assert (
        "  ! DOC001  user profiles, spaces, running apps, instance types' quotas, VPCs, internet gateways could not be"
        " checked: AWS refused GetServiceQuota: User ada is not authorized\n" in done.out
    )
    assert "  ! DOC001  the region could not be checked: AWS refused DescribeRegions: User ada" in done.out
    assert "  ✓ NAM002  role acme-ml-execution: the name is free\n" in done.out


def test_a_wrong_file_and_none(ready: Shell) -> None:
    ready.write(FILE.replace('"ada"', '"ada_l"'))
    wrong = ready.studioctl("doctor", "--local", expect=1)
    (ready.directory / "studio.toml").unlink()
    none = ready.studioctl("doctor", "--local")
    misspelt = ready.studioctl("doctor", "--local", "--config", "stdio.toml", expect=1)

    assert '  ✗ FIL001  studio.toml:5: users[0].name: "ada_l"' in wrong.out
    assert "      do: studioctl validate\n" in wrong.out
    assert "  i DOC002  there is no studio.toml, so skipped: " in none.out
    assert "      do: studioctl init\n" in none.out
    assert none.out.startswith("no environment  us-east-1 on the emulator\n")
    assert "  ✓ AWS001  account 123456789012" in none.out
    assert "  ✗ FIL001  " in misspelt.out


def aws(shell: Shell, **variables: str) -> Shell:
    """The same shell, with AWS as these variables say and no other way to it."""
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "HTTPS_PROXY": "http://127.0.0.1:9"}
    return replace(shell, variables={**shell.variables, **nowhere, **variables})


def findings(done: Any) -> dict[str, dict[str, str]]:
    return {finding["id"]: finding for finding in json.loads(done.out)["findings"]}


def test_without_credentials_and_without_a_network(ready: Shell) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "none"}
    began = time.monotonic()
    nobody = findings(aws(ready).studioctl("doctor", "--json", expect=1))
    nowhere = findings(aws(ready, **keys).studioctl("doctor", "--json", expect=1))

    assert nobody["AWS001"]["message"] == "AWS credentials: Unable to locate credentials"
    assert "aws sso login" in nobody["AWS001"]["remedy"]
    assert nowhere["AWS001"]["severity"] == "error"
    assert "127.0.0.1:9" in nowhere["AWS001"]["message"]
    for found in (nobody, nowhere):
        assert found["DOC002"]["message"].startswith(
            "there are no valid AWS credentials, so skipped: Terraform's state, "
        )
        assert found["PRG001"]["severity"] == "ok"
        assert "QUO001" not in found
    assert time.monotonic() - began < 120


def test_a_configuration_of_aws_that_is_wrong(ready: Shell) -> None:
    (ready.directory / "studio.toml").unlink()
    no_profile = findings(aws(ready, AWS_PROFILE="nobody").studioctl("doctor", "--json", expect=1))
    (ready.directory / ".aws").mkdir()
    (ready.directory / ".aws/config").write_text("no section\n")
    broken = findings(aws(ready).studioctl("doctor", "--json", expect=None))

    assert no_profile["AWS002"]["message"] == "There is no profile 'nobody'"
    assert no_profile["AWS002"]["remedy"] == "aws configure --profile nobody"
    assert any("Unable to parse config file" in finding["message"] for finding in broken.values())
    assert not any("bug" in finding["message"] for finding in broken.values())


def test_quotas_can_be_set_and_enforced(ready: Shell) -> None:
    wrong = ready.studioctl("emulator", "start", "--quota", "profiles=5", expect=64)
    ready.studioctl("emulator", "start", "--enforce-quotas", "--quota", "L-AC46C40F=5")
    done = ready.studioctl("doctor", "--local")

    assert "'profiles' is not like L-AC46C40F=5" in wrong.err
    assert "  ✓ QUO001  user profiles: 1 of 5\n" in done.out


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of an AWS that takes calls and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_an_aws_that_never_answers_is_given_up(ready: Shell, silent: str) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "none"}
    began = time.monotonic()
    found = findings(aws(ready, **keys, AWS_ENDPOINT_URL=silent).studioctl("doctor", "--json", expect=None))

    assert time.monotonic() - began < 150  # botocore alone would wait for minutes
    assert any("no answer" in finding["message"] or "timed out" in finding["message"] for finding in found.values())
    assert found["PRG001"]["severity"] == "ok"


def test_marks_say_it_without_colour(ready: Shell) -> None:
    _, shown = ready.typed("doctor", "--local", answers={})
    colourless = replace(ready, variables={**ready.variables, "NO_COLOR": "1"})
    _, plain = colourless.typed("doctor", "--local", answers={})

    assert "\x1b[36m  i RMT001" in shown
    assert "  i RMT001" in plain
    assert "\x1b[36m" not in plain
    assert os.environ.get("NO_COLOR") is None or "\x1b[3" not in plain
