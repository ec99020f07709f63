"""A VPC that exists already: everything that Studio could not live with is told before anything is made."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from studio_emulator.server import RunningEmulator
from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.errors import ConfigError
from studioctl.infrastructure.endpoints import services
from studioctl.operations import emulation
from studioctl.operations.environment import Account
from studioctl.operations.provisioning import preflight
from studioctl.target import LocalEndpoint, Target
from tests.fakes.work import done
from tests.unit.emulator.emulated import Studio, new_studio
from tests.unit.operations.conftest import REGION


@pytest.fixture
def studio(emulator: RunningEmulator) -> Studio:
    """A VPC that is as Studio wants it, without any way out."""
    made = new_studio(emulator, REGION)
    made.ec2.modify_vpc_attribute(VpcId=made.vpc_id, EnableDnsHostnames={"Value": True})
    return made


@pytest.fixture
def account(emulator: RunningEmulator, studio: Studio) -> Callable[..., Account]:
    """An environment in that VPC, which the file describes with these lines."""

    def make(*lines: str, vpc_id: str = "", subnet_ids: list[str] | None = None) -> Account:
        subnets = ", ".join(f'"{it}"' for it in subnet_ids or studio.subnet_ids)
        vpc = f'vpc = {{ id = "{vpc_id or studio.vpc_id}", subnet_ids = [{subnets}] }}'
        head = [f'name = "acme-{studio.tag}"', f'region = "{REGION}"', "studio.docker = false"]
        text = "\n".join([*head, 'users = [{ name = "ada" }]', "[network]", *lines, vpc]) + "\n"
        target = emulation.target(emulator, REGION)
        return Account(parse(text), target, source=Source("team.toml", text))

    return make


def look(account: Account) -> None:
    done(preflight.check_named(account))


def refusal(account: Account) -> str:
    with pytest.raises(ConfigError) as refused:
        look(account)
    assert refused.value.hint == "correct the file, or what it names; then run the same command again"
    return refused.value.message


def route(studio: Studio, to: str = "0.0.0.0/0", **target: str) -> None:
    (table,) = studio.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [studio.vpc_id]}])["RouteTables"]
    studio.ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock=to, **target)  # type: ignore[arg-type]


def gateway(studio: Studio) -> str:
    made = studio.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    studio.ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=studio.vpc_id)
    return made


def test_one_is_taken_while_it_is_right(account: Callable[..., Account], studio: Studio) -> None:
    look(account())
    studio.ec2.modify_vpc_attribute(VpcId=studio.vpc_id, EnableDnsHostnames={"Value": False})
    assert "enableDnsHostnames is off" in refusal(account())


def test_one_that_is_not_there_is_told_with_its_line(account: Callable[..., Account]) -> None:
    assert refusal(account(vpc_id="vpc-0123456789abcdef0")) == (
        "team.toml:6: network.vpc.id: there is no VPC 'vpc-0123456789abcdef0' in the emulator"
    )


def test_everything_that_is_wrong_is_told_at_once(account: Callable[..., Account], studio: Studio) -> None:
    ec2 = studio.ec2
    ec2.modify_vpc_attribute(VpcId=studio.vpc_id, EnableDnsHostnames={"Value": False})
    other_vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    elsewhere = ec2.create_subnet(VpcId=other_vpc, CidrBlock="10.9.0.0/24", AvailabilityZone=f"{REGION}c")["Subnet"]
    same = ec2.create_subnet(VpcId=studio.vpc_id, CidrBlock="10.0.8.0/24", AvailabilityZone=f"{REGION}a")["Subnet"]
    first = studio.subnet_ids[0]
    subnets = [first, same["SubnetId"], elsewhere["SubnetId"], "subnet-0123456789abcdef0"]

    place, flags = "team.toml:6: network.vpc", account().target.aws_flags
    on = f"aws ec2 modify-vpc-attribute --vpc-id {studio.vpc_id} --enable-dns-hostnames{flags}"
    assert refusal(account(subnet_ids=subnets)).splitlines() == [
        f"{place}.id: enableDnsHostnames is off in '{studio.vpc_id}', and homes are mounted by name; turn it on: {on}",
        f"{place}.subnet_ids[2]: '{elsewhere['SubnetId']}' is in '{other_vpc}', not in '{studio.vpc_id}'",
        f"{place}.subnet_ids[3]: there is no subnet 'subnet-0123456789abcdef0'",
        f"{place}.subnet_ids[1]: '{same['SubnetId']}' is in {REGION}a, as '{first}' is; name one subnet in each zone",
    ]


def test_hardware_of_ones_own_is_not_for_studio(account: Callable[..., Account], studio: Studio) -> None:
    made = studio.ec2.create_vpc(CidrBlock="10.7.0.0/16", InstanceTenancy="dedicated")["Vpc"]["VpcId"]
    studio.ec2.modify_vpc_attribute(VpcId=made, EnableDnsHostnames={"Value": True})
    subnet = studio.ec2.create_subnet(VpcId=made, CidrBlock="10.7.0.0/24")["Subnet"]["SubnetId"]

    assert "has the tenancy 'dedicated'" in refusal(account(vpc_id=made, subnet_ids=[subnet]))


def test_subnets_without_room_are_told(account: Callable[..., Account], studio: Studio) -> None:
    made = studio.ec2.create_subnet(VpcId=studio.vpc_id, CidrBlock="10.0.9.0/28")["Subnet"]["SubnetId"]
    for _ in range(11):
        studio.ec2.create_network_interface(SubnetId=made)

    assert "they have 0 free addresses, and 2 are needed" in refusal(account(subnet_ids=[made]))


def test_a_public_subnet_is_not_for_a_closed_network(account: Callable[..., Account], studio: Studio) -> None:
    route(studio, GatewayId=gateway(studio))
    look(account())

    told = refusal(account('access = "vpc-only"')).splitlines()
    assert len(told) == 2
    assert told[0].startswith(f"team.toml:7: network.vpc.subnet_ids[0]: '{studio.subnet_ids[0]}' is public: it has")


def test_the_way_to_the_internet_is_as_the_file_says(account: Callable[..., Account], studio: Studio) -> None:
    assert 'has no way to the internet; add a route to a NAT gateway, or write internet = "none"' in refusal(
        account('access = "vpc-only"')
    )
    gateway(studio)
    allocation = studio.ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = studio.ec2.create_nat_gateway(SubnetId=studio.subnet_ids[0], AllocationId=allocation)["NatGateway"]
    route(studio, NatGatewayId=made["NatGatewayId"])

    look(account('access = "vpc-only"'))
    assert f"has a way to the internet, {made['NatGatewayId']}; remove it" in refusal(
        account('access = "vpc-only"', 'internet = "none"')
    )


def test_without_the_internet_every_way_to_aws_has_to_be_there(account: Callable[..., Account], studio: Studio) -> None:
    closed = account('access = "vpc-only"', 'internet = "none"')
    wanted = [service.in_region(REGION) for service in services(closed.config)]
    assert refusal(closed).startswith(
        f"team.toml:8: network.vpc.id: the VPC has no endpoint (with private DNS) for: com.amazonaws.{REGION}.s3, "
    )
    for name in wanted:
        interface = {"ServiceName": name, "VpcEndpointType": "Interface", "PrivateDnsEnabled": name != wanted[0]}
        studio.ec2.create_vpc_endpoint(
            VpcId=studio.vpc_id, SubnetIds=studio.subnet_ids, **cast("dict[str, Any]", interface)
        )
    studio.ec2.create_vpc_endpoint(VpcId=studio.vpc_id, ServiceName=f"com.amazonaws.{REGION}.s3")

    assert refusal(closed).split("for: ")[1] == (
        f"{wanted[0]}; make them, or, if there are endpoints in another VPC (a hub behind a transit gateway, a shared"
        ' one): write endpoints = "elsewhere"'
    )


def closed_with_endpoints(studio: Studio, account: Callable[..., Account]) -> tuple[Account, str, list[str]]:
    """A closed VPC with every endpoint, which all wear one group; that group, and the subnets' ranges."""
    closed = account('access = "vpc-only"', 'internet = "none"')
    group = studio.ec2.create_security_group(GroupName="endpoints", Description="x", VpcId=studio.vpc_id)["GroupId"]
    for service in services(closed.config):
        interface: Any = {"VpcEndpointType": "Interface", "PrivateDnsEnabled": True, "SecurityGroupIds": [group]}
        name = service.in_region(REGION)
        studio.ec2.create_vpc_endpoint(
            VpcId=studio.vpc_id, ServiceName=name, SubnetIds=studio.subnet_ids[:1], **interface
        )
    studio.ec2.create_vpc_endpoint(VpcId=studio.vpc_id, ServiceName=f"com.amazonaws.{REGION}.s3")
    subnets = studio.ec2.describe_subnets(SubnetIds=studio.subnet_ids)["Subnets"]
    return closed, group, [it["CidrBlock"] for it in subnets]


def test_endpoints_that_let_nobody_in_are_told(account: Callable[..., Account], studio: Studio) -> None:
    closed, group, ranges = closed_with_endpoints(studio, account)
    let: Any = {"GroupId": group, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    studio.ec2.authorize_security_group_ingress(**let, CidrIp="192.168.7.0/24")
    told = refusal(closed).splitlines()

    assert len(told) == len(services(closed.config)) * len(ranges)
    command = (
        f"aws ec2 authorize-security-group-ingress --group-id {group} --protocol tcp --port 443 --cidr {ranges[0]}"
        f"{closed.target.aws_flags}"
    )
    assert told[0].endswith(f" lets nobody of '{studio.subnet_ids[0]}' ({ranges[0]}) in; open it: {command}")
    for cidr in ranges:
        studio.ec2.authorize_security_group_ingress(**let, CidrIp=cidr)
    look(closed)


def test_endpoints_that_let_our_group_in_are_fine(account: Callable[..., Account], studio: Studio) -> None:
    closed, group, _ = closed_with_endpoints(studio, account)
    ours = studio.ec2.create_security_group(
        GroupName=f"{closed.config.name}-studio", Description="ours", VpcId=studio.vpc_id
    )["GroupId"]
    pairs: Any = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": ours}]}]
    studio.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=pairs)

    look(closed)


@pytest.mark.parametrize("split", [("0.0.0.0/0",), ("0.0.0.0/1", "128.0.0.0/1")])
def test_endpoints_may_be_in_a_hub_behind_a_transit_gateway(
    account: Callable[..., Account], studio: Studio, split: tuple[str, ...]
) -> None:
    hub = studio.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    for to in ("10.128.0.0/9", *split):
        route(studio, to, TransitGatewayId=hub)
    told = refusal(account('access = "vpc-only"', 'internet = "none"'))

    assert (
        f'has a way to the internet, {hub}; remove it, or write internet = "nat"; or, if it leads to endpoints' in told
    )
    look(account('access = "vpc-only"'))
    look(account('access = "vpc-only"', 'internet = "none"', 'endpoints = "elsewhere"'))


def test_a_private_route_is_no_way_to_the_internet(account: Callable[..., Account], studio: Studio) -> None:
    hub = studio.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    route(studio, "10.128.0.0/9", TransitGatewayId=hub)

    look(account('access = "vpc-only"', 'internet = "none"', 'endpoints = "elsewhere"'))
    assert "has no way to the internet" in refusal(account('access = "vpc-only"'))


def test_elsewhere_is_for_a_vpc_that_exists() -> None:
    text = 'name = "acme-ml"\nregion = "us-east-1"\nusers = [{ name = "ada" }]\n[network]\naccess = "vpc-only"\n'
    with pytest.raises(ConfigError, match=r"network\.endpoints: belongs to a VPC that exists; name it"):
        parse(f'{text}endpoints = "elsewhere"\n')


def test_a_file_without_one_asks_nobody() -> None:
    text = 'name = "acme-ml"\nregion = "us-east-1"\nusers = [{ name = "ada" }]\n'

    nowhere = LocalEndpoint("http://127.0.0.1:9", "none", "none")

    look(Account(parse(text), Target("us-east-1", local=nowhere)))
