"""What SageMaker leaves in a VPC behind a deleted domain, and how it goes away.

A domain brings a file system with mount targets (interfaces in the user's subnets) and two security groups that
refer to each other. AWS removes the file system only when told so, and the groups not reliably; as long as one is
there, subnets and VPC cannot be deleted (hashicorp/terraform-provider-aws#20986).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studioctl.aws.errors import InUseError, MissingError, translated
from studioctl.aws.session import Session
from studioctl.aws.wait import until
from studioctl.events import Work

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef

OWNER_TAG = "ManagedByAmazonSageMakerResource"  # its value is the domain's ARN
GROUP_NAMES = ("security-group-for-inbound-nfs-{}", "security-group-for-outbound-nfs-{}")
TIMEOUT = 600.0  # seconds; interfaces are reported to drain for one to two minutes


@dataclass(frozen=True)
class DomainTraces:
    """By what a domain's leftovers are found when it is gone itself."""

    domain_id: str
    domain_arn: str


def remove(session: Session, traces: DomainTraces) -> Work[None]:
    """Removes the home file system and the two NFS groups of a domain that no longer exists.

    The files in it are lost: the caller has the user's word for that.
    """
    for file_system_id in _file_systems(session, traces.domain_arn):
        yield from _remove_file_system(session, file_system_id)
    groups = _groups(session, traces.domain_id)
    _revoke_rules(session, groups)
    for group_id in groups:
        yield from until(
            lambda group_id=group_id: _deleted_group(session, group_id),  # type: ignore[misc]
            subject=f"security group {group_id}",
            action="delete",
            timeout=TIMEOUT,
        )


def _file_systems(session: Session, domain_arn: str) -> list[str]:
    with translated():
        pages = session.client("efs").get_paginator("describe_file_systems").paginate()
        return [
            found["FileSystemId"]
            for page in pages
            for found in page["FileSystems"]
            if {"Key": OWNER_TAG, "Value": domain_arn} in found["Tags"] and found["LifeCycleState"] != "deleting"
        ]


def _remove_file_system(session: Session, file_system_id: str) -> Work[None]:
    efs = session.client("efs")
    with translated():
        for point in efs.describe_access_points(FileSystemId=file_system_id)["AccessPoints"]:
            efs.delete_access_point(AccessPointId=point["AccessPointId"])
        for mount in efs.describe_mount_targets(FileSystemId=file_system_id)["MountTargets"]:
            if mount["LifeCycleState"] != "deleting":
                efs.delete_mount_target(MountTargetId=mount["MountTargetId"])

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


def _groups(session: Session, domain_id: str) -> list[str]:
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
        with translated():
            rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group_id]}])
            egress = [r["SecurityGroupRuleId"] for r in rules["SecurityGroupRules"] if r["IsEgress"]]
            ingress = [r["SecurityGroupRuleId"] for r in rules["SecurityGroupRules"] if not r["IsEgress"]]
            if egress:
                ec2.revoke_security_group_egress(GroupId=group_id, SecurityGroupRuleIds=egress)
            if ingress:
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
