"""Version 6 of the provider, which is held against its schema: nothing here has run it."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from studioctl.catalog.provider import CHECKED
from studioctl.config.load import load, parse
from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure import blueprint
from studioctl.target import Target
from studioctl.terraform import document
from studioctl.terraform.plan import attribute_changes
from tests.unit.terraform import provider_schema
from tests.unit.terraform.provider_schema import violations

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.toml"))
SCHEMA = provider_schema.read()
IMAGE = f'{{ name = "torch", digest = "sha256:{"a" * 64}", apps = ["code-editor", "jupyterlab"] }}'
COMMON = """
name = "acme-ml"
region = "us-east-1"
profile = "acme"
tags = {{ team = "ml" }}
terraform = {{ provider = "{version}" }}
encryption = {{ customer_key = true }}
users = [
  {{ name = "ada", push_images = true, github = {{ username = "ada" }}, editor = {{ tools = ["uv"] }} }},
  {{ name = "grace", spaces = [{{ name = "vision", instance_type = "ml.p6-b200.48xlarge", volume_gb = 50 }}] }},
  {{ name = "mary", spaces = [{{ name = "mary-lab", app = "jupyterlab", title = "Lab" }}] }},
  {{ name = "eve", file_systems = [{{ id = "fs-0123456789abcdef0", path = "/e" }}], posix = {{ uid = 200001 }} }},
]
[storage]
extra_buckets = ["acme-lake"]
access_logs = "acme-logs"
[iam]
per_user_roles = true
permissions_boundary = "arn:aws:iam::111122223333:policy/ml"
role_path = "/ml/"
extra_statements = [{{ actions = ["s3:GetObject"], resources = ["arn:aws:s3:::acme-lake/*"] }}]
[limits]
monthly_usd = 100.0
[secrets.github]
username = "ada"
[images]
custom = [{image}]
[studio]
{docker}
domain_security_group = true
"""
CLOSED = COMMON + '[network]\naccess = "vpc-only"\nendpoints = "all"\nflow_logs = true\navailability_zones = 3\n'
CLOSED += '[tuning]\ndatabase = "aurora-postgresql"\n'
OPEN = COMMON + "[network]\npublic_ips = true\nflow_logs = true\n"
MANAGED = '\n[iam]\npermissions = "managed"\n'


def documents(config: EnvironmentConfig, *, alone: bool = False) -> dict[str, Any]:
    """The environment's documents, by file name."""
    made = blueprint.build(config)
    rendered = document.render(made, Target(made.region, made.profile), alone=alone)
    return {name: json.loads(text) for name, text in rendered.items() if name.endswith(".tf.json")}


def with_everything() -> Iterator[EnvironmentConfig]:
    yield parse(CLOSED.format(version=CHECKED, image=IMAGE, docker='trusted_accounts = ["111122223333"]'))
    yield parse(OPEN.format(version=">= 6.40, < 7", image=IMAGE, docker=""))
    yield parse('name = "acme-ml"\nregion = "us-east-1"\nusers = [{ name = "ada" }]\n' + MANAGED)


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.stem for example in EXAMPLES])
def test_version_6_knows_all_that_an_example_writes(example: Path) -> None:
    config = load(example)

    assert list(violations(documents(config), SCHEMA)) == []
    assert list(violations(documents(config, alone=True), SCHEMA)) == []


def test_version_6_knows_all_that_a_file_with_everything_writes() -> None:
    found = [documents(config) for config in with_everything()]

    assert [list(violations(each, SCHEMA)) for each in found] == [[], [], []]
    written = {
        f"{prefix}{type_}"
        for each in found
        for text in each.values()
        for kind, prefix in (("resource", ""), ("data", "data."))
        for type_ in text.get(kind, {})
    }
    assert written == set(SCHEMA)  # each type of the schema was looked at


WRONG: Mapping[str, tuple[str, str, dict[str, Any], str]] = {
    "removed": ("vpc", "aws_flow_log", {"log_group_name": "x"}, "log_group_name is unknown"),
    "unknown within": (
        "sagemaker",
        "aws_sagemaker_domain",
        {"domain_settings": {"docker_settings": {"rootless_docker": "ENABLED"}}},
        "domain_settings.docker_settings.rootless_docker is unknown",
    ),
    "wrong type": ("vpc", "aws_subnet", {"map_public_ip_on_launch": "yes"}, "map_public_ip_on_launch must be boolean"),
    "a number in a list": (
        "sagemaker",
        "aws_sagemaker_domain",
        {"subnet_ids": [1]},
        "subnet_ids must be array<string>, is [1]",
    ),
    "twice": (
        "sagemaker",
        "aws_sagemaker_domain",
        {"domain_settings": [{}, {}]},
        "domain_settings is given 2 times, and may be once",
    ),
    "no block": ("sagemaker", "aws_sagemaker_domain", {"domain_settings": "x"}, "domain_settings must be a block"),
}


@pytest.mark.parametrize("case", WRONG)
def test_the_check_notices(case: str) -> None:
    _, type_, arguments, expected = WRONG[case]
    spoilt = deepcopy(documents(next(with_everything())))
    for each in spoilt.values():
        for blocks in [each.get("resource", {}).get(type_, {})]:
            for block in blocks.values():
                block.update(arguments)

    found = list(violations(spoilt, SCHEMA))
    assert found
    assert all(expected in line for line in found), found


def test_the_check_notices_what_is_missing_and_types_that_nobody_knows() -> None:
    spoilt = documents(next(with_everything()))
    name = next(name for name, each in spoilt.items() if "aws_sagemaker_domain" in each.get("resource", {}))
    del spoilt[name]["resource"]["aws_sagemaker_domain"]["studio"]["auth_mode"]
    spoilt[name]["resource"]["aws_sagemaker_app"] = {"ada": {}}

    assert list(violations(spoilt, SCHEMA)) == [
        f"{name}: aws_sagemaker_domain.studio: auth_mode is required",
        f"{name}: aws_sagemaker_app.ada: the schema has no such type",
    ]


def test_the_documents_name_the_versions_that_may_be_used() -> None:
    named = [
        each["main.tf.json"]["terraform"]["required_providers"]["aws"] for each in map(documents, with_everything())
    ]

    assert [each["version"] for each in named] == ["6.69.1", ">= 6.40, < 7", "5.100.0"]


def test_the_region_that_version_6_fills_in_is_no_change() -> None:
    details = {"actions": ["update"], "before": {"name": "a"}, "after": {"name": "b", "region": "us-east-1"}}

    assert [change.path for change in attribute_changes(details)] == ["name"]
    moved = {"actions": ["update"], "before": {"region": "us-east-1"}, "after": {"region": "eu-west-1"}}
    assert [change.path for change in attribute_changes(moved)] == ["region"]
