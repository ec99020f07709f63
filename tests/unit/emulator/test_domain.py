"""Domains: defaults, statuses, what may change and what is in the way of a deletion."""

import functools
import re
from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import Studio, client, eventually, gone, refusal, standing


def test_ids_and_urls_have_awss_forms(studio: Studio, emulator: RunningEmulator) -> None:
    with standing(emulator):
        created = studio.begun_domain(DomainName=f"forms-{studio.tag}")
        status = studio.sagemaker.describe_domain(DomainId=created["DomainId"])["Status"]
    assert status == "Pending"
    domain_id = created["DomainId"]
    assert re.fullmatch("d-[a-z0-9]{12}", domain_id)
    assert created["DomainArn"] == f"arn:aws:sagemaker:eu-west-1:123456789012:domain/{domain_id}"
    assert created["Url"] == f"https://{domain_id}.studio.eu-west-1.sagemaker.aws"
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
        "The security group 'sg-0' does not exist",
    )


def test_an_update_keeps_what_is_not_sent(studio: Studio, emulator: RunningEmulator) -> None:
    domain_id = studio.domain(DomainSettings={"DockerSettings": {"EnableDockerAccess": "DISABLED"}})
    with standing(emulator):
        studio.sagemaker.update_domain(
            DomainId=domain_id,
            DefaultUserSettings={"SecurityGroups": [studio.group_id]},
            DomainSettingsForUpdate={"DockerSettings": {"EnableDockerAccess": "ENABLED"}},
        )
        domain = studio.sagemaker.describe_domain(DomainId=domain_id)
        refused = refusal(lambda: studio.sagemaker.delete_domain(DomainId=domain_id))
    assert domain["Status"] == "Updating"
    assert domain["DefaultUserSettings"]["ExecutionRole"] == studio.role_arn
    assert domain["DefaultUserSettings"]["SecurityGroups"] == [studio.group_id]
    assert domain["DomainSettings"] == {"DockerSettings": {"EnableDockerAccess": "ENABLED"}}
    assert refused == ("ResourceInUse", f"Unable to delete Domain [{domain['DomainArn']}] while it is Updating.")
    studio.wait_domain(domain_id)


def test_rootless_docker_is_kept_and_told_in_awss_shape(studio: Studio) -> None:
    both: Any = {"EnableDockerAccess": "ENABLED", "RootlessDocker": "ENABLED"}
    domain_id = studio.domain(DomainSettings={"DockerSettings": both})

    def told() -> Any:
        studio.wait_domain(domain_id)
        return studio.sagemaker.describe_domain(DomainId=domain_id)["DomainSettings"]["DockerSettings"]

    def update(**docker: Any) -> None:
        changed: Any = {"DockerSettings": docker}
        studio.sagemaker.update_domain(DomainId=domain_id, DomainSettingsForUpdate=changed)

    assert told() == both
    update(VpcOnlyTrustedAccounts=["111122223333"])
    assert told() == {**both, "VpcOnlyTrustedAccounts": ["111122223333"]}
    update(RootlessDocker="DISABLED", VpcOnlyTrustedAccounts=[])
    assert told() == {**both, "RootlessDocker": "DISABLED", "VpcOnlyTrustedAccounts": []}
    code, message = refusal(lambda: update(RootlessDocker="Enabled"))
    assert code == "ValidationException"
    assert "'domainSettingsForUpdate.dockerSettings.rootlessDocker' failed to satisfy constraint" in message
    assert "Member must satisfy enum value set: [ENABLED, DISABLED]" in message


def test_a_running_app_forbids_only_what_aws_says(studio: Studio) -> None:
    domain_id = studio.domain()
    studio.profile(domain_id)
    studio.space(domain_id)
    key = studio.app(domain_id)
    arn = studio.sagemaker.describe_domain(DomainId=domain_id)["DomainArn"]
    message = f"Unable to update Domain [{arn}] with InService App. Delete all InService apps."
    update = studio.sagemaker.update_domain
    for refused in (
        lambda: update(
            DomainId=domain_id, AppNetworkAccessType="VpcOnly", VpcId=studio.vpc_id, SubnetIds=studio.subnet_ids
        ),
        lambda: update(DomainId=domain_id, SubnetIds=studio.subnet_ids[:1]),
        lambda: update(
            DomainId=domain_id, DomainSettingsForUpdate={"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}
        ),
    ):
        assert refusal(refused) == ("ResourceInUse", message)
    update(DomainId=domain_id, DefaultUserSettings={"SecurityGroups": [studio.group_id]})
    studio.wait_domain(domain_id)
    studio.stop(key)
    update(DomainId=domain_id, AppNetworkAccessType="VpcOnly", VpcId=studio.vpc_id, SubnetIds=studio.subnet_ids)
    studio.wait_domain(domain_id)


def test_groups_may_be_missing_in_a_closed_domain_and_of_another_vpc_in_any(studio: Studio) -> None:
    elsewhere = studio.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    group = studio.ec2.create_security_group(GroupName="elsewhere", Description="x", VpcId=elsewhere)["GroupId"]

    studio.domain(AppNetworkAccessType="VpcOnly")
    domain_id = studio.domain(DefaultUserSettings={"ExecutionRole": studio.role_arn, "SecurityGroups": [group]})

    settings = studio.sagemaker.describe_domain(DomainId=domain_id)["DefaultUserSettings"]
    assert settings["SecurityGroups"] == [group]


def failed(studio: Studio, **request: Any) -> str:
    """Why a domain failed that AWS began to make. It is deleted again."""
    domain_id = studio.begun_domain(**request)["DomainId"]
    described = eventually(
        lambda: studio.sagemaker.describe_domain(DomainId=domain_id), lambda domain: domain["Status"] != "Pending"
    )
    assert described["Status"] == "Failed"
    studio.sagemaker.delete_domain(DomainId=domain_id, RetentionPolicy={"HomeEfsFileSystem": "Delete"})
    gone(lambda: studio.sagemaker.describe_domain(DomainId=domain_id))
    return described["FailureReason"].replace(domain_id, "ID")


def test_a_domain_fails_on_a_key_that_cannot_encrypt(studio: Studio, emulator: RunningEmulator) -> None:
    kms = client(emulator, "kms")
    disabled, leaving = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    kms.disable_key(KeyId=disabled)
    kms.schedule_key_deletion(KeyId=leaving, PendingWindowInDays=7)
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    missing = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    absent = "does not exist. You must choose a key that exists."
    for key, why in {
        missing: absent,
        missing.rpartition("/")[2]: absent,
        "alias/nothing": absent,
        disabled: "is Disabled. You must choose a key that is Enabled.",
        leaving: "is PendingDeletion. You must choose a key that is Enabled.",
        signing: "has the usage SIGN_VERIFY and the spec ECC_NIST_P256. You must choose a symmetric encryption key.",
        disabled.replace("123456789012", "210987654321"): absent,
        disabled.replace(":aws:", ":aws-us-gov:"): absent,
        disabled.replace("eu-west-1", "eu-west-2"): absent,
    }.items():
        assert failed(studio, KmsKeyId=key) == (
            f"ResourceNotFoundError: Unable to create Amazon EFS for domain 'ID' because KMS key '{key}' {why}"
        )
    named = {system.get("KmsKeyId") for system in studio.efs.describe_file_systems()["FileSystems"]}
    assert not named & {missing, disabled, leaving, signing}


def test_keys_that_can_encrypt_are_taken_by_id_arn_and_alias(studio: Studio, emulator: RunningEmulator) -> None:
    kms = client(emulator, "kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{studio.tag}", TargetKeyId=key["KeyId"])

    for name in (key["KeyId"], key["Arn"], f"alias/{studio.tag}"):
        domain = studio.sagemaker.describe_domain(DomainId=studio.domain(KmsKeyId=name))
        assert (domain["Status"], domain["KmsKeyId"]) == ("InService", name)


def test_rstudio_takes_a_licence(studio: Studio) -> None:
    rstudio: Any = {"DomainExecutionRoleArn": studio.role_arn}
    reason = (
        "ConfigurationError: Domain-level App [arn:aws:sagemaker:eu-west-1:123456789012:app/ID/domain-shared/"
        "RStudioServerPro/default] failed to start: [ResourceNotFoundError: No available licenses were found. Validate"
        " that a license for RStudio Workbench exists.]"
    )
    assert failed(studio, DomainSettings={"RStudioServerProDomainSettings": rstudio}) == reason
    domain_id = studio.domain()
    studio.sagemaker.update_domain(
        DomainId=domain_id, DomainSettingsForUpdate={"RStudioServerProDomainSettingsForUpdate": rstudio}
    )
    updated = eventually(
        lambda: studio.sagemaker.describe_domain(DomainId=domain_id), lambda domain: domain["Status"] != "Updating"
    )
    assert (updated["Status"], updated["FailureReason"].replace(domain_id, "ID")) == ("Update_Failed", reason)
    assert updated["DomainSettings"] == {"RStudioServerProDomainSettings": rstudio}


@pytest.mark.parametrize("kind", ["JupyterServerAppSettings", "JupyterLabAppSettings"])
def test_shared_spaces_offer_no_repositories(studio: Studio, kind: str) -> None:
    repositories: Any = {kind: {"CodeRepositories": [{"RepositoryUrl": "https://github.com/acme/models.git"}]}}
    refused = (
        "ValidationException",
        f"Unknown parameter CodeRepositories in {kind} for DefaultSpaceSettings.",
    )
    role = {"ExecutionRole": studio.role_arn}
    assert refusal(lambda: studio.domain(DefaultSpaceSettings=role | repositories)) == refused
    domain_id = studio.domain(DefaultUserSettings=role | repositories, DefaultSpaceSettings=role)
    update = studio.sagemaker.update_domain
    assert refusal(lambda: update(DomainId=domain_id, DefaultSpaceSettings=repositories)) == refused


def test_a_domain_becomes_or_stays_closed_only_with_its_network_in_the_request(studio: Studio) -> None:
    network: Any = {"VpcId": studio.vpc_id, "SubnetIds": studio.subnet_ids}
    user_settings: Any = {"ExecutionRole": studio.role_arn, "SecurityGroups": [studio.group_id]}
    domain_id = studio.domain(DefaultUserSettings=user_settings)
    update = functools.partial(studio.sagemaker.update_domain, DomainId=domain_id)
    refused = ("ValidationException", "VpcId and Subnet IDs are required for updating domains to VpcOnly mode.")

    for missing in ("VpcId", "SubnetIds"):
        there = {key: value for key, value in network.items() if key != missing}
        assert refusal(functools.partial(update, AppNetworkAccessType="VpcOnly", **there)) == refused
    update(AppNetworkAccessType="VpcOnly", **network)
    studio.wait_domain(domain_id)
    # As the provider asks for any change of a domain that is closed already:
    assert refusal(lambda: update(AppNetworkAccessType="VpcOnly", DefaultUserSettings=user_settings)) == refused
    update(TagPropagation="ENABLED")
    studio.wait_domain(domain_id)
    update(AppNetworkAccessType="PublicInternetOnly")
    studio.wait_domain(domain_id)
    assert studio.sagemaker.describe_domain(DomainId=domain_id)["AppNetworkAccessType"] == "PublicInternetOnly"


def test_children_block_a_deletion(studio: Studio, emulator: RunningEmulator) -> None:
    domain_id = studio.domain()
    arn = studio.sagemaker.describe_domain(DomainId=domain_id)["DomainArn"]
    studio.profile(domain_id)
    assert refusal(lambda: studio.sagemaker.delete_domain(DomainId=domain_id)) == (
        "ResourceInUse",
        f"Unable to delete Domain [{arn}] because UserProfile(s) are associated with it.",
    )
    studio.sagemaker.delete_user_profile(DomainId=domain_id, UserProfileName="ada")
    gone(lambda: studio.sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName="ada"))
    with standing(emulator):
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
