"""The engines' findings in the examples: none is left without a reason."""

from collections.abc import Mapping

import pytest
from benchmarks.audit import COUNTED, count, explained, tables

from studioctl.audit.acceptance import accepted
from studioctl.audit.least_privilege import ONLY_ON_ALL
from studioctl.audit.report import Report
from studioctl.audit.rules import PASS_ANY_ROLE
from studioctl.findings import Finding, Subject
from studioctl.infrastructure.iam.scope import ONLY_ON_EVERYTHING

MANAGED, DEFAULT, DATABASE, ALL_ON = "seed, managed", "default", "a database", "all on"


def not_the_accounts(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.rule.id, finding.about) for finding in findings if finding.rule.subject is not Subject.ACCOUNT]


@pytest.mark.parametrize("title", [DEFAULT, DATABASE, ALL_ON])
def test_no_finding_is_unexplained(title: str, reports: Mapping[str, Report]) -> None:
    assert not_the_accounts(reports[title].open) == []


def test_with_all_on_no_own_rule_finds_anything(reports: Mapping[str, Report]) -> None:
    found = {f.rule.id for f in reports[ALL_ON].findings if f.rule.subject is not Subject.ACCOUNT}

    assert not any(rule_id.startswith("STUDIO-") for rule_id in found)


@pytest.mark.parametrize("title", [DEFAULT, ALL_ON])
def test_the_scoped_roles_have_nothing_without_limits(title: str, reports: Mapping[str, Report]) -> None:
    counts = {words: count(reports[title], rule) for rule, words in COUNTED.items()}

    assert counts == dict.fromkeys(COUNTED.values(), 0)
    assert PASS_ANY_ROLE.id not in {finding.rule.id for finding in reports[title].findings}


def test_the_seeds_role_has_much(reports: Mapping[str, Report]) -> None:
    """So the zeros above are not an engine's that does not look."""
    found = {finding.rule.id for finding in reports[MANAGED].open}

    assert count(reports[MANAGED], next(iter(COUNTED))) > 180
    assert found >= {"STUDIO-001", "STUDIO-009", "CS-UNRESTRICTED", "CS-RESOURCE-EXPOSURE", "CS-SERVICE-WILDCARD"}


def test_what_aws_can_only_grant_on_everything_is_explained_one_by_one(reports: Mapping[str, Report]) -> None:
    told = {f.about: f.accepted.reason for f in reports[DEFAULT].accepted if f.rule is ONLY_ON_ALL and f.accepted}

    assert told == ONLY_ON_EVERYTHING


def test_each_failed_check_of_checkov_is_explained(reports: Mapping[str, Report]) -> None:
    (scan,) = reports[DEFAULT].scans

    assert scan.passed > 70
    assert scan.failed == explained(reports[DEFAULT])


def test_everything_that_is_accepted_still_occurs(reports: Mapping[str, Report]) -> None:
    stale = {
        entry.id
        for entry in accepted()
        if not any(entry.covers(finding) for report in reports.values() for finding in report.findings)
    }

    assert stale == set()


def test_an_id_is_accepted_once_with_a_sentence() -> None:
    entries = [entry for entry in accepted() if entry.id != ONLY_ON_ALL.id]

    assert len({entry.id for entry in entries}) == len(entries)
    assert all(entry.about and entry.reason.endswith(".") for entry in entries)


def test_the_table_has_a_column_for_each_and_the_reasons(reports: Mapping[str, Report]) -> None:
    lines = tables(reports).splitlines()

    assert lines[0] == "| The role, and the documents | seed, managed | default | a database | all on |"
    assert "| PassRole of any role | yes | no | no | no |" in lines
    assert "| `ecr:GetAuthorizationToken` | " + ONLY_ON_EVERYTHING["ecr:GetAuthorizationToken"] + " |" in lines
