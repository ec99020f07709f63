"""The network: a VPC, a public subnet per availability zone, and the way to the internet."""

from dataclasses import dataclass
from ipaddress import IPv4Network

from studioctl.config.model import Network
from studioctl.infrastructure.block import Block, Data, Module, Ref, Resource
from studioctl.infrastructure.naming import Naming, name_tag

# A /16 gives sixteen /20 subnets. The width does not depend on how many zones are used, so that a further zone
# never renumbers the subnets that exist: that would replace them, and with them the domain.
SUBNET_BITS = 4
SMALLEST_SUBNET = 28  # https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html


@dataclass(frozen=True)
class Vpc:
    """The network's blocks, and what others need of it."""

    module: Module
    vpc_id: Ref
    subnet_ids: tuple[Ref, ...]


def subnet_ranges(network: Network) -> tuple[IPv4Network, ...]:
    """The subnets' ranges, one per availability zone, carved from the front of the VPC's."""
    vpc = IPv4Network(network.cidr)
    prefix = min(vpc.prefixlen + SUBNET_BITS, SMALLEST_SUBNET)
    ranges = vpc.subnets(new_prefix=prefix)
    return tuple(subnet for subnet, _ in zip(ranges, range(network.availability_zones), strict=False))


def build(network: Network, naming: Naming) -> Vpc:
    """The network that `[network]` describes."""
    zones = Data(
        "aws_availability_zones",
        "available",
        {"state": "available", "filter": [{"name": "opt-in-status", "values": ["opt-in-not-required"]}]},
        why="Only zones that every account may use.",
    )
    vpc = Resource(
        "aws_vpc",
        "studio",
        {
            "cidr_block": network.cidr,
            "enable_dns_support": True,
            "enable_dns_hostnames": True,
            "tags": name_tag(naming.vpc),
            "lifecycle": {"precondition": [_enough_zones(network, zones)]},
        },
        why="DNS names are what the home file system is mounted by.",
    )
    subnets = tuple(_subnet(vpc, zones, naming, index, cidr) for index, cidr in enumerate(subnet_ranges(network)))
    gateway = Resource(
        "aws_internet_gateway", "studio", {"vpc_id": vpc.ref("id"), "tags": name_tag(naming.internet_gateway)}
    )
    routes = Resource(
        "aws_route_table",
        "public",
        {"vpc_id": vpc.ref("id"), "tags": name_tag(naming.public_route_table)},
    )
    default_route = Resource(
        "aws_route",
        "internet",
        {
            "route_table_id": routes.ref("id"),
            "destination_cidr_block": "0.0.0.0/0",
            "gateway_id": gateway.ref("id"),
        },
    )
    associations = tuple(
        Resource(
            "aws_route_table_association",
            subnet.label,
            {"subnet_id": subnet.ref("id"), "route_table_id": routes.ref("id")},
        )
        for subnet in subnets
    )
    blocks: tuple[Block, ...] = (zones, vpc, *subnets, gateway, routes, default_route, *associations)
    return Vpc(
        module=Module("vpc", "The network: a VPC, a public subnet per availability zone, the internet.", blocks),
        vpc_id=vpc.ref("id"),
        subnet_ids=tuple(subnet.ref("id") for subnet in subnets),
    )


def _enough_zones(network: Network, zones: Data) -> dict[str, str]:
    wanted = network.availability_zones
    return {
        "condition": f"${{length({zones.address}.names) >= {wanted}}}",
        "error_message": f"network.availability_zones is {wanted}, and this region has fewer for your account.",
    }


def _subnet(vpc: Resource, zones: Data, naming: Naming, index: int, cidr: IPv4Network) -> Resource:
    return Resource(
        "aws_subnet",
        f"public_{index + 1}",
        {
            "vpc_id": vpc.ref("id"),
            "cidr_block": str(cidr),
            "availability_zone": zones.ref(f"names[{index}]"),
            "tags": name_tag(naming.subnet(index)),
            # A zone that AWS opens later may sort before ours; following it would replace the subnet, and a
            # replaced subnet replaces the domain (hashicorp/terraform-provider-aws#29331).
            "lifecycle": {"ignore_changes": ["availability_zone"]},
        },
        # https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-and-internet-access.html
        why="Public by its route. It hands out no public addresses: only the home file system's traffic passes here.",
    )
