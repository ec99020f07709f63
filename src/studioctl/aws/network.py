"""What a VPC that exists already is like: read only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studioctl.aws.errors import MissingError, translated
from studioctl.aws.session import Session

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, RouteTableTypeDef

EVERYWHERE = {"0.0.0.0/0", "::/0"}
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
    """Those of these subnets that exist, by id."""
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


def _tables(session: Session, vpc_id: str) -> "list[RouteTableTypeDef]":
    in_vpc: FilterTypeDef = {"Name": "vpc-id", "Values": [vpc_id]}
    with translated():
        pages = session.client("ec2").get_paginator("describe_route_tables").paginate(Filters=[in_vpc])
        return [table for page in pages for table in page["RouteTables"]]


def _ways_out(subnet_id: str, tables: "list[RouteTableTypeDef]") -> tuple[str, ...]:
    """A subnet without a table of its own follows the VPC's main one."""
    own = [table for table in tables if any(link.get("SubnetId") == subnet_id for link in table["Associations"])]
    main = [table for table in tables if any(link.get("Main") for link in table["Associations"])]
    routes: list[Mapping[str, Any]] = [route for table in (own or main) for route in table["Routes"]]
    return tuple(
        str(next((route[target] for target in TARGETS if route.get(target)), "something unknown"))
        for route in routes
        if EVERYWHERE & {route.get("DestinationCidrBlock"), route.get("DestinationIpv6CidrBlock")}
        and route.get("State") != "blackhole"
    )
