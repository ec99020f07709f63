"""The emulator notes what a policy would have to allow."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from tests.unit.emulator.emulated import client

TRUST: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


@pytest.fixture(scope="module")
def noting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    home = tmp_path_factory.mktemp("noting")
    yield server.start(settings=EmulatorSettings(record_permissions=True), state_dir=home)
    server.stop(home)


def test_actions_resources_and_roles_that_are_passed(noting: RunningEmulator) -> None:
    ec2, iam, s3 = (client(noting, service, "us-east-1") for service in ("ec2", "iam", "s3"))
    role = iam.create_role(RoleName="maker", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/20")["Subnet"]["SubnetId"]
    s3.create_bucket(Bucket="acme-data")
    server.permissions(noting, forget=True)

    client(noting, "sagemaker", "us-east-1").create_domain(
        DomainName="acme", AuthMode="IAM", DefaultUserSettings={"ExecutionRole": role}, VpcId=vpc, SubnetIds=[subnet]
    )
    s3.put_object(Bucket="acme-data", Key="a/b", Body=b"")
    s3.put_object(Bucket="acme-data", Key="a/b", Body=b"")

    found = {
        (each["action"], each["resource"], each["passed_to"]): each["times"] for each in server.permissions(noting)
    }
    assert found[("iam:PassRole", role, "sagemaker.amazonaws.com")] == 1
    assert found[("s3:PutObject", "arn:aws:s3:::acme-data/a/b", "")] == 2
    assert [action for action, _, _ in found] == ["iam:PassRole", "s3:PutObject", "sagemaker:CreateDomain"]


def test_who_asked_is_noted(noting: RunningEmulator) -> None:
    iam, sts = (client(noting, service, "us-east-1") for service in ("iam", "sts"))
    (trusts,) = TRUST["Statement"]
    anybody = {**TRUST, "Statement": [{**trusts, "Principal": {"AWS": "*"}}]}
    role = iam.create_role(RoleName="guard", AssumeRolePolicyDocument=json.dumps(anybody))["Role"]["Arn"]
    session = sts.assume_role(RoleArn=role, RoleSessionName="watch")
    keys = session["Credentials"]
    server.permissions(noting, forget=True)

    client(noting, "sagemaker", "us-east-1").list_domains()
    of_role = boto3.client(
        "sagemaker",
        endpoint_url=noting.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        of_role.list_apps()

    assert [(each["action"], each["by"]) for each in server.permissions(noting)] == [
        ("sagemaker:ListApps", session["AssumedRoleUser"]["Arn"]),
        ("sagemaker:ListDomains", ""),
    ]


def test_nothing_is_noted_unasked(emulator: RunningEmulator) -> None:
    client(emulator, "sagemaker", "us-east-1").list_domains()

    assert server.permissions(emulator) == []
