"""The network: a VPC, a subnet of Studio's per availability zone, and the way to the internet, if there is one.

A closed network keeps the subnets and the route table of an open one: only their labels and routes differ. So an
environment that is opened or closed keeps its domain, which lives and dies with its subnets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from studioctl.config.network import Network
from studioctl.infrastructure import nat
from studioctl.infrastructure.block import Block, Data, Module, Ref, Resource
from studioctl.infrastructure.naming import Naming, name_tag

# A /16 gives sixteen /20 subnets. The width does not depend on how many zones are used, so that a further zone
# never renumbers the subnets that exist: that would replace them, and with them the domain.
SUBNET_BITS = 4
SMALLEST_SUBNET = 28  # https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
# https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-and-internet-access.html
KEEPING = "It hands out no public addresses: only the home file system's traffic passes here."
HANDING_OUT = "It hands out public addresses, as the file says; nothing of Studio needs one."
PRIVATE = "Private: Studio takes no others in this mode. All traffic of apps passes here."


@dataclass(frozen=True)
class Vpc:
    """The network's blocks, and what others need of it.

    Args:
        module: The blocks; none for a VPC that exists already.
        vpc_id: The VPC.
        subnet_ids: Studio's subnets, in the order of the zones.
        cidr: The VPC's range of addresses; None for a VPC that exists already.
        private_routes: The route table of our private subnets; None if there are none.
    """

    module: Module
    vpc_id: Ref | str
    subnet_ids: tuple[Ref | str, ...]
    cidr: str | None = None
    private_routes: Ref | None = None


def subnet_ranges(network: Network) -> tuple[IPv4Network, ...]:
    """The subnets' ranges, one per availability zone, carved from the front of the VPC's."""
    vpc = IPv4Network(network.cidr)
    ranges = vpc.subnets(new_prefix=network.subnet_prefix or min(vpc.prefixlen + SUBNET_BITS, SMALLEST_SUBNET))
    return tuple(subnet for subnet, _ in zip(ranges, range(network.availability_zones), strict=False))


def build(network: Network, naming: Naming) -> Vpc:
    """The network that `[network]` describes."""
    if network.vpc is not None:
        module = Module("vpc", "The network exists already.", ())
        return Vpc(module, network.vpc.id, network.vpc.subnet_ids)
    zones = Data(
        "aws_availability_zones",
        "available",
        {"state": "available", "filter": [{"name": "opt-in-status", "values": ["opt-in-not-required"]}]},
        why="Only zones that every account may use.",
    )
    vpc = _vpc(network, zones, naming)
    emptied = Resource(
        "aws_default_security_group",
        "studio",
        {"vpc_id": vpc.ref("id"), "tags": name_tag(f"{naming.vpc}-default")},
        why="AWS gives every VPC a group in which all may talk to all. Emptied, it lets nothing through.",
    )
    word = "private" if network.is_closed else "public"
    addresses = {"map_public_ip_on_launch": True} if network.public_ips else {}
    subnets = tuple(
        _subnet(vpc, zones, naming, index, {"cidr_block": str(cidr), **addresses}, word)
        for index, cidr in enumerate(subnet_ranges(network))
    )
    name = naming.private_route_table if network.is_closed else naming.public_route_table
    routes = Resource("aws_route_table", word, {"vpc_id": vpc.ref("id"), "tags": name_tag(name)})
    links = tuple(
        Resource(
            "aws_route_table_association",
            subnet.label,
            {"subnet_id": subnet.ref("id"), "route_table_id": routes.ref("id")},
        )
        for subnet in subnets
    )
    ways = _way_out(network, vpc, zones, routes, naming)
    blocks: tuple[Block, ...] = (zones, vpc, emptied, *subnets, routes, *links, *ways)
    purpose = f"The network: a VPC, a {word} subnet per availability zone, {_outside(network)}."
    return Vpc(
        module=Module("vpc", purpose, blocks, _moved((*subnets, routes, *links, *ways))),
        vpc_id=vpc.ref("id"),
        subnet_ids=tuple(subnet.ref("id") for subnet in subnets),
        cidr=network.cidr,
        private_routes=routes.ref("id") if network.is_closed else None,
    )


def _outside(network: Network) -> str:
    if not network.is_closed:
        return "the internet"
    return "the internet through a NAT gateway" if network.internet == "nat" else "no way to the internet"


def _vpc(network: Network, zones: Data, naming: Naming) -> Resource:
    return Resource(
        "aws_vpc",
        "studio",
        {
            "cidr_block": network.cidr,
            "enable_dns_support": True,
            "enable_dns_hostnames": True,
            "tags": name_tag(naming.vpc),
            "lifecycle": {"precondition": [_enough_zones(network, zones)]},
        },
        why="DNS names are what the home file system is mounted by, and what leads to private endpoints.",
    )


def _enough_zones(network: Network, zones: Data) -> dict[str, str]:
    wanted = network.availability_zones
    return {
        "condition": f"${{length({zones.address}.names) >= {wanted}}}",
        "error_message": f"network.availability_zones is {wanted}, and this region has fewer for your account.",
    }


def _subnet(vpc: Resource, zones: Data, naming: Naming, index: int, room: dict[str, Any], word: str) -> Resource:
    private = word == "private"
    return Resource(
        "aws_subnet",
        f"{word}_{index + 1}",
        {
            "vpc_id": vpc.ref("id"),
            **room,
            "availability_zone": zones.ref(f"names[{index}]"),
            "tags": name_tag(naming.private_subnet(index) if private else naming.subnet(index)),
            # A zone that AWS opens later may sort before ours; following it would replace the subnet, and a
            # replaced subnet replaces the domain (hashicorp/terraform-provider-aws#29331).
            "lifecycle": {"ignore_changes": ["availability_zone"]},
        },
        why=PRIVATE
        if private
        else f"Public by its route. {HANDING_OUT if 'map_public_ip_on_launch' in room else KEEPING}",
    )


def _way_out(network: Network, vpc: Resource, zones: Data, routes: Resource, naming: Naming) -> tuple[Resource, ...]:
    if network.is_closed and network.internet == "none":
        return ()
    gateway = Resource(
        "aws_internet_gateway", "studio", {"vpc_id": vpc.ref("id"), "tags": name_tag(naming.internet_gateway)}
    )
    if network.is_closed:
        return (gateway, *nat.blocks(network, vpc, zones, gateway, routes, naming))
    return (gateway, nat.route("internet", routes, gateway_id=gateway.ref("id")))


def _moved(today: tuple[Resource, ...]) -> Mapping[str, str]:
    """Return the present addresses of these resources, by their address in a network of the other kind."""
    swapped = {"private": "public", "public": "private"}
    labels = {"nat": "internet", "internet": "nat"}
    moves = {}
    for resource in today:
        word, underscore, number = resource.label.partition("_")
        if resource.type == "aws_route" and resource.label in labels:
            moves[f"aws_route.{labels[resource.label]}"] = resource.address
        elif word in swapped:
            moves[f"{resource.type}.{swapped[word]}{underscore}{number}"] = resource.address
    return moves
