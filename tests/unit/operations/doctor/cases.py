"""One case for each rule: a patient whose only way to be well would be to follow the remedy."""

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from studio_emulator.errors import SandboxError
from studioctl.aws.session import Identity
from studioctl.errors import ConfigError
from studioctl.findings import Key, Severity
from studioctl.guard.ledger import GRANTS, LEDGER, Ledger
from studioctl.infrastructure import guard
from studioctl.infrastructure.naming import Naming
from studioctl.operations.doctor.patient import Once, Patient
from studioctl.target import Target
from tests.fakes.aws import FakeCall, FakeQuotas, FakeS3OfSomebodyElse, FakeSession, refused
from tests.unit.emulator.emulated import TRUST, new_studio
from tests.unit.operations.doctor.ward import NUMBERS, Ward, knowing, spec

IMAGE = "arn:aws:sagemaker:us-east-1:885854791233:image/sagemaker-distribution-cpu"
TODAY = datetime(2026, 11, 24, tzinfo=UTC)
INCREASE = "studioctl quotas request"


@dataclass(frozen=True)
class Case:
    """A patient, and what is to be found. `remedy` is whole, or its end after "..."."""

    patient: Patient
    message: str
    remedy: str
    severity: Severity = Severity.ERROR


CASES: dict[str, Callable[[Ward], Case]] = {}
# Where in the file it is decided, for the rules of which the file has a say.
_REMOTE, _TYPE = ("studio", "remote_access"), ("studio", "instance_type")
KEYS: Mapping[str, Key] = {
    "DRF012": ("tags",),
    "FIL002": ("editor", "repositories", 0),
    "FIL003": ("studio", "image"),
    "STA001": ("state", "bucket"),
    "PRG002": _REMOTE,
    "PRG005": _REMOTE,
    "PRG006": _REMOTE,
    "PRG008": _REMOTE,
    "AWS002": ("profile",),
    "AWS005": ("region",),
    "AWS006": ("region",),
    "SSO001": ("access", "auth"),
    "SSO002": ("users", 0, "sso_user"),
    "SSO003": ("users", 0, "sso_user"),
    "RMT001": _TYPE,
    "TYP001": _TYPE,
    "QUO001": ("users",),
    "QUO002": ("users",),
    "QUO003": ("users",),
    "QUO004": _TYPE,
    "QUO005": _TYPE,
    "QUO006": _TYPE,
    "QUO007": ("network",),
    "QUO008": ("network",),
    "QUO009": ("iam", "per_user_roles"),
    "QUO010": ("tuning", "database"),
    "NAM001": ("storage", "bucket"),
    "NAM002": ("images", "repository"),
    "NAM003": ("name",),
    "NAM004": ("names", "domain"),
    "NAM005": ("iam", "permissions_boundary"),
    "DRF001": _REMOTE,
    "DRF002": _TYPE,
    "DRF003": ("users",),
    "DRF005": ("editor",),
    "DRF009": _REMOTE,
    "DRF010": ("encryption", "customer_key"),
    "DRF011": ("users",),
    "LIM001": ("limits",),
    "LIM002": ("limits",),
    "LIM003": ("limits",),
    "LIM004": ("limits",),
    "LIM005": ("limits",),
    "LIM006": ("limits",),
    "DBA001": ("tuning", "database"),
    "DBA002": ("tuning", "database"),
    "DBA003": ("tuning", "database"),
}


def case(rule_id: str) -> Callable[[Callable[[Ward], Case]], Callable[[Ward], Case]]:
    def note(make: Callable[[Ward], Case]) -> Callable[[Ward], Case]:
        assert rule_id not in CASES, rule_id
        CASES[rule_id] = make
        return make

    return note


@case("FIL001")
def wrong_file(ward: Ward) -> Case:
    patient = replace(ward.patient(), config=None, mistake=ConfigError("studio.toml:1: name: is missing", hint="x"))
    patient.file.touch()  # a file that is not there leads to `init`
    return Case(patient, "studio.toml:1: name: is missing", f"studioctl validate --config {patient.file}")


@case("FIL002")
def surprising_file(ward: Ward) -> Case:
    patient = ward.patient(editor={"repositories": ["git@github.com:acme/a.git"]})
    message = '"git@github.com:acme/a.git" is cloned by ssh with a key in the space\'s ~/.ssh, which you put there'
    return Case(patient, message, f"studioctl validate --config {patient.file}", Severity.INFO)


@case("FIL003")
def old_image_in_the_file(ward: Ward) -> Case:
    patient = replace(ward.patient(studio={"image": "4.0"}), now=lambda: TODAY)
    message = "image 4.0, which AWS supported until 2026-10-07"
    return Case(patient, message, f'write image = "4.4" there, then: studioctl up{patient.flags}', Severity.WARNING)


@case("STA001")
def no_state_bucket(ward: Ward) -> Case:
    patient = ward.patient(real=True, state={"backend": "s3", "bucket": "nobody-has-this-bucket"})
    message = "The state's bucket 'nobody-has-this-bucket' is not there, or closed to you"
    return Case(patient, message, f"studioctl state bucket create nobody-has-this-bucket --config {patient.file}")


@case("STA002")
def no_state(ward: Ward) -> Case:
    patient = ward.patient(real=True)
    _, domain_id = ward.domain(patient)
    message = f"'{patient.wanted.name}' exists ({domain_id}), and its state is not on this machine"
    lost = f"or, if it is yours and its state is lost: studioctl up --adopt {patient.wanted.name}{patient.flags}"
    return Case(patient, message, f"copy it from there: {patient.workspace.state_file}; {lost}")


def lived_in(ward: Ward) -> Patient:
    """An environment with a state on this machine that came from somewhere else."""
    patient = ward.patient(real=True)
    resource = {"mode": "managed", "type": "aws_s3_bucket", "name": "data", "instances": []}
    patient.workspace.directory.mkdir(parents=True)
    patient.workspace.state_file.write_text(json.dumps({"version": 4, "lineage": "a", "resources": [resource]}))
    return patient


@case("STA003")
def strange_state(ward: Ward) -> Case:
    patient = lived_in(ward)
    message = f"'{patient.workspace.state_file}' was not left there by studioctl as you run it on this machine"
    return Case(patient, message, f"studioctl state trust --config {patient.file}")


@case("STA004")
def link_in_the_directory(ward: Ward) -> Case:
    patient = lived_in(ward)
    logs = patient.workspace.logs
    logs.symlink_to(ward.directory)
    message = (
        f"'{logs}' is a symbolic link, to '{ward.directory}'. studioctl follows none there: a repository could have"
        " brought it. Nothing was changed."
    )
    return Case(patient, message, f"look at it, then remove the link: rm {logs}")


@case("TF001")
def no_engine(ward: Ward) -> Case:
    patient = replace(ward.patient(), environ={"STUDIOCTL_TERRAFORM": "no-such-program"})
    message = 'STUDIOCTL_TERRAFORM names "no-such-program", which is no program'
    hint = "correct STUDIOCTL_TERRAFORM, or unset it: then terraform or tofu is taken from PATH"
    return Case(patient, message, hint)


@case("TF002")
def no_provider(ward: Ward) -> Case:
    patient = replace(ward.patient(), homes=())
    message = "hashicorp/aws 5.100.0 will be downloaded from registry.terraform.io"
    return Case(patient, message, "terraform providers mirror ~/.terraform.d/plugins", Severity.INFO)


@case("TF003")
def empty_mirror(ward: Ward) -> Case:
    patient = replace(ward.patient(), environ={"STUDIOCTL_PROVIDER_MIRROR": str(ward.directory)})
    message = f'Provider mirror "{ward.directory}" does not hold hashicorp/aws 5.100.0 for linux_amd64'
    return Case(patient, message, "unset STUDIOCTL_PROVIDER_MIRROR")


@case("PRG001")
def no_git(ward: Ward) -> Case:
    ward.program("apt-get", "")
    return Case(ward.patient(), "git was not found on PATH", "sudo apt-get install git", Severity.INFO)


@case("PRG002")
def no_ssh(ward: Ward) -> Case:
    ward.program("dnf", "")
    patient = ward.patient(studio={"remote_access": True})
    return Case(patient, "ssh was not found on PATH", "sudo dnf install openssh-clients", Severity.WARNING)


@case("PRG003")
def no_plugin(ward: Ward) -> Case:
    message = "session-manager-plugin was not found"
    remedy = "...session-manager-working-with-install-plugin.html"
    return Case(ward.patient(), message, remedy, Severity.INFO)  # nobody wrote remote_access into the file


@case("PRG008")
def old_plugin(ward: Ward) -> Case:
    path = ward.program("session-manager-plugin", "1.2.463.0")
    message = f"session-manager-plugin 1.2.463.0 ({path}) is older than 1.2.764.0"
    remedy = "...session-manager-working-with-install-plugin.html"
    return Case(ward.patient(studio={"remote_access": True}), message, remedy, Severity.WARNING)


@case("PRG004")
def no_container_program(ward: Ward) -> Case:
    ward.program("brew", "")
    message = "None of docker, podman, buildah, finch was found on PATH"
    return Case(ward.patient(), message, "brew install podman", Severity.INFO)


@case("PRG005")
def no_editor(ward: Ward) -> Case:
    patient = ward.patient(studio={"remote_access": True})
    remedy = "...run 'Shell Command: Install code command in PATH'"
    return Case(patient, "None of code, cursor, kiro was found on PATH", remedy, Severity.WARNING)


@case("PRG006")
def old_editor(ward: Ward) -> Case:
    path = ward.program("code", "1.89.1")
    patient = ward.patient(studio={"remote_access": True})
    message = f"code 1.89.1 ({path}) is older than 1.90"
    return Case(patient, message, "update code to 1.90 or newer", Severity.WARNING)


@case("PRG007")
def no_aws_cli(ward: Ward) -> Case:
    page = "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
    remedy = f"install it as AWS's page says for your system: {page}"
    return Case(ward.patient(), "aws was not found on PATH", remedy, Severity.INFO)


@case("PRG009")
def no_namespaces(ward: Ward) -> Case:
    missing = SandboxError("They cannot be had here: AppArmor forbids it.", hint="sudo sysctl -w allow=0")
    patient = knowing(ward.patient(), rehearsal=missing)
    return Case(patient, missing.message, missing.hint, Severity.INFO)


@case("AWS001")
def refused_credentials(ward: Ward) -> Case:
    patient = ward.patient()

    def refuse() -> Identity:
        raise refused("InvalidClientTokenId", "GetCallerIdentity", message="The security token is invalid.")

    session = FakeSession({"sts": FakeCall(refuse)}, patient.session)
    patient.known["identity"] = Once(lambda: _asked(session))
    message = "AWS refused GetCallerIdentity: The security token is invalid. (InvalidClientTokenId)"
    return Case(patient, message, "...check with: aws sts get-caller-identity")


def _asked(session: FakeSession) -> Identity:
    from studioctl.aws.errors import translated

    with translated():
        return Identity(session.client("sts").get_caller_identity()["Account"], "")


@case("AWS002")
def no_profile(ward: Ward) -> Case:
    patient = replace(ward.patient(), target=Target("us-east-1", "nobody"))
    return Case(patient, "There is no profile 'nobody'", "aws configure --profile nobody")


@case("AWS003")
def expiring(ward: Ward) -> Case:
    expiry = (TODAY + timedelta(minutes=12)).isoformat()
    environ = {"AWS_ACCESS_KEY_ID": "ASIA", "AWS_CREDENTIAL_EXPIRATION": expiry}
    patient = replace(ward.patient(real=True), environ=environ, now=lambda: TODAY)
    return Case(patient, "The credentials expire in 12 min", "aws sso login", Severity.WARNING)


@case("AWS004")
def root_user(ward: Ward) -> Case:
    patient = knowing(ward.patient(real=True), identity=Identity("111122223333", "arn:aws:iam::111122223333:root"))
    message = "arn:aws:iam::111122223333:root is the root user of the account"
    return Case(patient, message, "aws configure sso", Severity.WARNING)


@case("AWS005")
def region_that_is_off(ward: Ward) -> Case:
    patient = ward.patient(region="ap-east-1", real=True)
    message = "Region ap-east-1 is not enabled: not-opted-in"
    return Case(patient, message, "aws account enable-region --region-name ap-east-1")


@case("AWS006")
def another_region(ward: Ward) -> Case:
    (ward.directory / "config").write_text("[default]\nregion = eu-central-1\n")
    message = "The file says us-east-1, and your AWS configuration eu-central-1"
    remedy = "export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1"
    return Case(ward.patient(real=True), message, remedy, Severity.INFO)


SIGN_IN: Mapping[str, Any] = {"access": {"auth": "sso"}, "users": [{"name": "ada", "sso_user": "ada@acme.example"}]}


@case("SSO001")
def no_identity_center(ward: Ward) -> Case:
    patient = ward.patient(**SIGN_IN)
    nowhere = SimpleNamespace(paginate=lambda: [{"Instances": []}])
    session = FakeSession({"sso-admin": SimpleNamespace(get_paginator=lambda _: nowhere)}, patient.session)
    message = "There is no IAM Identity Center in us-east-1 for this account"
    where = f"aws sso-admin list-instances{ward.flags}"
    return Case(
        knowing(patient, session=session), message, f"enable it there, or write the region in which it is: {where}"
    )


@case("SSO002")
def unknown_to_identity_center(ward: Ward) -> Case:
    patient = ward.patient(**SIGN_IN)
    (instance,) = ward.client("sso-admin", patient).list_instances()["Instances"]
    listed = f"aws identitystore list-users --identity-store-id {instance['IdentityStoreId']}{ward.flags}"
    remedy = f"write the name as it is there, or add the user there: {listed}"
    return Case(patient, "It has no user 'ada@acme.example'", remedy)


def made_anew(ward: Ward) -> tuple[Patient, str, str, str]:
    """A user whose person was deleted in the directory and made again; the application, the old and the new id."""
    mail = f"ada@{next(NUMBERS)}.example"
    patient = ward.patient(access={"auth": "sso"}, users=[{"name": "ada", "sso_user": mail}])
    studio = new_studio(ward.emulator, patient.target.region)
    tag: Any = {"Key": patient.tag[0], "Value": patient.tag[1]}
    domain_id = studio.domain(DomainName=patient.wanted.name, AuthMode="SSO", Tags=[tag])
    studio.signed_up(mail, domain_id)()
    studio.sagemaker.create_user_profile(
        DomainId=domain_id, UserProfileName="ada", SingleSignOnUserIdentifier="UserName", SingleSignOnUserValue=mail
    )
    application = studio.sagemaker.describe_domain(DomainId=domain_id)["SingleSignOnApplicationArn"]
    store = studio.centre.list_instances()["Instances"][0]["IdentityStoreId"]
    wanted = {"UniqueAttribute": {"AttributePath": "userName", "AttributeValue": mail}}
    find = functools.partial(studio.people.get_user_id, IdentityStoreId=store, AlternateIdentifier=wanted)
    old = find()["UserId"]
    studio.people.delete_user(IdentityStoreId=store, UserId=old)
    studio.signed_up(mail, domain_id)
    return patient, application, old, find()["UserId"]


@case("SSO003")
def shut_out(ward: Ward) -> Case:
    patient, application, _, new = made_anew(ward)
    message = f"'{patient.wanted.users[0].sso_user}' ({new} in it) is not assigned to the domain's application"
    remedy = f"aws sso-admin create-application-assignment --application-arn {application} --principal-id {new}"
    return Case(patient, message, f"{remedy} --principal-type USER{ward.flags}")


@case("SSO004")
def assigned_and_gone(ward: Ward) -> Case:
    patient, application, old, _ = made_anew(ward)
    remedy = f"aws sso-admin delete-application-assignment --application-arn {application} --principal-id {old}"
    message = f"{old} is assigned to the domain's application, and is nobody"
    return Case(patient, message, f"{remedy} --principal-type USER{ward.flags}", Severity.WARNING)


@case("CLK001")
def skewed_clock(ward: Ward) -> Case:
    patient = replace(ward.patient(), now=lambda: datetime.now(UTC) + timedelta(minutes=10))
    return Case(patient, "This machine's clock is 10 min ahead of AWS's", "sudo timedatectl set-ntp true")


@case("RMT001")
def too_small(ward: Ward) -> Case:
    patient = ward.patient(studio={"remote_access": True, "instance_type": "ml.c5.large"})
    message = "ml.c5.large is too small for a local editor: ada-editor"
    remedy = (
        f'write it in {patient.file}: for everybody below [studio]: instance_type = "ml.c5.xlarge"; for one user below'
        ' that [[users]]: spaces = [{ name = "ada-editor", instance_type = "ml.c5.xlarge" }]'
    )
    return Case(patient, message, remedy, Severity.WARNING)


@case("RMT002")
def image_too_old_to_connect(ward: Ward) -> Case:
    patient = ward.patient(studio={"remote_access": True})
    _, domain_id = ward.domain(patient, **spec(InstanceType="ml.t3.large", **_image("2.6")))
    message = "Space 'ada-editor' starts image 2.6, and a local editor needs 2.7"
    return Case(patient, message, _update_image(ward, domain_id), Severity.WARNING)


@case("TYP001")
def type_not_offered(ward: Ward) -> Case:
    patient = ward.patient(region="ap-northeast-3", studio={"instance_type": "ml.g5.xlarge"})
    message = "ap-northeast-3 does not offer ml.g5.xlarge"
    return Case(patient, message, f'write another instance_type in {patient.file}, such as "ml.t3.medium"')


@case("QUO001")
def too_many_users(ward: Ward) -> Case:
    users = [{"name": name} for name in ("ada", "bob", "eve")]
    patient = ward.patient(region="eu-west-2", users=users)
    message = "user profiles: 3 needed, and the account may have 2"
    return Case(patient, message, f"{INCREASE}{patient.flags}")


@case("QUO002")
def too_many_spaces(ward: Ward) -> Case:
    patient = ward.patient(region="eu-west-2", users=[_with_spaces(7)])
    message = "spaces: 7 needed, and the account may have 6"
    return Case(patient, message, f"{INCREASE}{patient.flags}")


@case("QUO003")
def too_many_running(ward: Ward) -> Case:
    patient = ward.patient(region="eu-west-2", users=[_with_spaces(41)])
    message = "apps, with all spaces running: 41 needed, and the account may have 40"
    return Case(patient, message, f"{INCREASE}{patient.flags}", Severity.WARNING)


@case("QUO004")
def none_of_the_type(ward: Ward) -> Case:
    patient = ward.patient(studio={"instance_type": "ml.g5.xlarge"})
    message = "Code Editors on ml.g5.xlarge, all running: 1 needed, and the account may have 0"
    return Case(patient, message, f"{INCREASE}{patient.flags}")


@case("QUO005")
def too_few_of_the_type(ward: Ward) -> Case:
    """A type whose code is not known and is looked up by name."""
    patient = ward.patient(studio={"instance_type": "ml.m7i.xlarge"}, users=[_with_spaces(2)])
    quotas = FakeQuotas({"Studio CodeEditor Apps running on ml.m7i.xlarge instances": 1})
    knowing(patient, session=FakeSession({"service-quotas": quotas}, patient.session))
    message = "Code Editors on ml.m7i.xlarge, all running: 2 needed, and the account may have 1"
    return Case(patient, message, f"{INCREASE}{patient.flags}", Severity.WARNING)


@case("QUO006")
def type_without_a_quota(ward: Ward) -> Case:
    patient = ward.patient(studio={"instance_type": "ml.m7i.xlarge"})
    knowing(patient, session=FakeSession({"service-quotas": FakeQuotas()}, patient.session))
    message = "ml.m7i.xlarge: AWS has no quota for Code Editor on it in us-east-1"
    remedy = f'write another instance_type in {patient.file}, such as "ml.t3.medium"'
    return Case(patient, message, remedy, Severity.WARNING)


@case("QUO007")
def too_many_vpcs(ward: Ward) -> Case:
    patient = ward.patient(region="sa-east-1")
    ec2 = ward.client("ec2", patient)
    for number in range(4):  # and the default one
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    message = "VPCs: 6 needed, and the account may have 5"
    return Case(patient, message, f"{INCREASE}{patient.flags}")


@case("QUO008")
def too_many_gateways(ward: Ward) -> Case:
    patient = ward.patient(region="ca-central-1")
    ec2 = ward.client("ec2", patient)
    there = len(ec2.describe_internet_gateways()["InternetGateways"])
    for _ in range(5 - there):
        ec2.create_internet_gateway()
    message = "internet gateways: 6 needed, and the account may have 5"
    return Case(patient, message, f"{INCREASE}{patient.flags}")


@case("QUO009")
def too_many_policies(ward: Ward) -> Case:
    users = [{"name": f"user-{number}"} for number in range(600)]
    patient = ward.patient(region="eu-north-1", users=users, iam={"per_user_roles": True})
    there = ward.client("iam", patient).get_account_summary()["SummaryMap"]["Policies"]
    made = sum(resource.type == "aws_iam_policy" for resource in patient.blueprint.resources())
    message = f"IAM policies: {there + made} needed, and the account may have 1500"
    return Case(patient, message, f"{INCREASE}{patient.flags}")


@case("QUO010")
def too_many_subnet_groups(ward: Ward) -> Case:
    patient = ward.patient(network={"access": "vpc-only"}, tuning={"database": "aurora-postgresql"}, region="eu-west-1")
    studio = new_studio(ward.emulator, "eu-west-1")
    rds = ward.client("rds", patient)
    for number in range(50):
        rds.create_db_subnet_group(
            DBSubnetGroupName=f"group-{number}", DBSubnetGroupDescription="-", SubnetIds=studio.subnet_ids
        )
    with pytest.raises(ClientError, match="DBSubnetGroupQuotaExceeded"):
        rds.create_db_subnet_group(
            DBSubnetGroupName="one-more", DBSubnetGroupDescription="-", SubnetIds=studio.subnet_ids
        )
    message = "DB subnet groups: 51 needed, and the account may have 50"
    return Case(patient, message, f"{INCREASE}{patient.flags}")


@case("NAM001")
def bucket_of_somebody_else(ward: Ward) -> Case:
    patient = ward.patient(storage={"bucket": "acme-data"})
    knowing(patient, session=FakeSession({"s3": FakeS3OfSomebodyElse()}, patient.session))
    remedy = f'write another name in {patient.file}: bucket = "acme-data-2" under [storage]'
    return Case(patient, "Bucket 'acme-data' is another account's, or closed to you", remedy)


@case("NAM002")
def repository_of_another_team(ward: Ward) -> Case:
    name = f"images-of-others-{next(NUMBERS)}"
    patient = ward.patient(images={"repository": name})
    ward.client("ecr", patient).create_repository(repositoryName=name)
    message = f"There is a repository '{name}' in this account, which is not this environment's"
    return Case(patient, message, f'write another name in {patient.file}: repository = "{name}-2" under [images]')


@case("NAM003")
def leaving_secret(ward: Ward) -> Case:
    patient = ward.patient(secrets={"github": {"username": "ada"}})
    name = f"{patient.wanted.name}/github"
    secrets = ward.client("secretsmanager", patient)
    secrets.create_secret(Name=name, SecretString="none")
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    remedy = f"studioctl secret set github{patient.flags}"
    return Case(patient, f"Secret '{name}' is scheduled for deletion", remedy)


@case("NAM004")
def domain_of_a_name_that_the_file_chose(ward: Ward) -> Case:
    other = ward.patient()
    _, domain_id = ward.domain(other)
    patient = ward.patient(names={"domain": other.wanted.name})
    message = f"There is a domain '{other.wanted.name}' already ({domain_id}), not this environment's"
    return Case(
        patient, message, f'write another name in {patient.file}: domain = "{other.wanted.name}-2" under [names]'
    )


@case("NAM005")
def boundary_that_is_not_there(ward: Ward) -> Case:
    arn = "arn:aws:iam::123456789012:policy/not-there"
    patient = ward.patient(iam={"permissions_boundary": arn})
    return Case(patient, f"there is no policy '{arn}'", "make it first, or write one that exists")


@case("DRF001")
def open_door(ward: Ward) -> Case:
    users = [{"name": "ada", "spaces": [{"name": "ada-editor"}, {"name": "ada-second"}]}]
    patient = ward.patient(studio={"remote_access": False}, users=users)
    studio, domain_id = ward.domain(patient, RemoteAccess="ENABLED")
    studio.space(domain_id, "ada-second", RemoteAccess="ENABLED")
    message = "Remote access is ENABLED, and the file says DISABLED: ada-editor, ada-second"
    remedy = (
        f"for space in ada-editor ada-second; do aws sagemaker update-space --domain-id {domain_id}"
        f" --space-name $space --space-settings RemoteAccess=DISABLED{ward.flags}; done"
    )
    return Case(patient, message, remedy, Severity.WARNING)


@case("DRF009")
def closed_door(ward: Ward) -> Case:
    patient = ward.patient(studio={"remote_access": True})
    ward.domain(patient)
    message = "Remote access is not allowed yet, as the file wants it: ada-editor"
    return Case(
        patient, message, f"studioctl connect ada-editor{patient.flags} --instance-type ml.t3.large", Severity.INFO
    )


@case("DRF010")
def leaving_key(ward: Ward) -> Case:
    patient = ward.patient(encryption={"customer_key": True})
    kms, name = ward.client("kms", patient), patient.wanted.name
    ours = {"studioctl:environment": name}
    key = kms.create_key(Tags=[{"TagKey": k, "TagValue": v} for k, v in ours.items()])["KeyMetadata"]["KeyId"]
    secret = ward.client("secretsmanager", patient).create_secret(
        Name=name, SecretString="none", KmsKeyId=key, Tags=[{"Key": k, "Value": v} for k, v in ours.items()]
    )["ARN"]
    date = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)["DeletionDate"]
    remedy = f"aws kms cancel-key-deletion --key-id {key}{ward.flags} && aws kms enable-key --key-id {key}{ward.flags}"
    return Case(patient, f"AWS deletes key '{key}' on {date:%Y-%m-%d}. Data that needs it: {secret}", remedy)


@case("DRF002")
def running_on_another_type(ward: Ward) -> Case:
    patient = ward.patient()
    studio, domain_id = ward.domain(patient, **spec(InstanceType="ml.t3.medium"))
    studio.app(domain_id, "ada-editor", ResourceSpec={"InstanceType": "ml.t3.xlarge"})
    message = "Space 'ada-editor' runs on ml.t3.xlarge, and is set to ml.t3.medium"
    return Case(patient, message, f"studioctl restart ada-editor{patient.flags}", Severity.WARNING)


@case("DRF003")
def made_by_hand(ward: Ward) -> Case:
    patient = ward.patient()
    studio, domain_id = ward.domain(patient)
    studio.profile(domain_id, "eve")
    studio.space(domain_id, "scratch", owner="eve")
    message = "Not in the file: user profile eve, space scratch"
    return Case(patient, message, f"write it into {patient.file}, or leave it as it is", Severity.INFO)


@case("DRF011")
def taken_out_of_the_file(ward: Ward) -> Case:
    patient = ward.patient()
    studio, domain_id = ward.domain(patient)
    tags: Any = [{"Key": patient.tag[0], "Value": patient.tag[1]}]
    studio.profile(domain_id, "Grace")
    studio.space(domain_id, "Grace-editor", owner="Grace")
    for kind, name in (("user-profile", "Grace"), ("space", "Grace-editor")):
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:{kind}/{domain_id}/{name}"
        studio.sagemaker.add_tags(ResourceArn=arn, Tags=tags)
    message = "No longer in the file: user profile Grace, space Grace-editor"
    remedy = f"write it into {patient.file} again, or save its files first: studioctl backup{patient.flags}"
    return Case(patient, message, remedy, Severity.WARNING)


@case("DRF012")
def other_tags(ward: Ward) -> Case:
    patient = ward.patient(tags={"team": "vision"})
    studio, domain_id = ward.domain(patient)
    tags: Any = [{"Key": key, "Value": value} for key, value in Naming.of(patient.wanted).tags({"team": "nlp"}).items()]
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:user-profile/{domain_id}/ada"
    studio.sagemaker.add_tags(ResourceArn=arn, Tags=tags)
    message = "Other tags than the file's: user profile ada, space ada-editor"
    return Case(patient, message, f"studioctl up --refresh{patient.flags}", Severity.WARNING)


@case("DRF004")
def no_script(ward: Ward) -> Case:
    patient = ward.patient()
    ward.domain(patient)
    message = "No lifecycle configuration is selected: ada-editor"
    return Case(patient, message, f"studioctl up --config {patient.file} --local", Severity.WARNING)


@case("DRF005")
def started_with_an_old_script(ward: Ward) -> Case:
    patient = ward.patient()
    studio, domain_id = ward.domain(patient)
    old, new = studio.script("old"), studio.script("new")
    profile: Any = {"CodeEditorAppSettings": {"LifecycleConfigArns": [old, new]}}
    studio.sagemaker.update_user_profile(DomainId=domain_id, UserProfileName="ada", UserSettings=profile)
    studio.app(domain_id, "ada-editor", ResourceSpec={"InstanceType": "ml.t3.medium", "LifecycleConfigArn": old})
    selected: Any = spec(InstanceType="ml.t3.medium", LifecycleConfigArn=new)
    studio.sagemaker.update_space(DomainId=domain_id, SpaceName="ada-editor", SpaceSettings=selected)
    names = f"runs with script old-{studio.tag}, and selects script new-{studio.tag}"
    return Case(patient, f"Space 'ada-editor' {names}", f"studioctl restart ada-editor{patient.flags}", Severity.INFO)


@case("DRF006")
def unsupported_image(ward: Ward) -> Case:
    patient = replace(ward.patient(), now=lambda: TODAY)
    _, domain_id = ward.domain(patient, **spec(InstanceType="ml.t3.large", **_image("3.2.0")))
    message = "Space 'ada-editor' uses image 3.2.0, which AWS supported until 2025-12-04"
    return Case(patient, message, _update_image(ward, domain_id), Severity.WARNING)


@case("DRF007")
def leftovers(ward: Ward) -> Case:
    patient = ward.patient()
    studio, domain_id = ward.domain(patient)
    tag = {"Key": patient.tag[0], "Value": patient.tag[1]}
    studio.ec2.create_tags(Resources=[studio.vpc_id], Tags=[tag])  # type: ignore[list-item]
    studio.sagemaker.delete_space(DomainId=domain_id, SpaceName="ada-editor")
    _gone(lambda: studio.sagemaker.describe_space(DomainId=domain_id, SpaceName="ada-editor"))
    studio.sagemaker.delete_user_profile(DomainId=domain_id, UserProfileName="ada")
    _gone(lambda: studio.sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName="ada"))
    studio.sagemaker.delete_domain(DomainId=domain_id, RetentionPolicy={"HomeEfsFileSystem": "Retain"})
    _gone(lambda: studio.sagemaker.describe_domain(DomainId=domain_id))
    message = f"Domain {domain_id} is gone, and has left something in {studio.vpc_id}"
    return Case(patient, message, f"studioctl down --config {patient.file} --local", Severity.WARNING)


def _gone(look: Callable[[], object]) -> None:
    from tests.unit.emulator.emulated import gone

    gone(look)


@case("DRF008")
def very_many_spaces(ward: Ward) -> Case:
    patient = ward.patient(users=[_with_spaces(52)])
    _, domain_id = ward.domain(patient)
    message = "The settings of 2 spaces were not looked at, from ada-50 on"
    remedy = f"aws sagemaker describe-space --domain-id {domain_id} --space-name ada-50{ward.flags}"
    return Case(patient, message, remedy, Severity.INFO)


def guarded(ward: Ward, *, looked: datetime | None = None) -> tuple[Patient, str]:
    """A patient with limits and their guard, which last looked then; and the guard's name."""
    patient = ward.patient(limits={"monthly_usd": 100.0})
    ward.domain(patient)
    name, cloud = f"{patient.wanted.name}-guard", functools.partial(ward.client, patient=patient)
    iam, s3 = cloud("iam"), cloud("s3")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    archive = guard.archived(patient.wanted, Naming.of(patient.wanted))
    arn = cloud("lambda").create_function(
        FunctionName=name, Role=role, Runtime="python3.13", Handler=guard.HANDLER, Code={"ZipFile": archive}
    )["FunctionArn"]
    cloud("scheduler").create_schedule(**schedule(name, arn, role, "ENABLED"))
    bucket = f"{patient.wanted.name}-data-{patient.identity.account_id}"
    s3.create_bucket(Bucket=bucket)
    if looked:
        text = Ledger.new(looked.timestamp() + 1).to_text()
        s3.put_object(Bucket=bucket, Key=LEDGER, Body=text.encode())
    return patient, name


def schedule(name: str, arn: str, role: str, state: str) -> dict[str, Any]:
    """The schedule that calls the guard once a day."""
    target = {"Arn": arn, "RoleArn": role}
    return {
        "Name": name,
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
        "State": state,
    }


@case("LIM001")
def no_guard(ward: Ward) -> Case:
    patient = ward.patient(limits={"monthly_usd": 100.0})
    ward.domain(patient)
    message = f"There is no function '{patient.wanted.name}-guard', and the file has limits"
    return Case(patient, message, f"studioctl up{patient.flags}", Severity.ERROR)


@case("LIM002")
def guard_that_is_switched_off(ward: Ward) -> Case:
    patient, name = guarded(ward, looked=TODAY)
    client = ward.client("scheduler", patient)
    told = client.get_schedule(Name=name)["Target"]
    client.update_schedule(**schedule(name, told["Arn"], told["RoleArn"], "DISABLED"))
    message = f"Schedule '{name}', which calls the guard, is DISABLED"
    return Case(patient, message, f"studioctl up{patient.flags}")


@case("LIM003")
def guard_that_does_not_look(ward: Ward) -> Case:
    patient, name = guarded(ward, looked=TODAY)
    patient = knowing(patient, session=long_ago(patient))
    message = f"The guard last looked at {TODAY:%Y-%m-%d %H:%M} UTC, and should every 5 min"
    return Case(patient, message, f"aws logs tail /aws/lambda/{name} --since 1h{ward.flags}")


@case("LIM004")
def guard_that_tells_nobody(ward: Ward) -> Case:
    patient, name = guarded(ward, looked=TODAY)
    sns = ward.client("sns", patient)
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@acme.com")
    message = "AWS's mail was not answered by ops@acme.com: the same command sends another one"
    command = f"aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint ops@acme.com{ward.flags}"
    return Case(patient, message, command, Severity.INFO)


@case("LIM005")
def ledger_that_is_none(ward: Ward) -> Case:
    patient, _ = guarded(ward, looked=TODAY)
    bucket = patient.wanted.bucket_in(patient.session.identity.account_id)
    ward.client("s3", patient).put_object(Bucket=bucket, Key=LEDGER, Body=b"{")
    message = f"The guard's ledger 's3://{bucket}/{LEDGER}' cannot be read: it is no JSON, or only a part of it."
    return Case(
        patient, message, "wait for the guard's next look: it keeps a copy, and counts the month anew from CloudTrail"
    )


@case("LIM006")
def grants_that_are_none(ward: Ward) -> Case:
    patient, _ = guarded(ward, looked=TODAY)
    bucket = patient.wanted.bucket_in(patient.session.identity.account_id)
    ward.client("s3", patient).put_object(Bucket=bucket, Key=GRANTS, Body=b"[]")
    place = f"s3://{bucket}/{GRANTS}"
    message = f"The grants in '{place}' cannot be read: it is no JSON object. For the guard nothing is granted."
    again = f"   (then grant again: studioctl limits grant{patient.flags} USER USD)"
    return Case(patient, message, f"aws s3 mv {place} {place}.unreadable{ward.flags}{again}")


def with_database(ward: Ward, **cluster: Any) -> tuple[Patient, str]:
    """A patient whose file has a database of studies; where there are members of a cluster, it is there."""
    patient = ward.patient(network={"access": "vpc-only"}, tuning={"database": "aurora-postgresql"})
    ward.domain(patient)
    name = f"{patient.wanted.name}-tuning"
    if cluster:
        shape = {
            "DBClusterIdentifier": name,
            "DBClusterArn": f"arn:aws:rds:us-east-1:123456789012:cluster:{name}",
            "DbClusterResourceId": "cluster-AB12",
            "Status": "available",
            "IAMDatabaseAuthenticationEnabled": True,
            "DBClusterMembers": [{"DBInstanceIdentifier": name}],
            "TagList": [{"Key": patient.tag[0], "Value": patient.tag[1]}],
            **cluster,
        }
        rds = SimpleNamespace(describe_db_clusters=lambda **_: {"DBClusters": [shape]})
        patient = knowing(patient, session=FakeSession({"rds": rds}, patient.session))
    return patient, name


@case("DBA001")
def no_database(ward: Ward) -> Case:
    patient, name = with_database(ward)
    return Case(patient, f"There is no cluster '{name}'", f"studioctl up{patient.flags}")


@case("DBA002")
def stopped_database(ward: Ward) -> Case:
    patient, name = with_database(ward, Status="stopped")
    remedy = f"aws rds start-db-cluster --db-cluster-identifier {name}{ward.flags}"
    return Case(patient, f"Cluster '{name}' is stopped", remedy, Severity.WARNING)


@case("DBA003")
def database_without_user(ward: Ward) -> Case:
    patient, name = with_database(ward, IAMDatabaseAuthenticationEnabled=False)
    return Case(patient, f"Workers cannot sign in to cluster '{name}' yet", f"studioctl up{patient.flags}")


@dataclass(frozen=True)
class OldFunction:
    """Lambda, where this function was made long ago."""

    behind: Any

    def get_function_concurrency(self, **names: Any) -> Any:
        return self.behind.get_function_concurrency(**names)

    def get_function(self, **names: Any) -> dict[str, Any]:
        found = self.behind.get_function(**names)
        old = (TODAY - timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        return {**found, "Configuration": {**found["Configuration"], "LastModified": old}}


class OldObject:
    """S3, whose objects were last written when `TODAY` was."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def head_object(self, **asked: Any) -> dict[str, Any]:
        return {**self.client.head_object(**asked), "LastModified": TODAY}


def long_ago(patient: Patient) -> FakeSession:
    clients = {
        "lambda": OldFunction(patient.session.client("lambda")),
        "s3": OldObject(patient.session.client("s3")),
    }
    return FakeSession(clients, patient.session, patient.identity)


@case("DOC001")
def no_permission(ward: Ward) -> Case:
    def refuse() -> object:
        raise refused("AccessDeniedException", "GetServiceQuota", message="ada may not")

    patient = ward.patient()
    knowing(patient, session=FakeSession({"service-quotas": FakeCall(refuse)}, patient.session))
    message = "user profiles could not be checked: AWS refused GetServiceQuota: ada may not"
    remedy = "find out who you are (aws sts get-caller-identity), and ask for the permission"
    return Case(patient, message, remedy, Severity.WARNING)


@case("DOC002")
def no_file(ward: Ward) -> Case:
    patient = replace(ward.patient(), config=None)
    message = f"there is no {patient.file}, so skipped: user profiles"
    return Case(patient, message, f"studioctl init --config {patient.file}", Severity.INFO)


def _with_spaces(count: int) -> dict[str, Any]:
    return {"name": "ada", "spaces": [{"name": f"ada-{number}"} for number in range(count)]}


def _image(version: str) -> dict[str, str]:
    return {"SageMakerImageArn": IMAGE, "SageMakerImageVersionAlias": version}


def _update_image(ward: Ward, domain_id: str) -> str:
    members = f"InstanceType=ml.t3.large,SageMakerImageArn={IMAGE},SageMakerImageVersionAlias=4"
    return (
        f"aws sagemaker update-space --domain-id {domain_id} --space-name ada-editor --space-settings"
        f" 'CodeEditorAppSettings={{DefaultResourceSpec={{{members}}}}}'{ward.flags}"
    )
