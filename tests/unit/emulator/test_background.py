"""The resources that AWS creates behind a domain, those that it leaves, and those that then cannot be deleted."""

from typing import Any

import pytest

from tests.unit.emulator.emulated import Studio, eventually, gone, refusal

NFS_PORTS = {(988, 988), (1018, 1023), (2049, 2049)}


def home_of(studio: Studio, domain_id: str) -> str:
    return studio.sagemaker.describe_domain(DomainId=domain_id)["HomeEfsFileSystemId"]


def delete(studio: Studio, domain_id: str, **retention: Any) -> None:
    studio.sagemaker.delete_domain(DomainId=domain_id, **retention)
    gone(lambda: studio.sagemaker.describe_domain(DomainId=domain_id))


def ports(permissions: list[dict[str, Any]], group_id: str) -> set[tuple[int, int]]:
    return {
        (rule["FromPort"], rule["ToPort"])
        for rule in permissions
        if [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [group_id] and rule["IpProtocol"] == "tcp"
    }


def test_a_file_system_with_a_mount_target_in_each_zone(studio: Studio) -> None:
    domain_id = studio.domain()
    file_system_id = home_of(studio, domain_id)
    file_system = studio.efs.describe_file_systems(FileSystemId=file_system_id)["FileSystems"][0]
    arn = studio.sagemaker.describe_domain(DomainId=domain_id)["DomainArn"]
    assert file_system["Tags"] == [{"Key": "ManagedByAmazonSageMakerResource", "Value": arn}]
    assert file_system["Encrypted"] is True
    targets = studio.efs.describe_mount_targets(FileSystemId=file_system_id)["MountTargets"]
    assert {target["SubnetId"] for target in targets} == set(studio.subnet_ids)
    interfaces = studio.ec2.describe_network_interfaces(
        NetworkInterfaceIds=[target["NetworkInterfaceId"] for target in targets]
    )["NetworkInterfaces"]
    assert {interface["Description"] for interface in interfaces} == {
        f"EFS mount target for {file_system_id} ({target['MountTargetId']})" for target in targets
    }
    assert {interface["Status"] for interface in interfaces} == {"in-use"}
    assert refusal(
        lambda: studio.ec2.delete_network_interface(NetworkInterfaceId=targets[0]["NetworkInterfaceId"])
    ) == ("AuthFailure", "You do not have permission to access the specified resource.")


def test_two_groups_that_refer_to_each_other(studio: Studio) -> None:
    groups = studio.nfs_groups(studio.domain())
    inbound, outbound = groups["inbound"], groups["outbound"]
    assert ports(inbound["IpPermissions"], outbound["GroupId"]) == NFS_PORTS
    assert ports(outbound["IpPermissionsEgress"], inbound["GroupId"]) == NFS_PORTS


def test_an_access_point_per_profile_that_mounts_its_home(studio: Studio) -> None:
    domain_id = studio.domain()
    file_system_id = home_of(studio, domain_id)
    studio.profile(domain_id, "ada")
    studio.profile(domain_id, "bob", AutoMountHomeEFS="Disabled")
    points = studio.efs.describe_access_points(FileSystemId=file_system_id)["AccessPoints"]
    assert [(point["PosixUser"]["Uid"], point["RootDirectory"]["CreationInfo"]["Permissions"]) for point in points] == [
        (200001, "700")
    ]


def test_delete_takes_the_file_system_and_the_groups(studio: Studio) -> None:
    domain_id = studio.domain()
    file_system_id = home_of(studio, domain_id)
    delete(studio, domain_id, RetentionPolicy={"HomeEfsFileSystem": "Delete"})
    code, _ = refusal(lambda: studio.efs.describe_file_systems(FileSystemId=file_system_id))
    assert code == "FileSystemNotFound"
    eventually(lambda: studio.nfs_groups(domain_id), lambda groups: not groups)
    for subnet_id in studio.subnet_ids:
        studio.ec2.delete_subnet(SubnetId=subnet_id)
    studio.ec2.delete_security_group(GroupId=studio.group_id)
    studio.ec2.delete_vpc(VpcId=studio.vpc_id)


def test_retain_leaves_what_has_to_be_cleared_away_in_order(studio: Studio) -> None:
    domain_id = studio.domain()
    file_system_id = home_of(studio, domain_id)
    groups = studio.nfs_groups(domain_id)
    delete(studio, domain_id)
    targets = studio.efs.describe_mount_targets(FileSystemId=file_system_id)["MountTargets"]
    assert len(targets) == 2
    assert studio.nfs_groups(domain_id).keys() == {"inbound", "outbound"}
    assert refusal(lambda: studio.ec2.delete_subnet(SubnetId=studio.subnet_ids[0])) == (
        "DependencyViolation",
        f"The subnet '{studio.subnet_ids[0]}' has dependencies and cannot be deleted.",
    )
    assert refusal(lambda: studio.ec2.delete_vpc(VpcId=studio.vpc_id)) == (
        "DependencyViolation",
        f"The vpc '{studio.vpc_id}' has dependencies and cannot be deleted.",
    )
    assert refusal(lambda: studio.efs.delete_file_system(FileSystemId=file_system_id))[0] == "FileSystemInUse"
    for target in targets:
        studio.efs.delete_mount_target(MountTargetId=target["MountTargetId"])
    studio.efs.delete_file_system(FileSystemId=file_system_id)
    _revoke_and_delete(studio, groups)
    for subnet_id in studio.subnet_ids:
        studio.ec2.delete_subnet(SubnetId=subnet_id)
    studio.ec2.delete_security_group(GroupId=studio.group_id)
    studio.ec2.delete_vpc(VpcId=studio.vpc_id)


def _revoke_and_delete(studio: Studio, groups: dict[str, dict[str, Any]]) -> None:
    """The groups refer to each other: rules first."""
    for group in groups.values():
        assert refusal(lambda group=group: studio.ec2.delete_security_group(GroupId=group["GroupId"])) == (  # type: ignore[misc]
            "DependencyViolation",
            f"resource {group['GroupId']} has a dependent object",
        )
    inbound, outbound = groups["inbound"], groups["outbound"]
    studio.ec2.revoke_security_group_ingress(GroupId=inbound["GroupId"], IpPermissions=inbound["IpPermissions"])
    studio.ec2.revoke_security_group_egress(GroupId=outbound["GroupId"], IpPermissions=outbound["IpPermissionsEgress"])
    for group in groups.values():
        studio.ec2.delete_security_group(GroupId=group["GroupId"])


def test_access_points_outlive_their_profile_but_not_their_file_system(studio: Studio) -> None:
    domain_id = studio.domain()
    file_system_id = home_of(studio, domain_id)
    studio.profile(domain_id)
    studio.sagemaker.delete_user_profile(DomainId=domain_id, UserProfileName="ada")
    gone(lambda: studio.sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName="ada"))
    points = studio.efs.describe_access_points(FileSystemId=file_system_id)["AccessPoints"]
    assert len(points) == 1
    delete(studio, domain_id, RetentionPolicy={"HomeEfsFileSystem": "Delete"})
    all_points = studio.efs.describe_access_points()["AccessPoints"]
    assert points[0]["AccessPointId"] not in {point["AccessPointId"] for point in all_points}


def test_an_app_in_a_private_network_holds_an_interface(studio: Studio) -> None:
    domain_id = studio.domain(
        AppNetworkAccessType="VpcOnly",
        DefaultUserSettings={"ExecutionRole": studio.role_arn, "SecurityGroups": [studio.group_id]},
    )
    studio.profile(domain_id)
    studio.space(domain_id)
    key = studio.app(domain_id)
    assert refusal(lambda: studio.ec2.delete_security_group(GroupId=studio.group_id)) == (
        "DependencyViolation",
        f"resource {studio.group_id} has a dependent object",
    )
    studio.stop(key)
    studio.ec2.delete_security_group(GroupId=studio.group_id)


def test_no_home_at_all(studio: Studio) -> None:
    domain_id = studio.domain(HomeEfsFileSystemCreation="Disabled")
    assert "HomeEfsFileSystemId" not in studio.sagemaker.describe_domain(DomainId=domain_id)
    assert studio.nfs_groups(domain_id) == {}
    studio.sagemaker.update_domain(DomainId=domain_id, HomeEfsFileSystemCreation="Enabled")
    assert home_of(studio, domain_id).startswith("fs-")


def test_a_vpc_with_a_gateway_stays(studio: Studio) -> None:
    gateway = studio.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    studio.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=studio.vpc_id)
    for subnet_id in studio.subnet_ids:
        studio.ec2.delete_subnet(SubnetId=subnet_id)
    studio.ec2.delete_security_group(GroupId=studio.group_id)
    code, message = refusal(lambda: studio.ec2.delete_vpc(VpcId=studio.vpc_id))
    assert (code, message) == (
        "DependencyViolation",
        f"The vpc '{studio.vpc_id}' has dependencies and cannot be deleted.",
    )
    studio.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=studio.vpc_id)
    studio.ec2.delete_vpc(VpcId=studio.vpc_id)


def test_the_default_group_cannot_be_deleted(studio: Studio) -> None:
    found = studio.ec2.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [studio.vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
    )
    group_id = found["SecurityGroups"][0]["GroupId"]
    assert refusal(lambda: studio.ec2.delete_security_group(GroupId=group_id)) == (
        "CannotDelete",
        f'the specified group: "{group_id}" name: "default" cannot be deleted by a user',
    )


@pytest.mark.parametrize("kind", ["policy", "role"])
def test_iam_keeps_what_is_attached(studio: Studio, kind: str) -> None:
    document = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'
    policy = studio.iam.create_policy(PolicyName=f"p-{studio.tag}", PolicyDocument=document)["Policy"]["Arn"]
    role = studio.role_arn.split("/")[-1]
    studio.iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    call: dict[str, Any] = {
        "policy": lambda: studio.iam.delete_policy(PolicyArn=policy),
        "role": lambda: studio.iam.delete_role(RoleName=role),
    }
    message = {
        "policy": "Cannot delete a policy attached to entities.",
        "role": "Cannot delete entity, must detach all policies first.",
    }
    assert refusal(call[kind]) == ("DeleteConflict", message[kind])


def test_a_policy_that_is_attached_twice_is_attached_once(studio: Studio) -> None:
    """As by a client that was interrupted before it noted the first attachment."""
    document = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'
    policy = studio.iam.create_policy(PolicyName=f"p-{studio.tag}", PolicyDocument=document)["Policy"]["Arn"]
    role = studio.role_arn.split("/")[-1]
    for _ in range(2):
        studio.iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    assert studio.iam.get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"] == 1

    studio.iam.detach_role_policy(RoleName=role, PolicyArn=policy)
    studio.iam.delete_policy(PolicyArn=policy)
