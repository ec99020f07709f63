"""Refusals by AWS half-way are reported before the first change, all at once."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from studioctl.aws.named import KeyFacts
from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.errors import ConfigError
from studioctl.events import Noted
from studioctl.infrastructure import blueprint
from studioctl.operations import emulation
from studioctl.operations.environment import Account
from studioctl.operations.provisioning import named, preflight
from tests.fakes.aws import FakeCall, FakeSession, refused
from tests.fakes.work import done
from tests.unit.emulator.emulated import TRUST, Studio, client, gone, new_studio
from tests.unit.operations.conftest import REGION

ACCOUNT = "123456789012"
HEAD = 'name = "acme-pre"\nregion = "us-east-1"\nusers = [{ name = "ada" }]\n'


@pytest.fixture
def account(emulator: RunningEmulator) -> Callable[[str], Account]:
    """The account of a file with these lines."""

    def make(lines: str) -> Account:
        text = HEAD + lines + "\n"
        return Account(parse(text), emulation.target(emulator, REGION), source=Source("s.toml", text))

    return make


@pytest.fixture
def aws(emulator: RunningEmulator) -> Callable[[str], Any]:
    return lambda service: client(emulator, service, REGION)


def refusal(work: Any) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        done(work)
    assert refused.value.hint == "correct the file, or what it names; then run the same command again"
    return refused.value.message.splitlines()


def test_what_is_not_there_is_told_with_its_line(account: Callable[[str], Account]) -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/not-there"
    lines = f'iam.permissions_boundary = "{boundary}"\nencryption.key = "{key}"\n'
    lines += '[storage]\naccess_logs = "acme-no-logs"\nextra_buckets = ["acme-not-there"]'

    extra = "storage.extra_buckets[0]: there is no bucket 'acme-not-there'"
    assert refusal(preflight.check_named(account(lines))) == [
        f"s.toml:4: iam.permissions_boundary: there is no policy '{boundary}'; make it first, or write one that exists",
        f"s.toml:5: encryption.key: there is no key '{key}'; make it first, or write one that exists",
        "s.toml:7: storage.access_logs: there is no bucket 'acme-no-logs'; make it first, or write one that exists",
        f"s.toml:8: {extra}; make it first, or delete it from the list",
    ]


def test_a_boundary_of_another_account_is_none(account: Callable[[str], Account]) -> None:
    (told,) = refusal(preflight.check_named(account('iam.permissions_boundary = "arn:aws:iam::111122223333:policy/b"')))

    assert told.endswith(
        f"is a policy of account 111122223333, and IAM takes one of {ACCOUNT}; write one of that account"
    )


@pytest.fixture
def a_key(aws: Callable[[str], Any]) -> Callable[..., str]:
    return lambda **how: aws("kms").create_key(**how)["KeyMetadata"]["Arn"]


def test_what_is_right_is_taken(account: Callable[[str], Account], aws: Callable[[str], Any], a_key: Any) -> None:
    iam, s3 = aws("iam"), aws("s3")
    document = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    boundary = iam.create_policy(PolicyName="acme-bound", PolicyDocument=document)["Policy"]["Arn"]
    for name in ("acme-right-logs", "acme-right-lake"):
        s3.create_bucket(Bucket=name)
    admits = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": ["s3:PutObject"],
        "Resource": "arn:aws:s3:::acme-right-logs/*",
    }
    s3.put_bucket_policy(Bucket="acme-right-logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [admits]}))
    try:
        lines = f'iam.permissions_boundary = "{boundary}"\nencryption.key = "{a_key()}"\n'
        lines += '[storage]\naccess_logs = "acme-right-logs"\nextra_buckets = ["acme-right-lake"]'
        assert done(preflight.check_named(account(lines))) is None  # no endpoints, whose zones it would return
    finally:
        iam.delete_policy(PolicyArn=boundary)
        for name in ("acme-right-logs", "acme-right-lake"):
            s3.delete_bucket(Bucket=name)


@pytest.mark.parametrize(
    ("how", "then", "told"),
    [
        ({}, "disable_key", "has the state Disabled, and encrypts nothing; turn it on: aws kms enable-key --key-id"),
        ({}, "schedule_key_deletion", "is scheduled for deletion, and encrypts nothing; save it: aws kms cancel-key-"),
        (
            {"KeyUsage": "SIGN_VERIFY", "KeySpec": "RSA_2048"},
            "",
            "is a key of another kind (RSA_2048, for SIGN_VERIFY); write a symmetric one for ENCRYPT_DECRYPT",
        ),
    ],
)
def test_a_key_has_to_encrypt(
    account: Callable[[str], Account], aws: Callable[[str], Any], a_key: Any, how: Any, then: str, told: str
) -> None:
    arn = a_key(**how)
    if then:
        getattr(aws("kms"), then)(KeyId=arn)

    (found,) = refusal(preflight.check_named(account(f'encryption.key = "{arn}"')))
    assert told in found


def test_a_key_whose_policy_admits_nobody_of_the_account_is_no_use(
    account: Callable[[str], Account], a_key: Any
) -> None:
    theirs = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**theirs, "Resource": "*"}]})

    (found,) = refusal(preflight.check_named(account(f'encryption.key = "{a_key(Policy=policy)}"')))
    assert "its policy lets nobody of this account do kms:Decrypt, kms:GenerateDataKey, kms:CreateGrant; " in found


def test_a_policy_may_say_what_it_does_not_admit(account: Callable[[str], Account], a_key: Any) -> None:
    ours = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Resource": "*"}
    but = {"Version": "2012-10-17", "Statement": [{**ours, "NotAction": "kms:ScheduleKeyDeletion"}]}
    none = {"Version": "2012-10-17", "Statement": [{**ours, "NotAction": ["kms:Decrypt", "kms:CreateGrant"]}]}

    for _ in preflight.check_named(account(f'encryption.key = "{a_key(Policy=json.dumps(but))}"')):
        pass
    (found,) = refusal(preflight.check_named(account(f'encryption.key = "{a_key(Policy=json.dumps(none))}"')))
    assert "its policy lets nobody of this account do kms:Decrypt, kms:CreateGrant; " in found


def test_buckets_are_in_the_right_region(account: Callable[[str], Account], emulator: RunningEmulator) -> None:
    s3 = client(emulator, "s3", "eu-west-1")
    s3.create_bucket(Bucket="acme-euw", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    lines = '[storage]\naccess_logs = "acme-euw"\n[state]\nbackend = "s3"\nbucket = "acme-euw"'
    elsewhere, remedy = "is in eu-west-1, and", "write one of us-east-1"
    try:
        logs, state = refusal(preflight.check_named(account(lines)))
        assert logs == f"s.toml:5: storage.access_logs: 'acme-euw' {elsewhere} S3 logs within us-east-1 alone; {remedy}"
        assert state.startswith("s.toml:8: state.bucket: 'acme-euw' is in eu-west-1, not in us-east-1; write region = ")
    finally:
        s3.delete_bucket(Bucket="acme-euw")


def test_a_bucket_that_does_not_admit_the_log_service_is_told(
    account: Callable[[str], Account], aws: Callable[[str], Any]
) -> None:
    aws("s3").create_bucket(Bucket="acme-shut")
    try:
        (found,) = refusal(preflight.check_named(account('storage.access_logs = "acme-shut"')))
        assert "the policy of 'acme-shut' does not admit S3's log service, logging.s3.amazonaws.com; add it" in found
    finally:
        aws("s3").delete_bucket(Bucket="acme-shut")


def test_where_looking_is_denied_it_is_a_note(account: Callable[[str], Account]) -> None:
    def denied() -> Any:
        raise refused("AccessDenied", "GetPolicy", message="User: x is not authorized to perform: iam:GetPolicy")

    made = account(f'iam.permissions_boundary = "arn:aws:iam::{ACCOUNT}:policy/b"')
    session: Any = FakeSession({"iam": FakeCall(denied)}, made.session)
    session.identity = made.session.identity
    made.__dict__["session"] = session

    (note,) = list(preflight.check_named(made))
    assert isinstance(note, Noted)
    assert note.message.startswith("Not looked at: the permissions boundary. AWS refused GetPolicy")


@pytest.fixture
def taken(aws: Callable[[str], Any], emulator: RunningEmulator) -> Iterator[None]:
    """Everything that the environment would call its own belongs to others."""
    iam, ecr, secrets, s3, kms, logs = (aws(it) for it in ("iam", "ecr", "secretsmanager", "s3", "kms", "logs"))
    iam.create_role(RoleName="acme-pre-execution", AssumeRolePolicyDocument=TRUST)
    ecr.create_repository(repositoryName="acme-pre")
    secret = secrets.create_secret(Name="acme-pre/github", SecretString="x")["ARN"]
    bucket = f"acme-pre-data-{ACCOUNT}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="theirs", Body=b"data")
    kms.create_alias(AliasName="alias/acme-pre", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    logs.create_log_group(logGroupName="acme-pre-flow-logs")
    studio: Studio = new_studio(emulator, REGION)
    domain_id = studio.domain(DomainName="acme-pre")
    yield
    studio.sagemaker.delete_domain(DomainId=domain_id, RetentionPolicy={"HomeEfsFileSystem": "Delete"})
    gone(lambda: studio.sagemaker.describe_domain(DomainId=domain_id))
    iam.delete_role(RoleName="acme-pre-execution")
    ecr.delete_repository(repositoryName="acme-pre")
    secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    s3.delete_object(Bucket=bucket, Key="theirs")
    s3.delete_bucket(Bucket=bucket)
    kms.delete_alias(AliasName="alias/acme-pre")
    logs.delete_log_group(logGroupName="acme-pre-flow-logs")


FULL = """\
[secrets]
github = { username = "ada" }
[encryption]
customer_key = true
[network]
flow_logs = true"""


@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        ("Disabled", "turn it on: aws kms enable-key --key-id {0}{1}"),
        ("PendingImport", "import its key material"),
        ("PendingReplicaDeletion", "write another key"),
        ("Updating", "wait until it is Enabled"),
    ],
)
def test_each_state_of_a_key_has_its_own_remedy(state: str, remedy: str) -> None:
    told = named._unfit(KeyFacts(state, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"))

    assert told.startswith(f"has the state {state}, and encrypts nothing; {remedy}")


def test_every_taken_name_is_told_at_once(account: Callable[[str], Account], taken: None) -> None:
    made = account(FULL)
    everything = blueprint.build(made.config)

    told = refusal(preflight.check_names(made, everything, ()))
    nouns: tuple[str, ...] = (
        "log group 'acme-pre-flow-logs'",
        "KMS alias 'alias/acme-pre'",
        "secret 'acme-pre/github'",
        "domain 'acme-pre'",
    )
    nouns += (f"bucket 'acme-pre-data-{ACCOUNT}'", "role 'acme-pre-execution'", "repository 'acme-pre'")
    for noun in nouns:
        (line,) = [line for line in told if noun in line]
        assert f"There is a {noun} in this account, which is not this environment's; write another name: " in line
    assert len(told) == len(nouns)


def test_what_the_state_knows_is_not_asked_for(account: Callable[[str], Account], taken: None) -> None:
    made = account(FULL)
    everything = blueprint.build(made.config)

    assert done(preflight.check_names(made, everything, {r.address for r in everything.resources()})) is None


def test_a_group_in_an_existing_vpc_has_a_fixed_name(
    account: Callable[[str], Account], emulator: RunningEmulator
) -> None:
    studio: Studio = new_studio(emulator, REGION)
    studio.ec2.create_security_group(GroupName="acme-pre-studio", Description="theirs", VpcId=studio.vpc_id)
    made = account(f'network.vpc = {{ id = "{studio.vpc_id}", subnet_ids = ["{studio.subnet_ids[0]}"] }}')

    (told,) = refusal(preflight.check_names(made, blueprint.build(made.config), ()))
    assert f"There is a security group 'acme-pre-studio' in {studio.vpc_id}, which is not this environment's" in told
