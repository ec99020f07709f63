"""Finds and removes what SageMaker leaves in a VPC after a domain is deleted.

A domain has a file system with mount targets (interfaces in the user's subnets) and two security groups that refer to
each other. AWS deletes the file system only on request, and the groups not reliably. While one of them exists, the
subnets and the VPC cannot be deleted (hashicorp/terraform-provider-aws#20986).
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studioctl.aws.errors import InUseError, MissingError, ignoring_missing, translated
from studioctl.aws.session import Session
from studioctl.aws.wait import until
from studioctl.events import Work

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, NetworkInterfaceTypeDef
    from mypy_boto3_efs.type_defs import FileSystemDescriptionTypeDef, MountTargetDescriptionTypeDef

OWNER_TAG = "ManagedByAmazonSageMakerResource"  # its value is the domain's ARN
GROUP_NAMES = ("security-group-for-inbound-nfs-{}", "security-group-for-outbound-nfs-{}")
GROUP_NAME = re.compile(r"security-group-for-(?:in|out)bound-nfs-(d-.+)")
DOMAIN_ARN = re.compile(r"arn:[^:]+:sagemaker:[^:]+:[^:]+:domain/(d-[^/]+)")
FILE_SYSTEM_ID = re.compile(r"\bfs-[0-9a-f]+")
TIMEOUT = 600.0  # seconds; interfaces are reported to drain for one to two minutes


@dataclass(frozen=True)
class DomainTraces:
    """The traces by which a domain's leftovers are found after it is gone."""

    domain_id: str
    domain_arn: str


@dataclass(frozen=True)
class Marked:
    """A file system with our tags: its metered bytes, and all its tags."""

    size: int
    tags: Mapping[str, str]


def vpcs_with(session: Session, tag: tuple[str, str]) -> tuple[str, ...]:
    """The ids of the VPCs that carry this tag: key and value."""
    with translated():
        found = session.client("ec2").describe_vpcs(Filters=[{"Name": f"tag:{tag[0]}", "Values": [tag[1]]}])
    return tuple(vpc["VpcId"] for vpc in found["Vpcs"])


def in_vpcs(session: Session, vpc_ids: Collection[str]) -> tuple[DomainTraces, ...]:
    """The domains, living or gone, that have left something in these VPCs: NFS groups, or a mounted home."""
    if not vpc_ids:
        return ()
    found = {domain_id: _domain_arn(session, domain_id) for domain_id in _named_by_groups(session, vpc_ids)}
    found |= _mounted(session, vpc_ids)
    return tuple(DomainTraces(domain_id, arn) for domain_id, arn in sorted(found.items()))


def home_file_systems(session: Session, domain_arn: str) -> list[str]:
    """The file systems that SageMaker made for this domain and that still exist."""
    return [
        found["FileSystemId"]
        for found in _all_file_systems(session)
        if {"Key": OWNER_TAG, "Value": domain_arn} in found["Tags"] and found["LifeCycleState"] != "deleting"
    ]


def exist(session: Session, traces: DomainTraces) -> bool:
    """Whether there is anything for `remove` to remove."""
    return bool(nfs_groups(session, traces.domain_id) or home_file_systems(session, traces.domain_arn))


def remove(
    session: Session, traces: Collection[DomainTraces], *, keep: Collection[str] = (), beside: Collection[str] = ()
) -> Work[None]:
    """Removes the home file systems and the two NFS groups each of domains that no longer exist.

    All file systems go first: one domain's home may be mounted with another's groups, which cannot go before.

    The files in it are lost: the caller has the user's word for that. What is gone already is no obstacle, so that it
    can be repeated after it was broken off anywhere.

    Args:
        session: The account.
        traces: The domains.
        keep: File systems that stay, with their files and access points; only their mount targets go, as these stand in
            the way of the network. They can be made again in any other.
        beside: Further file systems that may be mounted by the groups of these domains, and then are no longer.
    """
    for file_system_id in [home for trace in traces for home in home_file_systems(session, trace.domain_arn)]:
        if file_system_id in keep:
            yield from _unmount(session, file_system_id)
        else:
            yield from remove_file_system(session, file_system_id)
    groups = [group for trace in traces for group in nfs_groups(session, trace.domain_id)]
    for file_system_id in mounted_with(session, groups).intersection(beside):
        yield from _unmount(session, file_system_id)
    _revoke_rules(session, groups)
    for group_id in groups:
        yield from until(
            lambda group_id=group_id: _deleted_group(session, group_id),  # type: ignore[misc]
            subject=f"security group {group_id}",
            action="delete",
            timeout=TIMEOUT,
        )


def mark(session: Session, file_system_id: str, tags: Mapping[str, str]) -> None:
    """Writes on a file system whose it is and what becomes of it: when its domain is gone, nothing else says so."""
    with translated():
        session.client("efs").tag_resource(
            ResourceId=file_system_id, Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
        )


def marked(session: Session, tags: Mapping[str, str]) -> dict[str, Marked]:
    """The file systems that carry these tags, by id."""
    all_of_them = {
        found["FileSystemId"]: Marked(
            found["SizeInBytes"]["Value"], {tag["Key"]: tag["Value"] for tag in found["Tags"]}
        )
        for found in _all_file_systems(session)
        if found["LifeCycleState"] != "deleting"
    }
    return {home: found for home, found in all_of_them.items() if tags.items() <= found.tags.items()}


def encrypted_with(session: Session, key_arns: Collection[str]) -> list[str]:
    """The file systems that one of these KMS keys encrypts, whoever made them."""
    return [
        found["FileSystemId"]
        for found in _all_file_systems(session)
        if found.get("KmsKeyId") in key_arns and found["LifeCycleState"] != "deleting"
    ]


def _domain_arn(session: Session, domain_id: str) -> str:
    who = session.identity
    return f"arn:{who.partition}:sagemaker:{session.target.region}:{who.account_id}:domain/{domain_id}"


def _in(vpc_ids: Collection[str]) -> "Sequence[FilterTypeDef]":
    return [{"Name": "vpc-id", "Values": list(vpc_ids)}]


def _named_by_groups(session: Session, vpc_ids: Collection[str]) -> Iterator[str]:
    with translated():
        for page in session.client("ec2").get_paginator("describe_security_groups").paginate(Filters=_in(vpc_ids)):
            for group in page["SecurityGroups"]:
                if named := GROUP_NAME.fullmatch(group["GroupName"]):
                    yield named[1]


def _mounted(session: Session, vpc_ids: Collection[str]) -> dict[str, str]:
    """Domains whose home has a mount target in these VPCs: an interface whose description names the file system."""
    with translated():
        pages = session.client("ec2").get_paginator("describe_network_interfaces").paginate(Filters=_in(vpc_ids))
        mounted = _file_systems_of(eni for page in pages for eni in page["NetworkInterfaces"])
    if not mounted:
        return {}
    owners = [
        DOMAIN_ARN.fullmatch(tag["Value"])
        for found in _all_file_systems(session)
        for tag in found["Tags"]
        if found["FileSystemId"] in mounted and tag["Key"] == OWNER_TAG
    ]
    return {owner[1]: owner[0] for owner in owners if owner}


def _file_systems_of(interfaces: "Iterable[NetworkInterfaceTypeDef]") -> set[str]:
    described = (interface.get("Description", "") for interface in interfaces)
    return {found[0] for text in described if text.startswith("EFS") and (found := FILE_SYSTEM_ID.search(text))}


def _all_file_systems(session: Session) -> "list[FileSystemDescriptionTypeDef]":
    with translated():
        pages = session.client("efs").get_paginator("describe_file_systems").paginate()
        return [found for page in pages for found in page["FileSystems"]]


def remove_file_system(session: Session, file_system_id: str) -> Work[None]:
    """Permanently delete a file system and everything in it. It may be gone already."""
    efs = session.client("efs")
    with ignoring_missing():
        for points in efs.get_paginator("describe_access_points").paginate(FileSystemId=file_system_id):
            for point in points["AccessPoints"]:
                with ignoring_missing():
                    efs.delete_access_point(AccessPointId=point["AccessPointId"])
    _delete_mount_targets(session, file_system_id)

    def deleted() -> bool:
        try:
            with translated():
                if not efs.describe_mount_targets(FileSystemId=file_system_id)["MountTargets"]:
                    efs.delete_file_system(FileSystemId=file_system_id)
        except InUseError:
            return False
        except MissingError:
            return True
        return False

    yield from until(deleted, subject=f"home file system {file_system_id}", action="delete", timeout=TIMEOUT)


def _unmount(session: Session, file_system_id: str) -> Work[None]:
    _delete_mount_targets(session, file_system_id)
    yield from until(
        lambda: not _has_mount_targets(session, file_system_id),
        subject=f"mount targets of {file_system_id}",
        action="delete",
        timeout=TIMEOUT,
    )


def _has_mount_targets(session: Session, file_system_id: str) -> bool:
    try:
        with translated():
            return bool(session.client("efs").describe_mount_targets(FileSystemId=file_system_id)["MountTargets"])
    except MissingError:
        return False


def unmount_from(session: Session, file_system_id: str, subnet_ids: Collection[str]) -> None:
    """Deletes the mount targets of a file system in these subnets."""
    _delete_mount_targets(session, file_system_id, subnet_ids)


def _delete_mount_targets(session: Session, file_system_id: str, subnet_ids: Collection[str] | None = None) -> None:
    for mount_target_id, subnet_id in _mount_targets(session, file_system_id).items():
        if subnet_ids is None or subnet_id in subnet_ids:
            with ignoring_missing():
                session.client("efs").delete_mount_target(MountTargetId=mount_target_id)


def _mount_targets(session: Session, file_system_id: str) -> dict[str, str]:
    """The subnet of each mount target, except those being deleted."""
    mounts: list[MountTargetDescriptionTypeDef] = []
    with ignoring_missing():
        pages = session.client("efs").get_paginator("describe_mount_targets").paginate(FileSystemId=file_system_id)
        mounts = [mount for page in pages for mount in page["MountTargets"]]
    return {mount["MountTargetId"]: mount["SubnetId"] for mount in mounts if mount["LifeCycleState"] != "deleting"}


def mounted_with(session: Session, groups: Collection[str]) -> set[str]:
    """The file systems that have a mount target with one of these security groups: by its interface's description."""
    if not groups:
        return set()
    worn: Sequence[FilterTypeDef] = [{"Name": "group-id", "Values": list(groups)}]
    with translated():
        pages = session.client("ec2").get_paginator("describe_network_interfaces").paginate(Filters=worn)
        return _file_systems_of(eni for page in pages for eni in page["NetworkInterfaces"])


def nfs_groups(session: Session, domain_id: str) -> list[str]:
    """The two security groups that SageMaker makes with a domain's home file system."""
    names: Sequence[FilterTypeDef] = [
        {"Name": "group-name", "Values": [name.format(domain_id) for name in GROUP_NAMES]}
    ]
    with translated():
        found = session.client("ec2").describe_security_groups(Filters=names)["SecurityGroups"]
    return [group["GroupId"] for group in found]


def _revoke_rules(session: Session, groups: Sequence[str]) -> None:
    # They refer to each other, and a group that is referred to cannot be deleted.
    ec2 = session.client("ec2")
    for group_id in groups:
        with ignoring_missing():
            rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group_id]}])
            egress = [r["SecurityGroupRuleId"] for r in rules["SecurityGroupRules"] if r["IsEgress"]]
            ingress = [r["SecurityGroupRuleId"] for r in rules["SecurityGroupRules"] if not r["IsEgress"]]
            if egress:
                with ignoring_missing():
                    ec2.revoke_security_group_egress(GroupId=group_id, SecurityGroupRuleIds=egress)
            if ingress:
                with ignoring_missing():
                    ec2.revoke_security_group_ingress(GroupId=group_id, SecurityGroupRuleIds=ingress)


def _deleted_group(session: Session, group_id: str) -> bool:
    try:
        with translated():
            session.client("ec2").delete_security_group(GroupId=group_id)
    except InUseError:
        return False  # an interface of the file system is still draining
    except MissingError:
        return True
    return True
