"""The route from private subnets to the internet: a NAT gateway in a separate public subnet."""

from ipaddress import IPv4Network
from typing import Any

from studioctl.config.network import Network
from studioctl.infrastructure.block import Data, Ref, Resource
from studioctl.infrastructure.naming import Naming, name_tag

# The one subnet that is not Studio's.
SUBNET = "aws_subnet.nat"
SMALLEST_SUBNET = 28


def subnet_range(network: Network) -> IPv4Network:
    """The gateway's subnet: the smallest there is, at the end of the VPC's range, where Studio's never come."""
    *_, last = IPv4Network(network.cidr).subnets(new_prefix=SMALLEST_SUBNET)
    return last


def blocks(
    network: Network, vpc: Resource, zones: Data, gateway: Resource, private: Resource, naming: Naming
) -> tuple[Resource, ...]:
    """One gateway for all zones, and the private subnets' route to it.

    A second zone's own would cost as much again; when the first one's zone fails, there is no internet.

    Args:
        network: `[network]`.
        vpc: The VPC.
        zones: The look-up of availability zones.
        gateway: The VPC's internet gateway.
        private: The private subnets' route table.
        naming: The environment's names.
    """
    named = name_tag(naming.nat)
    subnet, *way = _public_subnet(str(subnet_range(network)), vpc, zones, gateway, named)
    address = Resource(
        "aws_eip",
        "nat",
        {"domain": "vpc", "tags": named, "depends_on": [gateway.address]},
        why="The one public address: whoever the apps talk to sees it, and nobody can reach them by it.",
    )
    placed = {"allocation_id": address.ref("id"), "subnet_id": subnet.ref("id")}
    nat = Resource("aws_nat_gateway", "studio", {**placed, "tags": named, "depends_on": [gateway.address]})
    return (subnet, *way, address, nat, route("nat", private, nat_gateway_id=nat.ref("id")))


def _public_subnet(
    cidr: str, vpc: Resource, zones: Data, gateway: Resource, named: dict[str, Any]
) -> tuple[Resource, ...]:
    subnet = Resource(
        "aws_subnet",
        "nat",
        {
            "vpc_id": vpc.ref("id"),
            "cidr_block": cidr,
            "availability_zone": zones.ref("names[0]"),
            "tags": named,
            "lifecycle": {"ignore_changes": ["availability_zone"]},
        },
        why="Public, and for the NAT gateway alone.",
    )
    routes = Resource("aws_route_table", "nat", {"vpc_id": vpc.ref("id"), "tags": named})
    joined = {"subnet_id": subnet.ref("id"), "route_table_id": routes.ref("id")}
    link = Resource("aws_route_table_association", "nat", joined)
    return subnet, routes, link, route("nat_internet", routes, gateway_id=gateway.ref("id"))


def route(label: str, table: Resource, **target: Ref) -> Resource:
    """A table's route to everywhere, through a gateway."""
    return Resource(
        "aws_route", label, {"route_table_id": table.ref("id"), "destination_cidr_block": "0.0.0.0/0", **target}
    )
