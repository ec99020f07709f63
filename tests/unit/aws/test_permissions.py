"""AWS's own words for a denial, and what is made of them."""

import json

import pytest
from botocore.exceptions import ClientError

from studioctl.aws.errors import DeniedError, translated
from studioctl.aws.permissions import Denial, read_denial

SPACE_APP = "arn:aws:sagemaker:us-east-1:123456789012:app/d-abc/ada-editor/codeeditor/default"
ADA = "arn:aws:iam::123456789012:user/people/ada"
ROLE = "arn:aws:sts::123456789012:assumed-role/Developer/ada@example.com"

# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html gives these forms.
IMPLICIT = (
    f"User: {ADA} is not authorized to perform: sagemaker:CreateApp on resource: {SPACE_APP} because no identity-based"
    " policy allows the sagemaker:CreateApp action"
)
BY_ORGANISATION = (
    f"User: {ROLE} is not authorized to perform: sagemaker:CreateApp on resource: {SPACE_APP} with an explicit deny in"
    " a service control policy"
)
NO_BOUNDARY = (
    f"User: {ROLE} is not authorized to perform: logs:GetLogEvents on resource: arn:aws:logs:us-east-1:123456789012:log"
    "-group:/aws/sagemaker/studio:log-stream:x because no permissions boundary allows the logs:GetLogEvents action"
)
EC2 = (
    f"You are not authorized to perform this operation. User: {ROLE} is not authorized to perform: ec2:DescribeSubnets"
    " because no identity-based policy allows the ec2:DescribeSubnets action"
)
QUOTED = (
    f'User: {ADA} is not authorized to perform: s3:ListBucketVersions on resource: "arn:aws:s3:::acme-data" because no'
    " identity-based policy allows the s3:ListBucketVersions action"
)


@pytest.mark.parametrize(
    ("operation", "said", "expected"),
    [
        ("CreateApp", IMPLICIT, Denial("sagemaker:CreateApp", SPACE_APP, ADA)),
        ("CreateApp", BY_ORGANISATION, Denial("sagemaker:CreateApp", SPACE_APP, ROLE, "a service control policy")),
        (
            "GetLogEvents",
            NO_BOUNDARY,
            Denial(
                "logs:GetLogEvents",
                "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/studio:log-stream:x",
                ROLE,
                lacking="permissions boundary",
            ),
        ),
        ("DescribeSubnets", EC2, Denial("ec2:DescribeSubnets", "*", ROLE)),
        ("ListObjectVersions", QUOTED, Denial("s3:ListBucketVersions", "arn:aws:s3:::acme-data", ADA)),
        ("ListObjectVersions", "Access Denied", Denial("s3:ListBucketVersions", "*", None)),
        ("Something", "Access Denied", Denial(None, "*", None)),
    ],
)
def test_what_aws_says_is_understood(operation: str, said: str, expected: Denial) -> None:
    assert read_denial(operation, said) == expected


def test_a_denial_names_action_resource_and_identity_and_what_would_allow_it() -> None:
    with pytest.raises(DeniedError) as caught, translated():
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": IMPLICIT}}, "CreateApp")

    assert caught.value.message == (
        f"AWS refused CreateApp: {ADA} may not sagemaker:CreateApp on {SPACE_APP}: no identity-based policy allows it."
    )
    said, statement = caught.value.hint.split("\n", 1)
    assert said == "have this statement added to a policy of the user 'ada', or use another profile:"
    assert json.loads(statement) == {"Effect": "Allow", "Action": "sagemaker:CreateApp", "Resource": SPACE_APP}


def test_the_statement_for_an_assumed_role_goes_to_the_role() -> None:
    assert read_denial("DescribeSubnets", EC2).remedy.startswith(
        "have this statement added to a policy of the role 'Developer', or use another profile:\n{"
    )


def test_an_explicit_deny_is_not_answered_with_a_statement_that_cannot_help() -> None:
    denial = read_denial("CreateApp", BY_ORGANISATION)

    assert denial.statement is None
    assert denial.remedy == (
        "ask whoever wrote it for an exception: what a service control policy denies, no other policy can allow"
    )


def test_where_aws_says_nothing_the_next_step_is_to_find_out_who_one_is() -> None:
    assert read_denial("Something", "Access Denied").remedy == (
        "find out who you are (aws sts get-caller-identity), and ask for the permission"
    )
