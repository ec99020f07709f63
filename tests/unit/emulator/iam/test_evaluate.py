"""The evaluator against AWS's own words: the IAM User Guide on evaluation, operators, variables and boundaries."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio_emulator.iam.conditions import OPERATORS, UnusableConditionError, conditions_hold
from studio_emulator.iam.evaluate import Decision, Policies, evaluate, refusal
from studio_emulator.iam.patterns import UnresolvedVariableError, fill_in, fill_in_arn, matches_action
from studio_emulator.iam.policy import Asked, Principal
from tests.independent import allows

ROLE = "arn:aws:iam::123456789012:role/team"
SESSION = "arn:aws:sts::123456789012:assumed-role/team/SageMaker"
ADA = Principal(arn=SESSION, role_arn=ROLE, account="123456789012")
BUCKET = "arn:aws:s3:::acme-data"


def statement(effect: str = "Allow", action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def policy(*statements: Mapping[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def decide(
    policies: Policies, action: str = "s3:GetObject", resource: str = f"{BUCKET}/key", **context: Any
) -> Decision:
    return evaluate(ADA, Asked(action, resource, context), policies)


def identity(*statements: Mapping[str, Any]) -> Policies:
    return Policies(identity={"own": policy(*statements)})


# --- Which policy decides ------------------------------------------------------------------------------------------


def test_what_nothing_allows_is_denied_in_the_words_of_aws() -> None:
    asked = Asked("s3:GetObject", f"{BUCKET}/key", {})
    decision = evaluate(ADA, asked, Policies())

    assert refusal(ADA, asked, decision, quoted=True) == (
        f"User: {SESSION} is not authorized to perform: s3:GetObject on resource:"
        f' "{BUCKET}/key" because no identity-based policy allows the s3:GetObject action'
    )


def test_an_allowance_says_what_allows() -> None:
    assert decide(identity(statement(Sid="Read"))) == Decision(allowed=True, why="allowed", by="own (Read)")


@pytest.mark.parametrize(
    ("kind", "called"),
    [
        ("identity", "an identity-based policy"),
        ("boundary", "a permissions boundary"),
        ("session", "a session policy"),
        ("resource", "a resource-based policy"),
    ],
)
def test_an_explicit_denial_wins_wherever_it_is(kind: str, called: str) -> None:
    everything = policy(statement())
    denying = {"Statement": [*everything["Statement"], statement("Deny", Principal="*")]}
    decision = decide(Policies(**{"identity": {"own": everything}, kind: {"denying": denying}}))

    assert decision == Decision(allowed=False, why=f"with an explicit deny in {called}", by="denying")


def test_a_boundary_and_a_sessions_policy_only_narrow() -> None:
    allowing, other = policy(statement()), policy(statement(action="s3:PutObject"))
    wide = {"identity": {"own": allowing}}

    assert decide(Policies(**wide, boundary={"b": allowing}, session={"s": allowing})).allowed
    assert decide(Policies(**wide, boundary={"b": other})).why == (
        "because no permissions boundary allows the s3:GetObject action"
    )
    assert decide(Policies(**wide, session={"s": other})).why == (
        "because no session policy allows the s3:GetObject action"
    )
    assert not decide(Policies(boundary={"b": allowing})).allowed


@pytest.mark.parametrize(
    ("named", "alone", "beyond_the_boundary"),
    [
        (SESSION, True, True),  # a grant to the session itself is not limited by an implicit denial
        (ROLE, True, False),
        ("*", True, False),
        ("arn:aws:iam::123456789012:root", False, False),  # hands over to the account's own policies
        ("123456789012", False, False),
        (["123456789012", ROLE], True, False),
        ("arn:aws:iam::123456789012:role/other", False, False),
    ],
)
def test_a_resources_policy_allows_whom_it_names(named: Any, alone: bool, beyond_the_boundary: bool) -> None:
    granting = {"its policy": policy(statement(Principal={"AWS": named}))}
    narrow = {"boundary": policy(statement(action="s3:PutObject"))}

    assert decide(Policies(resource=granting)).allowed is alone
    assert decide(Policies(resource=granting, boundary=narrow)).allowed is beyond_the_boundary


def test_a_trust_policy_admits_the_service_that_it_names() -> None:
    condition = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }

    def admits(service: str, account: str) -> bool:
        asked = Asked("sts:AssumeRole", ROLE, {"aws:sourceaccount": account})
        principal = Principal(arn=service, service=service, role_arn=ROLE, account=account)
        return evaluate(principal, asked, Policies(resource={"trust": policy(trust)})).allowed

    assert admits("sagemaker.amazonaws.com", "123456789012")
    assert not admits("sagemaker.amazonaws.com", "999999999999")
    assert not admits("lambda.amazonaws.com", "123456789012")


def test_not_action_and_not_resource_mean_all_others() -> None:
    others = {"Effect": "Allow", "NotAction": "iam:*", "NotResource": f"{BUCKET}/secret/*"}

    assert decide(identity(others)).allowed
    assert not decide(identity(others), action="iam:CreateUser").allowed
    assert not decide(identity(others), resource=f"{BUCKET}/secret/plan").allowed
    assert decide(identity(others), action="sagemaker:ListSpaces", resource="*").allowed


def test_an_action_without_resources_is_allowed_on_an_asterisk_only() -> None:
    assert decide(identity(statement(action="*")), action="ecr:GetAuthorizationToken", resource="*").allowed
    some = statement(action="*", resource=["arn:aws:ecr:*:*:*"])
    assert not decide(identity(some), action="ecr:GetAuthorizationToken", resource="*").allowed


# --- Patterns and variables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "action", "fits"),
    [
        ("s3:GetObject", "s3:getobject", True),  # "not case sensitive"
        ("s3:Get*", "s3:GetObject", True),
        ("s3:*Object", "s3:GetObjectAcl", False),
        ("S3:?etObject", "s3:GetObject", True),
        ("*", "iam:CreateUser", True),
        ("iam:*AccessKey*", "iam:UpdateAccessKey", True),
    ],
)
def test_actions(pattern: str, action: str, fits: bool) -> None:
    assert matches_action(pattern, action) is fits


@pytest.mark.parametrize(
    ("pattern", "arn", "fits"),
    [
        ("arn:aws:s3:::acme/*", "arn:aws:s3:::acme/a/b", True),
        ("arn:aws:s3:::acme", "arn:aws:s3:::ACME", False),  # case matters
        ("arn:aws:s3:::acme-?", "arn:aws:s3:::acme-1", True),
        ("arn:*:sagemaker:*:*:space/d-1/*", "arn:aws:sagemaker:eu-west-1:1:space/d-1/mine", True),
        ("arn:*:space/d-1/*", "arn:aws:sagemaker:eu-west-1:1:space/d-1/mine", False),  # each field for itself
        ("arn:aws:sqs", "arn:aws:sqs:us-east-1:1:queue", True),  # what is missing is completed with asterisks
        ("arn:aws:logs:*:*:log-group:/a/*", "arn:aws:logs:us-east-1:1:log-group:/a/b:log-stream:c", True),
        ("*", "no ARN", True),
        ("arn:aws:s3:::*", "no ARN", False),
    ],
)
def test_arns(pattern: str, arn: str, fits: bool) -> None:
    assert fill_in_arn(pattern, {}).matches_arn(arn) is fits


@pytest.mark.parametrize(
    ("text", "value", "fits"),
    [
        ("home/${aws:username}/*", "home/ada/x", True),
        ("home/${AWS:UserName}/*", "home/ada/x", True),  # keys have no case
        ("home/${aws:username}/*", "home/grace/x", False),
        ("${aws:PrincipalTag/team, 'none'}", "none", True),
        ("a${*}b", "a*b", True),
        ("a${*}b", "axb", False),
        ("a${?}${$}", "a?$", True),
        ("${saml:evil}", "ada", False),  # the value is *, and that is no wildcard
        ("${saml:evil}", "*", True),
    ],
)
def test_variables(text: str, value: str, fits: bool) -> None:
    context = {"aws:username": "ada", "saml:evil": "*"}

    assert fill_in(text, context).matches(value) is fits


def test_a_variable_without_a_value_makes_the_statement_void() -> None:
    with pytest.raises(UnresolvedVariableError, match="aws:username"):
        fill_in("${aws:username}", {})
    for effect in ("Allow", "Deny"):
        own = identity(statement(), statement(effect, resource="arn:aws:s3:::${aws:username}/*"))
        assert decide(own, resource="arn:aws:s3:::ada/x").allowed


def test_the_old_version_has_no_variables() -> None:
    old = {"own": policy(statement(resource="arn:aws:s3:::${aws:username}"), version="2008-10-17")}

    assert not decide(Policies(identity=old), resource="arn:aws:s3:::ada", **{"aws:username": "ada"}).allowed
    assert decide(Policies(identity=old), resource="arn:aws:s3:::${aws:username}").allowed


def test_many_asterisks_take_no_longer() -> None:
    assert not fill_in("*a" * 30 + "b", {}).matches("a" * 3_000)


# --- Conditions ----------------------------------------------------------------------------------------------------

KNOWN: dict[str, Any] = {
    "aws:sourceip": "203.0.113.7",
    "aws:currenttime": "2026-11-24T12:00:00Z",
    "aws:epochtime": "1795521600",
    "aws:securetransport": "true",
    "aws:tagkeys": ("team", "cost"),
    "aws:principaltag/job": "Scientist",
    "s3:max-keys": "10",
    "aws:sourcearn": "arn:aws:sagemaker:us-east-1:123456789012:domain/d-1",
    "s3:prefix": "",
}


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "holds"),
    [
        ("StringEquals", "aws:PrincipalTag/job", "Scientist", True),
        ("StringEquals", "AWS:principaltag/JOB", ["x", "Scientist"], True),
        ("StringEquals", "aws:PrincipalTag/job", "scientist", False),
        ("StringEquals", "aws:PrincipalTag/job", "Sci*", False),
        ("StringEqualsIgnoreCase", "aws:PrincipalTag/job", "SCIENTIST", True),
        ("StringNotEquals", "aws:PrincipalTag/job", ["x", "Scientist"], False),  # NOR
        ("StringNotEquals", "aws:PrincipalTag/job", ["x", "y"], True),
        ("StringNotEquals", "aws:missing", "x", True),  # nothing is not x
        ("StringEquals", "aws:missing", "x", False),
        ("StringEqualsIfExists", "aws:missing", "x", True),
        ("StringEqualsIfExists", "aws:PrincipalTag/job", "x", False),
        ("StringNotLikeIfExists", "aws:PrincipalTag/job", "Sci*", False),
        ("StringLike", "aws:PrincipalTag/job", "Sci?nt*", True),
        ("StringLike", "aws:PrincipalTag/job", "sci*", False),
        ("StringNotLike", "aws:PrincipalTag/job", "Sci*", False),
        ("Bool", "aws:SecureTransport", "true", True),
        ("Bool", "aws:SecureTransport", True, True),
        ("Bool", "aws:SecureTransport", "false", False),
        ("Bool", "aws:missing", "false", False),
        ("BoolIfExists", "aws:missing", "false", True),
        ("NumericLessThanEquals", "s3:max-keys", "10", True),
        ("NumericLessThan", "s3:max-keys", 10, False),
        ("NumericGreaterThan", "s3:max-keys", "9.5", True),
        ("NumericNotEquals", "s3:max-keys", ["10", "11"], False),
        ("DateGreaterThan", "aws:CurrentTime", "2026-11-24T11:59:59Z", True),
        ("DateLessThan", "aws:CurrentTime", "2026-11-24", False),
        ("DateEquals", "aws:EpochTime", "2026-11-24T12:00:00Z", True),
        ("DateNotEquals", "aws:EpochTime", "1795521600", False),
        ("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "203.0.113.0/24"], True),
        ("IpAddress", "aws:SourceIp", "2001:DB8::/32", False),
        ("NotIpAddress", "aws:SourceIp", "203.0.113.7", False),
        ("NotIpAddress", "aws:missing", "203.0.113.7", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:sagemaker:*:123456789012:*", True),
        ("ArnEquals", "aws:SourceArn", "arn:aws:sagemaker:*:123456789012:domain/*", True),  # behaves identically
        ("ArnNotLike", "aws:SourceArn", "arn:aws:sagemaker:*:*:domain/d-1", False),
        ("ArnNotEquals", "aws:missing", "arn:aws:s3:::x", True),
        ("Null", "aws:missing", "true", True),
        ("Null", "aws:PrincipalTag/job", "true", False),
        ("Null", "aws:PrincipalTag/job", False, True),
        ("Null", "s3:prefix", "true", True),  # an empty value is none
        ("ForAllValues:StringEquals", "aws:TagKeys", ["team", "cost", "other"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["team"], False),
        ("ForAllValues:StringEquals", "aws:missing", ["team"], True),  # "also returns true if there are no keys"
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["team"], True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["other"], False),
        ("ForAnyValue:StringEquals", "aws:missing", ["team"], False),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["team"], True),
        ("ForAnyValue:StringNotEquals", "aws:missing", ["team"], False),
        ("ForAllValues:StringNotEquals", "aws:TagKeys", ["team"], False),
        ("ForAllValues:StringLike", "aws:TagKeys", ["t*", "c*"], True),
        ("ForAnyValue:StringEqualsIfExists", "aws:missing", ["team"], True),
    ],
)
def test_conditions(operator: str, key: str, wanted: Any, holds: bool) -> None:
    assert conditions_hold({operator: {key: wanted}}, KNOWN, KNOWN) is holds


def test_operators_and_keys_are_joined_by_and() -> None:
    both = {"Bool": {"aws:SecureTransport": "true", "aws:missing": "true"}}

    assert not conditions_hold(both, KNOWN, KNOWN)
    assert conditions_hold({"Bool": {"aws:SecureTransport": "true"}, "Null": {"aws:missing": "true"}}, KNOWN, KNOWN)


@pytest.mark.parametrize(
    "condition",
    [
        {"StringMatches": {"aws:SourceIp": "x"}},
        {"stringequals": {"aws:SourceIp": "x"}},
        {"NumericEquals": {"s3:max-keys": "ten"}},
        {"DateLessThan": {"aws:CurrentTime": "soon"}},
        {"IpAddress": {"aws:SourceIp": "here"}},
        {"Bool": {"aws:SecureTransport": "maybe"}},
        {"StringEquals": "x"},
        {"StringEquals": {"aws:SourceIp": {"a": 1}}},
    ],
)
def test_what_cannot_be_evaluated_is_taken_for_the_worse(condition: Any) -> None:
    """AWS would not have taken the policy: an Allow does not apply, a Deny does."""
    with pytest.raises(UnusableConditionError):
        conditions_hold(condition, KNOWN, KNOWN)
    assert not decide(identity(statement(Condition=condition)), **KNOWN).allowed
    assert not decide(identity(statement(), statement("Deny", Condition=condition)), **KNOWN).allowed


# --- Anything at all -----------------------------------------------------------------------------------------------

TEXT = st.text(alphabet="ab:*?${},'/ ", max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Principal"])
STATEMENTS = st.dictionaries(NAMES, JSON | st.sampled_from(["Allow", "Deny", "*"]), max_size=6)


@settings(deadline=None)
@given(
    st.fixed_dictionaries({"Version": TEXT, "Statement": STATEMENTS | st.lists(STATEMENTS | JSON)}) | JSON, TEXT, TEXT
)
def test_no_document_makes_it_stumble_or_allow_by_mistake(document: Any, action: str, resource: str) -> None:
    everywhere = Policies(
        identity={"own": json.dumps(document)},
        boundary={"b": json.dumps(document)},
        resource={"r": json.dumps(document)},
    )
    asked = Asked(action, resource, {"a:b": "a*", "b": ("a", "b")})

    assert evaluate(ADA, asked, Policies(identity={"own": json.dumps(document)})).why
    assert evaluate(ADA, asked, everywhere).why
    assert evaluate(Principal(), asked, everywhere).why


PARTS = st.sampled_from(["a", "b", "*", "?", "ab", "${sagemaker:DomainId}"])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
KEYS = st.sampled_from(["sagemaker:SpaceSharingType", "sagemaker:DomainId", "aws:RequestedRegion", "aws:missing"])
AGREED = ["StringEquals", "StringNotEquals", "StringLike", "StringEqualsIfExists"]
CONDITIONS = st.dictionaries(
    st.sampled_from(AGREED),
    st.dictionaries(KEYS, st.lists(st.sampled_from(["Private", "d-1", "d-*", "us-east-1"]), min_size=1), min_size=1),
    max_size=2,
)
SOUND = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
        "Action": st.lists(st.sampled_from(["s:A", "s:B", "s:*", "*"]), min_size=1, max_size=2),
        "Resource": st.lists(PATHS.map("arn:aws:s:::{}".format) | st.just("*"), min_size=1, max_size=3),
        "Condition": CONDITIONS,
    }
)


@settings(deadline=None)
@given(st.lists(SOUND, min_size=1, max_size=4), st.sampled_from(["s:A", "s:B"]), st.sampled_from(["a", "ab", "d-1/a"]))
def test_it_agrees_with_another_evaluator_on_any_sound_policy(
    statements: list[dict[str, Any]], action: str, path: str
) -> None:
    context = {
        "sagemaker:DomainId": "d-1",
        "sagemaker:SpaceSharingType": "Private",
        "aws:RequestedRegion": "us-east-1",
    }
    asked = Asked(action, f"arn:aws:s:::{path}", {key.lower(): value for key, value in context.items()})
    own = policy(*statements)

    assert evaluate(ADA, asked, Policies(identity={"own": own})).allowed is allows(
        [own], action, asked.resource, context
    )


def test_every_operator_of_the_guide_is_there() -> None:
    comparisons = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    texts = ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
    arns = ("Equals", "NotEquals", "Like", "NotLike")

    assert set(OPERATORS) == {
        *(f"String{name}" for name in texts),
        *(f"{kind}{name}" for kind in ("Numeric", "Date") for name in comparisons),
        *(f"Arn{name}" for name in arns),
        "Bool",
        "BinaryEquals",
        "IpAddress",
        "NotIpAddress",
    }
