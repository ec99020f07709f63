"""Mount targets: the ways into a file system of EFS, one in each zone. Each is an interface in a subnet."""

from collections.abc import Collection
from dataclasses import dataclass

from studioctl.aws.errors import translated
from studioctl.aws.session import Session
from studioctl.aws.wait import until
from studioctl.events import Work

INBOUND = "security-group-for-inbound-nfs-{}"  # what AWS wants: sagemaker/latest/dg/domain-custom-efs.html
TIMEOUT = 600.0  # seconds; AWS takes one or two minutes
NFS = 2049


@dataclass(frozen=True)
class Entrance:
    """A mount target: where it is, and the security groups that guard it."""

    id: str
    subnet_id: str
    vpc_id: str
    groups: tuple[str, ...]


def entrances(session: Session, file_system_id: str) -> tuple[Entrance, ...]:
    """Every mount target of a file system."""
    efs = session.client("efs")
    with translated():
        targets = efs.describe_mount_targets(FileSystemId=file_system_id)["MountTargets"]
        return tuple(
            Entrance(
                each["MountTargetId"],
                each["SubnetId"],
                each["VpcId"],
                tuple(efs.describe_mount_target_security_groups(MountTargetId=each["MountTargetId"])["SecurityGroups"]),
            )
            for each in targets
        )


def admits_nfs(session: Session, group_ids: Collection[str]) -> bool:
    """Whether one of these security groups lets NFS in, from wherever."""
    if not group_ids:
        return False
    with translated():
        found = session.client("ec2").describe_security_groups(GroupIds=list(group_ids))["SecurityGroups"]
    rules = (rule for group in found for rule in group["IpPermissions"])
    return any(
        rule["IpProtocol"] == "-1"
        or (rule["IpProtocol"] == "tcp" and rule.get("FromPort", 0) <= NFS <= rule.get("ToPort", 65535))
        for rule in rules
    )


def inbound_group(session: Session, domain_id: str) -> str | None:
    """The security group by which a domain's apps reach file systems; AWS makes it with the home file system."""
    names = [{"Name": "group-name", "Values": [INBOUND.format(domain_id)]}]
    with translated():
        found = session.client("ec2").describe_security_groups(Filters=names)["SecurityGroups"]  # type: ignore[arg-type]
    return found[0]["GroupId"] if found else None


def mount(session: Session, file_system_id: str, subnet_ids: Collection[str], group_id: str) -> Work[tuple[str, ...]]:
    """Lets a file system be reached from these subnets, and waits until it can be; those that it was not before.

    What has a mount target there gets the group, too: EFS has one in a zone.

    Raises:
        AwsError: AWS refused: it has mount targets in another VPC, or you may not.
    """
    efs = session.client("efs")
    made: list[str] = []
    with translated():
        targets = efs.describe_mount_targets(FileSystemId=file_system_id)["MountTargets"]
        known = {each["SubnetId"]: each["MountTargetId"] for each in targets}
        for subnet_id in subnet_ids:
            if target := known.get(subnet_id):
                groups = efs.describe_mount_target_security_groups(MountTargetId=target)["SecurityGroups"]
                if group_id not in groups:
                    efs.modify_mount_target_security_groups(MountTargetId=target, SecurityGroups=[*groups, group_id])
            else:
                efs.create_mount_target(FileSystemId=file_system_id, SubnetId=subnet_id, SecurityGroups=[group_id])
                made.append(subnet_id)

    def is_there() -> bool:
        with translated():
            now = efs.describe_mount_targets(FileSystemId=file_system_id)["MountTargets"]
        return {each["SubnetId"] for each in now if each["LifeCycleState"] == "available"} >= set(subnet_ids)

    if made or not is_there():
        yield from until(is_there, subject=f"mount targets of {file_system_id}", action="create", timeout=TIMEOUT)
    return tuple(made)
