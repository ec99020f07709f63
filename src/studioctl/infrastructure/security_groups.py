"""Security groups: Studio's, each user's own in a closed network, and that of the private ways to AWS.

In an open network apps run in SageMaker's own, and Studio's group only lets them out. In a closed one they are in
ours, and AWS wants apps of one user to reach each other: a group that allowed it to all would let every user into
everybody's apps without a password, so each user has one.
https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-and-internet-access.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from studioctl.config.model import EnvironmentConfig
from studioctl.infrastructure.block import Module, Ref, Resource
from studioctl.infrastructure.naming import Naming, label, name_tag
from studioctl.infrastructure.vpc import Vpc

ANYWHERE = "0.0.0.0/0"
HTTPS = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443}
NFS = {"ip_protocol": "tcp", "from_port": 2049, "to_port": 2049}
APPS = {"ip_protocol": "tcp", "from_port": 8192, "to_port": 65535}


@dataclass(frozen=True)
class SecurityGroups:
    """The groups' blocks, and the ids of those that others wear.

    Args:
        module: The blocks.
        studio_id: The group that every app runs in.
        user_ids: The group of each user's own, by the user's name, in a closed network.
        endpoints_id: The group of interface endpoints; None where there are none.
        is_cut_off: Whether Studio's group leads to AWS and the VPC alone, each way by another rule.
    """

    module: Module
    studio_id: Ref
    user_ids: Mapping[str, Ref] = field(default_factory=dict)
    endpoints_id: Ref | None = None
    is_cut_off: bool = False

    def of(self, user: str) -> list[Ref]:
        """Return the security groups of a user's apps."""
        return [self.studio_id, *([self.user_ids[user]] if user in self.user_ids else [])]


def build(config: EnvironmentConfig, *, vpc: Vpc, with_endpoints: bool, naming: Naming) -> SecurityGroups:
    """The groups in a VPC. SageMaker adds its own for the home file system.

    Args:
        config: The environment.
        vpc: The VPC of the groups.
        with_endpoints: Whether there are interface endpoints.
        naming: The environment's names.
    """
    closed = config.network.is_closed
    description = "SageMaker Studio: outbound only"
    studio = _group("studio", naming.security_group, description, vpc)
    cut_off = closed and vpc.cidr is not None and config.network.internet == "none"
    outbound = _to_aws_alone(studio, vpc, homes=config.studio.home_file_system) if cut_off else (_to_anywhere(studio),)
    own = {user.name: _own_group(user.name, vpc, naming) for user in config.users} if closed else {}
    endpoints = _endpoints(studio, vpc, naming) if with_endpoints else ()
    purpose = (
        "Studio's security group: in from nowhere." if not closed else "Who may talk to whom in the closed network."
    )
    blocks = (studio, *outbound, *(block for blocks in own.values() for block in blocks), *endpoints)
    return SecurityGroups(
        module=Module("security_groups", purpose, blocks),
        studio_id=studio.ref("id"),
        user_ids={user: blocks[0].ref("id") for user, blocks in own.items()},
        endpoints_id=endpoints[0].ref("id") if endpoints else None,
        is_cut_off=cut_off,
    )


def _group(its_label: str, name: str, description: str, vpc: Vpc) -> Resource:
    arguments = {"name": name, "description": description, "vpc_id": vpc.vpc_id, "tags": name_tag(name)}
    return Resource("aws_security_group", its_label, arguments)


def _rule(way: str, its_label: str, group: Resource, says: dict[str, Any], description: str, why: str = "") -> Resource:
    arguments = {"security_group_id": group.ref("id"), "description": description, **says}
    return Resource(f"aws_vpc_security_group_{way}_rule", its_label, arguments, why=why)


def _to_anywhere(studio: Resource) -> Resource:
    why = "Packages, Git and AWS are reached from the editor; nothing may connect to it."
    says = {"cidr_ipv4": ANYWHERE, "ip_protocol": "-1"}
    return _rule("egress", "studio_outbound", studio, says, "Studio may reach any address", why)


def _to_aws_alone(studio: Resource, vpc: Vpc, *, homes: bool) -> tuple[Resource, ...]:
    https = "The VPC's endpoints, and S3's addresses: no route leads anywhere else."
    nfs = "The home file system, which is mounted in Studio's subnets."
    ways = _rule("egress", "studio_https", studio, {"cidr_ipv4": ANYWHERE, **HTTPS}, "AWS, by private endpoints", https)
    if not homes:
        return (ways,)
    return ways, _rule("egress", "studio_nfs", studio, {"cidr_ipv4": vpc.cidr, **NFS}, "The home file system", nfs)


def _own_group(user: str, vpc: Vpc, naming: Naming) -> tuple[Resource, ...]:
    its_label = f"user_{label(user)}"
    group = _group(its_label, naming.user_security_group(user), "SageMaker Studio: the apps of one user", vpc)
    says = {"referenced_security_group_id": group.ref("id"), **APPS}
    why = "AWS wants it of this mode; a group of the user's own keeps all others out."
    return (
        group,
        _rule("ingress", its_label, group, says, "Apps of the same user", why),
        _rule("egress", its_label, group, says, "Apps of the same user"),
    )


def _endpoints(studio: Resource, vpc: Vpc, naming: Naming) -> tuple[Resource, ...]:
    group = _group("endpoints", naming.endpoints_security_group, "Private ways to AWS, for SageMaker Studio", vpc)
    says = {"referenced_security_group_id": studio.ref("id"), **HTTPS}
    return group, _rule("ingress", "endpoints", group, says, "HTTPS from Studio, and from nobody else")
