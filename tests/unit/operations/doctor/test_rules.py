"""Every rule can be broken, and says what was found and what to do."""

import re
from dataclasses import replace

import pytest

from studioctl.operations.doctor.catalogue import GROUPS, rules
from studioctl.operations.doctor.finding import Severity
from tests.unit.operations.doctor.cases import CASES
from tests.unit.operations.doctor.ward import Ward, examined

RULES = [rule for group in rules().values() for rule in group]
ITSELF = {"DOC001", "DOC002"}  # the examination's own rules show in the checks of others


@pytest.mark.parametrize("rule_id", CASES)
def test_a_broken_rule_is_found(rule_id: str, ward: Ward) -> None:
    case = CASES[rule_id](ward)
    found = examined(case.patient, "QUO001" if rule_id in ITSELF else rule_id)
    broken = [finding for finding in found if finding.id == rule_id and finding.severity is not Severity.OK]

    assert [finding.message for finding in broken] == [case.message], found
    assert broken[0].severity is case.severity
    assert broken[0].why
    if case.remedy.startswith("..."):
        assert broken[0].remedy.endswith(case.remedy[3:])
    else:
        assert broken[0].remedy == case.remedy


def test_every_rule_has_a_case() -> None:
    assert {rule.id for rule in RULES} == set(CASES)


def test_ids_are_unique_and_of_one_form() -> None:
    ids = [rule.id for rule in RULES]

    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Z]{2,3}\d{3}", rule_id) for rule_id in ids)


def test_every_rule_says_why_what_to_do_and_where_it_is_written() -> None:
    for rule in RULES:
        assert rule.title, rule.id
        assert rule.why.endswith("."), rule.id
        assert rule.remedy, rule.id
        assert rule.reference.startswith("https://"), rule.id
        assert rule.severity is not Severity.OK


def test_a_check_names_the_rules_that_it_may_find_broken() -> None:
    assert all(check.rules for group in GROUPS for check in group.checks)


@pytest.mark.parametrize(
    ("network", "needed"),
    [
        ({}, 2),
        ({"access": "vpc-only", "internet": "none"}, 1),
        ({"vpc": {"id": "vpc-0123456789abcdef0", "subnet_ids": ["subnet-0123456789abcdef0"]}}, 0),
    ],
)
def test_no_room_is_wanted_for_what_is_not_made(network: dict[str, object], needed: int, ward: Ward) -> None:
    patient = ward.patient(region="ap-south-1", network=network, studio={"docker": False})
    ec2 = ward.client("ec2", patient)
    there = len(ec2.describe_vpcs()["Vpcs"]) + len(ec2.describe_internet_gateways()["InternetGateways"])
    told = [f.message for rule_id in ("QUO007", "QUO008") for f in examined(patient, rule_id) if f.id == rule_id]

    assert sum(int(message.split(": ")[1].split(" ")[0]) for message in told) == there + needed


@pytest.mark.parametrize("name", ["TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG", "TF_PLUGIN_CACHE_DIR"])
def test_a_place_for_the_provider_that_a_repository_could_bring_is_named_with_its_variable(
    name: str, ward: Ward
) -> None:
    patient = replace(ward.patient(), environ={name: "relative"})
    (finding,) = [found for found in examined(patient, "TF003") if found.id == "TF003"]

    assert finding.message.startswith(f"{name} is 'relative', a relative path.")
    assert finding.remedy == f"unset {name}"


def test_a_relative_path_to_terraform_is_a_finding(ward: Ward) -> None:
    patient = replace(ward.patient(), environ={"STUDIOCTL_TERRAFORM": "./terraform"})

    (finding,) = [found for found in examined(patient, "TF001") if found.id == "TF001"]
    assert finding.message.startswith("STUDIOCTL_TERRAFORM is './terraform', a relative path.")


def test_a_directory_that_is_as_it_was_left_is_well_and_nothing_is_said_of_none(ward: Ward) -> None:
    patient = ward.patient(real=True)
    assert not [found for found in examined(patient, "STA003") if found.id == "STA003"]

    patient.workspace.directory.mkdir(parents=True)
    (finding,) = examined(patient, "STA003")
    assert finding.message == f"{patient.workspace.directory} is as studioctl left it"
