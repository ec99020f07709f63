"""Checks do not get in each other's way, and nobody waits for ever."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from studioctl.aws.quotas import SPACES, quota
from studioctl.catalog import images
from studioctl.catalog.images import support
from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.errors import AwsError, EmulatorError
from studioctl.findings import Finding, Rule, Severity
from studioctl.operations.doctor import database, drift, identity_center, limits
from studioctl.operations.doctor.catalogue import GROUPS
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.examination import examine
from studioctl.operations.doctor.patient import Once, Patient
from studioctl.target import NOWHERE, Target
from tests.fakes.aws import FakeQuotasWithoutOwnValues, FakeSession
from tests.unit.emulator.emulated import TRUST, Studio
from tests.unit.operations.doctor.cases import IMAGE
from tests.unit.operations.doctor.ward import Ward, everything, spec

RULE = Rule("XXX001", Severity.ERROR, "a title", "A reason.", "do {thing} in {place}", "https://example.com")


def _well(patient: Patient) -> Iterator[Finding]:
    yield RULE.ok("well")


def _ill_then_crashing(patient: Patient) -> Iterator[Finding]:
    yield RULE.broken("ill", thing="this", place="bed")
    raise ZeroDivisionError("oops")


def _hanging(patient: Patient) -> Iterator[Finding]:
    threading.Event().wait(60)
    yield RULE.ok("too late")


def _refused(patient: Patient) -> Iterator[Finding]:
    yield from _refusal()


def _refusal() -> Iterator[Finding]:
    raise AwsError("AWS refused it.", hint="ask for it")


def group(*looks: object, needs: Needs = Needs.NOTHING) -> Group:
    return Group("Trial", tuple(Check(f"check {n}", look, (RULE,), needs) for n, look in enumerate(looks)))  # type: ignore[arg-type]


def test_a_check_that_crashes_hangs_or_is_refused_takes_nothing_away_from_the_others(ward: Ward) -> None:
    began, patient = time.monotonic(), ward.patient()
    trial = group(_ill_then_crashing, _hanging, _refused, _refused, _well)
    found = examine(patient, [trial], seconds=2).findings

    assert [(finding.id, finding.severity.word, finding.message, finding.remedy) for finding in found] == [
        ("XXX001", "error", "ill", "do this in bed"),
        ("XXX001", "ok", "well", ""),
        (
            "DOC001",
            "warning",
            "check 0 could not be checked: studioctl has a bug (ZeroDivisionError: oops)",
            "report it as an issue of studioctl",
        ),
        (
            "DOC001",
            "warning",
            "check 1 could not be checked: no answer within 2 s",
            f"check the network, then run it again: studioctl doctor --config {patient.file} --local",
        ),
        ("DOC001", "warning", "check 2, check 3 could not be checked: AWS refused it", "ask for it"),
    ]
    assert time.monotonic() - began < 50  # less than the one that hangs


def test_a_severity_may_only_be_milder() -> None:
    assert RULE.broken("x", thing="", place="").severity is Severity.ERROR
    assert RULE.broken("x", severity=Severity.INFO, thing="", place="").severity is Severity.INFO
    mild = replace(RULE, severity=Severity.INFO)
    assert mild.broken("x", severity=Severity.ERROR, thing="", place="").severity is Severity.INFO


def test_what_is_shared_is_asked_for_once_even_when_it_fails() -> None:
    asked: list[int] = []

    def fail() -> str:
        asked.append(1)
        time.sleep(0.05)
        raise AwsError("no", hint="no")

    once = Once(fail)

    def ask() -> None:
        with pytest.raises(AwsError):
            once()

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [1]
    assert once.peek() is None


def test_without_credentials_only_what_needs_none_is_looked_at(ward: Ward) -> None:
    patient = replace(ward.patient(), target=Target("us-east-1"))
    found = everything(patient)
    by_id = {finding.id: finding for finding in found.findings}

    assert found.account_id is None
    assert found.worst is Severity.ERROR
    assert by_id["AWS001"].message == "AWS credentials: Unable to locate credentials"
    assert by_id["FIL001"].severity is Severity.OK
    assert by_id["DOC002"].message.startswith(
        "there are no valid AWS credentials, so skipped: Terraform's state, instance types,"
    )
    assert not {rule_id for rule_id in by_id if rule_id[:3] in {"QUO", "NAM", "DRF"}}
    failed = [finding.message for finding in found.findings if finding.id == "DOC001"]
    assert failed == ["the region, the clock could not be checked: AWS credentials: Unable to locate credentials"]


def test_without_a_file_the_rest_is_looked_at(ward: Ward) -> None:
    found = everything(replace(ward.patient(), config=None))
    groups = {finding.group for finding in found.findings if finding.severity is not Severity.INFO}

    assert found.name is None
    assert found.account_id == "123456789012"
    assert {"Terraform", "Account"} <= groups
    assert "Quotas" not in groups


def _names(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{finding.id} {finding.message}" for finding in findings if finding.severity > Severity.INFO]


def test_before_up_a_new_account_is_well(ward: Ward) -> None:
    found = everything(ward.patient(region="eu-north-1"))

    assert _names(found.findings) == []
    assert found.counts()["error"] == 0
    asked_for = {each.GROUP.title for each in (database, drift, identity_center, limits)}
    assert {finding.group for finding in found.findings} >= {group.title for group in GROUPS} - asked_for


def test_an_environment_that_is_as_the_file_says_is_well(ward: Ward) -> None:
    patient = ward.patient(region="eu-west-1", studio={"instance_type": "ml.t3.large"})
    studio, domain_id = ward.domain(patient)
    ward.tag(patient, studio, domain_id)
    _select_script(studio, domain_id)
    found = everything(patient)
    messages = {finding.id: finding.message for finding in found.findings}

    assert _names(found.findings) == []
    assert messages["DRF001"] == "remote access is ENABLED, as the file says: ada-editor"
    assert messages["DRF003"] == "everything in the domain is in the file"
    assert messages["NAM004"] == f"domain {patient.wanted.name}: this environment's"
    assert messages["QUO001"] == "user profiles: 1 of 2"  # the one that is there is not counted twice
    assert messages["QUO002"] == "spaces: 1 of 6"


def _select_script(studio: Studio, domain_id: str) -> None:
    """Do what `up` and the first connection do."""
    arn = studio.script("editor")
    studio.sagemaker.update_user_profile(
        DomainId=domain_id,
        UserProfileName="ada",
        UserSettings={"CodeEditorAppSettings": {"LifecycleConfigArns": [arn]}},
    )
    settings: Any = {**spec(InstanceType="ml.t3.large", LifecycleConfigArn=arn), "RemoteAccess": "ENABLED"}
    studio.sagemaker.update_space(DomainId=domain_id, SpaceName="ada-editor", SpaceSettings=settings)


def test_apps_of_other_domains_count_against_the_quota(ward: Ward) -> None:
    region = "eu-central-1"
    studio, domain_id = ward.domain(ward.patient(region=region))
    studio.app(domain_id, "ada-editor", ResourceSpec={"InstanceType": "ml.t3.medium"})
    found = everything(ward.patient(region=region))
    messages = {finding.id: finding.message for finding in found.findings}

    assert messages["QUO001"] == "user profiles: 2 of 2"
    assert messages["QUO003"] == "apps, with all spaces running: 2 of 40"
    assert messages["QUO005"] == "Code Editors on ml.t3.medium, all running: 2 of 6"


def test_an_account_that_never_asked_for_more_has_awss_default(ward: Ward) -> None:
    session = FakeSession({"service-quotas": FakeQuotasWithoutOwnValues(6)}, ward.patient().session)

    assert quota(session, *SPACES).limit == 6  # type: ignore[arg-type]


def test_every_name_that_the_environment_needs_is_looked_at(ward: Ward) -> None:
    patient = ward.patient(secrets={"github": {"username": "ada"}})
    name = patient.wanted.name
    for policy in ("s3", "remote-access"):
        ward.client("iam", patient).create_policy(
            PolicyName=f"{name}-{policy}",
            PolicyDocument='{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}',
        )
    ward.client("iam", patient).create_role(RoleName=f"{name}-execution", AssumeRolePolicyDocument=TRUST)
    ward.client("s3", patient).create_bucket(Bucket=f"{name}-data-123456789012")
    ward.client("s3", patient).put_object(Bucket=f"{name}-data-123456789012", Key="theirs", Body=b"data")
    ward.client("secretsmanager", patient).create_secret(Name=f"{name}/github", SecretString="none")
    ward.client("ecr", patient).create_repository(repositoryName=name)
    told = [finding.message for finding in everything(patient).findings if finding.id == "NAM002"]
    taken = [message for message in told if not message.endswith("the name is free")]

    assert taken == [
        f"There is a {what} in this account, which is not this environment's"
        for what in (
            f"bucket '{name}-data-123456789012'",
            f"secret '{name}/github'",
            f"repository '{name}'",
            f"role '{name}-execution'",
            f"policy '{name}-remote-access'",
            f"policy '{name}-s3'",
        )
    ]


def test_a_users_own_secret_that_is_leaving_is_restored_as_the_users(ward: Ward) -> None:
    patient = ward.patient(users=[{"name": "ada", "github": {"username": "ada"}}], iam={"per_user_roles": True})
    name = f"{patient.wanted.name}/ada/github"
    secrets = ward.client("secretsmanager", patient)
    secrets.create_secret(Name=name, SecretString="none")
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    (leaving,) = [f for f in everything(patient).findings if f.id == "NAM003" and f.severity is not Severity.OK]

    assert leaving.message == f"Secret '{name}' is scheduled for deletion"
    assert leaving.remedy == f"studioctl secret set github --user ada{patient.flags}"


def test_what_carries_our_tag_is_ours(ward: Ward) -> None:
    patient = ward.patient(secrets={"github": {"username": "ada"}})
    name, (key, value) = patient.wanted.name, patient.tag
    tags = [{"Key": key, "Value": value}]
    policy = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'
    ward.client("iam", patient).create_policy(PolicyName=f"{name}-s3", PolicyDocument=policy, Tags=tags)
    ward.client("iam", patient).create_role(RoleName=f"{name}-execution", AssumeRolePolicyDocument=TRUST, Tags=tags)
    ward.client("secretsmanager", patient).create_secret(Name=f"{name}/github", SecretString="none", Tags=tags)
    ward.client("ecr", patient).create_repository(repositoryName=name, tags=tags)
    s3 = ward.client("s3", patient)
    s3.create_bucket(Bucket=f"{name}-data-123456789012")
    s3.put_bucket_tagging(Bucket=f"{name}-data-123456789012", Tagging={"TagSet": tags})
    found = [finding.message for finding in everything(patient).findings if finding.id == "NAM002"]

    assert {message.partition(":")[0]: message.rpartition(": ")[2] for message in found} == {
        f"bucket {name}-data-123456789012": "this environment's",
        f"secret {name}/github": "this environment's",
        f"repository {name}": "this environment's",
        f"role {name}-execution": "this environment's",
        f"policy {name}-s3": "this environment's",
        **{
            f"policy {name}-{purpose}": "the name is free"
            for purpose in ("studio", "remote-access", "images", "jobs", "secrets")
        },
    }


@pytest.mark.parametrize(("image", "version"), [("sagemaker-distribution-cpu", "2"), ("acme-image", "1.0.0")])
def test_an_image_that_may_be_new_enough_is_not_called_old(ward: Ward, image: str, version: str) -> None:
    """The alias "2" is the newest of 2.x, and the versions of other images say nothing of Distribution's."""
    patient = replace(ward.patient(studio={"remote_access": True}), now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    arn = f"arn:aws:sagemaker:us-east-1:885854791233:image/{image}"
    ward.domain(patient, **spec(InstanceType="ml.t3.large", SageMakerImageArn=arn, SageMakerImageVersionAlias=version))

    assert not {finding.id for finding in everything(patient).findings} & {"RMT002", "DRF006"}


def test_a_pinned_image_is_told_once_and_a_newest_one_by_name(ward: Ward) -> None:
    told = replace(ward.patient(studio={"image": "3.2"}), now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    ward.domain(told, **spec(InstanceType="ml.t3.large", SageMakerImageArn=IMAGE, SageMakerImageVersionAlias="3.2"))
    found = [finding.id for finding in everything(told).findings if finding.id in {"FIL003", "DRF006"}]
    assert found == ["FIL003"]
    early = replace(ward.patient(studio={"image": "4.4"}), now=lambda: datetime(2027, 1, 13, tzinfo=UTC))
    assert [each.message for each in everything(early).findings if each.id == "FIL003"] == [
        "image 4.4, which AWS supports until 2027-02-12"
    ]
    late = replace(ward.patient(), now=lambda: datetime(2027, 3, 1, tzinfo=UTC))
    (over,) = [each.message for each in everything(late).findings if each.id == "FIL003"]
    assert over.endswith("start AWS's newest, 4.4 on 2026-08-19, whose support ended on 2027-02-12")
    (instead,) = [each.remedy for each in everything(early).findings if each.id == "FIL003"]
    assert instead.startswith('write image = "4" there')
    version = images.newest()
    words = f"{version} on {support().as_of}, supported until {images.supported_until(version)}"
    message = f"no image is pinned: spaces that name none start AWS's newest, {words}"
    newest = [each for each in everything(ward.patient()).findings if each.id == "FIL003"]
    assert [(each.severity, each.message) for each in newest] == [(Severity.OK, message)]


def test_a_profile_that_is_not_there_is_told_with_one_remedy(ward: Ward) -> None:
    patient = replace(ward.patient(), target=Target("us-east-1", "nope"))
    found = examine(patient, GROUPS).findings

    assert {each.remedy for each in found if each.id in {"AWS001", "AWS002", "AWS006", "DOC001", "DOC002"}} - {""} == {
        "aws configure --profile nope"
    }


def test_without_an_emulator_the_machine_and_the_file_are_looked_at(ward: Ward) -> None:
    absent = EmulatorError("The emulator needs moto, which is not installed.", hint="pip install it")
    found = examine(replace(ward.patient(), target=Target("us-east-1", local=NOWHERE), absent=absent), GROUPS)
    by_id = {finding.id: finding for finding in found.findings}

    assert by_id["AWS001"].message == "The emulator needs moto, which is not installed"
    assert by_id["FIL001"].severity is Severity.OK
    assert by_id["DOC002"].message.startswith("there is no emulator, so skipped: Terraform's state, ")
    assert by_id["DOC001"].message == (
        "the region, the clock could not be checked: The emulator needs moto, which is not installed"
    )
    assert {by_id[name].remedy for name in ("AWS001", "DOC001", "DOC002")} == {"pip install it"}
    assert (found.target, found.endpoint) == ("local", None)


TEXT = """\
name = "acme-ml"
region = "us-east-1"

[studio]
image = "4.0"

[groups.large]
users = ["grace"]
instance_type = "ml.g5.xlarge"

[[users]]
name = "ada"
spaces = [
  { name = "ada-editor" },
  { name = "ada-gpu", instance_type = "ml.p4d.24xlarge" },
]
"""


def test_a_finding_has_the_line_that_causes_it_wherever_it_is_written(ward: Ward) -> None:
    patient = replace(ward.patient(), config=parse(TEXT), source=Source("studio.toml", TEXT))
    found = [each for each in everything(patient).findings if each.severity]

    assert {(each.id, str(each.place)) for each in found if each.id in {"FIL003", "QUO004"}} == {
        ("FIL003", "studio.toml:5: studio.image"),
        ("QUO004", "studio.toml:9: groups.large.instance_type"),
        ("QUO004", "studio.toml:15: users[0].spaces[1].instance_type"),
    }
    assert {str(each.place) for each in found if each.id == "RMT001"} == {"studio.toml:4: studio.instance_type"}
