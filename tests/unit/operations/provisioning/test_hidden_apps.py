"""Apps that Studio goes on hiding when a limit is lifted are named, with the key that shows them again."""

from collections.abc import Mapping
from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from studioctl.events import Noted
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.iam.limits import ADDRESS
from studioctl.operations.provisioning import up as provision
from studioctl.terraform.plan import Action, ResourceChange
from tests.environments import environment as config
from tests.unit.operations.test_studio_settings import CLOSED_SETTINGS, Home, made

LINE = "Studio's pages go on hiding Canvas, JupyterLab: `hidden_apps = []` below [studio] shows them again"


@pytest.fixture(scope="module")
def home(emulator: RunningEmulator) -> Home:
    """Two apps are hidden in it."""
    home = made(emulator, **CLOSED_SETTINGS)
    home.write(studio={"hidden_apps": ["JupyterLab", "Canvas"]})
    home.up()
    return home


@pytest.mark.parametrize(
    ("file", "policy", "told"),
    [
        ({}, "delete", [LINE]),
        ({"limits": {"instance_types": ["ml.t3.*"]}}, "update", [LINE]),
        ({"limits": {"instance_types": ["ml.t3.*"]}}, "create", []),
        ({}, None, []),
        ({"limits": {"apps": ["code-editor"]}}, "update", []),
        ({"studio": {"hidden_apps": []}}, "delete", []),
    ],
    ids=["lifted", "another stays", "first limit", "no change", "still limited", "said"],
)
def test_what_stays_hidden_is_named_once_when_the_limit_goes(
    home: Home, monkeypatch: pytest.MonkeyPatch, file: Mapping[str, Any], policy: Action | None, told: list[str]
) -> None:
    home.write(**{"studio": {}, "limits": {}, **file})
    changes = (ResourceChange(ADDRESS, "aws_iam_policy", "limits", None, policy),) if policy else ()
    monkeypatch.setattr(home.terraform, "_changes", lambda: iter(changes))
    events = list(provision.plan(home.environment))

    assert [each.message for each in events if isinstance(each, Noted) and "hiding" in each.message] == told


def test_the_limits_of_people_are_one_policy() -> None:
    limited = blueprint.build(config(limits={"apps": ["code-editor"]}))
    assert ADDRESS in {resource.address for resource in limited.resources()}
