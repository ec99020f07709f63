"""Existing resources that no state knows are found, and nothing that is somebody else's."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from studioctl.infrastructure import blueprint
from studioctl.operations import emulation
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import adopt, names
from studioctl.terraform.plan import PlanSummary, ResourceChange
from studioctl.terraform.runner import Terraform
from tests.environments import environment as config
from tests.fakes.terraform import FakeTerraform
from tests.fakes.work import done
from tests.unit.emulator.emulated import TRUST, client, eventually
from tests.unit.operations.conftest import REGION, World
from tests.unit.operations.test_teardown import empty_domain

TAGS = {"studioctl:environment": "acme-adopt", "studioctl:managed-by": "studioctl"}
UPPER = [{"Key": key, "Value": value} for key, value in TAGS.items()]
POLICY = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'
BUCKET = "acme-adopt-data-123456789012"


@pytest.fixture
def lost(world: World) -> Environment:
    """An environment whose state is lost, or was never written."""
    described = config(name="acme-adopt", secrets={"github": {"username": "ada"}})
    terraform = FakeTerraform([], destroy=lambda: None, blueprint=blueprint.build(described))
    return Environment(described, emulation.target(world.emulator, REGION), cast("Terraform", terraform))


def found(environment: Environment) -> dict[str, str]:
    return adopt.existing(environment, {r.address for r in environment.terraform.blueprint.resources()})


def named(name: str, kind: str) -> list[Any]:
    return [{"ResourceType": kind, "Tags": [*UPPER, {"Key": "Name", "Value": name}]}]


def test_nothing_is_found_where_nothing_is(lost: Environment) -> None:
    assert found(lost) == {}


def test_a_network_is_found_as_far_as_it_got(lost: Environment, world: World) -> None:
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=named("acme-adopt", "vpc"))["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway(TagSpecifications=named("acme-adopt", "internet-gateway"))
    gateway_id = gateway["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=named("acme-adopt-public", "route-table"))
    table_id = table["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table_id, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway_id)
    group = ec2.create_security_group(
        GroupName="acme-adopt-studio",
        Description="SageMaker Studio: outbound only",
        VpcId=vpc,
        TagSpecifications=named("acme-adopt-studio", "security-group"),
    )["GroupId"]
    (rule,) = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    try:
        assert found(lost) == {
            "aws_vpc.studio": vpc,
            "aws_internet_gateway.studio": gateway_id,
            "aws_route_table.public": table_id,
            "aws_route.internet": f"{table_id}_0.0.0.0/0",
            "aws_security_group.studio": group,
            "aws_vpc_security_group_egress_rule.studio_outbound": rule["SecurityGroupRuleId"],
        }
        describe_as_ours(ec2, group, rule["SecurityGroupRuleId"])
    finally:
        ec2.delete_security_group(GroupId=group)
        ec2.delete_route_table(RouteTableId=table_id)
        ec2.detach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc)
        ec2.delete_internet_gateway(InternetGatewayId=gateway_id)
        ec2.delete_vpc(VpcId=vpc)


def test_a_group_that_somebody_else_made_in_an_existing_vpc_is_theirs(world: World) -> None:
    ec2 = world.client("ec2")
    given = {"id": world.studio.vpc_id, "subnet_ids": world.studio.subnet_ids}
    described = config(name="acme-adopt", network={"vpc": given})
    terraform = FakeTerraform([], destroy=lambda: None, blueprint=blueprint.build(described))
    target = emulation.target(world.emulator, REGION)
    theirs = ec2.create_security_group(GroupName="acme-adopt-studio", Description="theirs", VpcId=given["id"])[
        "GroupId"
    ]
    try:
        assert found(Environment(described, target, cast("Terraform", terraform))) == {}
    finally:
        ec2.delete_security_group(GroupId=theirs)


def test_a_closed_network_is_found_as_far_as_it_got(world: World) -> None:
    described = config(name="acme-adopt", network={"access": "vpc-only", "endpoints": "all", "flow_logs": True})
    terraform = FakeTerraform([], destroy=lambda: None, blueprint=blueprint.build(described))
    target = emulation.target(world.emulator, REGION)
    lost, ec2, logs = (
        Environment(described, target, cast("Terraform", terraform)),
        world.client("ec2"),
        "acme-adopt-flow-logs",
    )
    tags = {"TagSpecifications": named("acme-adopt-nat", "natgateway")}
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=named("acme-adopt", "vpc"))["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway(TagSpecifications=named("acme-adopt", "internet-gateway"))
    gateway_id = gateway["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc)
    subnet = ec2.create_subnet(
        VpcId=vpc, CidrBlock="10.0.255.240/28", TagSpecifications=named("acme-adopt-nat", "subnet")
    )["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=named("acme-adopt-nat", "elastic-ip"))[
        "AllocationId"
    ]
    gone = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address, **tags)["NatGateway"]["NatGatewayId"]
    ec2.delete_nat_gateway(NatGatewayId=gone)
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address, **tags)["NatGateway"]["NatGatewayId"]
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=named("acme-adopt-private", "route-table"))
    table_id = table["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table_id, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    sts = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{REGION}.sts",
        VpcEndpointType="Interface",
        PrivateDnsEnabled=False,
        SubnetIds=[subnet],
        TagSpecifications=named("acme-adopt-sts", "vpc-endpoint"),
    )["VpcEndpoint"]["VpcEndpointId"]
    world.client("logs").create_log_group(logGroupName=logs, tags=TAGS)
    world.client("logs").create_log_group(logGroupName=f"{logs}-of-others")
    role = world.client("iam").create_role(RoleName=logs, AssumeRolePolicyDocument=TRUST, Tags=UPPER)["Role"]["Arn"]
    log = ec2.create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[vpc],
        TrafficType="ALL",
        LogGroupName=logs,
        DeliverLogsPermissionArn=role,
        TagSpecifications=named("", "vpc-flow-log"),
    )["FlowLogIds"][0]
    try:
        assert found(lost) == {
            "aws_vpc.studio": vpc,
            "aws_route_table.private": table_id,
            "aws_internet_gateway.studio": gateway_id,
            "aws_subnet.nat": subnet,
            "aws_eip.nat": address,
            "aws_nat_gateway.studio": nat,
            "aws_route.nat": f"{table_id}_0.0.0.0/0",
            "aws_vpc_endpoint.sts": sts,
            "aws_cloudwatch_log_group.flow_logs": logs,
            "aws_iam_role.flow_logs": logs,
            "aws_flow_log.vpc": log,
        }
    finally:
        ec2.delete_flow_logs(FlowLogIds=[log])
        world.client("iam").delete_role(RoleName=logs)
        for name in (logs, f"{logs}-of-others"):
            world.client("logs").delete_log_group(logGroupName=name)
        ec2.delete_vpc_endpoints(VpcEndpointIds=[sts])
        ec2.delete_nat_gateway(NatGatewayId=nat)
        ec2.release_address(AllocationId=address)
        ec2.delete_route_table(RouteTableId=table_id)
        ec2.delete_subnet(SubnetId=subnet)
        ec2.detach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc)
        ec2.delete_internet_gateway(InternetGatewayId=gateway_id)
        ec2.delete_vpc(VpcId=vpc)


def describe_as_ours(ec2: Any, group: str, rule: str) -> None:
    """Change the rule that AWS gives every group as an adopting plan does: a rule about all protocols has no ports."""
    said = {"IpProtocol": "-1", "CidrIpv4": "0.0.0.0/0", "Description": "ours"}
    changes = [{"SecurityGroupRuleId": rule, "SecurityGroupRule": said}]
    ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=changes)
    answer = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    assert [(found["Description"], found["FromPort"]) for found in answer["SecurityGroupRules"]] == [("ours", -1)]


def test_what_has_a_name_is_found_by_it(lost: Environment, world: World) -> None:
    iam, ecr, secrets = (world.client(service) for service in ("iam", "ecr", "secretsmanager"))
    iam.create_role(RoleName="acme-adopt-execution", AssumeRolePolicyDocument=TRUST, Tags=UPPER)
    ecr.create_repository(repositoryName="acme-adopt", tags=UPPER)
    secret = secrets.create_secret(Name="acme-adopt/github", Tags=UPPER)["ARN"]
    try:
        assert found(lost) == {
            "aws_iam_role.execution": "acme-adopt-execution",
            "aws_ecr_repository.images": "acme-adopt",
            "aws_secretsmanager_secret.github": secret,
        }
    finally:
        iam.delete_role(RoleName="acme-adopt-execution")
        ecr.delete_repository(repositoryName="acme-adopt")
        secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    assert found(lost) == {}


def test_all_of_a_guard_is_found_that_goes_with_nothing_else(lost: Environment, world: World) -> None:
    described = config(name="acme-adopt", limits={"monthly_usd": 100})
    terraform = FakeTerraform([], destroy=lambda: None, blueprint=blueprint.build(described))
    limited = replace(lost, config=described, terraform=cast("Terraform", terraform))
    iam, sns, cloudwatch = (world.client(service) for service in ("iam", "sns", "cloudwatch"))
    assert found(limited) == {}
    iam.create_role(RoleName="acme-adopt-guard", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="acme-adopt-guard", PolicyName="watch", PolicyDocument=POLICY)
    topic = sns.create_topic(Name="acme-adopt-guard")["TopicArn"]
    watched = {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum", "Period": 60, "Threshold": 1}
    when = {"ComparisonOperator": "LessThanThreshold", "EvaluationPeriods": 1}
    cloudwatch.put_metric_alarm(AlarmName="acme-adopt-guard", **watched, **when)
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["acme-adopt-guard"])["MetricAlarms"]
    try:
        assert found(limited) == {}  # somebody else's, of the same names
        iam.tag_role(RoleName="acme-adopt-guard", Tags=UPPER)
        sns.tag_resource(ResourceArn=topic, Tags=UPPER)
        cloudwatch.tag_resource(ResourceARN=alarm["AlarmArn"], Tags=UPPER)
        assert found(limited) == {
            "aws_iam_role.guard": "acme-adopt-guard",
            "aws_iam_role_policy.guard": "acme-adopt-guard:watch",
            "aws_sns_topic.guard": topic,
            "aws_cloudwatch_metric_alarm.guard": "acme-adopt-guard",
        }
    finally:
        cloudwatch.delete_alarms(AlarmNames=["acme-adopt-guard"])
        sns.delete_topic(TopicArn=topic)
        iam.delete_role_policy(RoleName="acme-adopt-guard", PolicyName="watch")
        iam.delete_role(RoleName="acme-adopt-guard")


def test_each_users_own_role_is_found_with_what_is_attached_to_it(lost: Environment, world: World) -> None:
    described = config(name="acme-adopt", users=[{"name": "ada"}, {"name": "bob"}], iam={"per_user_roles": True})
    terraform = FakeTerraform([], destroy=lambda: None, blueprint=blueprint.build(described))
    apart = replace(lost, config=described, terraform=cast("Terraform", terraform))
    iam = world.client("iam")
    iam.create_role(RoleName="acme-adopt-execution-ada", AssumeRolePolicyDocument=TRUST, Tags=UPPER)
    iam.create_role(RoleName="acme-adopt-execution-bob", AssumeRolePolicyDocument=TRUST)  # somebody else's
    arn = iam.create_policy(PolicyName="acme-adopt-s3-ada", PolicyDocument=POLICY, Tags=UPPER)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="acme-adopt-execution-ada", PolicyArn=arn)
    try:
        assert found(apart) == {
            "aws_iam_role.execution_ada": "acme-adopt-execution-ada",
            "aws_iam_policy.s3_ada": arn,
            "aws_iam_role_policy_attachment.s3_ada": f"acme-adopt-execution-ada/{arn}",
        }
    finally:
        iam.detach_role_policy(RoleName="acme-adopt-execution-ada", PolicyArn=arn)
        iam.delete_policy(PolicyArn=arn)
        for user in ("ada", "bob"):
            iam.delete_role(RoleName=f"acme-adopt-execution-{user}")


def test_studio_is_found_inside_its_domain(lost: Environment, world: World) -> None:
    domain_id = world.studio.domain(DomainName="acme-adopt", Tags=UPPER)
    world.studio.profile(domain_id, "ada")
    world.studio.space(domain_id, "ada-editor")
    inside = f"arn:aws:sagemaker:{REGION}:123456789012:{{}}/{domain_id}/{{}}"

    assert found(lost) == {
        "aws_sagemaker_domain.studio": domain_id,
        "aws_sagemaker_user_profile.ada": inside.format("user-profile", "ada"),
        "aws_sagemaker_space.ada-editor": inside.format("space", "ada-editor"),
    }
    assert adopt.broken_creations(lost, found(lost)) == ()
    empty_domain(world, domain_id, retain=False)


@pytest.mark.parametrize(
    ("provider", "taken", "form"),
    [
        ("5.100.0", None, "{name}"),
        ("6.69.1", None, "{name},2"),
        (">= 5.100, < 7", "5.100.0", "{name}"),
        (">= 5.100, < 7", "6.69.1", "{name},2"),
    ],
)
def test_a_version_of_an_image_is_found_unless_aws_could_not_make_it(
    world: World, provider: str, taken: str | None, form: str
) -> None:
    digest = f"sha256:{'0' * 64}"
    described = config(
        name="acme-adopt", images={"custom": [{"name": "torch", "digest": digest}]}, terraform={"provider": provider}
    )
    terraform = FakeTerraform([], destroy=lambda: None, blueprint=blueprint.build(described))
    terraform.workspace.taken = taken
    target = emulation.target(world.emulator, REGION)
    lost = Environment(described, target, cast("Terraform", terraform))
    (image,) = [r for r in terraform.blueprint.resources() if r.type == "aws_sagemaker_image"]
    name, version = str(image.arguments["image_name"]), image.address.replace("_image.", "_image_version.")
    sagemaker = world.studio.sagemaker
    sagemaker.create_image(ImageName=name, RoleArn=world.studio.role_arn)
    eventually(lambda: sagemaker.describe_image(ImageName=name)["ImageStatus"], lambda status: status == "CREATED")
    try:
        assert found(lost) == {image.address: name}
        missing = "123456789012.dkr.ecr.us-east-1.amazonaws.com/nothing:here"
        for base, expected in (
            (missing, {}),
            ("public.ecr.aws/docker/library/python:3", {version: form.format(name=name)}),
        ):
            sagemaker.create_image_version(ImageName=name, BaseImage=base, ClientToken=uuid.uuid4().hex)
            settled = done(adopt.settled(lost, {image.address, version}))
            eventually(lambda: sagemaker.describe_image_version(ImageName=name)["ImageVersionStatus"], is_over)
            assert done(adopt.settled(lost, {image.address, version})) == {image.address: name, **expected}
            assert settled.keys() <= {image.address, version}
    finally:
        sagemaker.delete_image(ImageName=name)


@pytest.mark.parametrize("identity", ["torch", "torch,1"])
def test_an_image_version_that_either_major_version_recorded_is_called_by_its_image(
    world: World, identity: str
) -> None:
    described = config(name="acme-adopt", images={"custom": [{"name": "torch", "digest": f"sha256:{'0' * 64}"}]})
    recorded: dict[str, Mapping[str, Any]] = {
        "aws_sagemaker_image_version.torch": {"id": identity, "image_name": "torch", "version": 1}
    }
    terraform = FakeTerraform([], destroy=lambda: None, blueprint=blueprint.build(described), tainted=recorded)
    lost = Environment(described, emulation.target(world.emulator, REGION), cast("Terraform", terraform))
    (offered,) = [r for r in terraform.blueprint.resources() if r.type == "aws_sagemaker_user_profile"]
    (image,) = offered.arguments["user_settings"]["code_editor_app_settings"]["custom_image"]

    assert adopt.Search(lost).filled_in(str(image["image_name"])) == "torch"


def is_over(status: str) -> bool:
    return status in {"CREATED", "CREATE_FAILED"}


def tag_it(s3: Any) -> None:
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": UPPER})


def tag_it_as_anothers(s3: Any) -> None:
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "team", "Value": "theirs"}]})


def fill_it(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="theirs", Body=b"data")


def leave_it(s3: Any) -> None:
    """As a run leaves it that is killed between making it and tagging it."""


@pytest.mark.parametrize(
    ("do", "expected"),
    [
        (leave_it, {"aws_s3_bucket.data": BUCKET}),
        (tag_it, {"aws_s3_bucket.data": BUCKET}),
        (tag_it_as_anothers, {}),
        (fill_it, {}),
    ],
)
def test_a_bucket_is_ours_by_its_tags(
    lost: Environment, world: World, do: Callable[[Any], None], expected: dict[str, str]
) -> None:
    s3 = client(world.emulator, "s3", REGION)
    s3.create_bucket(Bucket=BUCKET)
    try:
        do(s3)
        assert found(lost) == expected
    finally:
        s3.delete_object(Bucket=BUCKET, Key="theirs")
        s3.delete_bucket(Bucket=BUCKET)


def test_what_carries_another_environments_tag_is_not_ours(lost: Environment, world: World) -> None:
    ecr = world.client("ecr")
    ecr.create_repository(repositoryName="acme-adopt", tags=[{"Key": "studioctl:environment", "Value": "other"}])
    try:
        assert found(lost) == {}
    finally:
        ecr.delete_repository(repositoryName="acme-adopt")


def test_what_aws_finished_is_accepted_though_terraform_did_not_see_it(lost: Environment, world: World) -> None:
    domain_id = world.studio.domain(DomainName="acme-adopt", Tags=UPPER)
    terraform = cast("FakeTerraform", lost.terraform)
    terraform.tainted["aws_sagemaker_domain.studio"] = {"id": domain_id}
    terraform.tainted["aws_sagemaker_user_profile.ada"] = {"id": "gone"}

    done(adopt.plan(lost))
    assert terraform.accepted == ["aws_sagemaker_domain.studio"]
    empty_domain(world, domain_id, retain=False)


def test_a_key_or_a_name_that_aws_made_is_not_made_a_second_time(lost: Environment, world: World) -> None:
    secrets = world.client("secretsmanager")
    secret = secrets.create_secret(Name="acme-adopt/github", Tags=UPPER)["ARN"]
    terraform = cast("FakeTerraform", lost.terraform)
    terraform.tainted["aws_secretsmanager_secret.github"] = {"id": secret}

    done(adopt.plan(lost))
    assert terraform.accepted == ["aws_secretsmanager_secret.github"]
    secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


GITHUB = ResourceChange(
    "aws_secretsmanager_secret.github", "aws_secretsmanager_secret", "github", "secrets_manager", "create"
)
AGREED = PlanSummary((GITHUB,), (), (), destroy=False, has_changes=True, file=Path("plan"))


@pytest.mark.parametrize(
    ("tags", "in_state", "goes_on"),
    [
        (UPPER, [], True),
        ([], [], False),  # somebody else's
        (UPPER, [("aws_vpc", {"id": "vpc-1"})], False),  # the new plan would destroy what nobody agreed to
    ],
)
def test_what_came_into_being_unseen_is_adopted_when_it_clashes(
    lost: Environment, world: World, tags: list[Any], in_state: list[Any], goes_on: bool
) -> None:
    secrets = world.client("secretsmanager")
    secret = secrets.create_secret(Name="acme-adopt/github", Tags=tags)["ARN"]
    terraform = cast("FakeTerraform", lost.terraform)
    terraform.resources += in_state
    try:
        again = done(adopt.plan_after_a_clash(lost, AGREED))
        assert (again is not None) == goes_on
        assert terraform.adopted == ({GITHUB.address: secret} if tags else {})
    finally:
        secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


def test_what_an_old_state_records_gives_way_to_its_successor(lost: Environment, world: World) -> None:
    """Terraform imports nothing beside a record, though it has just seen that the thing is gone."""
    secrets = world.client("secretsmanager")
    secret = secrets.create_secret(Name="acme-adopt/github", Tags=UPPER)["ARN"]
    terraform = cast("FakeTerraform", lost.terraform)
    terraform.gone |= {GITHUB.address: {"id": "its predecessor"}, "aws_ecr_repository.images": {"id": "no successor"}}
    try:
        done(adopt.plan(lost))
        assert terraform.forgotten == [GITHUB.address]
        assert terraform.adopted == {GITHUB.address: secret}
    finally:
        secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


def test_of_many_people_aws_is_asked_for_a_list(world: World) -> None:
    """Two hundred that an import adds are a few calls, not one for each; AWS does not tell names apart by case."""
    people = [f"user-{number:02}" for number in range(40)]
    described = config(name="acme-adopt", users=[{"name": name} for name in people])
    terraform = FakeTerraform([], destroy=lambda: None, blueprint=blueprint.build(described))
    lost = Environment(described, emulation.target(world.emulator, REGION), cast("Terraform", terraform))
    domain_id = world.studio.domain(DomainName="acme-adopt", Tags=UPPER)
    world.studio.profile(domain_id, "User-35")
    world.studio.profile(domain_id, "user-01")
    world.studio.space(domain_id, "user-01-editor", owner="user-01")
    try:
        known = {address.split(".")[1] for address in found(lost) if address.startswith("aws_sagemaker_")}
        assert known == {"studio", "user-01", "user-35", "user-01-editor"}
        assert lost.session.calls < 70  # of which some forty are about everything else
    finally:
        empty_domain(world, domain_id, retain=False)


def test_of_many_roles_and_policies_aws_is_asked_for_a_list(world: World) -> None:
    """Roles and policies of all users are some calls; what is attached is one for each role that is there."""
    users = [{"name": f"user-{number:02}"} for number in range(30)]
    described = config(name="acme-roles", users=users, iam={"per_user_roles": True})
    terraform = FakeTerraform([], destroy=lambda: None, blueprint=blueprint.build(described))
    lost = Environment(described, emulation.target(world.emulator, REGION), cast("Terraform", terraform))
    iam = world.studio.iam
    tags: Any = [{"Key": "studioctl:environment", "Value": "acme-roles"}]
    iam.create_role(RoleName="acme-roles-execution-user-25", AssumeRolePolicyDocument=TRUST, Tags=tags)
    try:
        known = {address for address in found(lost) if address.startswith("aws_iam_role")}
        assert known == {"aws_iam_role.execution_user-25"}
        assert lost.session.calls < 90
        wanted = tuple(names.fixed_names(terraform.blueprint, "123456789012"))
        looked_at = [it.name for it in names.worth_a_look(lost.session, wanted) if it.type == "aws_iam_role"]
        assert looked_at == ["acme-roles-execution-user-25"]
    finally:
        iam.delete_role(RoleName="acme-roles-execution-user-25")
