"""A repository, and a state, made so that somebody's own program runs on the machine of whoever uses it.

The program writes a file. It must not be there afterwards.
"""

import base64
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.functional.conftest import Done, Shell

pytestmark = pytest.mark.terraform

NAME = "acme-ml"
PROVIDER = "registry.terraform.io/hashicorp/aws/5.100.0"
FILE = f"""\
name = "{NAME}"
region = "us-east-1"

[[users]]
name = "ada"
"""
DOCUMENT = """\
resource "terraform_data" "canary" {{
  provisioner "local-exec" {{
    command = "touch {canary}"
  }}
}}
"""
LOCK = """\
provider "registry.terraform.io/hashicorp/aws" {{
  version     = "5.100.0"
  constraints = "5.100.0"
  hashes      = ["{digest}"]
}}
"""


def on_aws(shell: Shell, home: Path) -> Shell:
    """The same directory for the person with this home, whose account the emulator stands for."""
    home.mkdir(exist_ok=True)
    variables = json.loads(shell.studioctl("emulator", "env", "--json").out)
    return replace(shell, variables={**shell.variables, **variables, "HOME": str(home)})


def plan(person: Shell) -> Done:
    return person.studioctl("plan", expect=2)


def test_a_repository_with_a_prepared_directory_runs_nothing_and_deletes_nothing(shell: Shell) -> None:
    shell.write(FILE)
    shell.studioctl("emulator", "start")
    attacker = on_aws(shell, shell.directory / "attacker")
    honest = plan(attacker)
    victim = on_aws(shell, shell.directory / "victim")
    place = shell.directory / ".studioctl" / NAME / "aws"
    canary = shell.directory / "canary"
    _prepare(place, canary)
    diary = _link_logs(place, shell.directory / "diary")

    link = victim.studioctl("plan", expect=4)
    assert f"'{place / 'logs'}' is a symbolic link, to '{diary}'." in link.err
    assert f"then remove the link: rm {place / 'logs'}" in link.err
    (place / "logs").unlink()

    done = plan(victim)
    assert done.out == honest.out
    assert f"studioctl did not write evil.tf, main_override.tf.json, and Terraform would use it: moved to '{place}" in (
        done.err
    )
    assert "Terraform's working files here are not those that studioctl left: they are made anew" in done.err
    assert f"'{shell.directory / '.studioctl'}' was open to other users of this machine" in done.err
    assert not canary.exists()
    assert not (place / "evil.tf").exists()
    assert len(list(diary.iterdir())) == 30
    again = plan(victim)
    assert again.out == honest.out
    assert "Initialising" not in again.err
    _a_planted_state_decides_nothing(victim, place)


def _prepare(place: Path, canary: Path) -> None:
    """Documents of their own, and a provider of their own with a lock file that fits."""
    (place / "evil.tf").write_text(DOCUMENT.format(canary=canary))
    (place / "main_override.tf.json").write_text('{"provider": {"aws": {"max_retries": 1}}}')
    package = place / ".terraform/providers" / PROVIDER
    (link,) = package.iterdir()
    program = link.resolve().glob("terraform-provider-aws*")
    name = next(program).name
    if link.is_symlink():
        link.unlink()
    else:
        shutil.rmtree(link)
    link.mkdir()
    (link / name).write_text(f"#!/bin/sh\ntouch {canary}\n")
    (link / name).chmod(0o755)
    line = f"{hashlib.sha256((link / name).read_bytes()).hexdigest()}  {name}\n"
    digest = base64.b64encode(hashlib.sha256(line.encode()).digest()).decode()
    (place / ".terraform.lock.hcl").write_text(LOCK.format(digest=f"h1:{digest}"))
    for directory in (place, *place.parents[:2]):
        directory.chmod(0o755)  # as git makes them


def _link_logs(place: Path, diary: Path) -> Path:
    diary.mkdir()
    for number in range(30):
        (diary / f"{number}.jsonl").write_text("dear diary")
    shutil.rmtree(place / "logs")
    (place / "logs").symlink_to(diary)
    return diary


def _a_planted_state_decides_nothing(victim: Shell, place: Path) -> None:
    s3 = victim.client("s3")
    s3.create_bucket(Bucket="acme-precious")
    s3.put_object(Bucket="acme-precious", Key="a", Body=b"a")
    instance = {
        "schema_version": 0,
        "attributes": {"id": "acme-precious", "bucket": "acme-precious", "arn": "arn:aws:s3:::acme-precious"},
    }
    resource = {
        "mode": "managed",
        "type": "aws_s3_bucket",
        "name": "data",
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": [instance],
    }
    content = {"version": 4, "terraform_version": "1.11.0", "serial": 3, "lineage": "theirs", "resources": [resource]}
    (place / "terraform.tfstate").write_text(json.dumps(content))
    before = victim.inventory()

    for words in (("down", "--yes", "--delete-data"), ("up", "--yes"), ("plan",), ("state", "restore", "3", "--yes")):
        done = victim.studioctl(*words, expect=4)
        assert f"Error: '{place / 'terraform.tfstate'}' was not left there by studioctl" in done.err
        assert "Next:  studioctl state trust   (shows its contents and" in done.err
    shown = victim.studioctl("state", "trust", expect=4)
    assert shown.err == (
        f"{place / 'terraform.tfstate'}: serial 3, 1 resource\n"
        "  aws_s3_bucket.data  acme-precious\n"
        "Error: There is no terminal to ask on. Nothing was changed.\nNext:  add --yes to go on unasked\n"
    )
    assert json.loads(victim.studioctl("state", "trust", "--json").out) == {
        "directory": str(place),
        "states": [
            {
                "file": str(place / "terraform.tfstate"),
                "is_earlier": False,
                "serial": 3,
                "environments": [],
                "accounts": [],
                "resources": [{"address": "aws_s3_bucket.data", "id": "acme-precious"}],
            }
        ],
        "claims": [],
        "place": None,
        "is_trusted": False,
    }
    told = {
        finding["id"]: finding for finding in json.loads(victim.studioctl("doctor", "--json", expect=1).out)["findings"]
    }
    assert told["STA003"]["severity"] == "error"
    assert told["STA003"]["remedy"] == "studioctl state trust"
    assert victim.inventory() == before
    assert json.loads((place / "terraform.tfstate").read_text()) == content

    resource["provider"] = 'provider["registry.terraform.io/evil/aws"]'
    (place / "terraform.tfstate").write_text(json.dumps(content))
    evil = victim.studioctl("state", "trust", "--yes", expect=1)
    assert "Terraform's state names the provider 'registry.terraform.io/evil/aws'" in evil.err
    (place / "terraform.tfstate").unlink()


def test_a_state_in_s3_that_names_another_provider_is_refused_before_terraform_runs(shell: Shell) -> None:
    shell.write(FILE + '\n[state]\nbackend = "s3"\nbucket = "acme-tfstate"\n')
    shell.studioctl("state", "bucket", "create", "--local")
    resource = {
        "mode": "managed",
        "type": "evil_thing",
        "name": "x",
        "provider": 'provider["registry.terraform.io/evil/evil"]',
        "instances": [],
    }
    content = {"version": 4, "terraform_version": "1.11.0", "serial": 3, "lineage": "theirs", "resources": [resource]}
    body = json.dumps(content).encode()
    shell.client("s3").put_object(Bucket="acme-tfstate", Key=f"{NAME}/terraform.tfstate", Body=body)

    for verb in ("plan", "up", "down"):
        done = shell.studioctl(verb, "--local", expect=1)
        assert (
            "Error: Terraform's state names the provider 'registry.terraform.io/evil/evil', which Terraform would"
            " download and run. This environment needs hashicorp/aws alone. Nothing was started.\n"
            "Next:  find out who wrote this state; studioctl state history --local"
        ) in done.err
    assert list((shell.directory / ".studioctl" / NAME / "local/logs").iterdir()) == []
    assert not (shell.directory / ".studioctl" / NAME / "local/.terraform").exists()
    assert shell.client("s3").get_object(Bucket="acme-tfstate", Key=f"{NAME}/terraform.tfstate")["Body"].read() == body
