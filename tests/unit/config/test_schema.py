"""The JSON Schema and the reference page follow the model."""

import json
import re
from typing import Any

import jsonschema
import pytest

from studioctl.config import checks, editor_checks, extension_checks, git_checks
from studioctl.config.model import EnvironmentConfig
from studioctl.config.schema import reference, schema, schema_text


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(schema())


def tables(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *node["definitions"].values()]


def test_every_table_is_closed_and_every_key_described() -> None:
    for table in tables(schema()):
        assert table["additionalProperties"] is False
        for key, node in table["properties"].items():
            assert "description" in node or "$ref" in node, key


def test_every_key_is_on_the_reference_page() -> None:
    page = reference()

    for table in tables(schema()):
        for key in table["properties"]:
            assert f"| `{key}` |" in page


def test_every_example_and_default_is_valid() -> None:
    whole = schema()
    validator = jsonschema.validators.validator_for(whole)
    validator.check_schema(whole)
    for table in tables(whole):
        for node in table["properties"].values():
            for value in [*node.get("examples", ()), *([node["default"]] if "default" in node else ())]:
                validator({**node, "definitions": whole["definitions"]}).validate(value)


def test_what_toml_cannot_say_is_not_in_it() -> None:
    assert '"null"' not in schema_text()
    assert "null" not in json.dumps(schema()["properties"])


@pytest.mark.parametrize(
    ("pattern", "check", "values"),
    [
        (checks.SAGEMAKER_NAME, checks.sagemaker_name, ["a", "a-b", "A--9", "-a", "a-", "a_b", "", "a" * 63, "a" * 64]),
        (checks.REPOSITORY_NAME, checks.repository_name, ["ab", "a/b", "a--b", "a__b", "a___b", "a..b", "A", "a/"]),
        (editor_checks.TOOL, editor_checks.tool, ["uv", "uv==1", "uv>=1,<2", "a[b]==1.*", "-r", "a b", "uv==", "a;b"]),
        (editor_checks.CONDA_PACKAGE, editor_checks.conda_package, ["tree", "a=1", "a>=1,<2", "c::a", "-n", "a b"]),
        (extension_checks.EXTENSION, extension_checks.extension, ["a.b", "a.b.c", "a", ".a", "a.", "a.b@1", "a b.c"]),
        (git_checks.GIT_USER, git_checks.git_user, ["ada", "acme.bot", "a@b.c", "", "a b", "a:b", "a" * 256]),
        (
            git_checks.REPOSITORY_URL,
            git_checks.repository_url,
            [
                *("https://h/a/b.git", "git@h:a/b", "ssh://git@h:22/a/b", "https://h/a/b.git#dev"),
                *("http://h/a", "https://u@h/a", "/a", "git@h:a;b", "https://h/a#", "https://h/a#-b"),
            ],
        ),
    ],
)  # fmt: skip
def test_the_pattern_and_the_check_agree(pattern: str, check: Any, values: list[str]) -> None:
    def passes(value: str) -> bool:
        try:
            check(value)
        except ValueError:
            return False
        return True

    assert [passes(value) for value in values] == [re.search(pattern, value) is not None for value in values]


def test_the_schema_refuses_what_the_model_does_not_know() -> None:
    minimal: dict[str, Any] = {"name": "acme-ml", "region": "us-east-1", "users": [{"name": "ada"}]}
    EnvironmentConfig.model_validate(minimal)
    jsonschema.validate(minimal, schema())

    refused: tuple[dict[str, Any], ...] = ({"nme": 1}, {"users": []}, {"studio": {"volume_gb": 4}}, {"region": "us"})
    for wrong in refused:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(minimal | wrong, schema())
