"""Studio's security group: out to anywhere, in from nowhere."""

from dataclasses import dataclass

from studioctl.infrastructure.block import Module, Ref, Resource
from studioctl.infrastructure.naming import Naming, name_tag


@dataclass(frozen=True)
class SecurityGroups:
    """The groups' blocks, and the id of Studio's."""

    module: Module
    studio_id: Ref


def build(vpc_id: Ref, naming: Naming) -> SecurityGroups:
    """The group that every app runs in. SageMaker adds its own for the home file system."""
    studio = Resource(
        "aws_security_group",
        "studio",
        {
            "name": naming.security_group,
            "description": "SageMaker Studio: outbound only",
            "vpc_id": vpc_id,
            "tags": name_tag(naming.security_group),
        },
    )
    outbound = Resource(
        "aws_vpc_security_group_egress_rule",
        "studio_outbound",
        {
            "security_group_id": studio.ref("id"),
            "description": "Studio may reach any address",
            "cidr_ipv4": "0.0.0.0/0",
            "ip_protocol": "-1",
        },
        why="Packages, Git and AWS are reached from the editor; nothing may connect to it.",
    )
    purpose = "Studio's security group: out to anywhere, in from nowhere."
    return SecurityGroups(module=Module("security_groups", purpose, (studio, outbound)), studio_id=studio.ref("id"))
