"""The people who could write Terraform's state."""

from typing import Any

import pytest

from studioctl.config import state_access

KEY = "acme-ml/terraform.tfstate"


def places(bucket: str = "acme-tfstate", key: str = KEY, **sections: Any) -> list[tuple[str | int, ...]]:
    """The places of a file with these sections that give users the state."""
    return [place for place, _ in state_access.of_place({"name": "acme-ml", **sections}, bucket, key)]


def statement(*actions: str, on: str, **more: Any) -> dict[str, Any]:
    return {"extra_statements": [{"actions": list(actions), "resources": [on], **more}]}


@pytest.mark.parametrize(
    "iam",
    [
        statement("s3:*", on="*"),
        statement("s3:Put*", on="arn:aws:s3:::acme-*"),
        statement("s3:putobject", on="arn:aws:s3:::*/terraform.tfstate"),
        statement("s3:DeleteObject?ersion", on="arn:aws:s3:::acme-tfstate/*"),
        statement("s3:PutObject", on="arn:aws:s3:::acme-tfstate/acme-ml/*.tflock"),
        statement("s3:PutObject", on="arn:aws:s3:::${aws:PrincipalTag/team}/*"),
        statement("s3:PutBucketPolicy", on="arn:aws:s3:::acme-tfstate"),
        statement("s3:PutObject", on="arn:*:*:::acme-tfstate/*"),
        statement("s3:PutObject", on="*", conditions={"StringEquals": {"aws:PrincipalTag/team": ["ml"]}}),
    ],
)
def test_a_statement_that_lets_users_write_the_state_is_found(iam: dict[str, Any]) -> None:
    assert places(iam=iam) == [("iam", "extra_statements", 0, "resources")]


@pytest.mark.parametrize(
    "iam",
    [
        statement("s3:Get*", "s3:List*", on="*"),
        statement("s3:*", on="arn:aws:s3:::acme-lake/*"),
        statement("s3:*", on="arn:aws:s3:::acme-tfstate/other/*"),
        statement("s3:*", on="*", effect="Deny"),
        statement("ec2:*", on="*"),
        statement("s3:PutObject", on="arn:aws:sqs:us-east-1:123456789012:acme-tfstate"),
    ],
)
def test_a_statement_that_does_not_is_fine(iam: dict[str, Any]) -> None:
    assert places(iam=iam) == []


def test_the_data_bucket_holds_no_state_under_its_own_or_its_usual_name() -> None:
    assert places(storage={"bucket": "acme-tfstate"}) == [("state", "bucket")]
    assert places("acme-ml-data-123456789012") == [("state", "bucket")]
    assert places("acme-ml-data-1234") == []


@pytest.mark.parametrize(("bucket", "key"), [("my-sagemaker-states", KEY), ("acme", "sagemaker/terraform.tfstate")])
def test_awss_managed_policies_reach_buckets_and_objects_by_their_names(bucket: str, key: str) -> None:
    assert places(bucket, key, iam={"permissions": "managed"}) == [("state", "bucket")]
    assert places(bucket, key, iam={"permissions": "scoped"}) == []
