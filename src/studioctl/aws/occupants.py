"""What is in a VPC, or wears or names a security group, and belongs to somebody else. Reads only.

Each of these makes AWS refuse to delete what it is in, for as long as the provider tries: twenty minutes.
https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studioctl.aws.errors import DeniedError, translated
from studioctl.aws.leftovers import GROUP_NAME
from studioctl.aws.session import Session

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef

GONE = {"deleted", "deleting", "terminated", "rejected", "expired", "failed", "detached"}
# For what AWS made an interface: "Interface for NAT Gateway nat-...", "EFS mount target for fs-... (fsmt-...)".
MADE_FOR = re.compile(r"\b(?:(?:nat|vpce|fs)-[0-9a-f]{8,}|d-[0-9a-z]{8,})\b")
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
        """For a message: what it is, and whose."""
        return f"{self.kind} {self.id}{f' ({self.about})' if self.about else ''}"


@dataclass(frozen=True)
class Ours:
    """What belongs to the environment.

    Args:
        tag: Key and value of the tag that everything of it carries.
        ids: Ids of what its state knows, and of its domains and home file systems.
        domains: Ids of its domains, whose interfaces wear groups that SageMaker names after them.
    """

    tag: tuple[str, str]
    ids: frozenset[str]
    domains: frozenset[str] = field(default=frozenset())

    def has(self, identity: str, thing: Thing) -> bool:
        """Whether this is ours, by its id or its tags."""
        tags = thing.get("Tags") or thing.get("TagSet") or ()
        return identity in self.ids or {"Key": self.tag[0], "Value": self.tag[1]} in list(tags)


def in_vpc(session: Session, vpc_id: str, ours: Ours) -> tuple[Occupant, ...]:
    """Everything of others in a VPC of ours. What we may not look at is left out."""
    ec2 = session.client("ec2")
    looks: tuple[Callable[[], list[Occupant]], ...] = (
        lambda: _instances(ec2.get_paginator("describe_instances").paginate(Filters=_by("vpc-id", vpc_id)), ours),
        lambda: _endpoints(ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=_by("vpc-id", vpc_id)), ours),
        lambda: _nat_gateways(ec2.get_paginator("describe_nat_gateways").paginate(Filters=_by("vpc-id", vpc_id)), ours),
        lambda: _gateways(ec2, vpc_id, ours),
        lambda: _attachments(ec2, vpc_id, ours),
        lambda: _peerings(ec2, vpc_id, ours),
        lambda: _interfaces(
            ec2.get_paginator("describe_network_interfaces").paginate(Filters=_by("vpc-id", vpc_id)), ours
        ),
    )
    with ThreadPoolExecutor(len(looks)) as pool:
        found = [each for some in pool.map(_unless_denied, looks) for each in some]
    others = {occupant.id for occupant in found}
    # An instance, an endpoint or a gateway has interfaces, which need not be told beside it.
    return tuple(
        it for it in found if it.kind != "interface" or not any(other in it.about for other in others - {it.id})
    )


def on_groups(session: Session, group_ids: Collection[str], ours: Ours) -> tuple[Occupant, ...]:
    """Interfaces of others that wear these groups, and groups of others whose rules name them."""
    if not group_ids:
        return ()
    ec2, wanted = session.client("ec2"), sorted(group_ids)
    looks: tuple[Callable[[], list[Occupant]], ...] = (
        lambda: _interfaces(
            ec2.get_paginator("describe_network_interfaces").paginate(Filters=_by("group-id", *wanted)), ours
        ),
        lambda: _naming(ec2.get_paginator("describe_security_groups").paginate(), frozenset(wanted), ours),
    )
    with ThreadPoolExecutor(len(looks)) as pool:
        return tuple(each for some in pool.map(_unless_denied, looks) for each in some)


def _unless_denied(look: Callable[[], list[Occupant]]) -> list[Occupant]:
    try:
        with translated():
            return look()
    except DeniedError:
        return []


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


def _gateways(ec2: Any, vpc_id: str, ours: Ours) -> list[Occupant]:
    by_vpc = _by("attachment.vpc-id", vpc_id)
    internet = ec2.describe_internet_gateways(Filters=by_vpc)["InternetGateways"]
    outward = [
        it
        for it in ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"]
        if any(attached.get("VpcId") == vpc_id for attached in it.get("Attachments", ()))
    ]
    vpn = ec2.describe_vpn_gateways(Filters=by_vpc)["VpnGateways"]
    found = [("internet gateway", "InternetGatewayId", it) for it in internet]
    found += [("egress-only internet gateway", "EgressOnlyInternetGatewayId", it) for it in outward]
    found += [("VPN gateway", "VpnGatewayId", it) for it in vpn if _lives(it)]
    return [Occupant(kind, it[key], _called(it)) for kind, key, it in found if not ours.has(it[key], it)]


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
        if not _is_ours(it, groups.values(), ours):
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


def _is_ours(interface: Thing, groups: Collection[str], ours: Ours) -> bool:
    """By what AWS writes into the description of an interface that it makes for a gateway, a domain and the like.

    An app's also wears a group that SageMaker names after the domain.
    """
    named = set(MADE_FOR.findall(interface.get("Description", ""))) & (ours.ids | ours.domains)
    worn = {match[1] for group in groups if (match := GROUP_NAME.fullmatch(group))}
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
