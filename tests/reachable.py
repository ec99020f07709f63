"""The parts of a network that the internet, or Studio, could reach: for any blueprint."""

import ipaddress
import json
import re
from collections.abc import Iterator
from typing import Any

from studioctl.infrastructure.block import Blueprint, Resource

EVERYWHERE = {"0.0.0.0/0", "::/0"}
PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
# Arguments by which things get a public address, or let the world in, whatever their type.
OPEN_ARGUMENTS = {"map_public_ip_on_launch", "associate_public_ip_address", "publicly_accessible", "public_ip"}


def from_the_internet(blueprint: Blueprint) -> list[str]:
    """The addresses of resources that somebody in the internet could open a connection to."""
    return sorted({f"{resource.address}: {why}" for resource in blueprint.resources() for why in _open(resource)})


def _open(resource: Resource) -> Iterator[str]:
    arguments = resource.arguments
    yield from (key for key in OPEN_ARGUMENTS if arguments.get(key) is True)
    if resource.type in {"aws_lb", "aws_elb", "aws_instance", "aws_lambda_function_url", "aws_api_gateway_rest_api"}:
        yield "is of a kind that serves the internet"
    if resource.type == "aws_vpc_security_group_ingress_rule":
        yield from _world(arguments)
    if resource.type in {"aws_security_group", "aws_default_security_group"} and arguments.get("ingress"):
        yield "has rules of its own"
    if resource.type == "aws_eip" and (arguments.get("instance") or arguments.get("network_interface")):
        yield "leads to a machine"
    if resource.type == "aws_network_acl_rule":
        yield "opens a network ACL"
    if resource.type == "aws_sagemaker_domain" and arguments["app_network_access_type"] != "VpcOnly":
        yield "its apps are in a network with the internet"


def _world(arguments: Any) -> Iterator[str]:
    range_ = arguments.get("cidr_ipv4")
    if range_ and not any(ipaddress.IPv4Network(range_).subnet_of(own) for own in PRIVATE):
        yield f"lets in {range_}"
    if range_ := arguments.get("cidr_ipv6"):
        yield f"lets in {range_}"
    if not {"cidr_ipv4", "cidr_ipv6", "referenced_security_group_id"} & arguments.keys():
        yield "lets in nobody knows whom"


def routes_of_studio(blueprint: Blueprint) -> dict[str, str]:
    """Each subnet of the domain -> what its default route leads to ("" for nothing): addresses of resources."""
    by_type: dict[str, list[Resource]] = {}
    for resource in blueprint.resources():
        by_type.setdefault(resource.type, []).append(resource)
    (domain,) = by_type["aws_sagemaker_domain"]
    tables = {_to(link, "subnet_id"): _to(link, "route_table_id") for link in by_type["aws_route_table_association"]}
    ways = {
        _to(route, "route_table_id"): _to(route, "nat_gateway_id") or _to(route, "gateway_id")
        for route in by_type.get("aws_route", [])
        if route.arguments.get("destination_cidr_block") in EVERYWHERE
    }
    subnets = [str(subnet).removeprefix("${").removesuffix(".id}") for subnet in domain.arguments["subnet_ids"]]
    return {subnet: ways.get(tables[subnet], "") for subnet in subnets}


def _to(resource: Resource, argument: str) -> str:
    return re.sub(r"^\$\{(.*)\.id\}$", r"\1", str(resource.arguments.get(argument, "")))


def policies(blueprint: Blueprint) -> dict[str, list[Any]]:
    """The statements of each endpoint, by what its service is called."""
    return {
        str(resource.arguments["service_name"]): json.loads(resource.arguments["policy"])["Statement"]
        for resource in blueprint.resources()
        if resource.type == "aws_vpc_endpoint"
    }
