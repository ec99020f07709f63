"""Each example is what Terraform and the provider accept, and the seed's can be planned as it stands.

Others are planned elsewhere: the smallest by the page about the state in S3, a closed network by its own test.
"""

import json
import shutil
import subprocess

import pytest
from tests.functional.conftest import Shell
from tests.generated import ROOT

from studioctl.target import Target
from studioctl.terraform import executable, provider
from studioctl.terraform.environment import child_environment
from studioctl.terraform.workspace import Workspace

pytestmark = pytest.mark.terraform


@pytest.mark.parametrize(("example", "resources"), [("team", 51), ("closed", 62)])
def test_an_example_is_valid_by_the_providers_own_word(example: str, resources: int, shell: Shell) -> None:
    shutil.copytree(ROOT / "examples", shell.directory, dirs_exist_ok=True)
    (shell.directory / f"{example}.toml").rename(shell.directory / "studio.toml")

    assert f"{resources} resources." in shell.studioctl("validate").err
    shell.studioctl("synth", "documents")
    engine = executable.find()
    place = Workspace(shell.directory / "documents", Target("us-east-1"))
    config = place.use_mirror(provider.find(shell.environment, engine.registry), engine.registry, shell.environment)
    environment = child_environment(shell.environment, place.target, cli_config=config, downloads=True)
    for words in (("init", "-input=false", "-backend=false"), ("validate",)):
        done = subprocess.run(
            [*engine.command, *words],
            cwd=place.directory,
            env=environment,
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("example", "resources"), [("seed", 32)])
def test_an_example_is_a_plan(example: str, resources: int, shell: Shell) -> None:
    shutil.copytree(ROOT / "examples", shell.directory, dirs_exist_ok=True)
    (shell.directory / f"{example}.toml").rename(shell.directory / "studio.toml")
    plan = json.loads(shell.studioctl("plan", "--local", "--json", expect=2).out)

    assert plan["counts"] == {"create": resources, "update": 0, "replace": 0, "delete": 0}
