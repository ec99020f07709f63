"""EC2's address ranges as strict as AWS: sizes, and host bits, which it clears; and the main route table, which stays.

Sources: API reference, CreateVpc, CreateSubnet, AssociateVpcCidrBlock, CreateRoute, DeleteRouteTable.
"""

from ipaddress import IPv4Network, ip_network
from typing import Any

from moto.ec2.exceptions import (
    DependencyViolationError,
    EC2ClientError,
    InvalidCIDRBlockParameterError,
    InvalidSubnetRangeError,
    InvalidVPCRangeError,
)
from moto.ec2.models import EC2Backend
from moto.ec2.models.route_tables import Route
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPC

LARGEST, SMALLEST = 16, 28  # the prefixes of a VPC's and a subnet's range


class AddressBackend(EC2Backend):
    """EC2's VPCs, subnets and routes by their ranges."""

    def create_vpc(self, cidr_block: str, *args: Any, **kwargs: Any) -> VPC:
        """The range without host bits; moto checks its size."""
        return super().create_vpc(canonical(cidr_block), *args, **kwargs)

    def associate_vpc_cidr_block(
        self, vpc_id: str, cidr_block: str, amazon_provided_ipv6_cidr_block: bool
    ) -> dict[str, Any]:
        """A further range is of the same sizes."""
        if cidr_block and not amazon_provided_ipv6_cidr_block:
            if not _has_size(cidr_block):
                raise InvalidVPCRangeError(cidr_block)
            cidr_block = canonical(cidr_block)
        return super().associate_vpc_cidr_block(vpc_id, cidr_block, amazon_provided_ipv6_cidr_block)

    def create_subnet(self, vpc_id: str, cidr_block: str, *args: Any, **kwargs: Any) -> Subnet:
        """moto looks whether it is in its VPC, and at the other subnets."""
        self.get_vpc(vpc_id)
        if cidr_block and not _has_size(cidr_block):
            raise InvalidSubnetRangeError(cidr_block)
        return super().create_subnet(vpc_id, cidr_block and canonical(cidr_block), *args, **kwargs)

    def create_route(self, route_table_id: str, destination_cidr_block: str | None, *args: Any, **kwargs: Any) -> Route:
        """Create a route to the range without host bits."""
        destination = destination_cidr_block and canonical(destination_cidr_block)
        return super().create_route(route_table_id, destination, *args, **kwargs)

    def replace_route(self, route_table_id: str, destination_cidr_block: str, *args: Any, **kwargs: Any) -> Route:
        """The same."""
        destination = destination_cidr_block and canonical(destination_cidr_block)
        return super().replace_route(route_table_id, destination, *args, **kwargs)

    def delete_route(self, route_table_id: str, destination_cidr_block: str, *args: Any, **kwargs: Any) -> Route:
        """The same."""
        destination = destination_cidr_block and canonical(destination_cidr_block)
        return super().delete_route(route_table_id, destination, *args, **kwargs)

    def delete_route_table(self, route_table_id: str) -> None:
        """Delete a route table, but not a VPC's main one, which goes with the VPC."""
        if self.get_route_table(route_table_id).main_association_id:
            raise DependencyViolationError(f"The routeTable '{route_table_id}' has dependencies and cannot be deleted.")
        super().delete_route_table(route_table_id)

    def disassociate_route_table(self, association_id: str) -> str | None:
        """The main one's association can only be replaced. The words are AWS's own: ansible/ansible#25521."""
        if any(table.main_association_id == association_id for table in self.route_tables.values()):
            raise EC2ClientError(
                "InvalidParameterValue", f"cannot disassociate the main route table association {association_id}"
            )
        return super().disassociate_route_table(association_id)


def canonical(cidr: str) -> str:
    """A range without host bits; what is no range stays as it is, for others to refuse."""
    try:
        return str(ip_network(cidr, strict=False)) if "/" in cidr else cidr
    except ValueError:
        return cidr


def _has_size(cidr: str) -> bool:
    """Raises InvalidCIDRBlockParameterError."""
    try:
        return "/" in cidr and LARGEST <= IPv4Network(cidr, strict=False).prefixlen <= SMALLEST
    except ValueError:
        raise InvalidCIDRBlockParameterError(cidr) from None
