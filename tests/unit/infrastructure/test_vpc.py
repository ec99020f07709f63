from ipaddress import IPv4Network

import pytest

from studioctl.config.network import Network
from studioctl.infrastructure import vpc
from studioctl.infrastructure.block import Resource
from studioctl.infrastructure.naming import Naming


@pytest.mark.parametrize(
    ("cidr", "zones", "ranges"),
    [
        ("10.0.0.0/16", 2, ["10.0.0.0/20", "10.0.16.0/20"]),
        ("10.0.0.0/16", 3, ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"]),
        ("192.168.4.0/24", 2, ["192.168.4.0/28", "192.168.4.16/28"]),
        ("172.16.0.0/20", 1, ["172.16.0.0/24"]),
    ],
)
def test_subnets_are_carved_from_the_front_of_the_vpc(cidr: str, zones: int, ranges: list[str]) -> None:
    network = Network(cidr=cidr, availability_zones=zones)

    assert vpc.subnet_ranges(network) == tuple(map(IPv4Network, ranges))


def test_a_further_zone_moves_no_subnet_that_exists() -> None:
    two, three = (vpc.subnet_ranges(Network(availability_zones=zones)) for zones in (2, 3))

    assert three[:2] == two


def test_there_is_a_way_from_each_subnet_to_the_internet() -> None:
    built = vpc.build(Network(availability_zones=2), Naming("acme-ml"))
    resources = {block.address: block.arguments for block in built.module.blocks if isinstance(block, Resource)}

    assert resources["aws_vpc.studio"]["enable_dns_support"] is True
    assert resources["aws_vpc.studio"]["enable_dns_hostnames"] is True
    assert resources["aws_route.internet"]["destination_cidr_block"] == "0.0.0.0/0"
    associated = [a for a in resources if a.startswith("aws_route_table_association.")]
    assert associated == ["aws_route_table_association.public_1", "aws_route_table_association.public_2"]


def test_no_public_address_is_handed_out_and_no_subnet_changes_its_zone() -> None:
    built = vpc.build(Network(availability_zones=2), Naming("acme-ml"))
    subnets = [b.arguments for b in built.module.blocks if isinstance(b, Resource) and b.type == "aws_subnet"]

    assert len(subnets) == 2
    assert not any("map_public_ip_on_launch" in subnet for subnet in subnets)
    # A zone that AWS opens would come between the others, and move each subnet behind it.
    assert [subnet["lifecycle"] for subnet in subnets] == 2 * [{"ignore_changes": ["availability_zone"]}]


def test_only_zones_that_every_account_has_are_chosen() -> None:
    zones = vpc.build(Network(), Naming("acme-ml")).module.blocks[0]

    assert zones.arguments["filter"] == [{"name": "opt-in-status", "values": ["opt-in-not-required"]}]  # type: ignore[union-attr]
