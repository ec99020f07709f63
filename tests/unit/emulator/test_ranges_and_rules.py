"""EC2 as strict as AWS about ranges of addresses, main route tables, and names, rules and tags of groups."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import client, refusal

LONG = "a" * 256
ALLOWED = "strings less than 256 characters from: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"


@pytest.fixture
def ec2(emulator: RunningEmulator) -> Any:
    return client(emulator, "ec2")


@pytest.fixture
def vpc(ec2: Any) -> Iterator[str]:
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    yield made
    mine = [{"Name": "vpc-id", "Values": [made]}]
    for group in ec2.describe_security_groups(Filters=mine)["SecurityGroups"]:
        if group["GroupName"] != "default":
            ec2.delete_security_group(GroupId=group["GroupId"])
    for subnet in ec2.describe_subnets(Filters=mine)["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=made)


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.0.0.0/29", "10.0.0.0/8"])
def test_a_vpc_has_a_size(ec2: Any, vpc: str, cidr: str) -> None:
    refused = ("InvalidVpc.Range", f"The CIDR '{cidr}' is invalid.")
    assert refusal(lambda: ec2.create_vpc(CidrBlock=cidr)) == refused
    assert refusal(lambda: ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=cidr)) == refused


@pytest.mark.parametrize("cidr", ["10.0.0.0/29", "10.0.0.0/15", "10.1.0.0/24", "10.0.0.0/32", "10.0.0.0"])
def test_a_subnet_has_a_size_and_is_in_its_vpc(ec2: Any, vpc: str, cidr: str) -> None:
    assert refusal(lambda: ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)) == (
        "InvalidSubnet.Range",
        f"The CIDR '{cidr}' is invalid.",
    )


def test_subnets_do_not_overlap(ec2: Any, vpc: str) -> None:
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")
    for cidr in ("10.0.0.0/24", "10.0.0.128/25", "10.0.0.0/20"):
        assert refusal(partial(ec2.create_subnet, VpcId=vpc, CidrBlock=cidr)) == (
            "InvalidSubnet.Conflict",
            f"The CIDR '{cidr}' conflicts with another subnet",
        )
    assert refusal(lambda: ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/x"))[0] == "InvalidParameterValue"


def test_host_bits_are_cleared(ec2: Any, vpc: str) -> None:
    other = ec2.create_vpc(CidrBlock="100.68.0.18/18")["Vpc"]
    assert other["CidrBlock"] == "100.68.0.0/18"
    ec2.delete_vpc(VpcId=other["VpcId"])
    assert ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.3.7/24")["Subnet"]["CidrBlock"] == "10.0.3.0/24"
    group = ec2.create_security_group(GroupName="bits", Description="d", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "100.68.0.18/18"}]}
    added = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])["SecurityGroupRules"]
    assert [each["CidrIpv4"] for each in added] == ["100.68.0.0/18"]
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"] == []


def test_the_main_route_table_goes_with_its_vpc_alone(ec2: Any, vpc: str) -> None:
    found = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    table, association = found[0]["RouteTableId"], found[0]["Associations"][0]["RouteTableAssociationId"]
    assert refusal(lambda: ec2.delete_route_table(RouteTableId=table)) == (
        "DependencyViolation",
        f"The routeTable '{table}' has dependencies and cannot be deleted.",
    )
    assert refusal(lambda: ec2.disassociate_route_table(AssociationId=association)) == (
        "InvalidParameterValue",
        f"cannot disassociate the main route table association {association}",
    )
    second = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.replace_route_table_association(AssociationId=association, RouteTableId=second)
    assert refusal(lambda: ec2.delete_route_table(RouteTableId=second))[0] == "DependencyViolation"
    ec2.delete_route_table(RouteTableId=table)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sg-acme", "Value (sg-acme) for parameter GroupName is invalid. Group names may not be in the format sg-*."),
        ("gruppé", "Value (gruppé) for parameter GroupName is invalid. Character sets beyond ASCII are not supported."),
        ("a%b", f"Value (a%b) for parameter GroupName is invalid. Valid values are {ALLOWED}"),
        (LONG, f"Value ({LONG}) for parameter GroupName is invalid. Valid values are {ALLOWED}"),
        ("default", "Cannot use reserved security group name: default"),
    ],
)
def test_what_no_group_may_be_called(ec2: Any, vpc: str, name: str, said: str) -> None:
    assert refusal(lambda: ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)) == (
        "InvalidParameterValue",
        said,
    )


def test_a_group_needs_its_vpc(ec2: Any) -> None:
    make = {"GroupName": "a", "Description": "d", "VpcId": "vpc-0123456789abcdef0"}
    assert refusal(lambda: ec2.create_security_group(**make)) == (
        "InvalidVpcID.NotFound",
        "The vpc ID 'vpc-0123456789abcdef0' does not exist",
    )


def permission(protocol: str, start: int | None, end: int | None, *cidrs: str) -> dict[str, Any]:
    ports = {key: port for key, port in (("FromPort", start), ("ToPort", end)) if port is not None}
    return {"IpProtocol": protocol, **ports, "IpRanges": [{"CidrIp": cidr} for cidr in cidrs or ["10.0.0.0/16"]]}


@pytest.mark.parametrize(
    ("protocol", "start", "end", "said"),
    [
        ("tcp", 443, 80, "Invalid TCP/UDP port range (443:80)"),
        ("tcp", -1, 80, "TCP/UDP (from) port (-1) out of range"),
        ("17", 1, 65536, "TCP/UDP (to) port (65536) out of range"),
        ("udp", 1, None, "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."),
        ("icmp", None, None, "Invalid value 'Must specify both from and to ports with ICMP.' for portRange."),
        ("icmp", 0, 65535, "ICMP code (65535) out of range"),
        ("esp", 1, 2, "Invalid value 'esp' for IP protocol. Unknown protocol."),
        ("256", 1, 2, "Invalid value '256' for IP protocol. Unknown protocol."),
    ],
)
def test_ports_and_protocols(ec2: Any, vpc: str, protocol: str, start: int | None, end: int | None, said: str) -> None:
    group = ec2.create_security_group(GroupName="ports", Description="d", VpcId=vpc)["GroupId"]
    for authorize in (ec2.authorize_security_group_ingress, ec2.authorize_security_group_egress):
        both = [permission("tcp", 1, 2), permission(protocol, start, end)]
        refused = refusal(partial(authorize, GroupId=group, IpPermissions=both))
        assert refused == ("InvalidParameterValue", said)
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"] == []


def test_a_rule_is_there_once(ec2: Any, vpc: str) -> None:
    group = ec2.create_security_group(GroupName="once", Description="d", VpcId=vpc)["GroupId"]
    pair = {"GroupId": group, "Description": "one"}
    itself = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [pair]}

    def add(*permissions: dict[str, Any]) -> Any:
        return ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=list(permissions))

    add(permission("tcp", 22, 22), itself, permission("-1", None, None, "10.1.0.0/16"))
    duplicate = "InvalidPermission.Duplicate"
    for again, peer in (
        (permission("6", 22, 22, "10.0.3.4/16"), "10.0.0.0/16, TCP, from port: 22, to port: 22"),
        (itself | {"UserIdGroupPairs": [pair | {"Description": "two"}]}, f"{group}, TCP, from port: 22, to port: 22"),
        (permission("-1", None, None, "10.1.0.0/16"), "10.1.0.0/16, ALL"),
    ):
        new = permission("tcp", 80, 80)
        refused = refusal(partial(add, new, again))
        assert refused == (duplicate, f'the specified rule "peer: {peer}, ALLOW" already exists')
    twice = ("InvalidParameterValue", "The same permission must not appear multiple times")
    assert refusal(lambda: add(permission("tcp", 80, 80), permission("tcp", 80, 80))) == twice
    assert len(ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]) == 2
    add(permission("tcp", 80, 80), permission("udp", 80, 80))
    rules = [{"Name": "group-id", "Values": [group]}]
    ours = ec2.describe_security_group_rules(Filters=rules)["SecurityGroupRules"]
    ec2.revoke_security_group_ingress(
        GroupId=group, SecurityGroupRuleIds=[each["SecurityGroupRuleId"] for each in ours if not each["IsEgress"]]
    )


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("aws:x", "", "Value ( aws:x ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved"),
        ("AWS:x", "", "Value ( AWS:x ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved"),
        ("k" * 129, "", f"Value ( {'k' * 129} ) for parameter key is invalid. Tag key exceeds the maximum length"),
        ("k", "v" * 257, f"Value ( {'v' * 257} ) for parameter value is invalid. Tag value exceeds the maximum length"),
        ("", "v", "Value (  ) for parameter key is invalid. Tag keys cannot be empty"),
    ],
)
def test_tags_that_no_thing_may_have(ec2: Any, vpc: str, key: str, value: str, said: str) -> None:
    tags = [{"Key": "fine", "Value": "x"}, {"Key": key, "Value": value}]
    before = len(ec2.describe_vpcs()["Vpcs"])
    spec = [{"ResourceType": "vpc", "Tags": tags}]
    for call in (
        lambda: ec2.create_tags(Resources=[vpc], Tags=tags),
        lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=spec),
    ):
        code, message = refusal(call)
        assert code == "InvalidParameterValue"
        assert message.startswith(said)
    assert len(ec2.describe_vpcs()["Vpcs"]) == before
    assert not ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0].get("Tags")


def test_a_thing_has_fifty_tags_at_most(ec2: Any, vpc: str) -> None:
    tags = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
    full = ("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
    spec = [{"ResourceType": "vpc", "Tags": tags}]
    assert refusal(lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=spec)) == full
    ec2.create_tags(Resources=[vpc], Tags=tags[:50])
    assert refusal(lambda: ec2.create_tags(Resources=[vpc], Tags=tags[50:])) == full
    ec2.create_tags(Resources=[vpc], Tags=tags[:1])
