"""S3 as strict as AWS about names of buckets, and about what would open one to everybody."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from studio_emulator.buckets import is_bucket_name
from studio_emulator.public_access import is_public
from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import REGION, client, refusal

CLOSED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
ANYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
ME = "arn:aws:sts::123456789012:user/moto"


@pytest.fixture
def bucket(emulator: RunningEmulator) -> Iterator[str]:
    s3, name = client(emulator, "s3"), f"bucket-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield name
    for key in s3.list_objects_v2(Bucket=name).get("Contents", ()):
        s3.delete_object(Bucket=name, Key=key["Key"])
    s3.delete_bucket(Bucket=name)


@pytest.mark.parametrize(
    "name",
    [
        *("Acme-tf", "acme_tf", "acme tf", ".acme", "acme.", "-acme", "acme-", "ac..me", "192.168.5.4", "acmé"),
        *("xn--acme", "sthree-acme", "sthree-configurator-acme", "amzn-s3-demo-acme", "acme-s3alias", "acme--ol-s3"),
        *("acme.mrap", "acme--use1-az4--x-s3", "acme--table-s3", "ab", "a" * 64),
    ],
)
def test_what_no_bucket_may_be_called(name: str) -> None:
    assert not is_bucket_name(name)


@pytest.mark.parametrize(
    "name", ["acme", "acme.tf.state", "1acme9", "a" * 63, "192.168.5.4.a", "acme-s3alias-x", "a.-b"]
)
def test_what_a_bucket_may_be_called(name: str) -> None:
    assert is_bucket_name(name)


@pytest.mark.parametrize("region", [REGION, "us-east-1"])
@pytest.mark.parametrize("name", ["Acme_TF", "Bkt_B", "acme..tf", "10.0.0.1", "acme-s3alias"])
def test_a_name_is_refused_in_every_region(emulator: RunningEmulator, region: str, name: str) -> None:
    s3 = client(emulator, "s3", region)
    place: Any = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region != "us-east-1" else {}
    assert refusal(lambda: s3.create_bucket(Bucket=name, **place)) == (
        "InvalidBucketName",
        "The specified bucket is not valid.",
    )
    assert name not in [each["Name"] for each in s3.list_buckets()["Buckets"]]


def statement(principal: Any, **more: Any) -> str:
    about = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme/*"}
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, **about, **more}]}
    )


def test_public_access_that_is_blocked_is_refused(emulator: RunningEmulator, bucket: str) -> None:
    s3 = client(emulator, "s3")
    public = statement("*").replace("acme", bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=public)
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    s3.delete_bucket_policy(Bucket=bucket)
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=CLOSED)

    assert refusal(lambda: s3.put_bucket_policy(Bucket=bucket, Policy=public)) == (
        "AccessDenied",
        (
            f'User: {ME} is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::{bucket}" because'
            " public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
        ),
    )
    assert refusal(lambda: s3.get_bucket_policy(Bucket=bucket))[0] == "NoSuchBucketPolicy"
    grant = {"Grantee": {"Type": "Group", "URI": ANYBODY}, "Permission": "READ"}
    policy = {"Owner": {"ID": "a"}, "Grants": [grant]}
    for call, action, resource in (
        (lambda: s3.put_bucket_acl(Bucket=bucket, ACL="public-read"), "PutBucketAcl", bucket),
        (lambda: s3.put_bucket_acl(Bucket=bucket, GrantRead=f'uri="{ANYBODY}"'), "PutBucketAcl", bucket),
        (lambda: s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=policy), "PutBucketAcl", bucket),
        (lambda: s3.put_object_acl(Bucket=bucket, Key="a", ACL="authenticated-read"), "PutObjectAcl", f"{bucket}/a"),
        (lambda: s3.put_object(Bucket=bucket, Key="b", ACL="public-read-write"), "PutObject", f"{bucket}/b"),
    ):
        assert refusal(call) == (
            "AccessDenied",
            (
                f'User: {ME} is not authorized to perform: s3:{action} on resource: "arn:aws:s3:::{resource}" because'
                " public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access."
            ),
        )
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    s3.put_bucket_policy(Bucket=bucket, Policy=statement({"AWS": "123456789012"}).replace("acme", bucket))


def test_a_bucket_without_acls_takes_none(emulator: RunningEmulator, bucket: str) -> None:
    s3 = client(emulator, "s3")
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    refused = ("AccessControlListNotSupported", "The bucket does not allow ACLs")
    assert refusal(lambda: s3.put_bucket_acl(Bucket=bucket, ACL="private")) == refused
    assert refusal(lambda: s3.put_object(Bucket=bucket, Key="a", ACL="public-read")) == refused
    s3.put_object(Bucket=bucket, Key="a", ACL="bucket-owner-full-control")
    s3.put_object(Bucket=bucket, Key="b")


@pytest.mark.parametrize(
    ("condition", "public"),
    [
        ({}, True),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, False),
        ({"StringEquals": {"aws:SourceAccount": ["123456789012"]}}, False),
        ({"StringLike": {"aws:SourceVpce": "vpce-*"}}, True),
        ({"StringEquals": {"aws:SourceVpc": "${aws:username}"}}, True),
        ({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, True),
        ({"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
        ({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/1"]}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}, False),
        ({"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:eu-west-1:123456789012:accesspoint/*"}}, False),
        ({"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:eu-west-1:*:accesspoint/a"}}, True),
    ],
)
def test_when_a_policy_is_public(condition: dict[str, Any], public: bool) -> None:
    for principal in ("*", {"AWS": "*"}, {"AWS": ["123456789012", "*"]}):
        assert is_public(statement(principal, Condition=condition)) is public


def test_who_is_not_everybody() -> None:
    for principal in ({"AWS": "arn:aws:iam::123456789012:root"}, {"Service": "logging.s3.amazonaws.com"}):
        assert not is_public(statement(principal))
    assert not is_public(statement("*", Effect="Deny"))
