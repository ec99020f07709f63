"""Each rule about the file: what breaks it, and that what the remedy says mends it."""

import re
import tomllib
from typing import Any, NamedTuple

import pytest

from studioctl.extras import installing_program
from studioctl.findings import Acceptance
from tests.remedies import claimed
from tests.unit.audit.auditing import SMALLEST, audited, found_in_file, told


class Case(NamedTuple):
    """Sections that break a rule, what is said then, and sections that mend it."""

    broken: dict[str, Any]
    message: str
    mended: dict[str, Any]


TWO = [{"name": "ada"}, {"name": "grace"}]
CASES = {
    "STUDIO-001": Case(
        {"iam": {"permissions": "managed"}},
        "the role has AmazonSageMakerFullAccess, AmazonEC2ContainerRegistryFullAccess, SecretsManagerReadWrite",
        {"iam": {"permissions": "scoped"}},
    ),
    "STUDIO-002": Case({}, "apps reach the internet directly", {"network": {"access": "vpc-only"}}),
    "STUDIO-003": Case({}, "the domain has no customer-managed KMS key", {"encryption": {"customer_key": True}}),
    "STUDIO-004": Case({}, "the VPC has no flow log", {"network": {"flow_logs": True}}),
    "STUDIO-005": Case(
        {"studio": {"idle_timeout_minutes": 481}},
        "an idle app is stopped after 481 minutes",
        {"studio": {"idle_timeout_minutes": 480}},
    ),
    "STUDIO-006": Case({}, "docker is on", {"studio": {"docker": False}}),
    "STUDIO-007": Case({}, "remote access is on", {"studio": {"remote_access": False}}),
    "STUDIO-008": Case({"users": TWO}, "2 users work with 1 role", {"users": TWO, "iam": {"per_user_roles": True}}),
    "STUDIO-010": Case(
        {"editor": {"tools": ["uv", "pdm==2.20"]}},
        "tools without a version: uv",
        {"editor": {"tools": ["uv==0.9.9", "pdm==2.20"]}},
    ),
}


@pytest.mark.parametrize("rule_id", CASES)
def test_what_breaks_a_rule_is_found_and_what_mends_it_is_not(rule_id: str) -> None:
    case = CASES[rule_id]

    assert (rule_id, case.message) in told(found_in_file(**case.broken))
    assert rule_id not in {finding.rule.id for finding in found_in_file(**case.mended)}


def test_what_differs_for_one_user_is_told_with_that_users_key() -> None:
    found = found_in_file(users=[{"name": "ada", "editor": {"extensions": ["eamodio.gitlens"]}}])

    assert [f.key for f in found if f.rule.id == "STUDIO-010"] == [("users", 0, "editor", "extensions")]


def test_a_finding_has_the_line_of_the_key_that_causes_it() -> None:
    text = 'name = "acme-ml"\nregion = "us-east-1"\n\n[iam]\npermissions = "managed"\n\n[[users]]\nname = "ada"\n'
    found = {finding.rule.id: finding.place and finding.place.line for finding in audited(text).findings}

    assert found["STUDIO-001"] == 5
    assert found["STUDIO-006"] is None  # a default decides


def test_the_users_word_is_taken_and_what_is_not_found_is_told() -> None:
    text = (
        'name = "acme-ml"\nregion = "us-east-1"\n\n[iam]\npermissions = "managed"\n\n[[users]]\nname = "ada"\n'
        '\n[audit]\naccept = { STUDIO-001 = "until the migration", STUDIO-005 = "never" }\n'
    )
    report = audited(text)

    accepted = {finding.rule.id: finding.accepted for finding in report.accepted}
    assert accepted["STUDIO-001"] == Acceptance("studio.toml", "until the migration")
    assert report.unused == ("STUDIO-005",)


def test_without_an_engine_that_is_a_finding() -> None:
    found = [finding for finding in audited().open if finding.rule.id == "STUDIO-091"]

    assert [(f.about, f.message, f.remedy) for f in found] == [
        ("checkov", "checkov is not on PATH.", installing_program("checkov", "/nowhere"))
    ]


def test_offline_aws_own_policies_are_told_as_not_judged() -> None:
    text = 'name = "acme-ml"\nregion = "us-east-1"\n\n[iam]\npermissions = "managed"\n\n[[users]]\nname = "ada"\n'

    assert [finding.message for finding in audited(text).open if finding.rule.id == "STUDIO-092"] == [
        "not judged: AmazonSageMakerFullAccess, AmazonEC2ContainerRegistryFullAccess, SecretsManagerReadWrite"
    ]


def test_what_was_not_looked_for_is_not_told_as_gone() -> None:
    """Without the account, its copies of AWS's policies, and checkov nobody knows whether these still stand."""
    ids = ("STUDIO-005", "STUDIO-009", "STUDIO-092", "STUDIO-102", "CKV_AWS_18", "CS-UNRESTRICTED")
    accepted = "\n[audit.accept]\n" + "".join(f'{each} = "ours"\n' for each in ids)
    managed = '\n[iam]\npermissions = "managed"\n'

    assert audited(SMALLEST + accepted).unused == ("CS-UNRESTRICTED", "STUDIO-005", "STUDIO-009")
    assert audited(SMALLEST + managed + accepted).unused == ("STUDIO-005",)


LINE = re.compile(r"(?P<key>\w+) = (?P<value>\S+) under \[(?P<table>\w+)\](?:, before the domain exists)?")


def test_written_as_printed() -> None:
    """The line that a remedy prints is put into the file, and the finding is gone."""
    walked = set()
    for rule_id, case in CASES.items():
        finding = next(finding for finding in found_in_file(**case.broken) if finding.rule.id == rule_id)
        if line := LINE.fullmatch(finding.remedy):
            table = case.broken.get(line["table"], {}) | tomllib.loads(f"{line['key']} = {line['value']}")
            left = found_in_file(**case.broken | {line["table"]: table})
            assert rule_id not in {finding.rule.id for finding in left}
            walked.add(("studioctl.audit.rules", finding.remedy))

    assert claimed("tests/unit/audit/test_wanted.py::test_written_as_printed") == walked
