"""The changes that `up` makes by API are all that the provider would make in place, under names that the API has."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import pytest

from studioctl.catalog.kinds import DOMAIN, SPACE
from studioctl.infrastructure import blueprint, studio_api
from studioctl.infrastructure.studio_api import DOMAIN_BY_API, SPACE_BY_API
from tests.environments import environment
from tests.unit.config.generate_aws_tables import _prepare, _terraform

pytestmark = pytest.mark.terraform

# The provider replaces the resource for these (`subnet_ids` in a VPC of ours is changed by API nevertheless), never
# sends them, or makes calls of their own for them.
REPLACING = {
    DOMAIN: {"auth_mode", "domain_name", "kms_key_id", "vpc_id", "subnet_ids"},
    SPACE: {"domain_id", "space_name"},
}
NEVER_SENT = {DOMAIN: {"retention_policy"}, SPACE: {"ownership_settings", "space_sharing_settings"}}
TAGS = {"tags", "tags_all"}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The provider's own description of the two resources."""
    directory = tmp_path_factory.mktemp("schema")
    _prepare(directory)
    _terraform(directory, "init", "-input=false")
    (schemas,) = json.loads(_terraform(directory, "providers", "schema", "-json"))["provider_schemas"].values()
    return {name: schemas["resource_schemas"][name]["block"] for name in (DOMAIN, SPACE)}


def arguments(block: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The path of each argument."""
    for name, attribute in block.get("attributes", {}).items():
        if attribute.get("optional") or attribute.get("required"):
            yield (name,)
    for name, inner in block.get("block_types", {}).items():
        yield (name,)
        yield from ((name, *path) for path in arguments(inner["block"]))


def missing(shape: Any, path: tuple[str, ...], renamed: dict[str, str]) -> str:
    """The first name in a path that the API does not know."""
    for argument in path:
        while shape.type_name == "list":
            shape = shape.member
        name = renamed.get(studio_api.api_name(argument), studio_api.api_name(argument))
        if name not in shape.members:
            return name
        shape = shape.members[name]
    return ""


@pytest.mark.parametrize(("resource", "by_api"), [(DOMAIN, DOMAIN_BY_API), (SPACE, SPACE_BY_API)])
def test_each_argument_is_ours_to_change_or_replaces_the_resource(
    provider: dict[str, Any], resource: str, by_api: tuple[str, ...]
) -> None:
    every = {path[0] for path in arguments(provider[resource])} - {"id"}
    assert every - TAGS == {*by_api, *REPLACING[resource], *NEVER_SENT[resource]}


@pytest.mark.parametrize(
    ("resource", "request_", "answer"),
    [(DOMAIN, "UpdateDomain", "DescribeDomain"), (SPACE, "UpdateSpace", "DescribeSpace")],
)
def test_the_api_has_each_of_them_under_our_name(
    provider: dict[str, Any], resource: str, request_: str, answer: str
) -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    sent, told = model.operation_model(request_).input_shape, model.operation_model(answer).output_shape
    ours = {*DOMAIN_BY_API, *SPACE_BY_API, studio_api.SUBNETS}
    paths = [path for path in arguments(provider[resource]) if path[0] in ours]

    assert len(paths) > 20
    assert [path for path in paths if missing(sent, path, studio_api.IN_REQUESTS)] == []
    assert [path for path in paths if missing(told, path, {})] == []


def test_what_only_the_api_sets_is_in_the_api_and_not_in_the_provider(provider: dict[str, Any]) -> None:
    """When a provider has such an argument, it is to move to the others, unless the provider cannot take it back."""
    pages = {"hidden_apps": ["Canvas"], "hidden_tools": ["JumpStart"], "session_names": "user"}
    hidden = ("hidden_app_types", "hidden_instance_types", "hidden_ml_tools")
    kept = {("default_user_settings", "studio_web_portal_settings", name) for name in hidden}
    model = botocore.session.get_session().get_service_model("sagemaker")
    sent = model.operation_model("UpdateDomain").input_shape
    told = model.operation_model("DescribeDomain").output_shape
    (domain,) = [r for r in blueprint.build(environment(studio=pages)).resources() if r.type == DOMAIN]
    paths = set(written(domain.api_alone))

    assert paths
    assert paths & set(arguments(provider[DOMAIN])) == kept
    assert [path for path in paths if missing(sent, path, studio_api.IN_REQUESTS)] == []
    assert [path for path in paths if missing(told, path, {})] == []


def written(values: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The path of each value."""
    for name, value in values.items():
        inner = written(value) if isinstance(value, Mapping) else ((),)
        yield from ((name, *path) for path in inner)


def test_a_domain_in_a_vpc_of_somebody_else_keeps_its_subnets() -> None:
    vpc = {"id": "vpc-0123456789abcdef0", "subnet_ids": ["subnet-0123456789abcdef0"]}
    by_api = {
        own: next(r for r in blueprint.build(environment(network=network)).resources() if r.type == DOMAIN).by_api
        for own, network in ((True, {}), (False, {"vpc": vpc}))
    }
    assert by_api == {True: (*DOMAIN_BY_API, "subnet_ids"), False: DOMAIN_BY_API}
