"""EC2's actions: the resources that a request names, what it makes, and tags that it puts on.

Source: Service Authorization Reference, "Amazon EC2": which action is asked for on which kinds of resource, and EC2
User Guide, "supported-iam-actions-tagging": a request that makes something with tags needs ec2:CreateTags too. Only the
kinds that a network of Studio's has are known here; everything else is asked for on "*".
"""

import re
from collections.abc import Iterator, Mapping

from moto.ec2.models import ec2_backends

from studio_emulator.iam.patterns import Values
from studio_emulator.iam.received import Need, Received, query_tags, tags_of

# How ids begin -> what their resources are called in ARNs.
KINDS = {
    "eipalloc": "elastic-ip",
    "fl": "vpc-flow-log",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "subnet": "subnet",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
MADE = {
    "AllocateAddress": "elastic-ip",
    "CreateFlowLogs": "vpc-flow-log",
    "CreateInternetGateway": "internet-gateway",
    "CreateNatGateway": "natgateway",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
    "CreateSubnet": "subnet",
    "CreateVpc": "vpc",
    "CreateVpcEndpoint": "vpc-endpoint",
}
# Actions on a route table alone, whatever a route leads to.
_OF_THE_TABLE = frozenset({"CreateRoute", "ReplaceRoute", "DeleteRoute"})
# The security groups that a rule names are no resources of the action.
_OF_THE_GROUP = re.compile(r"(Authorize|Revoke)SecurityGroup(In|E)gress")
# Associations and security groups of SageMaker's go with what they belong to.
GOES_BY_ITSELF = frozenset(
    {
        "DeleteSecurityGroup",
        "DisassociateAddress",
        "DisassociateRouteTable",
        "RevokeSecurityGroupEgress",
        "RevokeSecurityGroupIngress",
    }
)
_ID = re.compile(r"([a-z]+)-[0-9a-f]+")
_TAG = re.compile(r"((?:TagSpecifications?\.\d+\.)?Tag\.)\d+\.Key")


def needs(received: Received) -> list[Need]:
    """The action on each resource that AWS asks about, and ec2:CreateTags for what is made with tags."""
    if received.action.startswith("Describe") and received.action != "DescribeVpcAttribute":
        return [_need(received, received.action, "*", {})]
    tags = _request_tags(received.parameters)
    found = [
        _need(received, received.action, _arn(received, id_), _tags(received, id_) | _put_on(received, tags))
        for id_ in _named(received)
    ]
    if (role := received.parameters.get("DeliverLogsPermissionArn")) and received.action == "CreateFlowLogs":
        found.append(Need("iam:PassRole", str(role), {"iam:passedtoservice": "vpc-flow-logs.amazonaws.com"}))
    if made := MADE.get(received.action):
        found.append(_need(received, received.action, received.arn("ec2", f"{made}/*"), tags))
    if tags and received.action != "CreateTags":
        about = {**tags, "ec2:createaction": received.action}
        kind = MADE.get(received.action, "security-group-rule")
        found.append(_need(received, "CreateTags", received.arn("ec2", f"{kind}/*"), about))
    if not found and received.action in GOES_BY_ITSELF:
        return []  # what is gone leads to no resource; assumed, AWS's pages do not say
    return found or [_need(received, received.action or "UnknownAction", "*", {})]


def _need(received: Received, action: str, resource: str, about: Mapping[str, Values]) -> Need:
    return Need(f"ec2:{action}", resource, {"ec2:region": received.region, **about})


def _put_on(received: Received, tags: dict[str, Values]) -> dict[str, Values]:
    """Tags of the request belong to what it makes; those of CreateTags to what it names."""
    return tags if received.action == "CreateTags" else {}


def _named(received: Received) -> list[str]:
    said = received.parameters
    backend = ec2_backends[received.account][received.region]
    if _OF_THE_GROUP.fullmatch(received.action) or received.action == "DeleteSecurityGroup":
        group = str(said.get("GroupId", ""))
        is_gone = received.action in GOES_BY_ITSELF and backend.get_security_group_from_id(group) is None
        return [group] if group and not is_gone else []
    if received.action in _OF_THE_TABLE:
        return [str(said["RouteTableId"])] if "RouteTableId" in said else []
    named = {str(value) for value in said.values() if (match := _ID.fullmatch(str(value))) and match[1] in KINDS}
    return sorted(named | set(_behind_association(received)))


def _behind_association(received: Received) -> Iterator[str]:
    """An association is no resource: its route table or address is."""
    association = received.parameters.get("AssociationId")
    backend = ec2_backends[received.account][received.region]
    for table in backend.route_tables.values():
        if any(each["RouteTableAssociationId"] == association for each in table.associations):
            yield table.id
    for address in backend.addresses:
        if association and association == address.association_id and address.allocation_id:
            yield address.allocation_id


def _arn(received: Received, id_: str) -> str:
    return received.arn("ec2", f"{KINDS[id_.partition('-')[0]]}/{id_}")


def _tags(received: Received, id_: str) -> dict[str, Values]:
    """A resource's tags and, of a security group, whose VPC it is in."""
    backend = ec2_backends[received.account][received.region]
    group = backend.get_security_group_from_id(id_) if id_.startswith("sg-") else None
    place: dict[str, Values] = {"ec2:vpc": received.arn("ec2", f"vpc/{group.vpc_id}")} if group else {}
    return tags_of(backend.tags.get(id_, {}), "ec2") | place


def _request_tags(said: Mapping[str, object]) -> dict[str, Values]:
    """Tags come by themselves (CreateTags) or in a specification of what they are for."""
    places = {match[1] for name in said if (match := _TAG.fullmatch(name))}
    return {key: value for place in sorted(places) for key, value in query_tags(said, place).items()}
