"""The audit finds what an account leaves open, and the remedy ends the finding."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studioctl.audit import policies
from studioctl.audit.account import Held, look
from studioctl.aws import guard
from studioctl.aws.safeguards import account_is_closed
from studioctl.aws.session import HURRIED, Session
from studioctl.aws.studio import Studio
from studioctl.findings import Finding
from studioctl.infrastructure import blueprint
from studioctl.operations import emulation
from studioctl.target import Target
from tests.environments import environment
from tests.unit.emulator.emulated import TRUST, client

ACCOUNT = "123456789012"
CLOSED: Any = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """An account that nobody has touched."""
    home = tmp_path_factory.mktemp("fresh")
    yield server.start(state_dir=home)
    server.stop(home)


def held(emulator: RunningEmulator, **sections: Any) -> Held:
    config = environment(**sections)
    session = Session(emulation.target(emulator, "us-east-1"), HURRIED)
    return Held(session, config, blueprint.build(config))


def by_id(found: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.rule.id: finding for finding in found}


def test_an_account_is_closed_bit_by_bit(fresh: RunningEmulator) -> None:
    s3, iam = client(fresh, "s3", "us-east-1"), client(fresh, "iam", "us-east-1")
    s3.create_bucket(Bucket="acme-lake")
    iam.create_role(RoleName="acme-ml-execution", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="acme-ml-execution", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    iam.put_role_policy(RoleName="acme-ml-execution", PolicyName="by-hand", PolicyDocument=document)
    where = held(fresh, storage={"extra_buckets": ["acme-lake", "acme-none"]})
    flags = f" --region us-east-1 --endpoint-url {fresh.endpoint_url}"

    found = list(look(where))

    assert [(f.rule.id, f.message) for f in found] == [
        ("STUDIO-101", "public access is not blocked for the account"),
        ("STUDIO-103", "bucket 'acme-lake' can be public"),
        ("STUDIO-102", "no trail is on"),
        ("STUDIO-104", "the root user has no second factor"),
        ("STUDIO-105", "role 'acme-ml-execution' has arn:aws:iam::aws:policy/AdministratorAccess"),
        ("STUDIO-105", "role 'acme-ml-execution' has by-hand"),
    ]
    assert found[-1].remedy == (
        f"aws iam delete-role-policy --role-name acme-ml-execution --policy-name by-hand{flags}"
    )
    assert found[1].key == ("storage", "extra_buckets", 0)
    assert found[1].remedy.startswith("aws s3api put-public-access-block --bucket acme-lake ")

    s3.put_public_access_block(Bucket="acme-lake", PublicAccessBlockConfiguration=CLOSED)
    iam.detach_role_policy(RoleName="acme-ml-execution", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.delete_role_policy(RoleName="acme-ml-execution", PolicyName="by-hand")
    trail = client(fresh, "cloudtrail", "us-east-1")
    trail.create_trail(Name="account", S3BucketName="acme-lake", IsMultiRegionTrail=True)

    assert list(by_id(look(where))) == ["STUDIO-101", "STUDIO-102", "STUDIO-104"]  # a trail that is off sees nothing

    trail.start_logging(Name="account")
    where.session.client("s3control").put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=CLOSED)

    assert account_is_closed(where.session)
    assert list(by_id(look(where))) == ["STUDIO-104"]


def test_what_the_blueprint_attaches_is_known(emulator: RunningEmulator) -> None:
    iam = client(emulator, "iam", "us-east-1")
    iam.create_role(RoleName="acme-known-execution", AssumeRolePolicyDocument=TRUST)
    for policy in ("AmazonSageMakerFullAccess", "SecretsManagerReadWrite"):
        iam.attach_role_policy(RoleName="acme-known-execution", PolicyArn=f"arn:aws:iam::aws:policy/{policy}")

    managed = by_id(look(held(emulator, name="acme-known", iam={"permissions": "managed"})))
    scoped = by_id(look(held(emulator, name="acme-known")))

    assert "STUDIO-105" not in managed
    assert "STUDIO-105" in scoped  # left from before, or attached again by hand


def test_anothers_policy_and_what_only_has_a_known_name_is_not(emulator: RunningEmulator) -> None:
    iam = client(emulator, "iam", "us-east-1")
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    made = {
        name: iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
        for name in ("acme-two-s3-ada", "acme-two-s3-grace", "acme-two-studio")
    }
    role = "acme-two-execution-ada"
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
    for arn in made.values():
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    iam.put_role_policy(RoleName=role, PolicyName="acme-two-studio", PolicyDocument=document)
    users = [{"name": "ada"}, {"name": "grace"}]

    found = look(held(emulator, name="acme-two", users=users, iam={"per_user_roles": True}))

    assert [finding.message for finding in found if finding.rule.id == "STUDIO-105"] == [
        f"role '{role}' has acme-two-studio",
        f"role '{role}' has {made['acme-two-s3-grace']}",
    ]


def test_what_the_guard_attaches_to_somebody_is_known(emulator: RunningEmulator) -> None:
    iam = client(emulator, "iam", "us-east-1")
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
    hold = iam.create_policy(PolicyName="acme-three-hold", PolicyDocument=document)["Policy"]["Arn"]
    iam.create_role(RoleName="acme-three-execution-ada", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="acme-three-execution-ada", PolicyArn=hold)
    own: dict[str, Any] = {"name": "acme-three", "iam": {"per_user_roles": True}}

    assert "STUDIO-105" not in by_id(look(held(emulator, **own, limits={"monthly_usd_per_user": 5.0})))
    assert "STUDIO-105" in by_id(look(held(emulator, **own)))


def written(statements: Any) -> str:
    """A policy's document as Terraform writes it, with values in place of its references, and one value as itself."""
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}).replace("&{", "${")
    of_things = re.sub(r"\$\{data\.aws_partition[^}]*\}", "aws", text)
    account = re.sub(r"\$\{data\.aws_caller_identity[^}]*\}", ACCOUNT, of_things)
    return re.sub(r"(?<!\$)\$\{[a-z0-9_]+\.[^}]*\}", "arn:aws:s3:::acme-four", account)


def test_a_policy_that_says_something_else_than_the_file_is_found(emulator: RunningEmulator) -> None:
    iam = client(emulator, "iam", "us-east-1")
    own: dict[str, Any] = {"name": "acme-four", "iam": {"per_user_roles": True}, "limits": {"monthly_usd": 5.0}}
    where = held(emulator, **own)
    made = {}
    for policy, statements in policies.managed(where.blueprint):
        name = policy.arguments["name"]
        turned = [{**each, "Sid": ""} for each in reversed(statements)]  # neither order nor names say anything
        made[name] = iam.create_policy(PolicyName=name, PolicyDocument=written(turned))["Policy"]["Arn"]
    assert {"acme-four-hold", "acme-four-s3"} <= {re.sub("-ada$", "", name) for name in made}
    assert "STUDIO-107" not in by_id(look(where))

    (hold,) = (statements for policy, statements in policies.managed(where.blueprint) if policy.label == "hold")
    nothing = written([{**hold[0], "Action": ["sagemaker:DescribeApp"]}])
    iam.create_policy_version(PolicyArn=made["acme-four-hold"], PolicyDocument=nothing, SetAsDefault=True)
    (objects,) = (name for name in made if name.startswith("acme-four-s3"))
    (of_objects,) = (each for policy, each in policies.managed(where.blueprint) if policy.arguments["name"] == objects)
    wide = written([{**each, "Resource": ["*"]} for each in of_objects])
    iam.create_policy_version(PolicyArn=made[objects], PolicyDocument=wide, SetAsDefault=True)

    found = [finding for finding in look(where) if finding.rule.id == "STUDIO-107"]
    assert {finding.message: finding.remedy for finding in found} == {
        "policy 'acme-four-hold' is not what the file makes it": "studioctl up",
        f"policy '{objects}' is not what the file makes it": "studioctl up",
    }


def test_a_refused_call_is_a_finding_and_the_rest_goes_on(fresh: RunningEmulator) -> None:
    refused = {"kind": "error", "service": "iam", "action": "GetAccountSummary", "code": "AccessDenied"}
    server.set_faults(fresh, {"faults": [{**refused, "status": 403, "message": "User: x is not authorized"}]})

    found = by_id(look(held(fresh)))

    assert found["STUDIO-090"].about == "the root user"
    assert {"STUDIO-101", "STUDIO-102"} <= found.keys()


def test_one_bucket_or_role_that_is_refused_hides_no_other(fresh: RunningEmulator) -> None:
    s3, iam = client(fresh, "s3", "us-east-1"), client(fresh, "iam", "us-east-1")
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    for bucket in ("acme-lake", "acme-sea"):
        s3.create_bucket(Bucket=bucket)
    for role in ("acme-ml-execution", "acme-ml-execution-ada"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
        iam.put_role_policy(RoleName=role, PolicyName="by-hand", PolicyDocument=document)
    refused = {"kind": "error", "code": "AccessDenied", "status": 403, "times": 1}
    actions = ({"service": "s3", "action": "GetPublicAccessBlock"}, {"action": "ListAttachedRolePolicies"})
    server.set_faults(fresh, {"faults": [{**refused, **each} for each in actions]})

    found = list(look(held(fresh, storage={"extra_buckets": ["acme-lake", "acme-sea"]}, iam={"per_user_roles": True})))

    assert [(f.rule.id, f.about) for f in found if f.rule.id in {"STUDIO-090", "STUDIO-103", "STUDIO-105"}] == [
        ("STUDIO-090", "bucket 'acme-lake'"),
        ("STUDIO-103", "acme-sea"),
        ("STUDIO-090", "role 'acme-ml-execution'"),
        ("STUDIO-105", "aws_iam_role.execution_ada"),
    ]


def test_without_credentials_the_account_is_told_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    nothing = str(tmp_path_factory.mktemp("nobody") / "none")
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", nothing)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", nothing)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    config = environment()

    found = list(look(Held(Session(Target("us-east-1"), HURRIED), config, blueprint.build(config))))

    assert [(f.rule.id, f.about) for f in found] == [("STUDIO-090", "the account")]
    assert "credentials" in found[0].message


def test_limits_without_a_guard_are_found_once_there_is_a_domain(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = held(emulator, limits={"monthly_usd": 100.0})
    assert "STUDIO-106" not in by_id(look(where))
    monkeypatch.setattr(Studio, "find_domain", lambda *_, **__: object())
    findings = by_id(look(where))
    found = findings["STUDIO-106"]
    assert (found.message, found.remedy) == ("there is no function 'acme-ml-guard'", "studioctl up")
    assert "STUDIO-106" not in by_id(look(held(emulator)))


def test_a_guard_that_has_not_looked_yet_is_new_and_no_finding(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its ledger is missing, which S3 tells of an object's head by 404 alone."""
    where = held(emulator, name="acme-five", limits={"monthly_usd": 100.0})
    client(emulator, "s3", "us-east-1").create_bucket(Bucket=where.config.bucket_in(ACCOUNT))
    monkeypatch.setattr(Studio, "find_domain", lambda *_, **__: object())
    monkeypatch.setattr(guard, "standing", lambda *_: guard.Standing(where.now(), is_quiet=False, schedule="ENABLED"))
    assert not [each for each in look(where) if each.about in {"the guard", "acme-five-guard"}]
