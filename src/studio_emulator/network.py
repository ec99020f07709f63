"""EC2 and EFS with AWS's dependency checks, most of which moto lacks."""

from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, NoReturn

from moto.ec2 import urls as ec2_urls
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models.security_groups import SecurityGroup
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.transit_gateway_attachments import TransitGatewayVpcAttachment
from moto.ec2.models.vpcs import VPC
from moto.efs import urls as efs_urls
from moto.efs.exceptions import AccessPointNotFound, FileSystemNotFound
from moto.efs.models import AccessPoint, EFSBackend, MountTarget

from studio_emulator.addresses import AddressBackend
from studio_emulator.gateways import GatewayBackend
from studio_emulator.sandbox import trees
from studio_emulator.security_groups import SecurityGroupBackend

LIVING_PEERINGS = frozenset({"initiating-request", "pending-acceptance", "provisioning", "active"})


class StrictEC2Backend(SecurityGroupBackend, AddressBackend, GatewayBackend):
    """EC2 that refuses to delete what something else still needs."""

    @property
    def _url_module(self) -> ModuleType:
        return ec2_urls

    def delete_subnet(self, subnet_id: str) -> Subnet:
        """Network interfaces block it, also those of a transit gateway, which moto does not make: API, DeleteSubnet."""
        subnet = self.get_subnet(subnet_id)
        attached = {each for attachment in self._transit_attachments() for each in attachment.subnet_ids}
        if subnet_id in attached or any(eni.subnet.id == subnet_id for eni in self.enis.values()):
            _refuse(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
        for table in self.route_tables.values():  # AWS drops the association together with the subnet
            links = table._associations  # noqa: SLF001 - moto has no other way to a subnet's associations
            table._associations = {key: value for key, value in links.items() if value != subnet_id}  # noqa: SLF001
        super().delete_subnet(subnet_id)
        return subnet

    def delete_security_group(self, name: str | None = None, group_id: str | None = None) -> None:
        """Interfaces and other groups' rules block it: API reference, DeleteSecurityGroup."""
        group = self.get_security_group_by_name_or_id(group_id or name or "")
        if group is not None and group.is_default:
            raise EC2ClientError(
                "CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
            )
        if group is not None and (self._is_worn(group) or self._is_referenced(group)):
            _refuse(f"resource {group.id} has a dependent object")
        super().delete_security_group(name, group_id)

    def _is_worn(self, group: SecurityGroup) -> bool:
        return any(worn.id == group.id for eni in self.enis.values() for worn in eni.group_set)

    def _is_referenced(self, group: SecurityGroup) -> bool:
        return any(
            rule.source_group.get("GroupId") == group.id
            for others in self.groups.values()
            for other in others.values()
            if other.id != group.id
            for rule in [*other.ingress_rules, *other.egress_rules]
        )

    def delete_vpc(self, vpc_id: str) -> VPC:
        """Delete a VPC that has nothing in it or attached to it but what came with it: API reference, DeleteVpc."""
        vpc = self.get_vpc(vpc_id)
        groups = self.groups.get(vpc_id, {})
        gateways: list[Any] = list(self.internet_gateways.values())  # moto's type of their VPC is always None
        blockers: list[Any] = [gateway for gateway in gateways if gateway.vpc is vpc]
        blockers += [eni for eni in self.enis.values() if eni.subnet.vpc_id == vpc_id]
        blockers += [group for group in groups.values() if not group.is_default]
        blockers += [
            endpoint
            for endpoint in self.vpc_end_points.values()
            if endpoint.vpc_id == vpc_id and endpoint.state != "deleted"
        ]
        blockers += [
            table for table in self.route_tables.values() if table.vpc_id == vpc_id and not table.main_association_id
        ]
        blockers += [acl for acl in self.network_acls.values() if acl.vpc_id == vpc_id and not acl.default]
        blockers += self._further_ways_out(vpc_id)
        if blockers:
            _refuse(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
        default_groups = {key: group for key, group in groups.items() if group.is_default}
        for group_id in default_groups:  # or else moto asks us to delete it, which nobody may
            del groups[group_id]
        main = {key: table for key, table in self.route_tables.items() if table.vpc_id == vpc_id}  # the only one left
        for table_id in main:  # for the same reason
            del self.route_tables[table_id]
        try:
            super().delete_vpc(vpc_id)
        except DependencyViolationError:
            groups.update(default_groups)
            self.route_tables.update(main)
            raise
        self.groups.pop(vpc_id, None)
        return vpc

    def _further_ways_out(self, vpc_id: str) -> list[Any]:
        """VPC user guide, "delete-vpc"; that a peering blocks it is assumed."""
        gateways: list[Any] = [*self.carrier_gateways.values(), *self.egress_only_internet_gateways.values()]
        found = [each for each in gateways if each.vpc_id == vpc_id]
        found += [each for each in self._transit_attachments() if each.vpc_id == vpc_id]
        found += [
            peering
            for peering in self.vpc_pcxs.values()
            if vpc_id in {peering.vpc.id, peering.peer_vpc.id} and peering.status["Code"] in LIVING_PEERINGS
        ]
        return found

    def _transit_attachments(self) -> list[TransitGatewayVpcAttachment]:
        return [
            each
            for each in self.transit_gateway_attachments.values()
            if isinstance(each, TransitGatewayVpcAttachment) and each.state not in {"deleting", "deleted"}
        ]

    def delete_network_interface(self, eni_id: str) -> None:
        """An interface that is in use stays; one that AWS made belongs to AWS."""
        eni = self.get_network_interface(eni_id)
        if eni.requester_managed:
            raise EC2ClientError("AuthFailure", "You do not have permission to access the specified resource.")
        if eni.attachment_id:
            raise EC2ClientError("InvalidParameterValue", f"Network interface '{eni_id}' is currently in use.")
        super().delete_network_interface(eni_id)


class StrictEFSBackend(EFSBackend):
    """EFS whose mount targets look as they do in AWS, and whose access points go with their file system."""

    files: ClassVar[Path | None] = None
    """The directory of the files, by file system, when apps run lifecycle configurations."""

    @property
    def _url_module(self) -> ModuleType:
        return efs_urls

    def create_mount_target(self, *args: Any, **kwargs: Any) -> MountTarget:
        """Its network interface is AWS's own and says whose it is (a description that begins with "EFS")."""
        target = super().create_mount_target(*args, **kwargs)
        eni = self.ec2_backend.get_network_interface(target.network_interface_id)
        eni.description = f"EFS mount target for {target.file_system_id} ({target.mount_target_id})"
        eni.status, eni.requester_managed = "in-use", True
        return target

    def delete_mount_target(self, mount_target_id: str) -> None:
        """Takes its network interface with it."""
        target = self.mount_targets_by_id.get(mount_target_id)
        if target is not None:
            self.ec2_backend.get_network_interface(target.network_interface_id).requester_managed = False
        super().delete_mount_target(mount_target_id)

    def create_access_point(self, *args: Any, **kwargs: Any) -> AccessPoint:
        """Needs its file system."""
        file_system_id = kwargs["file_system_id"]
        if file_system_id not in self.file_systems_by_id:
            raise FileSystemNotFound(file_system_id)
        return super().create_access_point(*args, **kwargs)

    def delete_access_point(self, access_point_id: str) -> None:
        """Raises AccessPointNotFound, as API reference, DeleteAccessPoint has it."""
        if access_point_id not in self.access_points:
            raise AccessPointNotFound(access_point_id)
        super().delete_access_point(access_point_id)

    def delete_file_system(self, file_system_id: str) -> None:
        """Mount targets block it (409 FileSystemInUse, moto's own check); access points and files cannot outlive it."""
        super().delete_file_system(file_system_id)
        if self.files:
            trees.remove(self.files / file_system_id)
        self.access_points = {
            key: point for key, point in self.access_points.items() if point.file_system_id != file_system_id
        }


def _refuse(message: str) -> NoReturn:
    raise DependencyViolationError(message)
