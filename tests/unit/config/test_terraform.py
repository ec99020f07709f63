"""`[terraform] provider`: the lock file that may say it, and what version 5 does not let through."""

import os
from pathlib import Path

import pytest

from studioctl.config.load import parse
from studioctl.errors import ConfigError

ENVIRONMENT = 'name = "acme-ml"\nregion = "us-east-1"\nusers = [{ name = "ada" }]\n'
LOCKED = '[terraform]\nprovider = "locked"\n'
WRITTEN = '[terraform]\nprovider = "5.100.0"\n'
LOCK_FILE = """\
# This file is maintained automatically by "terraform init".

provider "registry.terraform.io/hashicorp/random" {
  version = "3.7.2"
}

provider "registry.terraform.io/hashicorp/aws" {
  version     = "6.69.1"
  constraints = ">= 6.40.0"
  hashes = [
    "h1:abc=",
  ]
}
"""


def refusal(text: str, directory: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        parse(ENVIRONMENT + text, directory=directory)
    return refused.value.message.removeprefix("studio.toml:5: terraform.provider: ")


def test_the_lock_file_beside_the_file_may_say_it(tmp_path: Path) -> None:
    (tmp_path / ".terraform.lock.hcl").write_text(LOCK_FILE)

    config = parse(ENVIRONMENT + LOCKED, directory=tmp_path)

    assert config.terraform.provider == "6.69.1"
    assert config.terraform.versions.is_exact


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no .terraform.lock.hcl beside this file"),
        ('provider "registry.terraform.io/hashicorp/random" {\n  version = "3.7.2"\n}\n', None),
        ('provider "registry.terraform.io/evil/aws" {\n  version = "6.69.1"\n}\n', None),
        ("\0\xff", None),
    ],
)
def test_without_a_lock_file_that_says_it_the_version_is_written(
    tmp_path: Path, content: str | None, said: str | None
) -> None:
    if content is not None:
        (tmp_path / ".terraform.lock.hcl").write_text(content)

    problem = said or ".terraform.lock.hcl holds no version of hashicorp/aws"
    assert refusal(LOCKED, tmp_path) == f'{problem}; write a version, such as "5.100.0"'
    assert parse(ENVIRONMENT + WRITTEN, directory=tmp_path).terraform.provider == "5.100.0"


def test_a_lock_file_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".terraform.lock.hcl")

    assert refusal(LOCKED, tmp_path).startswith(".terraform.lock.hcl cannot be read: ")


def test_one_that_is_elsewhere_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "theirs.hcl").write_text(LOCK_FILE)
    (tmp_path / "mine/.terraform.lock.hcl").symlink_to("../theirs.hcl")

    assert "is outside the directory of this file" in refusal(LOCKED, tmp_path / "mine")


def test_a_version_of_the_lock_file_that_is_not_supported_is_refused_like_any_other(tmp_path: Path) -> None:
    (tmp_path / ".terraform.lock.hcl").write_text(LOCK_FILE.replace("6.69.1", "6.22.0"))

    assert refusal(LOCKED, tmp_path).startswith('"6.22.0" is one of the versions from 6.0.0 to before 6.40.0')


@pytest.mark.parametrize(
    ("refused", "place"),
    [
        ('[studio]\ninstance_type = "ml.p6-b200.48xlarge"\n', "studio.instance_type"),
        ('[groups.gpu]\nusers = ["grace"]\ninstance_type = "ml.p6-b200.48xlarge"\n', "groups.gpu.instance_type"),
    ],
)
def test_a_type_that_version_5_refuses_is_passed_on_to_version_6(refused: str, place: str, tmp_path: Path) -> None:
    said = refusal(refused, tmp_path)

    assert f'{place}: AWS has "ml.p6-b200.48xlarge", but provider 5.100.0 refuses it' in said
    line = said.split("a later provider: ")[1]  # [terraform] provider = "6.69.1"
    table, key = line.splitlines()[0].split(" ", 1)
    assert parse(f"{ENVIRONMENT}{refused}{table}\n{key}\n", directory=tmp_path).terraform.provider == "6.69.1"
