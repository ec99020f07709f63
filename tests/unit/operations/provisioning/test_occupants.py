"""Nothing goes while something of somebody else's is in the network that would go."""

from pathlib import Path
from typing import Any, cast

import pytest

from studio_emulator import server
from studioctl.errors import RefusedError
from studioctl.events import Noted
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import down, up
from studioctl.terraform.plan import PlanSummary, ResourceChange
from tests.fakes.terraform import FakeTerraform
from tests.fakes.work import done
from tests.unit.operations.conftest import World

IMAGE = "ami-12c6146b"


def survey(world: World) -> None:
    done(down.survey(world.environment))


def refusal(world: World) -> list[str]:
    before = world.inventory()
    with pytest.raises(RefusedError) as refused:
        survey(world)
    assert world.inventory() == before
    first, *lines, last = refused.value.message.splitlines()
    assert first == "Others use the network that would go, and AWS deletes nothing that is in use:"
    assert last == "Nothing was changed."
    assert refused.value.hint == "remove these, or ask their owners to; then: studioctl down"
    return lines


def test_what_the_domain_brought_is_no_stranger(world: World) -> None:
    app = {"AppType": "CodeEditor", "AppName": "default", "SpaceName": "ada-space"}
    names = [it["SpaceName"] for it in world.studio.sagemaker.list_spaces(DomainIdEquals=world.domain_id)["Spaces"]]
    world.studio.sagemaker.create_app(DomainId=world.domain_id, **{**app, "SpaceName": names[0]})  # type: ignore[arg-type]

    survey(world)


def test_an_interface_is_named_with_its_owner(world: World) -> None:
    made = world.studio.ec2.create_network_interface(
        SubnetId=world.studio.subnet_ids[0], Description="payroll", Groups=[world.studio.group_id]
    )["NetworkInterface"]
    try:
        (line,) = refusal(world)
        assert line.startswith(f"  interface {made['NetworkInterfaceId']} (payroll, of ")
        assert line.endswith(f", in {world.studio.subnet_ids[0]})")
    finally:
        world.studio.ec2.delete_network_interface(NetworkInterfaceId=made["NetworkInterfaceId"])
    survey(world)


def test_an_instance_is_named_once_and_not_its_interface(world: World) -> None:
    ec2 = world.studio.ec2
    tags: Any = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "bastion"}]}]
    made = ec2.run_instances(
        ImageId=IMAGE, MinCount=1, MaxCount=1, SubnetId=world.studio.subnet_ids[0], TagSpecifications=tags
    )["Instances"][0]["InstanceId"]
    assert refusal(world) == [f"  instance {made} ('bastion', of account 123456789012)"]

    ec2.terminate_instances(InstanceIds=[made])


def test_gateways_endpoints_and_peerings_are_named(world: World) -> None:
    ec2, vpc_id = world.studio.ec2, world.studio.vpc_id
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id)
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc_id, ServiceName="com.amazonaws.us-east-1.s3")["VpcEndpoint"]
    other = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    peering = ec2.create_vpc_peering_connection(VpcId=other, PeerVpcId=vpc_id)["VpcPeeringConnection"]
    outward = ec2.create_egress_only_internet_gateway(VpcId=vpc_id)["EgressOnlyInternetGateway"]
    private = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpcId=vpc_id, VpnGatewayId=private)
    carrier = ec2.create_carrier_gateway(VpcId=vpc_id)["CarrierGateway"]["CarrierGatewayId"]
    transit = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    attachment = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=transit, VpcId=vpc_id, SubnetIds=world.studio.subnet_ids[:1]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    lines = refusal(world)

    account = "of account 123456789012"
    assert f"  internet gateway {gateway} ({account})" in lines
    assert f"  egress-only internet gateway {outward['EgressOnlyInternetGatewayId']}" in lines
    assert f"  VPN gateway {private}" in lines
    assert f"  carrier gateway {carrier} ({account})" in lines
    assert f"  transit gateway attachment {attachment} (to {transit})" in lines
    assert any(line.startswith(f"  endpoint {endpoint['VpcEndpointId']} (com.amazonaws.us-east-1.s3") for line in lines)
    identity = peering["VpcPeeringConnectionId"]
    assert f"  peering {identity} (with {other} of account 123456789012)" in lines
    assert len(lines) == 7


def test_what_is_made_of_the_vpc_itself_is_named(world: World) -> None:
    ec2, vpc_id = world.studio.ec2, world.studio.vpc_id
    named: Any = [{"ResourceType": "subnet", "Tags": [{"Key": "Name", "Value": "theirs"}]}]
    subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.77.0/24", TagSpecifications=named)["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    acl = ec2.create_network_acl(VpcId=vpc_id)["NetworkAcl"]["NetworkAclId"]
    group = ec2.create_security_group(GroupName="database", Description="x", VpcId=vpc_id)["GroupId"]
    account = "of account 123456789012"

    assert refusal(world) == [
        f"  subnet {subnet} ('theirs', {account})",
        f"  route table {table} ({account})",
        f"  network ACL {acl} ({account})",
        f"  security group {group} ('database' {account})",
    ]
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_route_table(RouteTableId=table)
    ec2.delete_network_acl(NetworkAclId=acl)
    ec2.delete_security_group(GroupId=group)
    survey(world)


def test_what_we_may_not_look_at_is_noted(world: World) -> None:
    faults: Any = {
        "faults": [
            {"kind": "error", "service": "ec2", "action": action, "code": "UnauthorizedOperation"}
            for action in ("DescribeNetworkAcls", "DescribeCarrierGateways")
        ]
    }
    server.set_faults(world.emulator, faults)
    try:
        noted = [event.message for event in down.survey(world.environment) if isinstance(event, Noted)]
    finally:
        server.set_faults(world.emulator, {"faults": []})
    assert [note.partition(". ")[0] for note in noted] == [
        f"Not looked at: carrier gateways of others in {world.studio.vpc_id}",
        f"Not looked at: network ACLs of others in {world.studio.vpc_id}",
    ]


def test_what_a_region_does_not_have_is_not_looked_for(world: World) -> None:
    fault = {"kind": "error", "service": "ec2", "action": "DescribeCarrierGateways", "code": "InvalidAction"}
    server.set_faults(world.emulator, {"faults": [fault]})
    try:
        assert [event for event in down.survey(world.environment) if isinstance(event, Noted)] == []
    finally:
        server.set_faults(world.emulator, {"faults": []})


def test_a_group_whose_rules_name_ours_is_named(world: World) -> None:
    ec2, ours = world.studio.ec2, world.studio.group_id
    cast("FakeTerraform", world.environment.terraform).resources.append(("aws_security_group", {"id": ours}))
    theirs = ec2.create_security_group(GroupName="database", Description="x", VpcId=world.studio.vpc_id)["GroupId"]
    pairs: Any = [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": ours}]}]
    ec2.authorize_security_group_ingress(GroupId=theirs, IpPermissions=pairs)

    about = f"'database' of account 123456789012, whose rules name {ours}"
    assert refusal(world) == [f"  security group {theirs} ({about})"]


def gone(environment: Environment, world: World, kind: str, identity: str) -> PlanSummary:
    """A plan that destroys this, which the state knows."""
    terraform = cast("FakeTerraform", environment.terraform)
    terraform.resources.append((kind, {"id": identity}))
    address = f"{kind}.n{len(terraform.resources) - 1}"
    change = ResourceChange(address, kind, "it", None, "delete")
    return PlanSummary((change,), (), (), destroy=False, has_changes=True, file=Path("plan"))


def test_a_plan_that_takes_a_subnet_away_is_refused_for_what_is_in_it(world: World) -> None:
    first, second = world.studio.subnet_ids
    plan = gone(world.environment, world, "aws_subnet", first)
    made = world.studio.ec2.create_network_interface(SubnetId=second)["NetworkInterface"]["NetworkInterfaceId"]
    up.cleared(world.environment, plan, stop_apps=True)

    theirs = world.studio.ec2.create_network_interface(SubnetId=first)["NetworkInterface"]["NetworkInterfaceId"]
    with pytest.raises(RefusedError, match=theirs) as refused:
        up.cleared(world.environment, plan, stop_apps=True)
    assert made not in refused.value.message
    assert refused.value.hint.endswith("then: studioctl up")


def test_a_vpc_that_is_only_used_may_be_full_of_others(world: World) -> None:
    terraform = cast("FakeTerraform", world.environment.terraform)
    terraform.resources[:] = [it for it in terraform.resources if it[0] != "aws_vpc"]
    world.studio.ec2.create_network_interface(SubnetId=world.studio.subnet_ids[0])

    survey(world)
