"""Every rule can be broken, and says what was found and what to do."""

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from studioctl.aws import leftovers, tagged
from studioctl.catalog import kinds
from studioctl.cli import hints
from studioctl.config.model import EnvironmentConfig
from studioctl.findings import Finding, Severity
from studioctl.infrastructure.naming import Naming, kept_tags
from studioctl.operations.doctor.catalogue import GROUPS, rules
from studioctl.operations.doctor.patient import Patient
from studioctl.operations.provisioning import names
from tests.fakes.work import done
from tests.remedies import claimed, made_from
from tests.unit.operations.doctor.cases import CASES, KEYS, guarded, long_ago
from tests.unit.operations.doctor.ward import Ward, examined, knowing

RULES = [rule for group in rules().values() for rule in group]
ITSELF = {"DOC001", "DOC002"}  # the examination's own rules show in the checks of others


@pytest.mark.parametrize("rule_id", CASES)
def test_a_broken_rule_is_found(rule_id: str, ward: Ward) -> None:
    case = CASES[rule_id](ward)
    found = examined(case.patient, "QUO001" if rule_id in ITSELF else rule_id)
    broken = [finding for finding in found if finding.id == rule_id and finding.severity is not Severity.OK]

    assert [finding.message for finding in broken] == [case.message], found
    assert broken[0].severity is case.severity
    assert broken[0].key == KEYS.get(rule_id, ())
    assert broken[0].why
    if case.remedy.startswith("..."):
        assert broken[0].remedy.endswith(case.remedy[3:])
    else:
        assert broken[0].remedy == case.remedy
    assert _about_here(broken[0].remedy, case.patient)


def _about_here(remedy: str, patient: Patient) -> bool:
    """Whether each command in it means the same environment, and of the emulator's none reaches a real account."""
    ours = [found[0] for found in hints.VERBS.finditer(remedy)]
    aws = re.findall(r"\baws (?!sso|sts|configure|--version)[^&;|]*", remedy) if patient.target.is_local else []
    return (not ours or patient.flags in remedy) and all("--endpoint-url http://127.0.0.1:" in each for each in aws)


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


def test_a_guard_that_looks_is_well_and_one_that_is_off_in_another_way_is_not(ward: Ward) -> None:
    new, _ = guarded(ward)
    assert [finding.message for finding in examined(new, "LIM001")] == ["the guard is new"]

    patient, name = guarded(ward, looked=datetime.now(UTC))
    (finding,) = examined(patient, "LIM001")
    assert finding.message.startswith("the guard looked at ")

    ward.client("lambda", patient).put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    (finding,) = examined(patient, "LIM001")
    assert (finding.id, finding.message) == ("LIM002", f"Function '{name}' may not run: its reserved concurrency is 0")
    assert finding.remedy == f"aws lambda delete-function-concurrency --function-name {name}{ward.flags}"
    ward.client("lambda", patient).delete_function_concurrency(FunctionName=name)
    (finding,) = examined(patient, "LIM001")
    assert finding.severity is Severity.OK

    ward.client("scheduler", patient).delete_schedule(Name=name)
    (finding,) = examined(patient, "LIM001")
    assert (finding.id, finding.message) == ("LIM002", f"Schedule '{name}', which calls the guard, is gone")


def test_a_guard_that_has_never_looked_is_old_once_it_is_not_new(ward: Ward) -> None:
    patient, _ = guarded(ward)
    (finding,) = examined(knowing(patient, session=long_ago(patient)), "LIM003")
    assert finding.message == "The guard has never looked, and should every 5 min"


def test_no_guard_is_missed_without_limits_or_before_there_is_a_domain(ward: Ward) -> None:
    without = ward.patient()
    ward.domain(without)
    assert examined(without, "LIM001") == examined(ward.patient(limits={"monthly_usd": 5.0}), "LIM001") == ()


def test_a_home_that_was_restored_is_not_what_a_domain_left(ward: Ward) -> None:
    """With an environment that lives, nobody is told to remove it either."""
    patient = CASES["DRF007"](ward).patient
    (left,) = broken(patient, "DRF007")
    old = re.findall(r"d-\w+", left.message)[0]
    ward.domain(patient)
    patient.known.pop("domain", None)
    (left,) = broken(patient, "DRF007")
    assert left.remedy == "leave it: the `down` that ends the environment removes it, and keeps home directories"

    ((trace, (home,)),) = [
        (each, leftovers.home_file_systems(patient.session, each.domain_arn))
        for each in leftovers.in_vpcs(patient.session, leftovers.vpcs_with(patient.session, patient.tag))
        if each.domain_id == old
    ]
    efs = ward.client("efs", patient)
    subnets = [each["SubnetId"] for each in efs.describe_mount_targets(FileSystemId=home)["MountTargets"]]
    done(leftovers.remove(patient.session, [trace], keep=[home]))
    for subnet in subnets:
        efs.create_mount_target(FileSystemId=home, SubnetId=subnet)
    assert broken(patient, "DRF007"), "whose it is nothing says"
    leftovers.mark(patient.session, home, kept_tags(patient.wanted.name))
    assert broken(patient, "DRF007") == ()


HERE = "tests/unit/operations/doctor/test_rules.py"
WRITTEN = re.compile(r'(\w+) = "([^"]+)"(?: under \[(\w+)\])?$')


def broken(patient: Patient, rule_id: str) -> tuple[Finding, ...]:
    return tuple(f for f in examined(patient, rule_id) if f.id == rule_id and f.severity is not Severity.OK)


def written(patient: Patient, remedy: str) -> Patient:
    """The same patient, with what the remedy says to write in the file."""
    config = patient.wanted.model_dump(exclude_unset=True)
    if found := WRITTEN.search(remedy):
        key, value, table = found.groups()
        (config.setdefault(table, {}) if table else config)[key] = value
    else:
        config.setdefault("studio", {})["instance_type"] = remedy.rpartition("such as ")[2].strip('"')
    return replace(patient, config=EnvironmentConfig.model_validate(config))


def test_written_as_printed(ward: Ward) -> None:
    walked = set()
    for rule_id in ("NAM001", "NAM002", "NAM004", "TYP001", "QUO006"):
        patient = CASES[rule_id](ward).patient
        (finding,) = broken(patient, rule_id)
        mended = written(patient, finding.remedy)
        assert mended.wanted != patient.wanted, finding
        assert not broken(mended, rule_id), finding
        walked |= made_from(finding.remedy, "studioctl.operations.doctor.")

    patient = CASES["RMT001"](ward).patient
    (finding,) = broken(patient, "RMT001")
    everybody, one = re.findall(r"(?:\[studio\]|\[\[users\]\]): (.*?)(?:;|$)", finding.remedy)
    config = patient.wanted.model_dump(exclude_unset=True)
    studio, (user,) = config["studio"], config["users"]
    for changed in (
        {**config, "studio": {**studio, **tomllib.loads(everybody)}},
        {**config, "users": [{**user, **tomllib.loads(one)}]},
    ):
        assert not broken(replace(patient, config=EnvironmentConfig.model_validate(changed)), "RMT001")
    walked |= made_from(finding.remedy, "studioctl.operations.doctor.")

    assert claimed(f"{HERE}::test_written_as_printed") == walked


LONG = "a" * 63
TOKEN = {"github": {"username": "ada"}}
NAMED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # Of what the name is taken, the name, and the file.
    (kinds.BUCKET, LONG, {"storage": {"bucket": LONG}}),
    (kinds.BUCKET, f"{LONG[2:]}-2", {"storage": {"bucket": f"{LONG[2:]}-2"}}),
    (kinds.REPOSITORY, LONG * 4, {"images": {"repository": LONG * 4}}),
    (kinds.DOMAIN, "acme-ml-domain", {"names": {"domain": "acme-ml-domain"}}),  # which begins like the environment
    (kinds.DOMAIN, LONG, {"names": {"domain": LONG}}),
    (kinds.DOMAIN, "acme-ml", {}),
    (kinds.ROLE, "acme-ml-users", {"names": {"role": "acme-ml-users"}}),
    (kinds.ROLE, "team-ada", {"names": {"role": "team"}, "iam": {"per_user_roles": True}}),
    (kinds.ROLE, "acme-ml-flow-logs", {"names": {"role": "team"}, "network": {"flow_logs": True}}),
    (kinds.SECRET, "acme-ml/git", {"names": {"secret": "acme-ml/git"}, "secrets": TOKEN}),
    (kinds.SECRET, "acme-ml/github", {"secrets": TOKEN}),
    (kinds.KMS_ALIAS, "alias/acme-ml", {"encryption": {"customer_key": True}}),
)


def test_the_name_that_is_proposed_is_another_and_fits(ward: Ward) -> None:
    walked = set()
    for kind, name, sections in NAMED:
        patient = ward.patient(name="acme-ml", **sections)
        proposed = names.remedy(kind, name, patient.wanted)
        before, after = (
            {(fixed.type, fixed.name) for fixed in names.fixed_names(each.blueprint, "123456789012")}
            for each in (patient, written(patient, proposed))
        )
        assert (kind, name) in before
        assert (kind, name) not in after, proposed
        walked |= made_from(proposed, "studioctl.operations.provisioning.names")

    longest = ward.patient(name="a" * 32)
    assert written(longest, names.remedy(kinds.DOMAIN, "a" * 32, longest.wanted)).wanted.name == f"{'a' * 30}-2"
    assert claimed(f"{HERE}::test_the_name_that_is_proposed_is_another_and_fits") == walked


def test_tags_are_compared_whatever_the_case_of_aws_arns_is(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = ward.patient(users=[{"name": "ada"}, {"name": "Grace"}])
    studio, domain_id = ward.domain(patient)
    studio.profile(domain_id, "Grace")
    told: Any = [{"Key": k, "Value": v} for k, v in Naming.of(patient.wanted).tags(patient.wanted.tags).items()]
    for thing in (f"user-profile/{domain_id}/ada", f"user-profile/{domain_id}/Grace", f"space/{domain_id}/ada-editor"):
        studio.sagemaker.add_tags(ResourceArn=f"arn:aws:sagemaker:us-east-1:123456789012:{thing}", Tags=told)
    listed = tagged.listed
    monkeypatch.setattr(tagged, "listed", lambda *asked: {arn.lower(): it for arn, it in listed(*asked).items()})
    found = [(finding.id, finding.message) for finding in examined(patient, "DRF012")]

    assert found == [("DRF012", "3 profiles and spaces carry the file's tags")]
