"""Resources that AWS creates for a domain in the user's account and network: a file system and two security groups.

Sources: hashicorp/terraform-provider-aws#20986 and the clean-up scripts linked there (the tag, the names of the groups
and their rules); SageMaker Developer Guide, "studio-updated-automount" (access points), "onboard-vpc".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.ec2.models import ec2_backends
from moto.ec2.models.security_groups import SecurityGroup
from moto.efs.models import efs_backends

if TYPE_CHECKING:
    from moto.ec2.models import EC2Backend
    from moto.efs.models import EFSBackend

    from studio_emulator.studio.models.app import App
    from studio_emulator.studio.models.domain import Domain
    from studio_emulator.studio.models.profile import UserProfile
    from studio_emulator.studio.store import StudioStore

MANAGED_TAG = "ManagedByAmazonSageMakerResource"
NFS_PORTS = ((988, 988), (1018, 1023), (2049, 2049))  # 988 and 1018-1023 serve FSx for Lustre, 2049 EFS
HOME_GROUP_ID = 1001  # assumed


def make_home(store: StudioStore, domain: Domain) -> None:
    """The file system of all homes, a mount target per availability zone, and the two NFS groups."""
    inbound, outbound = _make_nfs_groups(_ec2(store), domain)
    file_system = _efs(store).create_file_system(
        creation_token=domain.domain_id,
        performance_mode="generalPurpose",
        encrypted=True,
        kms_key_id=domain.kms_key_id
        or f"arn:{store.partition}:kms:{store.region_name}:{store.account_id}:alias/aws/elasticfilesystem",
        throughput_mode="bursting",
        provisioned_throughput_in_mibps=0,
        availability_zone_name="",
        backup=False,
        tags=[{"Key": MANAGED_TAG, "Value": domain.arn}],
    )
    domain.home_efs_file_system_id = file_system.file_system_id
    domain.nfs_group_ids = (inbound, outbound)
    mount_home(store, domain)


def mount_home(store: StudioStore, domain: Domain) -> None:
    """A mount target in each of the domain's zones that has none: EFS allows one per zone."""
    efs = _efs(store)
    file_system = efs.file_systems_by_id.get(domain.home_efs_file_system_id or "")
    if file_system is None:  # there is none, or a person has removed it by hand
        return
    for subnet_id in domain.subnet_ids:
        if not file_system.has_mount_target(_ec2(store).get_subnet(subnet_id)):
            efs.create_mount_target(file_system.file_system_id, subnet_id, security_groups=[domain.nfs_group_ids[0]])


def unmount_home(store: StudioStore, domain: Domain, subnet_ids: set[str]) -> None:
    """Remove the mount targets in subnets that the domain gives up."""
    efs = _efs(store)
    for target in list(efs.mount_targets_by_id.values()):
        if target.file_system_id == domain.home_efs_file_system_id and target.subnet_id in subnet_ids:
            efs.delete_mount_target(target.mount_target_id)


def remove_home(store: StudioStore, domain: Domain) -> None:
    """RetentionPolicy Delete: the file system goes with its mount targets; whether the groups follow is a setting."""
    efs = _efs(store)
    file_system_id = domain.home_efs_file_system_id
    if file_system_id in efs.file_systems_by_id:  # a person may have removed it by hand
        unmount_home(store, domain, set(_all_subnets(store)))
        efs.delete_file_system(file_system_id)
    if store.settings.nfs_groups_go:
        store.schedule.after(store.settings.transition_seconds, lambda: _remove_nfs_groups(store, domain))


def make_access_point(store: StudioStore, domain: Domain, profile: UserProfile) -> None:
    """The profile's own door to its home, used by Code Editor and JupyterLab when homes are mounted."""
    file_system_id = domain.home_efs_file_system_id or ""
    if file_system_id not in _efs(store).file_systems_by_id or profile.access_point_id is not None:
        return
    uid = int(profile.home_efs_file_system_uid)
    ownership = {"OwnerUid": uid, "OwnerGid": HOME_GROUP_ID, "Permissions": "700"}
    access_point = _efs(store).create_access_point(
        client_token=profile.arn,
        tags=[{"Key": MANAGED_TAG, "Value": profile.arn}],
        file_system_id=file_system_id,
        posix_user={"Uid": uid, "Gid": HOME_GROUP_ID},
        root_directory={"Path": f"/{uid}", "CreationInfo": ownership},
    )
    profile.access_point_id = access_point.access_point_id


def door(store: StudioStore, file_system_id: str, path: str, profile: UserProfile | None) -> str:
    """SageMaker's access point to a directory of a user's own file system, for one profile; its id.

    That it is one for each profile and directory, and with which numbers where nobody says any, is assumed.
    """
    posix = profile.user_settings.get("CustomPosixUserConfig", {}) if profile else {}
    uid, gid = posix.get("Uid", 10_000), posix.get("Gid", 1001)
    owner = profile.arn if profile else ""
    token = f"{owner} {path} {uid}:{gid}"
    known = (each for each in _efs(store).access_points.values() if each.file_system_id == file_system_id)
    found = next((each for each in known if each.client_token == token), None)
    point = found or _efs(store).create_access_point(
        client_token=token,
        tags=[{"Key": MANAGED_TAG, "Value": owner}],
        file_system_id=file_system_id,
        posix_user={"Uid": uid, "Gid": gid},
        root_directory={"Path": path},
    )
    return point.access_point_id


def remove_access_point(store: StudioStore, profile: UserProfile) -> None:
    """Close the profile's door; its files stay."""
    _efs(store).access_points.pop(profile.access_point_id or "", None)
    profile.access_point_id = None


def plug_in_app(store: StudioStore, domain: Domain, app: App, group_ids: list[str]) -> None:
    """Give an app a network interface in the user's subnet in VpcOnly mode (Developer Guide, "onboard-vpc")."""
    if domain.app_network_access_type != "VpcOnly":
        return
    ec2, wanted = _ec2(store), [*group_ids, *domain.nfs_group_ids[1:]]
    eni = ec2.create_network_interface(
        domain.subnet_ids[0],
        [],
        group_ids=[group_id for group_id in wanted if ec2.get_security_group_from_id(group_id)],
        description=f"[DO NOT DELETE] ENI managed by SageMaker for Studio App ({app.arn})",  # assumed
    )
    eni.status, eni.requester_managed = "in-use", True
    app.network_interface_id = eni.id


def unplug_app(store: StudioStore, app: App) -> None:
    """Remove the network interface that `plug_in_app` made."""
    _ec2(store).enis.pop(app.network_interface_id or "", None)


def _ec2(store: StudioStore) -> EC2Backend:
    return ec2_backends[store.account_id][store.region_name]


def _efs(store: StudioStore) -> EFSBackend:
    return efs_backends[store.account_id][store.region_name]


def _all_subnets(store: StudioStore) -> list[str]:
    return [subnet_id for zone in _ec2(store).subnets.values() for subnet_id in zone]


def _make_nfs_groups(ec2: EC2Backend, domain: Domain) -> tuple[str, str]:
    inbound = _make_group(ec2, domain, "inbound")
    outbound = _make_group(ec2, domain, "outbound")
    for first, last in NFS_PORTS:
        ec2.authorize_security_group_ingress(
            inbound.id, "tcp", str(first), str(last), [], source_groups=[{"GroupId": outbound.id}], vpc_id=domain.vpc_id
        )
        ec2.authorize_security_group_egress(
            outbound.id, "tcp", str(first), str(last), [], source_groups=[{"GroupId": inbound.id}], vpc_id=domain.vpc_id
        )
    return inbound.id, outbound.id


def _make_group(ec2: EC2Backend, domain: Domain, direction: str) -> SecurityGroup:
    group = ec2.create_security_group(
        f"security-group-for-{direction}-nfs-{domain.domain_id}",
        f"[DO NOT DELETE] Security Group that allows {direction} NFS traffic for SageMaker Domain [{domain.domain_id}]",
        vpc_id=domain.vpc_id,
    )
    group.egress_rules.clear()  # only the documented rules; whether AWS leaves the default one is not known
    return group


def _remove_nfs_groups(store: StudioStore, domain: Domain) -> None:
    groups = _ec2(store).groups.get(domain.vpc_id or "", {})
    for group_id in domain.nfs_group_ids:
        groups.pop(group_id, None)
