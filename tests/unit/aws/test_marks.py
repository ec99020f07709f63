"""A digest of what users share: another one when anybody changes it, the same when AWS changes what it always does."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from studioctl.aws import marks
from studioctl.aws.errors import DeniedError
from studioctl.catalog.kinds import PROFILE, SPACE
from studioctl.infrastructure import blueprint
from tests.environments import environment as config

ROLE = {"aws_iam_role": [{"name": "execution"}], "aws_iam_role_policy_attachment": [{"role": "execution"}]}


class Iam:
    """A role, as IAM tells of it."""

    def __init__(self) -> None:
        self.policies = ["studio", "s3"]
        self.used = 1
        self.code = ""

    def get_role(self, **_: str) -> Any:
        if self.code:
            raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "GetRole")
        role = {"RoleName": "execution", "RoleLastUsed": {"LastUsedDate": self.used}}
        return {"Role": role, "ResponseMetadata": {"RequestId": self.used}}

    def list_attached_role_policies(self, **_: str) -> Any:
        return {"AttachedPolicies": [{"PolicyName": name} for name in self.policies]}

    def list_role_policies(self, **_: str) -> Any:
        return {"PolicyNames": []}


@pytest.fixture
def iam() -> Iam:
    return Iam()


def digest(iam: Iam, things: Any = ROLE) -> str:
    return marks.digest(cast("Any", SimpleNamespace(client=lambda _: iam)), things, {})


def test_what_somebody_changes_is_another_digest(iam: Iam) -> None:
    before = digest(iam)

    iam.policies.append("admin")
    assert digest(iam) != before
    iam.policies = ["s3", "studio"]
    assert digest(iam) == before  # AWS promises no order


def test_what_aws_changes_by_itself_is_the_same(iam: Iam) -> None:
    before = digest(iam)

    iam.used = 2
    assert digest(iam) == before


def test_what_is_gone_is_another_digest(iam: Iam) -> None:
    before = digest(iam)

    iam.code = "NoSuchEntity"
    assert digest(iam) not in {before, ""}


def test_where_one_may_not_ask_there_is_none(iam: Iam) -> None:
    iam.code = "AccessDenied"

    with pytest.raises(DeniedError):
        digest(iam)


@pytest.mark.parametrize(
    "more",
    [
        {"aws_kms_key": [{"id": "k"}]},
        {"aws_security_group": [{"id": "sg-1", "vpc_id": "vpc-of-others"}]},
        {"aws_iam_role": [{"name": f"user-{number}"} for number in range(40)]},
    ],
    ids=["another type", "another VPC", "a role for each user"],
)
def test_of_some_things_only_terraform_can_tell(iam: Iam, more: Any) -> None:
    assert digest(iam, ROLE | more) == ""


def test_an_environment_of_the_usual_kind_has_no_other_types() -> None:
    made = {resource.type for resource in blueprint.build(config()).resources()}

    assert made - {PROFILE, SPACE} <= marks.QUESTIONS.keys()


class Shared:
    """An account that says of everything what it was told to."""

    def __init__(self) -> None:
        self.said: dict[str, str] = {}

    def client(self, _service: str) -> Any:
        return self

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_studio_lifecycle_configs"
        found = [{"StudioLifecycleConfigArn": arn, "Said": self.said.get(operation, "")} for arn in ("arn:s", "arn:x")]
        return SimpleNamespace(paginate=lambda: [{"StudioLifecycleConfigs": found}])

    def __getattr__(self, operation: str) -> Any:
        return lambda **of: {"Of": of, "Said": self.said.get(operation, "")}


SHARED = {
    "aws_ecr_repository": [{"name": "images", "arn": "arn:images"}],
    "aws_iam_policy": [{"arn": "arn:policy"}],
    "aws_s3_bucket": [{"bucket": "data"}],
    "aws_sagemaker_domain": [{"id": "d-1", "arn": "arn:domain"}],
    "aws_sagemaker_studio_lifecycle_config": [{"arn": "arn:s"}],
}


@pytest.mark.parametrize(
    "operation",
    [
        "get_bucket_acl",
        "get_bucket_cors",
        "get_bucket_logging",
        "get_bucket_replication",
        "get_bucket_tagging",
        "get_bucket_website",
        "get_policy",  # with tags
        "list_studio_lifecycle_configs",
        "list_tags",
        "list_tags_for_resource",
    ],
)
def test_tags_and_what_the_file_does_not_say_of_the_bucket_count_too(operation: str) -> None:
    account = Shared()
    before = marks.digest(cast("Any", account), SHARED, {})

    account.said[operation] = "changed by somebody else"

    assert marks.digest(cast("Any", account), SHARED, {}) not in {before, ""}


def test_the_domain_counts_by_what_was_heard_of_it() -> None:
    before, after = ({"DomainId": "d-1", "Settings": it, "ResponseMetadata": it} for it in ("as it was", "changed"))
    account = cast("Any", Shared())

    assert marks.digest(account, SHARED, before) != marks.digest(account, SHARED, after)
    again = {**before, "ResponseMetadata": "of another answer"}
    assert marks.digest(account, SHARED, before) == marks.digest(account, SHARED, again)


@pytest.mark.parametrize(("ownership", "is_asked"), [("BucketOwnerEnforced", False), ("ObjectWriter", True)])
def test_an_acl_is_asked_for_where_aws_takes_one(ownership: str, *, is_asked: bool) -> None:
    controls = [{"bucket": "data", "rule": [{"object_ownership": ownership}]}]
    account = Shared()
    things = SHARED | {"aws_s3_bucket_ownership_controls": controls}
    before = marks.digest(cast("Any", account), things, {})

    account.said["get_bucket_acl"] = "changed by somebody else"
    assert (marks.digest(cast("Any", account), things, {}) != before) is is_asked
    account.said["get_bucket_ownership_controls"] = "changed by somebody else"  # with which an ACL would count again
    assert marks.digest(cast("Any", account), things, {}) != before
