"""The one table of kinds of resources: whole, and right about what it names elsewhere."""

import inspect
from functools import cache
from typing import Any

import pytest

from studioctl.aws import claims
from studioctl.aws.belongings import Belongings
from studioctl.catalog.kinds import KINDS, UnknownKindError, kind_of
from studioctl.catalog.prices import items
from studioctl.config.load import load
from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.block import Resource
from studioctl.infrastructure.blueprint import build
from tests.environments import environment
from tests.generated import ROOT

TOKEN = {"username": "ada"}
DIGEST = f"sha256:{'0' * 64}"
# All others are found in AWS when no state knows of them: what is not, `down` would leave behind.
GO_WITH_ANOTHER = {
    "aws_default_security_group",
    "aws_ecr_lifecycle_policy",
    "aws_s3_bucket_logging",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
}
# All that can be switched on, as far as it goes together.
SWITCHED_ON: tuple[dict[str, Any], ...] = (
    {
        "network": {"access": "vpc-only", "endpoints": "all", "flow_logs": True},
        "encryption": {"customer_key": True},
        "tuning": {"database": "aurora-postgresql"},
    },
    {"network": {"flow_logs": True}, "storage": {"access_logs": "acme-logs"}, "limits": {"monthly_usd": 100}},
    {"iam": {"per_user_roles": True}, "users": [{"name": "ada", "github": TOKEN}]},
    {"iam": {"permissions": "managed"}, "secrets": {"github": TOKEN}},
    {"images": {"custom": [{"name": "torch", "digest": DIGEST}]}},
)


@cache
def made() -> dict[str, Resource]:
    """A resource of each kind that the examples, and all that can be switched on, make."""
    examples = [load(file) for file in sorted((ROOT / "examples").glob("*.toml"))]
    files = [*examples, *(environment(**sections) for sections in SWITCHED_ON)]
    return {resource.type: resource for file in files for resource in build(file).resources()}


def test_the_table_has_each_kind_that_is_made_and_no_other() -> None:
    assert sorted(KINDS) == sorted(made())


def test_another_kind_is_refused_with_the_name_of_the_table() -> None:
    words = "'aws_efs_file_system' is no kind in KINDS of studioctl/catalog/kinds.py: add it there"

    with pytest.raises(UnknownKindError, match=words):
        kind_of("aws_efs_file_system")
    with pytest.raises(UnknownKindError, match=words):
        Resource("aws_efs_file_system", "homes", {})


def test_each_is_found_in_aws_but_what_goes_with_another() -> None:
    assert {kind.type for kind in KINDS.values() if not kind.found} == GO_WITH_ANOTHER


def test_each_is_looked_for_by_what_its_resource_says() -> None:
    lacking = []
    for each, resource in made().items():
        method, *arguments = kind_of(each).found or ("",)
        said = {*resource.arguments, *(resource.arguments.get("tags") or {})}
        if not {*arguments} <= said:
            lacking.append((each, "arguments"))
        if method and not method.endswith("_rule"):
            takes = list(inspect.signature(getattr(Belongings, method)).parameters)[1:]
            lacking += [(each, method)] if len(takes) != len(arguments) else []

    assert lacking == []


def test_a_name_that_is_given_out_once_is_an_argument_and_somebodys() -> None:
    wrong = [
        each.type
        for each in KINDS.values()
        if each.unique
        and (
            not each.name
            or each.name not in made()[each.type].arguments
            or list(inspect.signature(getattr(claims, each.unique.claim)).parameters)[:3] != ["session", "name", "tag"]
        )
    ]
    assert wrong == []
    assert {each.type for each in KINDS.values() if each.store and not each.name} == set()


def test_each_key_is_one_of_the_file_and_each_item_has_a_unit() -> None:
    for each in KINDS.values():
        found: Any = EnvironmentConfig
        for part in each.key:
            assert part in found.model_fields, each.type
            found = found.model_fields[part].annotation
        assert not each.paid or items()[each.paid].unit in {"hour", "month"}
