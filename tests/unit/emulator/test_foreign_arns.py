"""ARNs of another account, region or partition name nothing here, whatever their last part is."""

import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import REGION, client, refusal

ME = "arn:aws:sts::123456789012:user/moto"


@pytest.fixture
def secret(emulator: RunningEmulator) -> Iterator[str]:
    secrets = client(emulator, "secretsmanager")
    arn = secrets.create_secret(Name=f"secret-{uuid.uuid4().hex[:8]}", SecretString="s")["ARN"]
    yield arn
    secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


@pytest.fixture
def group(emulator: RunningEmulator) -> Iterator[str]:
    logs, name = client(emulator, "logs"), f"/acme/{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=name)
    yield f"arn:aws:logs:{REGION}:123456789012:log-group:{name}"
    logs.delete_log_group(logGroupName=name)


def test_a_secret_of_somebody_else(emulator: RunningEmulator, secret: str) -> None:
    secrets = client(emulator, "secretsmanager")
    other = secret.replace("123456789012", "999999999999")
    for call, action in (
        (secrets.get_secret_value, "GetSecretValue"),
        (secrets.describe_secret, "DescribeSecret"),
        (secrets.delete_secret, "DeleteSecret"),
    ):
        assert refusal(partial(call, SecretId=other)) == (
            "AccessDeniedException",
            (
                f"User: {ME} is not authorized to perform: secretsmanager:{action} on resource: {other} because no"
                f" resource-based policy allows the secretsmanager:{action} action"
            ),
        )
        for absent in (secret.replace(REGION, "us-east-1"), secret.replace("arn:aws:", "arn:aws-us-gov:")):
            assert refusal(partial(call, SecretId=absent)) == (
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
            )
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "s"


def test_a_log_group_of_somebody_else(emulator: RunningEmulator, group: str) -> None:
    logs = client(emulator, "logs")
    other = group.replace("123456789012", "999999999999")
    for call, action in (
        (lambda arn: logs.tag_resource(resourceArn=arn, tags={"a": "b"}), "TagResource"),
        (lambda arn: logs.untag_resource(resourceArn=arn, tagKeys=["a"]), "UntagResource"),
        (lambda arn: logs.list_tags_for_resource(resourceArn=arn), "ListTagsForResource"),
        (lambda arn: logs.describe_log_streams(logGroupIdentifier=arn), "DescribeLogStreams"),
    ):
        code, message = refusal(partial(call, other))
        assert code == "AccessDeniedException"
        assert message.startswith(f"User: {ME} is not authorized to perform: logs:{action} on resource: {other}")
        for absent in (group.replace(REGION, "us-east-1"), group.replace("arn:aws:", "arn:aws-cn:")):
            assert refusal(partial(call, absent))[0] == "ResourceNotFoundException"
    missing = group + "-not"
    not_there = ("ResourceNotFoundException", "The specified resource does not exist.")
    assert refusal(lambda: logs.tag_resource(resourceArn=missing, tags={"a": "b"})) == not_there
    assert refusal(lambda: logs.list_tags_for_resource(resourceArn=missing)) == not_there
    logs.tag_resource(resourceArn=group, tags={"a": "b"})
    assert logs.list_tags_for_resource(resourceArn=group)["tags"] == {"a": "b"}


def test_a_key_of_somebody_else(emulator: RunningEmulator) -> None:
    kms = client(emulator, "kms")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    other = arn.replace("123456789012", "999999999999")
    assert refusal(lambda: kms.describe_key(KeyId=other)) == (
        "AccessDeniedException",
        (
            f"User: {ME} is not authorized to perform: kms:DescribeKey on resource: {other} because no resource-based"
            " policy allows the kms:DescribeKey action"
        ),
    )
    absent = arn.replace(REGION, "us-west-2")
    assert refusal(lambda: kms.encrypt(KeyId=absent, Plaintext=b"x")) == ("NotFoundException", "Invalid arn us-west-2")
    kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)


def test_a_repository_of_somebody_else(emulator: RunningEmulator) -> None:
    ecr, name = client(emulator, "ecr"), f"acme-{uuid.uuid4().hex[:8]}"
    arn = ecr.create_repository(repositoryName=name)["repository"]["repositoryArn"]
    tags = [{"Key": "a", "Value": "b"}]
    other = arn.replace("123456789012", "999999999999")
    assert refusal(lambda: ecr.tag_resource(resourceArn=other, tags=tags))[0] == "AccessDeniedException"
    absent = arn.replace(REGION, "us-west-2")
    assert refusal(lambda: ecr.tag_resource(resourceArn=absent, tags=tags))[0] == "RepositoryNotFoundException"
    ecr.delete_repository(repositoryName=name)


def test_the_tagging_api_tells_thing_by_thing(emulator: RunningEmulator, group: str) -> None:
    tagging = client(emulator, "resourcegroupstaggingapi")
    foreign = [
        group.replace("123456789012", "999999999999"),
        group.replace(REGION, "us-east-1"),
        group.replace("arn:aws:", "arn:aws-cn:"),
        "nonsense-that-is-no-arn",
    ]
    for answer in (
        tagging.tag_resources(ResourceARNList=[*foreign, group], Tags={"team": "ml"}),
        tagging.untag_resources(ResourceARNList=[*foreign, group], TagKeys=["other"]),
    ):
        failed: dict[str, Any] = answer["FailedResourcesMap"]
        assert sorted(failed) == sorted(foreign)
        assert {each["ErrorCode"] for each in failed.values()} == {"InvalidParameterException"}
        assert {each["StatusCode"] for each in failed.values()} == {400}
    logs = client(emulator, "logs")
    assert logs.list_tags_for_resource(resourceArn=group)["tags"] == {"team": "ml"}
