"""IAM as strict as AWS about permissions boundaries, ARNs of another partition, names and quotas."""

import json
import uuid
from typing import Any

import pytest

from studio_emulator import account
from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import TRUST, client, refusal

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
MISSING = "arn:aws:iam::123456789012:policy/not-there"


@pytest.fixture
def iam(emulator: RunningEmulator) -> Any:
    return client(emulator, "iam")


@pytest.fixture
def name() -> str:
    return f"role-{uuid.uuid4().hex[:8]}"


def reading(resource: str) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": [resource]}],
        }
    )


def test_a_boundary_is_a_policy_that_exists(iam: Any, name: str) -> None:
    absent = ("NoSuchEntity", f"Scope ARN: {MISSING} does not exist or is not attachable.")
    role: Any = {"RoleName": name, "AssumeRolePolicyDocument": TRUST}

    assert refusal(lambda: iam.create_role(**role, PermissionsBoundary=MISSING)) == absent
    assert refusal(lambda: iam.get_role(RoleName=name))[0] == "NoSuchEntity"
    iam.create_role(**role, PermissionsBoundary=READ_ONLY)
    assert refusal(lambda: iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=MISSING)) == absent
    boundary = iam.get_role(RoleName=name)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    assert boundary == READ_ONLY


def test_a_policy_that_bounds_a_role_stays(iam: Any, name: str) -> None:
    arn = iam.create_policy(PolicyName=name, PolicyDocument=reading("*"))["Policy"]["Arn"]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, PermissionsBoundary=arn)

    assert refusal(lambda: iam.delete_policy(PolicyArn=arn)) == (
        "DeleteConflict",
        "Cannot delete a policy attached to entities.",
    )
    iam.delete_role(RoleName=name)
    iam.delete_policy(PolicyArn=arn)


@pytest.mark.parametrize(
    ("region", "partition", "other"), [("eu-west-1", "aws", "aws-us-gov"), ("us-gov-west-1", "aws-us-gov", "aws")]
)
def test_what_a_policy_names_is_of_its_partition(
    emulator: RunningEmulator, name: str, region: str, partition: str, other: str
) -> None:
    iam = client(emulator, "iam", region)
    lake, foreign = f"arn:{other}:s3:::acme-lake/*", f"arn:{other}:iam::aws:policy/ReadOnlyAccess"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    document = reading(lake.replace(other, partition))
    policy = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]

    for call in (
        lambda: iam.create_policy(PolicyName=f"{name}-2", PolicyDocument=reading(lake)),
        lambda: iam.create_policy_version(PolicyArn=policy, PolicyDocument=reading(lake)),
        lambda: iam.put_role_policy(RoleName=name, PolicyName="x", PolicyDocument=reading(lake)),
    ):
        assert refusal(call) == (
            "MalformedPolicyDocument",
            f'Partition "{other}" is not valid for resource "{lake}".',
        )
    for call in (
        lambda: iam.attach_role_policy(RoleName=name, PolicyArn=foreign),
        lambda: iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=foreign),
    ):
        assert refusal(call) == ("InvalidInput", f"ARN {foreign} is not valid.")


def test_names_are_taken_whatever_their_case(iam: Any, name: str) -> None:
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.create_policy(PolicyName=name, PolicyDocument=reading("*"))

    assert refusal(lambda: iam.create_role(RoleName=name.upper(), AssumeRolePolicyDocument=TRUST)) == (
        "EntityAlreadyExists",
        f"Role with name {name.upper()} already exists.",
    )
    code, _ = refusal(lambda: iam.create_policy(PolicyName=name.upper(), PolicyDocument=reading("*")))
    assert code == "EntityAlreadyExists"


def test_a_policy_and_a_role_are_full_at_some_time(iam: Any, name: str) -> None:
    long = reading("arn:aws:s3:::" + "x" * 6144)
    too_long = ("LimitExceeded", "Cannot exceed quota for PolicySize: 6144")
    assert refusal(lambda: iam.create_policy(PolicyName=name, PolicyDocument=long)) == too_long
    made = [
        iam.create_policy(PolicyName=f"{name}-{n}", PolicyDocument=reading("*"))["Policy"]["Arn"] for n in range(11)
    ]
    assert refusal(lambda: iam.create_policy_version(PolicyArn=made[0], PolicyDocument=long)) == too_long
    spaced = json.dumps(json.loads(reading("*")), indent=200)
    iam.create_policy_version(PolicyArn=made[0], PolicyDocument=spaced)

    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    for arn in made[:10]:
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    iam.attach_role_policy(RoleName=name, PolicyArn=made[0])
    assert refusal(lambda: iam.attach_role_policy(RoleName=name, PolicyArn=made[10])) == (
        "LimitExceeded",
        "Cannot exceed quota for PoliciesPerRole: 10",
    )


def trusting(**changes: Any) -> str:
    statement = json.loads(TRUST)["Statement"][0] | changes
    kept = {name: value for name, value in statement.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [kept]})


@pytest.mark.parametrize(
    ("trust", "said"),
    [
        (trusting(Principal=None), "Missing required field Principal"),
        (trusting(Principal={}), account.NO_PRINCIPALS),
        (trusting(Principal={"AWS": []}), account.NO_PRINCIPALS),
        (trusting(Resource="*"), "Has prohibited field Resource"),
        (trusting(Action="s3:GetObject"), "AssumeRole policy may only specify STS AssumeRole actions."),
        (trusting(Effect=None), "Syntax errors in policy."),
        ("{}", "Syntax errors in policy."),
        ("{", "This policy contains invalid Json"),
    ],
)
def test_a_role_trusts_somebody(iam: Any, name: str, trust: str, said: str) -> None:
    refused = ("MalformedPolicyDocument", said)
    assert refusal(lambda: iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)) == refused
    assert refusal(lambda: iam.get_role(RoleName=name))[0] == "NoSuchEntity"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    assert refusal(lambda: iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)) == refused
    assert iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] == json.loads(TRUST)
    iam.delete_role(RoleName=name)


def test_policies_in_a_role_are_short(iam: Any, name: str) -> None:
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    half = reading("arn:aws:s3:::" + "x" * 5000)
    iam.put_role_policy(RoleName=name, PolicyName="a", PolicyDocument=half)
    iam.put_role_policy(RoleName=name, PolicyName="a", PolicyDocument=half)
    iam.put_role_policy(RoleName=name, PolicyName="b", PolicyDocument=half)
    assert refusal(lambda: iam.put_role_policy(RoleName=name, PolicyName="c", PolicyDocument=half)) == (
        "LimitExceeded",
        f"Maximum policy size of 10240 bytes exceeded for role {name}",
    )
    services = [f"s{number}.amazonaws.com" for number in range(200)]
    long = trusting(Principal={"Service": services})
    assert refusal(lambda: iam.update_assume_role_policy(RoleName=name, PolicyDocument=long)) == (
        "LimitExceeded",
        "Cannot exceed quota for ACLSizePerRole: 2048",
    )


@pytest.mark.parametrize(
    ("changes", "value", "path", "constraint"),
    [
        ({"RoleName": "r" * 65}, "r" * 65, "roleName", "Member must have length less than or equal to 64"),
        ({"RoleName": "a b"}, "a b", "roleName", r"Member must satisfy regular expression pattern: [\w+=,.@-]+"),
        (
            {"Path": "acme"},
            "acme",
            "path",
            r"Member must satisfy regular expression pattern: (\u002F)|(\u002F[\u0021-\u007E]+\u002F)",
        ),
        (
            {"Description": "d" * 1001},
            "d" * 1001,
            "description",
            "Member must have length less than or equal to 1000",
        ),
        (
            {"MaxSessionDuration": 60},
            "60",
            "maxSessionDuration",
            "Member must have value greater than or equal to 3600",
        ),
        (
            {"Tags": [{"Key": "k" * 129, "Value": ""}]},
            "k" * 129,
            "tags.1.member.key",
            "Member must have length less than or equal to 128",
        ),
    ],
)
def test_values_are_held_to_awss_model(
    iam: Any, name: str, changes: dict[str, Any], value: str, path: str, constraint: str
) -> None:
    role = {"RoleName": name, "AssumeRolePolicyDocument": TRUST} | changes
    assert refusal(lambda: iam.create_role(**role)) == (
        "ValidationError",
        f"1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: {constraint}",
    )
    assert name not in [each["RoleName"] for each in iam.list_roles(MaxItems=1000)["Roles"]]
