"""Finds other people's resources in a VPC, and those that use or refer to a security group. Reads only.

While one of them exists, AWS refuses to delete the VPC or group, and the provider retries for twenty minutes.
https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from studioctl.aws.errors import DeniedError, code_of, translated
from studioctl.aws.leftovers import GROUP_NAME
from studioctl.aws.session import Session
from studioctl.errors import AwsError

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef

GONE = {"deleted", "deleting", "terminated", "rejected", "expired", "failed", "detached"}
OF_RDS = "RDSNetworkInterface"
OF_EFS = "EFS mount target for "
# For what AWS made an interface: "Interface for NAT Gateway nat-...", "EFS mount target for fs-... (fsmt-...)".
MADE_FOR = re.compile(r"\b(?:(?:nat|vpce|fs)-[0-9a-f]{8,}|d-[0-9a-z]{8,})\b")
ATTACHED = "attachment.vpc-id"
# What a region or partition answers that has no such thing: carrier gateways are where Wavelength zones are.
NOT_OFFERED = {"InvalidAction", "Unsupported", "UnsupportedOperation"}
Thing = Mapping[str, Any]


@dataclass(frozen=True)
class Occupant:
    """Something of somebody else's. `subnets` and `groups` are the ids of those that it is in, wears or names."""

    kind: str
    id: str
    about: str
    subnets: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """The thing and its owner, for a message."""
        return f"{self.kind} {self.id}{f' ({self.about})' if self.about else ''}"


@dataclass(frozen=True)
class Ours:
    """The environment's own resources.

    Args:
        tag: Key and value of the tag that all of them have.
        ids: Ids of the resources in its state, and of its domains and home file systems.
        domains: Ids of its domains. Their interfaces use groups that SageMaker names after them.
        databases: Ids of its databases' groups. An interface of RDS does not name its database.
    """

    tag: tuple[str, str]
    ids: frozenset[str]
    domains: frozenset[str] = field(default=frozenset())
    databases: frozenset[str] = field(default=frozenset())

    def has(self, identity: str, thing: Thing) -> bool:
        """Whether this is ours, by its id or its tags."""
        tags = thing.get("Tags") or thing.get("TagSet") or ()
        return identity in self.ids or {"Key": self.tag[0], "Value": self.tag[1]} in list(tags)


@dataclass(frozen=True)
class Seen:
    """The resources found, and the reason for each kind that we may not look at."""

    occupants: tuple[Occupant, ...] = ()
    unseen: tuple[str, ...] = ()

    def __add__(self, other: "Seen") -> "Seen":
        """Both; of one that was found twice what the second says."""
        found = {(it.kind, it.id): it for it in (*self.occupants, *other.occupants)}
        return Seen(tuple(found.values()), tuple(dict.fromkeys((*self.unseen, *other.unseen))))


Look = tuple[str, Callable[[], list[Occupant]]]


def in_vpcs(session: Session, vpc_ids: Iterable[str], ours: Ours) -> Seen:
    """Find other people's resources in our VPCs that keep AWS from deleting the VPCs."""
    return sum((_in_vpc(session, vpc_id, ours) for vpc_id in vpc_ids), Seen())


def _in_vpc(session: Session, vpc_id: str, ours: Ours) -> Seen:
    ec2 = session.client("ec2")

    def pages(operation: str, name: str = "vpc-id") -> Any:
        return ec2.get_paginator(operation).paginate(Filters=_by(name, vpc_id))  # type: ignore[call-overload]

    looks: tuple[Look, ...] = (
        ("instances", lambda: _instances(pages("describe_instances"), ours)),
        ("endpoints", lambda: _endpoints(pages("describe_vpc_endpoints"), ours)),
        ("NAT gateways", lambda: _nat_gateways(pages("describe_nat_gateways"), ours)),
        ("internet gateways", lambda: _internet_gateways(pages("describe_internet_gateways", ATTACHED), ours)),
        ("egress-only internet gateways", lambda: _outward_gateways(ec2, vpc_id, ours)),
        ("VPN gateways", lambda: _vpn_gateways(ec2, vpc_id, ours)),
        ("carrier gateways", lambda: _carrier_gateways(pages("describe_carrier_gateways"), ours)),
        ("transit gateway attachments", lambda: _attachments(ec2, vpc_id, ours)),
        ("peerings", lambda: _peerings(ec2, vpc_id, ours)),
        ("interfaces", lambda: _interfaces(pages("describe_network_interfaces"), ours)),
        ("subnets", lambda: _subnets(pages("describe_subnets"), ours)),
        ("route tables", lambda: _route_tables(pages("describe_route_tables"), ours)),
        ("network ACLs", lambda: _network_acls(pages("describe_network_acls"), ours)),
        ("security groups", lambda: _groups(pages("describe_security_groups"), ours)),
    )
    seen = _look_at(looks, f"in {vpc_id}")
    others = {occupant.id for occupant in seen.occupants}
    # An instance, an endpoint or a gateway has interfaces, which need not be told beside it.
    told = (
        it
        for it in seen.occupants
        if it.kind != "interface" or not any(other in it.about for other in others - {it.id} - it.subnets)
    )
    return Seen(tuple(told), seen.unseen)


def on_groups(session: Session, group_ids: Collection[str], ours: Ours) -> Seen:
    """Interfaces of others that wear these groups, and groups of others whose rules name them."""
    if not group_ids:
        return Seen()
    ec2, wanted = session.client("ec2"), sorted(group_ids)
    looks: tuple[Look, ...] = (
        (
            "interfaces",
            lambda: _interfaces(
                ec2.get_paginator("describe_network_interfaces").paginate(Filters=_by("group-id", *wanted)), ours
            ),
        ),
        (
            "security groups",
            lambda: _naming(ec2.get_paginator("describe_security_groups").paginate(), frozenset(wanted), ours),
        ),
    )
    return _look_at(looks, "with our security groups")


def _look_at(looks: Sequence[Look], where: str) -> Seen:
    def one(look: Look) -> Seen:
        kind, find = look
        try:
            with translated():
                return Seen(tuple(find()))
        except DeniedError as denied:
            return Seen(unseen=(f"Not looked at: {kind} of others {where}. {denied.message}",))
        except AwsError as error:
            if isinstance(error.__cause__, ClientError) and code_of(error.__cause__) in NOT_OFFERED:
                return Seen()
            raise

    with ThreadPoolExecutor(len(looks)) as pool:
        return sum(pool.map(one, looks), Seen())


def _by(name: str, *values: str) -> "list[FilterTypeDef]":
    return [{"Name": name, "Values": list(values)}]


def _all(pages: Any, key: str) -> Iterator[Thing]:
    return (found for page in pages for found in page[key])


def _lives(thing: Thing, state: str = "State") -> bool:
    found = thing.get(state, "")
    word = (found.get("Name") or found.get("Code") or "") if isinstance(found, dict) else found
    return str(word).lower() not in GONE


def _called(thing: Thing, *more: str) -> str:
    tags: Sequence[Thing] = thing.get("Tags") or thing.get("TagSet") or ()
    name = next((f"'{tag['Value']}'" for tag in tags if tag["Key"] == "Name" and tag["Value"]), "")
    return ", ".join(filter(None, (name, *more)))


def _instances(pages: Any, ours: Ours) -> list[Occupant]:
    found = ((r.get("OwnerId", ""), it) for r in _all(pages, "Reservations") for it in r["Instances"] if _lives(it))
    return [
        Occupant(
            "instance",
            it["InstanceId"],
            _called(it, f"of account {owner}" if owner else ""),
            frozenset({it.get("SubnetId", "")}),
            frozenset(group["GroupId"] for group in it.get("SecurityGroups", ())),
        )
        for owner, it in found
        if not ours.has(it["InstanceId"], it)
    ]


def _endpoints(pages: Any, ours: Ours) -> list[Occupant]:
    return [
        Occupant(
            "endpoint",
            it["VpcEndpointId"],
            _called(it, it["ServiceName"], f"of account {it['OwnerId']}" if it.get("OwnerId") else ""),
            frozenset(it.get("SubnetIds", ())),
            frozenset(group["GroupId"] for group in it.get("Groups", ())),
        )
        for it in _all(pages, "VpcEndpoints")
        if _lives(it) and not ours.has(it["VpcEndpointId"], it)
    ]


def _nat_gateways(pages: Any, ours: Ours) -> list[Occupant]:
    return [
        Occupant("NAT gateway", it["NatGatewayId"], _called(it), frozenset({it.get("SubnetId", "")}))
        for it in _all(pages, "NatGateways")
        if _lives(it) and not ours.has(it["NatGatewayId"], it)
    ]


def _plain(kind: str, key: str, found: Iterable[Thing], ours: Ours) -> list[Occupant]:
    """Things of which their name and owner is all that there is to tell."""
    return [
        Occupant(kind, it[key], _called(it, f"of account {it['OwnerId']}" if it.get("OwnerId") else ""))
        for it in found
        if not ours.has(it[key], it)
    ]


def _internet_gateways(pages: Any, ours: Ours) -> list[Occupant]:
    return _plain("internet gateway", "InternetGatewayId", _all(pages, "InternetGateways"), ours)


def _outward_gateways(ec2: Any, vpc_id: str, ours: Ours) -> list[Occupant]:
    pages = ec2.get_paginator("describe_egress_only_internet_gateways").paginate()
    found = (
        it
        for it in _all(pages, "EgressOnlyInternetGateways")
        if any(attached.get("VpcId") == vpc_id for attached in it.get("Attachments", ()))
    )
    return _plain("egress-only internet gateway", "EgressOnlyInternetGatewayId", found, ours)


def _vpn_gateways(ec2: Any, vpc_id: str, ours: Ours) -> list[Occupant]:
    found = ec2.describe_vpn_gateways(Filters=_by(ATTACHED, vpc_id))["VpnGateways"]
    return _plain("VPN gateway", "VpnGatewayId", (it for it in found if _lives(it)), ours)


def _carrier_gateways(pages: Any, ours: Ours) -> list[Occupant]:
    found = (it for it in _all(pages, "CarrierGateways") if _lives(it))
    return _plain("carrier gateway", "CarrierGatewayId", found, ours)


def _subnets(pages: Any, ours: Ours) -> list[Occupant]:
    return _plain("subnet", "SubnetId", _all(pages, "Subnets"), ours)


def _route_tables(pages: Any, ours: Ours) -> list[Occupant]:
    """A VPC's main one goes with it."""
    found = (it for it in _all(pages, "RouteTables") if not any(a.get("Main") for a in it.get("Associations", ())))
    return _plain("route table", "RouteTableId", found, ours)


def _network_acls(pages: Any, ours: Ours) -> list[Occupant]:
    return _plain("network ACL", "NetworkAclId", (it for it in _all(pages, "NetworkAcls") if not it["IsDefault"]), ours)


def _groups(pages: Any, ours: Ours) -> list[Occupant]:
    """Skips a VPC's default group, which goes with the VPC, and the groups that SageMaker made for our domains."""
    found = []
    for it in _all(pages, "SecurityGroups"):
        match = GROUP_NAME.fullmatch(it["GroupName"])
        if (
            it["GroupName"] != "default"
            and not ours.has(it["GroupId"], it)
            and not (match and match[1] in ours.domains)
        ):
            about = f"'{it['GroupName']}' of account {it['OwnerId']}"
            found.append(Occupant("security group", it["GroupId"], about))
    return found


def _attachments(ec2: Any, vpc_id: str, ours: Ours) -> list[Occupant]:
    found = ec2.describe_transit_gateway_vpc_attachments(Filters=_by("vpc-id", vpc_id))["TransitGatewayVpcAttachments"]
    return [
        Occupant(
            "transit gateway attachment",
            it["TransitGatewayAttachmentId"],
            _called(it, f"to {it['TransitGatewayId']}"),
            frozenset(it.get("SubnetIds", ())),
        )
        for it in found
        if it["VpcId"] == vpc_id and _lives(it) and not ours.has(it["TransitGatewayAttachmentId"], it)
    ]


def _peerings(ec2: Any, vpc_id: str, ours: Ours) -> list[Occupant]:
    found = {it["VpcPeeringConnectionId"]: it for it in ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]}
    return [
        Occupant("peering", identity, _called(it, f"with {_other_side(it, vpc_id)}"))
        for identity, it in found.items()
        if vpc_id in _sides(it) and _lives(it, "Status") and not ours.has(identity, it)
    ]


def _sides(peering: Thing) -> dict[str, str]:
    """The account of each of its two VPCs."""
    sides = (peering.get(f"{side}VpcInfo", {}) for side in ("Requester", "Accepter"))
    return {str(side.get("VpcId")): str(side.get("OwnerId")) for side in sides}


def _other_side(peering: Thing, vpc_id: str) -> str:
    return next(
        (f"{other} of account {owner}" for other, owner in _sides(peering).items() if other != vpc_id), "itself"
    )


def _interfaces(pages: Any, ours: Ours) -> list[Occupant]:
    found = []
    for it in _all(pages, "NetworkInterfaces"):
        groups = {group["GroupId"]: group.get("GroupName", "") for group in it.get("Groups", ())}
        if not _is_ours(it, groups, ours):
            attachment = it.get("Attachment", {})
            instance = attachment.get("InstanceId", "")
            owner = it.get("RequesterId") or it.get("OwnerId", "")
            words = _called(it, it.get("Description", ""), f"at {instance}" if instance else "", f"of {owner}")
            about = f"{words}, in {it.get('SubnetId', 'no subnet')}"
            found.append(
                Occupant(
                    "interface", it["NetworkInterfaceId"], about, frozenset({it.get("SubnetId", "")}), frozenset(groups)
                )
            )
    return found


def _is_ours(interface: Thing, groups: Mapping[str, str], ours: Ours) -> bool:
    """Whether an interface is ours, by AWS's description of one for a gateway, a domain and the like.

    An app's also wears a group that SageMaker names after the domain. `groups` are names by ids.
    """
    if interface.get("Description") == OF_RDS and ours.databases & groups.keys():
        return True
    told = interface.get("Description", "")
    named = set(MADE_FOR.findall(told)) & (ours.ids | ours.domains)
    if told.startswith(OF_EFS) and not named:  # somebody's own file system, which we mounted by the domain's group
        return ours.has(interface["NetworkInterfaceId"], interface)
    worn = {match[1] for group in groups.values() if (match := GROUP_NAME.fullmatch(group))}
    return bool(named or worn & ours.domains) or ours.has(interface["NetworkInterfaceId"], interface)


def _naming(pages: Any, wanted: frozenset[str], ours: Ours) -> list[Occupant]:
    found = []
    for it in _all(pages, "SecurityGroups"):
        match = GROUP_NAME.fullmatch(it["GroupName"])
        if it["GroupId"] in wanted or ours.has(it["GroupId"], it) or (match and match[1] in ours.domains):
            continue
        rules = [*it.get("IpPermissions", ()), *it.get("IpPermissionsEgress", ())]
        named = wanted & {pair.get("GroupId", "") for rule in rules for pair in rule.get("UserIdGroupPairs", ())}
        if named:
            about = f"'{it['GroupName']}' of account {it['OwnerId']}, whose rules name {', '.join(sorted(named))}"
            found.append(Occupant("security group", it["GroupId"], about, groups=named))
    return found
