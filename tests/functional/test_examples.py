"""Each example can be planned as it stands."""

import json
import shutil

import pytest
from tests.functional.conftest import Shell
from tests.generated import ROOT


@pytest.mark.parametrize(("example", "resources"), [("minimal", 34), ("seed", 31), ("team", 48), ("closed", 61)])
def test_an_example_is_a_plan(example: str, resources: int, shell: Shell) -> None:
    shutil.copytree(ROOT / "examples", shell.directory, dirs_exist_ok=True)
    (shell.directory / f"{example}.toml").rename(shell.directory / "studio.toml")
    plan = json.loads(shell.studioctl("plan", "--local", "--json", expect=2).out)

    assert plan["counts"] == {"create": resources, "update": 0, "replace": 0, "delete": 0}
