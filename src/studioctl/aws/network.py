"""Reads the settings of an existing VPC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses, ip_network
from typing import TYPE_CHECKING, Any

from studioctl.aws.errors import MissingError, translated
from studioctl.aws.session import Session

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, RouteTableTypeDef

# No private range is wider than 10.0.0.0/8, and none of IPv6 wider than fc00::/7. A route to more than these leads to
# the internet, whether as one default route or split in several (0.0.0.0/1 and 128.0.0.0/1).
WIDEST_PRIVATE = {4: 8, 6: 7}
# What leads to the internet and nowhere else; anything else may also lead to another VPC.
INTERNET = ("igw-", "nat-", "eigw-")
# The member of a route that names where it leads.
TARGETS = (
    "NatGatewayId",
    "TransitGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "VpcPeeringConnectionId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "EgressOnlyInternetGatewayId",
    "GatewayId",
)


@dataclass(frozen=True)
class VpcFacts:
    """A VPC: whether it answers for private names, and on whose hardware it is ("default", "dedicated")."""

    dns_support: bool
    dns_hostnames: bool
    tenancy: str


@dataclass(frozen=True)
class SubnetFacts:
    """A subnet of some VPC, and by what it reaches the internet: ids of gateways and the like."""

    id: str
    vpc_id: str
    zone: str
    free_addresses: int
    ways_out: tuple[str, ...]
    cidr: str = ""


def vpc_facts(session: Session, vpc_id: str) -> VpcFacts | None:
    """The VPC; None when there is none of this id."""
    ec2 = session.client("ec2")
    try:
        with translated():
            (vpc,) = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
            support = ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute="enableDnsSupport")
            names = ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute="enableDnsHostnames")
    except MissingError:
        return None
    return VpcFacts(
        dns_support=support["EnableDnsSupport"]["Value"],
        dns_hostnames=names["EnableDnsHostnames"]["Value"],
        tenancy=vpc["InstanceTenancy"],
    )


def subnet_facts(session: Session, subnet_ids: Sequence[str]) -> dict[str, SubnetFacts]:
    """The facts on those of these subnets that exist, by id."""
    by_id: FilterTypeDef = {"Name": "subnet-id", "Values": list(subnet_ids)}
    with translated():
        found = session.client("ec2").describe_subnets(Filters=[by_id])["Subnets"]
    tables = {vpc_id: _tables(session, vpc_id) for vpc_id in {subnet["VpcId"] for subnet in found}}
    return {
        subnet["SubnetId"]: SubnetFacts(
            subnet["SubnetId"],
            subnet["VpcId"],
            subnet["AvailabilityZone"],
            subnet["AvailableIpAddressCount"],
            _ways_out(subnet["SubnetId"], tables[subnet["VpcId"]]),
            subnet["CidrBlock"],
        )
        for subnet in found
    }


def endpoint_services(session: Session, vpc_id: str) -> set[str]:
    """The services of AWS that have an endpoint in a VPC; those with interfaces only when they take over its names."""
    in_vpc: FilterTypeDef = {"Name": "vpc-id", "Values": [vpc_id]}
    with translated():
        pages = session.client("ec2").get_paginator("describe_vpc_endpoints").paginate(Filters=[in_vpc])
        found = [endpoint for page in pages for endpoint in page["VpcEndpoints"]]
    return {
        endpoint["ServiceName"]
        for endpoint in found
        if endpoint["State"].lower() == "available"
        and (endpoint["VpcEndpointType"] == "Gateway" or endpoint.get("PrivateDnsEnabled"))
    }


@dataclass(frozen=True)
class Entrance:
    """An interface endpoint: the service behind it, the groups that it wears, and whom they let in by HTTPS.

    Args:
        id: Its id.
        service: AWS's name of the service.
        groups: Ids of its security groups.
        ranges: Ranges of addresses that are let in.
        others: Groups and prefix lists that are let in: what is in them is not known here.
    """

    id: str
    service: str
    groups: tuple[str, ...]
    ranges: tuple[IPv4Network, ...]
    others: tuple[str, ...]

    def admits(self, subnet: IPv4Network) -> bool:
        """Whether every address of a subnet is let in, as far as addresses decide it."""
        return any(subnet.subnet_of(admitted) for admitted in collapse_addresses(self.ranges))


def entrances(session: Session, vpc_id: str) -> tuple[Entrance, ...]:
    """The interface endpoints in a VPC that take over their services' names."""
    ec2 = session.client("ec2")
    in_vpc: FilterTypeDef = {"Name": "vpc-id", "Values": [vpc_id]}
    with translated():
        pages = ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=[in_vpc])
        found = [it for page in pages for it in page["VpcEndpoints"] if it.get("PrivateDnsEnabled")]
        groups = ec2.get_paginator("describe_security_groups").paginate(Filters=[in_vpc])
        rules = {group["GroupId"]: group["IpPermissions"] for page in groups for group in page["SecurityGroups"]}
    made = []
    for endpoint in found:
        worn = tuple(group["GroupId"] for group in endpoint.get("Groups", ()))
        open_to = [rule for group in worn for rule in rules.get(group, ()) if _is_https(rule)]
        ranges = tuple(IPv4Network(it["CidrIp"]) for rule in open_to for it in rule.get("IpRanges", ()))
        others = tuple(it["GroupId"] for rule in open_to for it in rule.get("UserIdGroupPairs", ()))
        others += tuple(it["PrefixListId"] for rule in open_to for it in rule.get("PrefixListIds", ()))
        made.append(Entrance(endpoint["VpcEndpointId"], endpoint["ServiceName"], worn, ranges, others))
    return tuple(made)


def group_ids(session: Session, vpc_id: str, names: Sequence[str]) -> frozenset[str]:
    """The ids of the groups in a VPC that have one of these names."""
    filters: Sequence[FilterTypeDef] = [
        {"Name": "vpc-id", "Values": [vpc_id]},
        {"Name": "group-name", "Values": list(names)},
    ]
    with translated():
        found = session.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return frozenset(group["GroupId"] for group in found)


def _is_https(rule: Mapping[str, Any]) -> bool:
    if rule["IpProtocol"] == "-1":
        return True
    return rule["IpProtocol"] == "tcp" and bool(rule.get("FromPort", 0) <= 443 <= rule.get("ToPort", 65535))


def _tables(session: Session, vpc_id: str) -> "list[RouteTableTypeDef]":
    in_vpc: FilterTypeDef = {"Name": "vpc-id", "Values": [vpc_id]}
    with translated():
        pages = session.client("ec2").get_paginator("describe_route_tables").paginate(Filters=[in_vpc])
        return [table for page in pages for table in page["RouteTables"]]


def _ways_out(subnet_id: str, tables: "list[RouteTableTypeDef]") -> tuple[str, ...]:
    """A subnet without a separate route table uses the VPC's main one."""
    own = [table for table in tables if any(link.get("SubnetId") == subnet_id for link in table["Associations"])]
    main = [table for table in tables if any(link.get("Main") for link in table["Associations"])]
    routes: list[Mapping[str, Any]] = [route for table in (own or main) for route in table["Routes"]]
    return tuple(
        str(next((route[target] for target in TARGETS if route.get(target)), "something unknown"))
        for route in routes
        if route.get("State") != "blackhole" and _is_wide(route)
    )


def _is_wide(route: Mapping[str, Any]) -> bool:
    ranges = (route.get("DestinationCidrBlock"), route.get("DestinationIpv6CidrBlock"))
    return any(network.prefixlen < WIDEST_PRIVATE[network.version] for network in map(ip_network, filter(None, ranges)))
