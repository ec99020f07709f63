"""Ways out of a VPC: what AWS refuses, and what goes together."""

from typing import Any

import pytest

from tests.unit.emulator.emulated import REGION, Studio, refusal

SERVICE = f"com.amazonaws.{REGION}.sts"


def open_gateway(studio: Studio) -> str:
    gateway_id = studio.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    studio.ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=studio.vpc_id)
    return gateway_id


def interfaces(studio: Studio) -> list[str]:
    found = studio.ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [studio.vpc_id]}])
    return sorted(eni["SubnetId"] for eni in found["NetworkInterfaces"])


def test_a_nat_gateway_holds_its_address_its_subnet_and_the_internet_gateway(studio: Studio) -> None:
    ec2, subnet_id = studio.ec2, studio.subnet_ids[0]
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    wanted: Any = {"SubnetId": subnet_id, "AllocationId": allocation}
    code, message = refusal(lambda: ec2.create_nat_gateway(**wanted))
    assert (code, message) == ("Gateway.NotAttached", f"Network {studio.vpc_id} has no Internet gateway attached")

    gateway_id = open_gateway(studio)
    nat_id = ec2.create_nat_gateway(**wanted)["NatGateway"]["NatGatewayId"]
    detach: Any = {"InternetGatewayId": gateway_id, "VpcId": studio.vpc_id}
    assert refusal(lambda: ec2.release_address(AllocationId=allocation))[0] == "InvalidIPAddress.InUse"
    assert refusal(lambda: ec2.delete_subnet(SubnetId=subnet_id))[0] == "DependencyViolation"
    code, message = refusal(lambda: ec2.detach_internet_gateway(**detach))
    assert code == "DependencyViolation"
    assert message.startswith(f"Network {studio.vpc_id} has some mapped public address(es).")

    ec2.delete_nat_gateway(NatGatewayId=nat_id)
    assert refusal(lambda: ec2.delete_nat_gateway(NatGatewayId=nat_id))[0] == "NatGatewayNotFound"
    ec2.release_address(AllocationId=allocation)
    ec2.detach_internet_gateway(**detach)
    ec2.delete_subnet(SubnetId=subnet_id)
    assert interfaces(studio) == []


def endpoint(studio: Studio, **changes: Any) -> str:
    request: dict[str, Any] = {
        "VpcId": studio.vpc_id,
        "ServiceName": SERVICE,
        "VpcEndpointType": "Interface",
        "SubnetIds": studio.subnet_ids,
        "SecurityGroupIds": [studio.group_id],
        "PrivateDnsEnabled": True,
    }
    return str(studio.ec2.create_vpc_endpoint(**(request | changes))["VpcEndpoint"]["VpcEndpointId"])


@pytest.fixture
def named(studio: Studio) -> Studio:
    """A VPC that answers for private names."""
    studio.ec2.modify_vpc_attribute(VpcId=studio.vpc_id, EnableDnsHostnames={"Value": True})
    return studio


def test_private_names_need_names_in_the_vpc_and_are_given_once(studio: Studio) -> None:
    assert "requires both enableDnsSupport and enableDnsHostnames" in refusal(lambda: endpoint(studio))[1]
    studio.ec2.modify_vpc_attribute(VpcId=studio.vpc_id, EnableDnsHostnames={"Value": True})
    first = endpoint(studio)

    assert "already a conflicting DNS domain" in refusal(lambda: endpoint(studio))[1]
    endpoint(studio, PrivateDnsEnabled=False)
    studio.ec2.delete_vpc_endpoints(VpcEndpointIds=[first])
    endpoint(studio)


def test_an_endpoint_is_in_one_subnet_a_zone(named: Studio) -> None:
    zone = f"{REGION}a"
    made = named.ec2.create_subnet(VpcId=named.vpc_id, CidrBlock="10.0.7.0/24", AvailabilityZone=zone)["Subnet"]
    wanted = [named.subnet_ids[0], made["SubnetId"]]

    assert refusal(lambda: endpoint(named, SubnetIds=wanted))[0] == "DuplicateSubnetsInSameZone"


def test_an_endpoints_interfaces_follow_its_subnets_and_hold_its_group(named: Studio) -> None:
    first, second = named.subnet_ids
    endpoint_id = endpoint(named)
    assert interfaces(named) == sorted(named.subnet_ids)
    assert refusal(lambda: named.ec2.delete_security_group(GroupId=named.group_id))[0] == "DependencyViolation"
    (eni, _) = named.ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [named.vpc_id]}])[
        "NetworkInterfaces"
    ]
    gone = refusal(lambda: named.ec2.delete_network_interface(NetworkInterfaceId=eni["NetworkInterfaceId"]))
    assert gone[0] == "AuthFailure"

    named.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint_id, RemoveSubnetIds=[second])
    assert interfaces(named) == [first]
    named.ec2.delete_subnet(SubnetId=second)
    named.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id])
    assert interfaces(named) == []
    named.ec2.delete_security_group(GroupId=named.group_id)


def test_a_rule_about_a_group_keeps_its_description_which_is_plain(studio: Studio) -> None:
    def allow(description: str) -> None:
        pair = {"GroupId": studio.group_id, "Description": description}
        permission: Any = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [pair]}
        studio.ec2.authorize_security_group_ingress(GroupId=studio.group_id, IpPermissions=[permission])

    assert "Invalid rule description" in refusal(lambda: allow("a user's own"))[1]
    allow("apps of a user")
    answer = studio.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [studio.group_id]}])
    assert [rule.get("Description") for rule in answer["SecurityGroupRules"] if not rule["IsEgress"]] == [
        "apps of a user"
    ]


def test_a_vpc_stays_while_anything_is_in_it_or_attached_to_it(studio: Studio) -> None:
    """Each of these is made, blocks, and goes again; in the end the VPC goes."""
    ec2, vpc_id, subnet_id = studio.ec2, studio.vpc_id, studio.subnet_ids[0]
    ec2.delete_subnet(SubnetId=studio.subnet_ids[1])
    transit = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    attachment = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=transit, VpcId=vpc_id, SubnetIds=[subnet_id]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    has = "has dependencies and cannot be deleted."
    blocked = ("DependencyViolation", f"The subnet '{subnet_id}' {has}")
    assert refusal(lambda: ec2.delete_subnet(SubnetId=subnet_id)) == blocked
    ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    ec2.delete_subnet(SubnetId=subnet_id)
    ec2.delete_security_group(GroupId=studio.group_id)
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]

    outward = ec2.create_egress_only_internet_gateway(VpcId=vpc_id)["EgressOnlyInternetGateway"]
    carrier = ec2.create_carrier_gateway(VpcId=vpc_id)["CarrierGateway"]["CarrierGatewayId"]
    private = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpcId=vpc_id, VpnGatewayId=private)
    acl = ec2.create_network_acl(VpcId=vpc_id)["NetworkAcl"]["NetworkAclId"]
    peering = ec2.create_vpc_peering_connection(VpcId=other, PeerVpcId=vpc_id)["VpcPeeringConnection"]
    for release in (
        lambda: ec2.delete_egress_only_internet_gateway(
            EgressOnlyInternetGatewayId=outward["EgressOnlyInternetGatewayId"]
        ),
        lambda: ec2.delete_carrier_gateway(CarrierGatewayId=carrier),
        lambda: ec2.detach_vpn_gateway(VpcId=vpc_id, VpnGatewayId=private),
        lambda: ec2.delete_network_acl(NetworkAclId=acl),
        lambda: ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"]),
    ):
        assert refusal(lambda: ec2.delete_vpc(VpcId=vpc_id))[0] == "DependencyViolation"
        release()  # type: ignore[no-untyped-call]
    ec2.delete_vpc(VpcId=vpc_id)
    ec2.delete_vpc(VpcId=other)
    ec2.delete_transit_gateway(TransitGatewayId=transit)
    ec2.delete_vpn_gateway(VpnGatewayId=private)
