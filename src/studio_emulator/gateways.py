"""Routes out of a VPC with AWS's dependency checks: NAT gateways, public addresses, internet gateways and endpoints.

moto ignores the dependencies, and never deletes the interface of a deleted NAT gateway. Texts are AWS's where a source
is named, and assumed elsewhere.
"""

from typing import Any

from moto.ec2.exceptions import DependencyViolationError, EC2ClientError, InvalidServiceName
from moto.ec2.models import EC2Backend
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.vpcs import VPCEndPoint

from studio_emulator.settings import EmulatorSettings


class GatewayBackend(EC2Backend):
    """EC2's gateways, addresses and endpoints."""

    settings = EmulatorSettings()

    def create_nat_gateway(
        self,
        subnet_id: str,
        allocation_id: str,
        tags: dict[str, str] | None = None,
        connectivity_type: str = "public",
    ) -> NatGateway:
        """A public one needs an address, and an internet gateway in its VPC: VPC user guide, "nat-gateway-working".

        AWS makes it and lets it fail with `Gateway.NotAttached`; here the call itself fails.
        """
        vpc_id = self.get_subnet(subnet_id).vpc_id
        if (connectivity_type or "public") == "public":
            if not allocation_id:
                raise EC2ClientError("MissingParameter", "The request must contain the parameter AllocationId")
            if not any(gateway.vpc and gateway.vpc.id == vpc_id for gateway in self._attached_gateways()):
                raise EC2ClientError("Gateway.NotAttached", f"Network {vpc_id} has no Internet gateway attached")
        gateway = super().create_nat_gateway(subnet_id, allocation_id, tags, connectivity_type)
        interface = gateway._eni  # noqa: SLF001 - moto has no other way to it
        interface.description, interface.status = f"Interface for NAT Gateway {gateway.id}", "in-use"
        interface.requester_managed = True
        return gateway

    def delete_nat_gateway(self, nat_gateway_id: str) -> NatGateway:
        """Takes its interface with it and lets go of its address: API reference, DeleteNatGateway."""
        gateway = self.nat_gateways.get(nat_gateway_id)
        if gateway is None or gateway.state == "deleted":
            raise EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")
        for address in [used for used in self._addresses_in_use() if used.eni is gateway._eni]:  # noqa: SLF001
            super().disassociate_address(address=address.public_ip)
        self.enis.pop(gateway._eni.id, None)  # noqa: SLF001
        return super().delete_nat_gateway(nat_gateway_id)

    def release_address(self, address: str | None = None, allocation_id: str | None = None) -> None:
        """One that is in use stays: API reference, ReleaseAddress."""
        for known in self._addresses_in_use():
            if known.allocation_id == allocation_id or known.public_ip == address:
                raise EC2ClientError("InvalidIPAddress.InUse", f"Address {known.public_ip} is in use.")
        super().release_address(address, allocation_id)

    def detach_internet_gateway(self, internet_gateway_id: str, vpc_id: str) -> None:
        """Public addresses in the VPC block it: API reference, DetachInternetGateway."""
        if any(address.eni.subnet.vpc_id == vpc_id for address in self._addresses_in_use()):
            raise DependencyViolationError(
                f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before"
                " detaching the gateway."
            )
        super().detach_internet_gateway(internet_gateway_id, vpc_id)

    def create_vpc_endpoint(self, *args: Any, **kwargs: Any) -> VPCEndPoint:
        """One per service with private names, in one subnet a zone: PrivateLink guide, "create-interface-endpoint".

        Its interfaces are AWS's own, and wear its security groups.
        """
        kwargs["endpoint_type"] = kwargs.get("endpoint_type") or "Gateway"  # AWS's default
        if kwargs["endpoint_type"].lower() == "interface":
            self._check_interface(kwargs)
        endpoint = super().create_vpc_endpoint(*args, **kwargs)
        self._plug_in(endpoint)
        return endpoint

    def describe_vpc_endpoint_services(
        self,
        service_names: list[str],
        filters: Any,
        max_results: int,
        next_token: str | None,
        region: str,
    ) -> dict[str, Any]:
        """Filters by "Values", as requests have it: moto looks for "Value"."""
        translated = [each | {"Value": each.get("Values", [])} for each in filters or []]
        return super().describe_vpc_endpoint_services(service_names, translated, max_results, next_token, region)

    @staticmethod
    def _collect_default_endpoint_services(account_id: str, region: str) -> list[dict[str, Any]]:
        """moto's list, in which every service is in every zone, without the zones that a service lacks here."""
        lacking = GatewayBackend.settings.endpoints_lack_zones
        found = []
        for listed in EC2Backend._collect_default_endpoint_services(account_id, region):  # noqa: SLF001 (no other way)
            service: dict[str, Any] = dict(listed)
            lacks = lacking.get(service["ServiceName"], ())
            service["AvailabilityZones"] = [zone for zone in service["AvailabilityZones"] if zone not in lacks]
            if service["AvailabilityZones"]:
                found.append(service)
        return found

    def _check_zones(self, service: str, subnet_ids: list[str]) -> None:
        """AWS's own words: terraform-aws-modules/terraform-aws-vpc#785."""
        listed = self._collect_default_endpoint_services(self.account_id, self.region_name)
        zones = {zone for each in listed if each["ServiceName"] == service for zone in each["AvailabilityZones"]}
        if not zones and service not in [each.to_dict()["ServiceName"] for each in self.configurations.values()]:
            raise InvalidServiceName(service)
        for subnet_id in subnet_ids:
            if zones and self.get_subnet(subnet_id).availability_zone not in zones:
                raise EC2ClientError(
                    "InvalidParameter",
                    f"The VPC endpoint service {service} does not support the availability zone of the subnet:"
                    f" {subnet_id}.",
                )

    def modify_vpc_endpoint(self, *args: Any, **kwargs: Any) -> None:
        """Its interfaces follow its subnets and its groups."""
        endpoint = self.get_vpc_end_point(kwargs["vpc_id"])
        self._check_zones(endpoint.service_name, kwargs.get("add_subnets") or [])
        super().modify_vpc_endpoint(*args, **kwargs)
        if (endpoint.vpc_endpoint_type or "").lower() == "interface":
            self._plug_in(endpoint)

    def _plug_in(self, endpoint: VPCEndPoint) -> None:
        groups = [self.get_security_group_from_id(group_id) for group_id in endpoint.security_group_ids]
        there = {self.enis[key].subnet.id: self.enis[key] for key in endpoint.network_interface_ids}
        for subnet_id in set(there) - set(endpoint.subnet_ids or []):
            self.enis.pop(there.pop(subnet_id).id)
        for subnet_id in endpoint.subnet_ids or []:
            if subnet_id not in there:
                there[subnet_id] = self.create_network_interface(subnet_id, [])
            interface = there[subnet_id]
            interface.description, interface.status = f"VPC Endpoint Interface {endpoint.id}", "in-use"
            interface.requester_managed = True
            interface._group_set = [group for group in groups if group]  # noqa: SLF001 - moto sets it only at first
        endpoint.network_interface_ids = [interface.id for interface in there.values()]

    def _check_interface(self, request: dict[str, Any]) -> None:
        vpc, service = self.get_vpc(request["vpc_id"]), request["service_name"]
        subnets = [self.get_subnet(subnet_id) for subnet_id in request.get("subnet_ids") or []]
        zones = [subnet.availability_zone for subnet in subnets]
        self._check_zones(service, [subnet.id for subnet in subnets])
        if len(set(zones)) < len(zones):
            raise EC2ClientError(
                "DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone"
            )
        if not request.get("private_dns_enabled"):
            return
        if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
            raise EC2ClientError(
                "InvalidParameter",
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true"
                f" for {vpc.id}",
            )
        if any(
            other.vpc_id == vpc.id
            and other.service_name == service
            and other.private_dns_enabled
            and other.state != "deleted"
            for other in self.vpc_end_points.values()
        ):
            raise EC2ClientError(
                "InvalidParameter",
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for"
                f" {service} in the VPC {vpc.id}",
            )

    def _attached_gateways(self) -> list[Any]:
        return list(self.internet_gateways.values())  # moto's type of their VPC is always None

    def _addresses_in_use(self) -> list[Any]:
        addresses: list[Any] = self.addresses  # moto's type of their interface is always None
        return [address for address in addresses if address.eni is not None]
