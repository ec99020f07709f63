"""Each example loads, and says what it is there to say."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from studioctl.config.load import load
from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure import blueprint
from tests.generated import ROOT, SCHEMA
from tests.reachable import from_the_internet, policies, routes_of_studio

EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))


def example(name: str) -> EnvironmentConfig:
    return load(ROOT / "examples" / f"{name}.toml")


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_it_loads_and_the_committed_schema_agrees(file: Path) -> None:
    load(file)

    jsonschema.validate(tomllib.loads(file.read_text(encoding="utf-8")), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_smallest_says_only_what_is_required() -> None:
    config = example("minimal")

    assert config.model_fields_set == {"name", "region", "users"}
    assert config == EnvironmentConfig.model_validate(
        {"name": "acme-ml", "region": "us-east-1", "users": [{"name": "ada"}]}
    )


def test_the_one_of_one_person_sets_everything_but_tags_and_what_hardly_anybody_needs() -> None:
    given = example("seed").model_dump(exclude_unset=True)
    known = EnvironmentConfig.model_validate(given).model_dump()

    unset = {(section, key) for section, keys in known.items() if isinstance(keys, dict) for key in keys} - {
        (section, key) for section, keys in given.items() if isinstance(keys, dict) for key in keys
    }
    assert unset == {
        ("access", "auth"),
        ("cost", "prices"),
        ("editor", "repositories"),
        ("editor", "extra_script"),
        ("editor", "script"),
        ("encryption", "deletion_days"),
        ("encryption", "key"),
        ("iam", "extra_statements"),
        ("iam", "permissions_boundary"),
        ("iam", "role_path"),
        ("limits", "apps"),
        ("limits", "check_minutes"),
        ("limits", "images"),
        ("limits", "instance_types"),
        ("limits", "idle_gpu_minutes"),
        ("limits", "max_hours_per_start"),
        ("limits", "monthly_usd"),
        ("limits", "monthly_usd_per_user"),
        ("limits", "schedule"),
        ("limits", "warn_at"),
        ("images", "custom"),
        ("storage", "file_systems"),
        ("network", "endpoints"),
        ("network", "internet"),
        ("network", "vpc"),
        ("storage", "access_logs"),
        ("storage", "keep_old_versions_days"),
        ("studio", "app"),
        ("studio", "hidden_apps"),
        ("studio", "hidden_tools"),
        ("studio", "home_file_system"),
        ("studio", "image"),
        ("studio", "rootless_docker"),
        ("studio", "session_names"),
        ("studio", "trusted_accounts"),
        ("terraform", "provider"),
        ("tuning", "backup_days"),
        ("tuning", "database"),
        ("tuning", "max_acu"),
        ("tuning", "min_acu"),
    }
    assert known.keys() - given.keys() == {
        "access",
        "cost",
        "groups",
        "limits",
        "tags",
        "terraform",
        "tuning",
        "users_file",
    }


def test_the_team_has_five_people_two_of_them_with_two_spaces() -> None:
    config = example("team")

    assert [user.name for user in config.users] == ["ada", "grace", "katherine", "mary", "radia"]
    assert [(space.name, space.instance_type, space.volume_gb) for space in config.resolved_spaces()] == [
        ("ada-editor", "ml.t3.medium", 30),
        ("grace-editor", "ml.t3.medium", 30),
        ("grace-gpu", "ml.g5.2xlarge", 200),
        ("katherine-editor", "ml.t3.medium", 30),
        ("mary-editor", "ml.t3.xlarge", 30),
        ("mary-lab", "ml.t3.medium", 30),
    ]
    assert [space.name for space in config.resolved_spaces() if space.app == "jupyterlab"] == ["mary-lab"]


def test_the_closed_one_reaches_nothing_but_aws_and_nothing_reaches_it() -> None:
    everything = blueprint.build(example("closed"))

    assert from_the_internet(everything) == []
    assert set(routes_of_studio(everything).values()) == {""}
    assert len(policies(everything)) == 11
