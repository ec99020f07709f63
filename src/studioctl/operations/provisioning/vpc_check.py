"""A VPC that exists already: whether Studio can live in it, before anything is made.

https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-and-internet-access.html
"""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from studioctl.config.network import ExistingVpc
from studioctl.infrastructure.endpoints import S3, services
from studioctl.infrastructure.naming import Naming
from studioctl.operations.environment import Account
from studioctl.operations.provisioning.problem import Problem

if TYPE_CHECKING:
    from studioctl.aws.network import SubnetFacts, VpcFacts

VPC, SUBNETS = ("network", "vpc", "id"), ("network", "vpc", "subnet_ids")
ELSEWHERE = 'endpoints in another VPC (a hub behind a transit gateway, a shared one): write endpoints = "elsewhere"'
Located = tuple[tuple[str | int, ...], str]


def problems(account: Account) -> Iterator[Problem]:
    """Find problems of the VPC that the file names, if it names one. Raises AwsError if AWS refuses a call."""
    if account.config.network.vpc is not None:
        for place, words in _problems(account, account.config.network.vpc):
            yield Problem(place, words)


def _problems(account: Account, vpc: ExistingVpc) -> Iterator[Located]:
    from studioctl.aws import network  # noqa: PLC0415 (boto3 is needed only here)

    facts = network.vpc_facts(account.session, vpc.id)
    if facts is None:
        where = ("" if account.target.is_local else f"{account.target.region} of ") + account.account_name
        yield VPC, f"there is no VPC '{vpc.id}' in {where}"
        return
    yield from _of_vpc(account, vpc.id, facts)
    subnets = network.subnet_facts(account.session, vpc.subnet_ids)
    for index, subnet_id in enumerate(vpc.subnet_ids):
        place = (*SUBNETS, index)
        if subnet_id not in subnets:
            yield place, f"there is no subnet '{subnet_id}'"
        elif subnets[subnet_id].vpc_id != vpc.id:
            yield place, f"'{subnet_id}' is in '{subnets[subnet_id].vpc_id}', not in '{vpc.id}'"
        elif account.config.network.is_closed:
            yield from ((place, words) for words in _of_private(account, subnets[subnet_id]))
    yield from _together(account, vpc, subnets)
    if not (account.config.network.is_closed and account.config.network.internet == "none"):
        return
    if account.config.network.endpoints != "elsewhere":
        yield from _endpoints(account, network.endpoint_services(account.session, vpc.id))
        yield from _closed_entrances(account, vpc, subnets)


def _of_vpc(account: Account, vpc_id: str, facts: "VpcFacts") -> Iterator[Located]:
    for attribute, on in (("enableDnsSupport", facts.dns_support), ("enableDnsHostnames", facts.dns_hostnames)):
        if not on:
            option = {"enableDnsSupport": "--enable-dns-support", "enableDnsHostnames": "--enable-dns-hostnames"}
            command = f"aws ec2 modify-vpc-attribute --vpc-id {vpc_id} {option[attribute]}{account.target.aws_flags}"
            yield VPC, f"{attribute} is off in '{vpc_id}', and homes are mounted by name; turn it on: {command}"
    if facts.tenancy != "default":
        yield VPC, f"'{vpc_id}' has the tenancy '{facts.tenancy}', and Studio takes 'default' only; name another VPC"


def _of_private(account: Account, subnet: "SubnetFacts") -> Iterator[str]:
    public = [way for way in subnet.ways_out if way.startswith("igw-")]
    if public:
        yield f"'{subnet.id}' is public: it has a route to {public[0]}; name a private subnet, or open the network"
    elif account.config.network.internet == "nat" and not subnet.ways_out:
        yield f"'{subnet.id}' has no way to the internet; add a route to a NAT gateway, or write internet = \"none\""
    elif account.config.network.internet == "none" and subnet.ways_out:
        from studioctl.aws.network import INTERNET  # noqa: PLC0415 (boto3 is needed only here)

        way, elsewhere = subnet.ways_out[0], account.config.network.endpoints == "elsewhere"
        certain = [way for way in subnet.ways_out if way.startswith(INTERNET)]
        if certain or not elsewhere:
            words = f"'{subnet.id}' has a way to the internet, {certain[0] if certain else way}; remove it, or write"
            yield f'{words} internet = "nat"' + ("" if certain else f"; or, if it leads to {ELSEWHERE}")


def _together(account: Account, vpc: ExistingVpc, subnets: "dict[str, SubnetFacts]") -> Iterator[Located]:
    zones: dict[str, str] = {}
    for index, subnet_id in enumerate(vpc.subnet_ids):
        zone = subnets[subnet_id].zone if subnet_id in subnets else subnet_id
        if zone in zones:
            words = f"'{subnet_id}' is in {zone}, as '{zones[zone]}' is; name one subnet in each zone"
            yield (*SUBNETS, index), words
        zones.setdefault(zone, subnet_id)
    free = sum(subnet.free_addresses for subnet in subnets.values())
    # An app has one, and so has the home file system in each subnet.
    needed = len(account.config.resolved_spaces()) + len(vpc.subnet_ids) * account.config.studio.home_file_system
    if len(subnets) == len(vpc.subnet_ids) and free < needed and account.domain() is None:
        yield SUBNETS, f"they have {free} free addresses, and {needed} are needed; name larger subnets, or more"


def _endpoints(account: Account, there: set[str]) -> Iterator[Located]:
    region = account.config.region
    wanted = [service.in_region(region) for service in (S3, *services(account.config))]
    if missing := [name for name in wanted if name not in there]:
        words = (
            f"the VPC has no endpoint (with private DNS) for: {', '.join(missing)}; make them, or, if there are"
            f" {ELSEWHERE}"
        )
        yield VPC, words


def _closed_entrances(account: Account, vpc: ExistingVpc, subnets: "dict[str, SubnetFacts]") -> Iterator[Located]:
    """Endpoints whose groups let nobody of Studio's subnets in, neither by address nor by a group that apps wear."""
    from studioctl.aws import network  # noqa: PLC0415 (boto3 is needed only here)

    region, naming = account.config.region, Naming.of(account.config)
    wanted = {service.in_region(region) for service in services(account.config)}
    users = [naming.user_security_group(user.name) for user in account.config.users]
    worn = network.group_ids(account.session, vpc.id, [naming.security_group, *users])
    for entrance in network.entrances(account.session, vpc.id):
        unknown = not entrance.groups or any(each.startswith("pl-") for each in entrance.others)  # of a prefix list
        if entrance.service not in wanted or worn & set(entrance.others) or unknown:
            continue
        for index, subnet_id in enumerate(vpc.subnet_ids):
            cidr = subnets[subnet_id].cidr if subnet_id in subnets else ""
            if cidr and not entrance.admits(IPv4Network(cidr)):
                open_it = f"aws ec2 authorize-security-group-ingress --group-id {entrance.groups[0]}"
                command = f"{open_it} --protocol tcp --port 443"
                words = f"the endpoint {entrance.id} of {entrance.service} lets nobody of '{subnet_id}' ({cidr}) in"
                yield (*SUBNETS, index), f"{words}; open it: {command} --cidr {cidr}{account.target.aws_flags}"
