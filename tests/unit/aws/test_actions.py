"""Which action of IAM was meant."""

from typing import Any

import pytest

from studioctl.aws.actions import meant

POLICIES: tuple[dict[str, Any], ...] = (
    {"Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}},
    {"Statement": [{"Action": ["elasticfilesystem:ClientMount", "s3:Get*"]}, {"NotAction": "iam:*"}]},
)


@pytest.mark.parametrize(
    ("action", "nearest"),
    [
        ("s3:GetObjec", "s3:GetObject"),  # of the API
        ("kms:Encript", "kms:Encrypt"),
        ("elasticfilesystem:ClientMounts", "elasticfilesystem:ClientMount"),  # of a policy alone
        ("s3:getobject", ""),  # IAM takes it
        ("s3:ListBucket", ""),  # IAM's alone, and a call of the API is ListBuckets
        ("s3:PutLifecycleConfiguration", ""),  # IAM's alone, and in no policy here
        ("kms:Encrypt", ""),
        ("s3:GetObj*", ""),
        ("nothing:LikeThis", ""),
    ],
)
def test_the_nearest_action_is_told_where_none_has_that_name(action: str, nearest: str) -> None:
    assert meant(action, POLICIES) == nearest
