"""The conditions that would turn a refusal into an allowance: keys and their values, tried on the policies."""

from typing import Any

import pytest

from studio_emulator.iam.evaluate import Policies
from studio_emulator.iam.policy import Asked, Principal
from studioctl.operations.why.unmet import resources, way

ROLE = "arn:aws:iam::123456789012:role/acme-ml"
BUCKET = "arn:aws:s3:::acme-data"
KNOWN = {"sagemaker:domainid": "d-1", "sagemaker:userprofilename": "ada", "aws:principalaccount": "123456789012"}


def statement(effect: str = "Allow", sid: str = "It", **conditions: Any) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": effect,
        "Action": "s3:ListBucket",
        "Resource": BUCKET,
        **({"Condition": {test.replace("_", ":"): keys for test, keys in conditions.items()}} if conditions else {}),
    }


def policies(*statements: dict[str, Any], boundary: tuple[dict[str, Any], ...] = ()) -> Policies:
    def document(those: tuple[dict[str, Any], ...]) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": list(those)}

    return Policies(identity={"own": document(statements)}, boundary={"edge": document(boundary)} if boundary else {})


def words(*statements: dict[str, Any], boundary: tuple[dict[str, Any], ...] = (), **given: str) -> list[str]:
    context = {**KNOWN, **{key.replace("_", ":"): value for key, value in given.items()}}
    asked = Asked("s3:ListBucket", BUCKET, context)
    found = way(Principal(ROLE, ROLE, "123456789012"), asked, policies(*statements, boundary=boundary))
    return [need.words for need in found.needs]


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ({"StringEquals": {"s3:prefix": "shared/"}}, ['s3:prefix is "shared/"']),
        ({"StringLike": {"s3:prefix": ["users/${sagemaker:UserProfileName}/*", "shared/*"]}},
         ['s3:prefix is like "users/ada/*" or "shared/*"']),
        ({"Bool": {"aws:MultiFactorAuthPresent": True}}, ['aws:MultiFactorAuthPresent is "true"']),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/16"}}, ['aws:SourceIp is within "10.0.0.0/16"']),
        ({"Null": {"aws:RequestTag/team": "false"}}, ["aws:RequestTag/team is there"]),
        ({"ForAnyValue_StringEquals": {"aws:TagKeys": ["team"]}}, ['aws:TagKeys is "team"']),
        ({"StringEquals": {"s3:prefix": "a"}, "Bool": {"aws:ViaAWSService": "true"}},
         ['s3:prefix is "a"', 'aws:ViaAWSService is "true"']),
        ({"StringEquals": {"aws:PrincipalAccount": "999999999999"}}, []),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, []),
        ({}, []),
    ],
    ids=str,
)  # fmt: skip
def test_each_condition_is_told_with_its_value(conditions: dict[str, Any], told: list[str]) -> None:
    assert words(statement(**conditions)) == told


def test_a_denial_is_escaped_where_a_value_does_it() -> None:
    only = statement("Deny", "Only", ForAnyValue_StringNotLike={"s3:prefix": ["shared/*"]})
    never = statement("Deny", "Never")

    assert words(statement(), only, s3_prefix="secret/") == ['s3:prefix is like "shared/*"']
    assert words(statement(), never) == []
    assert words(statement(), statement("Deny", "Plain", Bool={"aws:SecureTransport": "false"})) == []
    assert words(statement(), statement("Deny", "NoMfa", Null={"aws:MultiFactorAuthAge": "true"})) == [
        "aws:MultiFactorAuthAge is there"
    ]


def test_a_boundary_has_conditions_too() -> None:
    at_home = statement(StringEquals={"aws:RequestedRegion": "us-east-1"})

    assert words(statement(), boundary=(at_home,)) == ['aws:RequestedRegion is "us-east-1"']


def test_nothing_helps_where_no_statement_is_about_it() -> None:
    assert words({**statement(), "Resource": "arn:aws:s3:::other"}) == []


def test_the_resources_of_an_action_are_named_with_variables_filled_in() -> None:
    own = {**statement(), "Resource": [BUCKET, f"{BUCKET}/${{sagemaker:UserProfileName}}/*", f"{BUCKET}/${{aws:x}}"]}
    asked = Asked("s3:ListBucket", "*", KNOWN)

    assert resources(asked, policies(own, statement("Deny"))) == (BUCKET, f"{BUCKET}/ada/*")
