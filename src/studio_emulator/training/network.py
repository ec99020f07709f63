"""The parts of AWS and the internet that a job in a VPC reaches from its subnets.

Sources: SageMaker Developer Guide, "train-vpc"; VPC User Guide, "VPC_Internet_Gateway" (an interface without a public
address has no use of one), "nat-gateway-working"; PrivateLink guide, "create-interface-endpoint", "gateway-endpoints".
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import EC2Backend

ANYWHERE = "0.0.0.0/0"
HTTPS = 443
# The last part of an endpoint's name -> services by their names in boto3.
SERVICES_OF_ENDPOINT = {
    "sagemaker.api": "sagemaker",
    "ecr.api": "ecr",
    "monitoring": "cloudwatch",
    "elasticfilesystem": "efs",
    "servicequotas": "service-quotas",
    "tagging": "resourcegroupstaggingapi",
}


@dataclass(frozen=True)
class Network:
    """The reach of a job.

    Args:
        internet: Whether everything is.
        services: Otherwise, the services of AWS with an endpoint, by their names in boto3.
        groups: The security groups of its interface in the VPC.
    """

    internet: bool
    services: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def reaches(self, service: str) -> bool:
        """Whether a service of AWS is within reach."""
        return self.internet or service in self.services


OPEN = Network(internet=True)
CLOSED = Network(internet=False)


def reached_from(ec2: EC2Backend, subnet_ids: Iterable[str], group_ids: Collection[str]) -> Network:
    """The network reached from all of the subnets, as AWS may put the job in any of them."""
    found = [_from_subnet(ec2, subnet_id, group_ids) for subnet_id in subnet_ids]
    services = frozenset.intersection(*(network.services for network in found))
    return Network(all(network.internet for network in found), services, frozenset(group_ids))


def connects(ec2: EC2Backend, ours: Collection[str], theirs: Collection[str], port: int) -> bool:
    """Whether an interface with our groups reaches one with theirs, in the same VPC: both must let it pass."""
    from_, to = ([g for g in map(ec2.get_security_group_from_id, ids) if g is not None] for ids in (ours, theirs))
    if not {group.vpc_id for group in from_} & {group.vpc_id for group in to}:
        return False
    out = any(_leads(rule, set(theirs), port) for group in from_ for rule in group.egress_rules)
    return out and any(_leads(rule, set(ours), port) for group in to for rule in group.ingress_rules)


def _leads(rule: Any, groups: set[str], port: int) -> bool:
    """Addresses are taken for those of the VPC, as rules of it are."""
    return _covers(rule, port) and (bool(rule.ip_range.get("CidrIp")) or rule.source_group.get("GroupId") in groups)


def _from_subnet(ec2: EC2Backend, subnet_id: str, group_ids: Collection[str]) -> Network:
    subnet = ec2.get_subnet(subnet_id)
    groups = [group for group in map(ec2.get_security_group_from_id, group_ids) if group is not None]
    table = _table_of(ec2, subnet)
    out = _leaves(groups)
    internet = out and any(
        route.destination_cidr_block == ANYWHERE
        and route.nat_gateway is not None
        and route.nat_gateway.state != "deleted"
        for route in (table.routes if table else ())
    )
    services = {
        _service(endpoint)
        for endpoint in ec2.vpc_end_points.values()
        if endpoint.vpc_id == subnet.vpc_id
        and endpoint.state != "deleted"
        and _is_reached(ec2, endpoint, table, groups, out=out)
    }
    return Network(internet, frozenset(services))


def _is_reached(ec2: EC2Backend, endpoint: Any, table: Any, groups: list[Any], *, out: bool) -> bool:
    """A gateway by the subnet's routes, an interface by its private names and its groups."""
    if (endpoint.vpc_endpoint_type or "Gateway").lower() == "gateway":
        by_list = any(rule.prefix_list_id and _covers_https(rule) for group in groups for rule in group.egress_rules)
        return table is not None and table.id in (endpoint.route_table_ids or ()) and (out or by_list)
    theirs = [group for group in map(ec2.get_security_group_from_id, endpoint.security_group_ids or ()) if group]
    named = {group.id for group in theirs}
    to_them = out or any(_names_group(rule, named) for group in groups for rule in group.egress_rules)
    ours = {group.id for group in groups}
    let_in = any(_is_open(rule, ours) for group in theirs for rule in group.ingress_rules)
    return bool(endpoint.private_dns_enabled) and to_them and let_in


def _table_of(ec2: EC2Backend, subnet: Any) -> Any:
    """The route table that the subnet is associated with, else its VPC's main one."""
    tables = [table for table in ec2.route_tables.values() if table.vpc_id == subnet.vpc_id]
    for table in tables:
        if subnet.id in table._associations.values():  # noqa: SLF001 - `associations` has them as AWS shows them
            return table
    return next((table for table in tables if table.main_association_id), None)


def _leaves(groups: list[Any]) -> bool:
    """Whether any group lets HTTPS out to anywhere."""
    rules = [rule for group in groups for rule in group.egress_rules]
    return any(_covers_https(rule) and rule.ip_range.get("CidrIp") == ANYWHERE for rule in rules)


def _is_open(rule: Any, ours: set[str]) -> bool:
    """Whether a rule lets in HTTPS from these groups. Addresses are taken for those of the VPC, as rules of it are."""
    return _leads(rule, ours, HTTPS)


def _covers_https(rule: Any) -> bool:
    return _covers(rule, HTTPS)


def _covers(rule: Any, port: int) -> bool:
    if str(rule.ip_protocol) == "-1":
        return True
    return str(rule.ip_protocol) in {"tcp", "6"} and int(rule.from_port or 0) <= port <= int(rule.to_port or 65535)


def _names_group(rule: Any, ids: set[str]) -> bool:
    return _covers_https(rule) and rule.source_group.get("GroupId") in ids


def _service(endpoint: Any) -> str:
    """com.amazonaws.<region>.<name>."""
    name = ".".join(str(endpoint.service_name).split(".")[3:])
    return SERVICES_OF_ENDPOINT.get(name, name)
