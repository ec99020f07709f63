"""Refusals of a state before Terraform sees it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from studioctl.errors import TerraformError
from studioctl.terraform import state
from studioctl.terraform.executable import Engine

TERRAFORM = Engine("terraform", ("terraform",), "1.11.4")
TOFU = Engine("tofu", ("tofu",), "1.11.4")
AWS = 'provider["registry.terraform.io/hashicorp/aws"]'


def text(*providers: Any, **more: Any) -> str:
    """A state with a resource of each of these providers."""
    resources = [
        {"mode": "managed", "type": "aws_vpc", "name": f"n{number}", "provider": provider, "instances": []}
        for number, provider in enumerate(providers)
    ]
    return json.dumps({"version": 4, "serial": 1, "lineage": "ours", "resources": resources} | more)


def test_the_documents_provider_is_fine_also_under_an_alias() -> None:
    assert state.parse(text(AWS, f"{AWS}.west"), engine=TERRAFORM)["serial"] == 1
    assert state.parse(text(AWS, AWS.replace("terraform.io", "opentofu.org")), engine=TOFU)["serial"] == 1


@pytest.mark.parametrize(
    ("provider", "named"),
    [
        ('provider["registry.terraform.io/evil/aws"]', "registry.terraform.io/evil/aws"),
        ('provider["registry.terraform.io/hashicorp/awscc"]', "registry.terraform.io/hashicorp/awscc"),
        ('provider["evil.example/hashicorp/aws"]', "evil.example/hashicorp/aws"),
        ('provider["terraform.io/builtin/terraform"]', "terraform.io/builtin/terraform"),
        (AWS.replace("terraform.io", "opentofu.org"), "registry.opentofu.org/hashicorp/aws"),
        ("provider.evil", "provider.evil"),
        (f'module.x["{AWS}"].provider["a/b/c"]', "module.x"),
        (["a"], "a"),
    ],
)
def test_any_other_provider_is_refused_wherever_it_stands(provider: Any, named: str) -> None:
    for stated in (text(provider), text(AWS, provider), text(AWS, AWS, provider, AWS)):
        with pytest.raises(TerraformError) as refused:
            state.parse(stated, engine=TERRAFORM)
        assert named in refused.value.message
        assert "This environment needs hashicorp/aws alone. Nothing was started." in refused.value.message


EVIL = '[{"mode": "managed", "type": "x", "name": "x", "provider": "provider[\\"a/b/c\\"]", "instances": []}]'


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        (text(AWS)[:-1] + f', "Resources": {EVIL}}}', "it has the key 'Resources'"),
        (text(AWS)[:-1] + f', "re\\u017fources": {EVIL}}}', "it has the key 're\u017fources'"),
        (text(AWS)[:-1] + f', "resources": {EVIL}}}', "a key is there twice"),
        (text().replace("[]", EVIL.replace('"provider"', '"PROVIDER"')), "it has the key 'PROVIDER'"),
        (text(version=3, modules=[{"resources": {}}]), "it is of format 3, and not 4"),
        (text(version=4.0), "it is of format 4.0, and not 4"),
        (text(version=True), "it is of format True, and not 4"),
    ],
)
def test_what_terraform_would_read_otherwise_is_refused(stated: str, said: str) -> None:
    with pytest.raises(TerraformError, match="state is damaged") as refused:
        state.parse(stated, engine=TERRAFORM)
    assert said in refused.value.message


def test_tags_that_differ_in_case_only_are_no_fault() -> None:
    tagged = json.loads(text(AWS))
    tagged["resources"][0]["instances"] = [{"attributes": {"tags": {"Team": "a", "team": "b"}}}]

    assert state.parse(json.dumps(tagged), engine=replace(TERRAFORM, version="1.12.0")) == tagged
