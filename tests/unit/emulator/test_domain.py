"""Domains: defaults, statuses, what may change and what is in the way of a deletion."""

import re

from tests.unit.emulator.emulated import Studio, eventually, gone, refusal


def test_ids_and_urls_have_awss_forms(studio: Studio) -> None:
    created = studio.sagemaker.create_domain(
        DomainName=f"forms-{studio.tag}",
        AuthMode="IAM",
        DefaultUserSettings={"ExecutionRole": studio.role_arn},
        VpcId=studio.vpc_id,
        SubnetIds=studio.subnet_ids,
    )
    domain_id = created["DomainId"]
    assert re.fullmatch("d-[a-z0-9]{12}", domain_id)
    assert created["DomainArn"] == f"arn:aws:sagemaker:eu-west-1:123456789012:domain/{domain_id}"
    assert created["Url"] == f"https://{domain_id}.studio.eu-west-1.sagemaker.aws"
    assert studio.sagemaker.describe_domain(DomainId=domain_id)["Status"] == "Pending"
    studio.wait_domain(domain_id)


def test_aws_fills_in_defaults(studio: Studio) -> None:
    domain = studio.sagemaker.describe_domain(DomainId=studio.domain())
    assert domain["DefaultUserSettings"] == {
        "ExecutionRole": studio.role_arn,
        "SecurityGroups": [],
        "DefaultLandingUri": "studio::",
        "StudioWebPortal": "ENABLED",
        "AutoMountHomeEFS": "Enabled",
    }
    assert domain["AppNetworkAccessType"] == "PublicInternetOnly"
    assert domain["TagPropagation"] == "DISABLED"


def test_a_name_is_taken_once(studio: Studio) -> None:
    name = f"taken-{studio.tag}"
    domain_id = studio.domain(DomainName=name)
    code, message = refusal(lambda: studio.domain(DomainName=name))
    arn = studio.sagemaker.describe_domain(DomainId=domain_id)["DomainArn"]
    assert (code, message) == ("ResourceInUse", f"Domain already exists with ARN [{arn}].")


def test_what_it_names_must_exist(studio: Studio) -> None:
    role = "arn:aws:iam::123456789012:role/nobody"
    assert refusal(lambda: studio.domain(VpcId="vpc-0")) == (
        "ValidationException",
        "The vpc ID 'vpc-0' does not exist",
    )
    assert refusal(lambda: studio.domain(SubnetIds=["subnet-0"])) == (
        "ValidationException",
        "The subnet ID 'subnet-0' does not exist",
    )
    assert refusal(lambda: studio.domain(DefaultUserSettings={"ExecutionRole": role})) == (
        "ValidationException",
        f"The role '{role}' does not exist",
    )
    assert refusal(lambda: studio.domain(DomainSettings={"SecurityGroupIds": ["sg-0"]})) == (
        "ValidationException",
        f"The security group 'sg-0' does not exist in the vpc '{studio.vpc_id}'",
    )


def test_an_update_keeps_what_is_not_sent(studio: Studio) -> None:
    domain_id = studio.domain(DomainSettings={"DockerSettings": {"EnableDockerAccess": "DISABLED"}})
    studio.sagemaker.update_domain(
        DomainId=domain_id,
        DefaultUserSettings={"SecurityGroups": [studio.group_id]},
        DomainSettingsForUpdate={"DockerSettings": {"EnableDockerAccess": "ENABLED"}},
    )
    domain = studio.sagemaker.describe_domain(DomainId=domain_id)
    assert domain["Status"] == "Updating"
    assert domain["DefaultUserSettings"]["ExecutionRole"] == studio.role_arn
    assert domain["DefaultUserSettings"]["SecurityGroups"] == [studio.group_id]
    assert domain["DomainSettings"] == {"DockerSettings": {"EnableDockerAccess": "ENABLED"}}
    code, message = refusal(lambda: studio.sagemaker.delete_domain(DomainId=domain_id))
    assert (code, message) == (
        "ResourceInUse",
        f"Unable to delete Domain [{domain['DomainArn']}] while it is Updating.",
    )
    studio.wait_domain(domain_id)


def test_a_running_app_forbids_only_what_aws_says(studio: Studio) -> None:
    domain_id = studio.domain()
    studio.profile(domain_id)
    studio.space(domain_id)
    key = studio.app(domain_id)
    arn = studio.sagemaker.describe_domain(DomainId=domain_id)["DomainArn"]
    message = f"Unable to update Domain [{arn}] with InService App. Delete all InService apps."
    update = studio.sagemaker.update_domain
    for refused in (
        lambda: update(DomainId=domain_id, AppNetworkAccessType="VpcOnly"),
        lambda: update(DomainId=domain_id, SubnetIds=studio.subnet_ids[:1]),
        lambda: update(
            DomainId=domain_id, DomainSettingsForUpdate={"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}
        ),
    ):
        assert refusal(refused) == ("ResourceInUse", message)
    update(DomainId=domain_id, DefaultUserSettings={"SecurityGroups": [studio.group_id]})
    studio.wait_domain(domain_id)
    studio.stop(key)
    update(DomainId=domain_id, AppNetworkAccessType="VpcOnly")
    studio.wait_domain(domain_id)


def test_a_closed_domain_needs_security_groups(studio: Studio) -> None:
    message = "SecurityGroups are required when AppNetworkAccessType is VpcOnly"
    open_one = studio.domain()

    for refused in (
        lambda: studio.domain(AppNetworkAccessType="VpcOnly"),
        lambda: studio.sagemaker.update_domain(DomainId=open_one, AppNetworkAccessType="VpcOnly"),
    ):
        assert refusal(refused) == ("ValidationException", message)


def test_children_block_a_deletion(studio: Studio) -> None:
    domain_id = studio.domain()
    arn = studio.sagemaker.describe_domain(DomainId=domain_id)["DomainArn"]
    studio.profile(domain_id)
    assert refusal(lambda: studio.sagemaker.delete_domain(DomainId=domain_id)) == (
        "ResourceInUse",
        f"Unable to delete Domain [{arn}] because UserProfile(s) are associated with it.",
    )
    studio.sagemaker.delete_user_profile(DomainId=domain_id, UserProfileName="ada")
    gone(lambda: studio.sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName="ada"))
    studio.sagemaker.delete_domain(DomainId=domain_id)
    assert studio.sagemaker.describe_domain(DomainId=domain_id)["Status"] == "Deleting"
    studio.sagemaker.delete_domain(DomainId=domain_id)  # a client that lost the answer asks again
    gone(lambda: studio.sagemaker.describe_domain(DomainId=domain_id))
    assert refusal(lambda: studio.sagemaker.describe_domain(DomainId=domain_id)) == (
        "ResourceNotFound",
        f"Domain [{domain_id}] does not exist.",
    )


def test_pages(studio: Studio) -> None:
    ids = {studio.domain() for _ in range(3)}
    listed = [
        domain["DomainId"]
        for page in studio.sagemaker.get_paginator("list_domains").paginate(PaginationConfig={"PageSize": 2})
        for domain in page["Domains"]
    ]
    assert ids <= set(listed)
    assert len(listed) == len(set(listed))
    assert refusal(lambda: studio.sagemaker.list_domains(NextToken="nonsense")) == (
        "ValidationException",
        "Invalid NextToken.",
    )


def test_tags(studio: Studio) -> None:
    arn = studio.sagemaker.describe_domain(DomainId=studio.domain(Tags=[{"Key": "a", "Value": "1"}]))["DomainArn"]
    studio.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
    assert studio.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [
        {"Key": "a", "Value": "2"},
        {"Key": "b", "Value": "3"},
    ]
    studio.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert studio.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "3"}]


def test_a_deletion_shows_in_the_list(studio: Studio) -> None:
    domain_id = studio.domain()
    studio.sagemaker.delete_domain(DomainId=domain_id)
    eventually(
        lambda: [domain["DomainId"] for domain in studio.sagemaker.list_domains(MaxResults=100)["Domains"]],
        lambda ids: domain_id not in ids,
    )


def test_what_was_removed_by_hand_is_not_missed(studio: Studio) -> None:
    domain_id = studio.domain()
    home = studio.sagemaker.describe_domain(DomainId=domain_id)["HomeEfsFileSystemId"]
    for target in studio.efs.describe_mount_targets(FileSystemId=home)["MountTargets"]:
        studio.efs.delete_mount_target(MountTargetId=target["MountTargetId"])
    studio.efs.delete_file_system(FileSystemId=home)
    studio.profile(domain_id)
    studio.sagemaker.update_domain(DomainId=domain_id, TagPropagation="ENABLED")
    studio.wait_domain(domain_id)
    studio.sagemaker.delete_user_profile(DomainId=domain_id, UserProfileName="ada")
    gone(lambda: studio.sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName="ada"))
    studio.sagemaker.delete_domain(DomainId=domain_id, RetentionPolicy={"HomeEfsFileSystem": "Delete"})
    gone(lambda: studio.sagemaker.describe_domain(DomainId=domain_id))
    eventually(lambda: studio.nfs_groups(domain_id), lambda groups: not groups)
