"""Policies as AWS will see them, and what cloudsplaining says of them."""

from typing import Any

import pytest

from studioctl.audit import least_privilege as powers
from studioctl.audit.policies import EXAMPLE_ACCOUNT, changes_powers, forbidding, of_roles, passes_any_role, resolved
from studioctl.infrastructure import blueprint
from tests.environments import environment
from tests.unit.audit.auditing import SMALLEST, audited


def allow(*actions: str, on: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def test_references_stand_for_what_they_become_and_variables_stay() -> None:
    text = (
        "arn:${data.aws_partition.current.partition}:s3:::x-${data.aws_caller_identity.current.account_id}"
        "/&{aws:username}/$${aws:username}"
    )

    assert resolved(text) == f"arn:aws:s3:::x-{EXAMPLE_ACCOUNT}/${{aws:username}}/${{aws:username}}"
    assert resolved(["${aws_s3_bucket.data.arn}/*"]) == [f"arn:aws:aws_s3_bucket:us-east-1:{EXAMPLE_ACCOUNT}:data/*"]


def test_a_role_has_the_statements_of_all_that_is_attached_to_it() -> None:
    (role,) = of_roles(blueprint.build(environment(secrets={"github": {"username": "ada"}})))
    actions = {action for statement in role.statements for action in statement["Action"]}

    assert role.role == "aws_iam_role.execution"
    assert role.managed == ()
    assert {"s3:GetObject", "secretsmanager:GetSecretValue", "iam:PassRole", "sagemaker:CreateApp"} <= actions
    assert "sts:AssumeRole" not in actions  # who may assume it is another question


def test_each_user_has_a_role_with_the_common_statements_and_their_own() -> None:
    config = environment(users=[{"name": "ada"}, {"name": "grace"}], iam={"per_user_roles": True})
    roles = {role.role: role.statements for role in of_roles(blueprint.build(config))}

    assert set(roles) == {"aws_iam_role.execution", "aws_iam_role.execution_ada", "aws_iam_role.execution_grace"}
    assert "users/ada/" in str(roles["aws_iam_role.execution_ada"])
    assert "users/ada/" not in str(roles["aws_iam_role.execution_grace"])


def test_an_extra_statement_is_judged_too() -> None:
    config = environment(iam={"extra_statements": [{"actions": ["ec2:TerminateInstances"], "resources": ["*"]}]})
    (role,) = of_roles(blueprint.build(config))

    assert powers.assess(role.statements).found[powers.UNRESTRICTED] == ("ec2:TerminateInstances",)


@pytest.mark.parametrize(
    ("statement", "rule", "found"),
    [
        (allow("iam:CreatePolicyVersion"), powers.ESCALATION, ("CreateNewPolicyVersion",)),
        (allow("s3:PutBucketPolicy"), powers.RESOURCE_EXPOSURE, ("s3:PutBucketPolicy",)),
        (allow("iam:CreateAccessKey"), powers.CREDENTIALS, ("iam:CreateAccessKey",)),
        (allow("s3:*", on="arn:aws:s3:::acme/*"), powers.WILDCARD, ("s3",)),
        (allow("s3:GetObject"), powers.DATA, ("s3:GetObject",)),
        (allow("ecr:GetAuthorizationToken"), powers.ONLY_ON_ALL, ("ecr:GetAuthorizationToken",)),
        (allow("ecr:GetAuthorizationToken"), powers.CREDENTIALS, ()),
        (allow("ecr:*", on="arn:aws:ecr:us-east-1:111122223333:repository/acme"), powers.ONLY_ON_ALL, ()),
        (allow("ecr:GetAuthorizationToken", on="arn:aws:ecr:*:*:*"), powers.ONLY_ON_ALL, ()),
        (allow("s3:GetObject", on="arn:aws:s3:::acme/*"), powers.DATA, ()),
        (allow("s3:GetObject", on=["arn:aws:s3:::acme/*", "arn:aws:s3:::*/*"]), powers.DATA, ("s3:GetObject",)),
        (allow("s3:DeleteBucket", on="arn:aws:s3:::*"), powers.UNRESTRICTED, ("s3:DeleteBucket",)),
        (
            allow("secretsmanager:GetSecretValue", on="arn:aws:secretsmanager:*:*:secret:*"),
            powers.DATA,
            ("secretsmanager:GetSecretValue",),
        ),
        (
            allow("secretsmanager:GetSecretValue", on="arn:aws:secretsmanager:us-east-1:111122223333:secret:acme-*"),
            powers.DATA,
            (),
        ),
        (
            allow("ecr:PutImage", on="arn:aws:ecr:us-east-1:111122223333:repository/*"),
            powers.UNRESTRICTED,
            ("ecr:PutImage",),
        ),
        (allow("ecr:PutImage", on="arn:aws:ecr:*:*:repository/acme/*"), powers.UNRESTRICTED, ()),
    ],
)
def test_a_power_is_found_under_its_rule(statement: dict[str, Any], rule: Any, found: tuple[str, ...]) -> None:
    assert powers.assess([statement]).found[rule] == found


def test_all_but_a_few_resources_are_all() -> None:
    statement = {"Effect": "Allow", "Action": ["s3:DeleteBucket"], "NotResource": ["arn:aws:s3:::mine"]}

    assert powers.assess([statement]).found[powers.UNRESTRICTED] == ("s3:DeleteBucket",)


def test_a_way_that_needs_two_policies_is_found() -> None:
    found = powers.assess([allow("iam:PassRole"), allow("lambda:CreateFunction", "lambda:InvokeFunction")]).found

    assert found[powers.ESCALATION]


def test_a_condition_does_not_hide_what_is_on_everything() -> None:
    condition = {"StringEquals": {"cloudwatch:namespace": "x"}}
    found = powers.assess([allow("cloudwatch:PutMetricData", Condition=condition)]).found

    assert found[powers.ONLY_ON_ALL] == ("cloudwatch:PutMetricData",)


@pytest.mark.parametrize(
    ("statement", "passes"),
    [
        (allow("iam:PassRole"), True),
        (allow("iam:Pass*", on="arn:aws:iam::*:role/*"), True),
        (allow("iam:PassRole", on="arn:aws:iam::123456789012:role/acme-ml-execution"), False),
        (allow("iam:GetRole"), False),
        ({**allow("iam:PassRole"), "Effect": "Deny"}, False),
        ({"Effect": "Allow", "Action": "*", "Resource": "*"}, True),
    ],
)
def test_passing_any_role_is_seen(statement: dict[str, Any], passes: bool) -> None:
    assert passes_any_role(statement) is passes


LIMITED = environment(limits={"monthly_usd_per_user": 50.0}, iam={"per_user_roles": True})
HOLD = f"arn:aws:aws_iam_policy:us-east-1:{EXAMPLE_ACCOUNT}:hold"
ROLE = f"arn:aws:iam::{EXAMPLE_ACCOUNT}:role/acme-ml-execution-ada"


def test_the_guard_can_attach_what_forbids_and_no_other_role_can_change_what_a_role_may_do() -> None:
    made = blueprint.build(LIMITED)
    changing = {
        (role.role, action)
        for role in of_roles(made)
        for statement in role.statements
        for action in changes_powers(statement, harmless=frozenset())
    }

    assert forbidding(made) == {HOLD}
    assert changing == {("aws_iam_role.guard", f"iam:{each}RolePolicy") for each in ("Attach", "Detach")}


def test_the_guard_can_stop_and_start_the_environments_own_database_and_delete_none() -> None:
    file = {"limits": {"monthly_usd": 50.0}, "network": {"access": "vpc-only"}}
    with_database = environment(**file, tuning={"database": "aurora-postgresql"})
    for config, wanted in (
        (with_database, {"DescribeDBClusters", "StartDBCluster", "StopDBCluster"}),
        (environment(**file), set()),
    ):
        (guard,) = [role for role in of_roles(blueprint.build(config)) if role.role == "aws_iam_role.guard"]
        on_it = [each for each in guard.statements if "rds:" in str(each["Action"])]
        assert {action for each in on_it for action in each["Action"]} == {f"rds:{action}" for action in wanted}
        cluster = f"arn:aws:aws_rds_cluster:us-east-1:{EXAMPLE_ACCOUNT}:tuning"
        assert [each["Resource"] for each in on_it] == ([[cluster]] if wanted else [])
        found = {rule for rule, told in powers.assess(guard.statements).found.items() if told}
        assert found == {powers.ONLY_ON_ALL}


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (allow("iam:AttachRolePolicy", on=ROLE, Condition={"ArnEquals": {"iam:PolicyARN": [HOLD]}}), ()),
        (allow("iam:attach*", on=ROLE, Condition={"StringEquals": {"iam:policyarn": HOLD}}), ("Group", "User")),
        (allow("iam:AttachRolePolicy", on=ROLE), ("Role",)),
        (allow("iam:AttachRolePolicy", on=ROLE, Condition={"ArnEquals": {"iam:PolicyARN": [HOLD, ROLE]}}), ("Role",)),
        (allow("iam:AttachRolePolicy", on=ROLE, Condition={"ArnLike": {"iam:PolicyARN": ["*"]}}), ("Role",)),
        (allow("iam:AttachRolePolicy", on=ROLE, Condition={"ArnNotEquals": {"iam:PolicyARN": [HOLD]}}), ("Role",)),
        (allow("iam:AttachRolePolicy", Condition={"StringEquals": {"aws:PrincipalTag/a": HOLD}}), ("Role",)),
        ({**allow("iam:AttachRolePolicy"), "Effect": "Deny"}, ()),
        (allow("iam:ListAttachedRolePolicies"), ()),
    ],
)
def test_attaching_is_bound_to_policies_that_allow_nothing(statement: dict[str, Any], found: tuple[str, ...]) -> None:
    assert changes_powers(statement, frozenset({HOLD})) == tuple(f"iam:Attach{each}Policy" for each in found)


def test_all_but_a_few_actions_are_all() -> None:
    statement = {"Effect": "Allow", "NotAction": ["iam:A*", "iam:D*", "iam:P*", "iam:S*", "s3:*"], "Resource": "*"}

    assert changes_powers(statement, frozenset()) == ("iam:CreatePolicyVersion", "iam:UpdateAssumeRolePolicy")


def test_a_condition_that_hides_it_from_the_engine_does_not_hide_it_from_the_audit() -> None:
    statement = (
        '[[iam.extra_statements]]\nactions = ["iam:AttachRolePolicy"]\nresources = ["*"]\n'
        'conditions = { ArnLike = { "iam:PolicyARN" = ["arn:aws:iam::aws:policy/*"] } }\n'
    )
    found = {finding.rule.id: finding for finding in audited(f"{SMALLEST}\n{statement}").open}

    assert found["STUDIO-011"].message == "allowed: iam:AttachRolePolicy"
    assert found["STUDIO-011"].about == "aws_iam_role.execution"
    assert "CS-PRIVILEGE-ESCALATION" not in found
    assert "STUDIO-011" not in {finding.rule.id for finding in audited(SMALLEST).findings}
