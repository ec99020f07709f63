"""`studioctl quotas`: what the file needs, what the account has, and asking for the rest."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.functional.conftest import Shell

from studio_emulator import server
from studio_emulator.settings import EmulatorSettings

FILE = """\
name = "acme-ml"
region = "us-east-1"

[iam]
per_user_roles = true

[groups.vision]
instance_type = "ml.g5.xlarge"
users = ["eve"]

[[users]]
name = "ada"

[[users]]
name = "bob"
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path, {"STUDIOCTL_EMULATOR_DIR": str(tmp_path / "emulator")})
    shell.write(FILE)
    yield shell
    server.stop(tmp_path / "emulator")


def test_what_is_missing_is_shown_asked_for_once_and_then_waited_for(here: Shell) -> None:
    first = here.studioctl("quotas", "--local", expect=2)
    unasked = here.studioctl("quotas", "request", "--local", expect=4)
    filed = here.studioctl("quotas", "request", "--local", "--yes", expect=2)
    again = here.studioctl("quotas", "request", "--local", "--yes", "--json", expect=2)

    rows = {line[:43].strip(): line[43:].split(None, 2) for line in first.out.splitlines()[1:]}
    assert rows["user profiles"] == ["3", "2", "too few"]
    assert rows["Code Editors on ml.g5.xlarge, all running"] == ["1", "0", "too few"]
    assert rows["Code Editors on ml.t3.medium, all running"][:2] == ["2", "6"]
    assert rows["IAM roles"][:2] == ["4", "1000"]
    assert "up would fail in the middle: user profiles.\n" in first.err
    assert re.search(r"  studioctl quotas request --local +ask AWS for what is missing\n", first.err)
    assert "Maximum number of Studio user profiles allowed per account: 3 instead of 2\n" in unasked.err
    assert unasked.err.endswith("Next:  add --yes to go on unasked\n")
    assert "3 requested (PENDING)" in filed.out
    told = {each["what"]: each for each in json.loads(again.out)}
    request = told["user profiles"]["request"]
    assert (request["desired"], request["status"], request["is_new"]) == (3, "PENDING", False)
    assert told["spaces"]["request"] is None
    assert "Would ask AWS" not in again.err

    (command,) = re.findall(r"studioctl emulator stop && (studioctl emulator start .*?)  rehearse as if", filed.err)
    here.studioctl("emulator", "stop")
    here.studioctl(*command.split()[1:])
    assert here.studioctl("quotas", "--local").err.endswith("The account has all that the file needs.\n")


def test_enough_is_enough_and_another_word_is_none(here: Shell) -> None:
    here.write('name = "acme-ml"\nregion = "us-east-1"\n[[users]]\nname = "ada"\n')

    assert here.studioctl("quotas", "--local").err.endswith("The account has all that the file needs.\n")
    assert here.studioctl("quotas", "ask", "--local", expect=64).err == (
        "Error: 'ask' is nothing to do.\nNext:  studioctl help quotas\n"
    )


def test_the_deployer_sees_quotas_of_which_the_account_has_no_value(here: Shell) -> None:
    """One is known by its code, one by its name alone; AWS answers for neither but with its default."""
    here.write(FILE.replace("ml.g5.xlarge", "ml.m7i.xlarge"))
    settings = EmulatorSettings(quotas_have_values=False)
    server.start(settings=settings, state_dir=here.directory / "emulator")
    policy = here.directory / "deploy.json"
    policy.write_text(here.studioctl("iam", "deployer", "--read-only", "--local").out)
    here.studioctl("emulator", "hold", str(policy))

    shown = here.studioctl("quotas", "--local", expect=2)

    rows = {line[:43].strip(): line[43:].split(None, 2) for line in shown.out.splitlines()[1:]}
    assert rows["Code Editors on ml.t3.medium, all running"][:2] == ["2", "6"]
    assert rows["Code Editors on ml.m7i.xlarge, all running"][:2] == ["1", "1"]
    assert here.studioctl("emulator", "hold", "--off").out == "You may do everything again.\n"
