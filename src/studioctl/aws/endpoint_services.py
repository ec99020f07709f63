"""The availability zones in which AWS's services have interface endpoints. Reads only."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from studioctl.aws.errors import translated
from studioctl.aws.session import Session

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef


def offered(session: Session, services: Collection[str]) -> dict[str, frozenset[str]]:
    """The zones of each of these services that the region has: AWS's name of the service, and names of zones."""
    filters: list[FilterTypeDef] = [{"Name": "service-name", "Values": sorted(services)}]
    with translated():
        pages = session.client("ec2").get_paginator("describe_vpc_endpoint_services").paginate(Filters=filters)
        details = [each for page in pages for each in page["ServiceDetails"]]
    return {each["ServiceName"]: frozenset(each["AvailabilityZones"]) for each in details}


def zones(session: Session) -> tuple[str, ...]:
    """The zones in which Terraform makes subnets, in its order: those that every account may use."""
    filters: list[FilterTypeDef] = [
        {"Name": "opt-in-status", "Values": ["opt-in-not-required"]},
        {"Name": "state", "Values": ["available"]},
    ]
    with translated():
        found = session.client("ec2").describe_availability_zones(Filters=filters)["AvailabilityZones"]
    return tuple(sorted(zone["ZoneName"] for zone in found))


def zones_of_subnets(session: Session, tag: tuple[str, str]) -> frozenset[str]:
    """The zones of all subnets that carry a tag."""
    filters: list[FilterTypeDef] = [{"Name": f"tag:{tag[0]}", "Values": [tag[1]]}]
    with translated():
        pages = session.client("ec2").get_paginator("describe_subnets").paginate(Filters=filters)
        return frozenset(subnet["AvailabilityZone"] for page in pages for subnet in page["Subnets"])
