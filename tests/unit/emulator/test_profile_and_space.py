"""User profiles and spaces: names, owners, disks, and what never changes."""

from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import Studio, gone, refusal, standing

ARN = "arn:aws:sagemaker:eu-west-1:123456789012"


def editor(instance_type: str) -> dict[str, object]:
    return {"DefaultResourceSpec": {"InstanceType": instance_type}}


def disk(size: int) -> dict[str, object]:
    return {"EbsStorageSettings": {"EbsVolumeSizeInGb": size}}


@pytest.fixture
def domain_id(studio: Studio) -> str:
    return studio.domain()


def test_profile_names_ignore_case(studio: Studio, domain_id: str) -> None:
    studio.profile(domain_id, "Ada")
    arn = f"arn:aws:sagemaker:eu-west-1:123456789012:user-profile/{domain_id}/Ada"
    assert refusal(lambda: studio.profile(domain_id, "ada")) == (
        "ResourceInUse",
        f"UserProfile already exists with ARN [{arn}].",
    )
    found = studio.sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName="ADA")
    assert (found["UserProfileName"], found["HomeEfsFileSystemUid"]) == ("Ada", "200001")


def test_only_a_domain_of_identity_center_has_its_users(studio: Studio, domain_id: str) -> None:
    person = f"ada-{studio.tag}"
    of_centre: Any = {"SingleSignOnUserIdentifier": "UserName", "SingleSignOnUserValue": person}
    create = studio.sagemaker.create_user_profile

    code, message = refusal(lambda: create(DomainId=domain_id, UserProfileName="ada", **of_centre))
    assert (code, message.endswith("cannot be specified for AuthMode IAM.")) == ("ValidationException", True)
    other = studio.domain(AuthMode="SSO")
    code, message = refusal(lambda: create(DomainId=other, UserProfileName="ada"))
    assert (code, message.endswith("are required for AuthMode SSO.")) == ("ValidationException", True)
    code, message = refusal(lambda: create(DomainId=other, UserProfileName="ada", **of_centre))
    assert (code, message) == (
        "ValidationException",
        f"SingleSignOnUserValue '{person}' is not a user in IAM Identity Center.",
    )
    assign = studio.signed_up(person, other)
    code, message = refusal(lambda: create(DomainId=other, UserProfileName="ada", **of_centre))
    assert (code, message.startswith(f"User '{person}' is not assigned to the application of Domain [")) == (
        "ValidationException",
        True,
    )
    assign()
    create(DomainId=other, UserProfileName="ada", **of_centre)
    assert refusal(lambda: create(DomainId=other, UserProfileName="eve", **of_centre))[0] == "ResourceInUse"


def test_profile_defaults_only_when_settings_are_given(studio: Studio, domain_id: str) -> None:
    studio.profile(domain_id, "plain")
    studio.profile(domain_id, "rich", SecurityGroups=[studio.group_id])
    describe = studio.sagemaker.describe_user_profile
    assert "UserSettings" not in describe(DomainId=domain_id, UserProfileName="plain")
    assert describe(DomainId=domain_id, UserProfileName="rich")["UserSettings"] == {
        "SecurityGroups": [studio.group_id],
        "StudioWebPortal": "ENABLED",
        "AutoMountHomeEFS": "DefaultAsDomain",
    }


def test_profiles_are_listed_by_page_name_and_order(studio: Studio, domain_id: str) -> None:
    for name in ("ada", "bob", "adam"):
        studio.profile(domain_id, name)
    first = studio.sagemaker.list_user_profiles(DomainIdEquals=domain_id, MaxResults=2)
    assert [profile["UserProfileName"] for profile in first["UserProfiles"]] == ["ada", "bob"]
    second = studio.sagemaker.list_user_profiles(DomainIdEquals=domain_id, MaxResults=2, NextToken=first["NextToken"])
    assert [profile["UserProfileName"] for profile in second["UserProfiles"]] == ["adam"]
    assert "NextToken" not in second
    named = studio.sagemaker.list_user_profiles(
        DomainIdEquals=domain_id, UserProfileNameContains="AD", SortOrder="Descending"
    )
    assert [profile["UserProfileName"] for profile in named["UserProfiles"]] == ["adam", "ada"]


def test_a_space_needs_its_domain_owner_and_settings(studio: Studio, domain_id: str) -> None:
    studio.profile(domain_id)
    create = studio.sagemaker.create_space
    assert refusal(lambda: create(DomainId="d-none", SpaceName="s")) == (
        "ResourceNotFound",
        "Domain [d-none] does not exist.",
    )
    assert refusal(lambda: studio.space(domain_id, owner="bob")) == (
        "ValidationException",
        "UserProfile [bob] does not exist or is not InService.",
    )
    assert refusal(
        lambda: create(
            DomainId=domain_id,
            SpaceName="s",
            OwnershipSettings={"OwnerUserProfileName": "ada"},
            SpaceSharingSettings={"SharingType": "Private"},
        )
    ) == (
        "ValidationException",
        f"SpaceSettings must be provided for creating private space [{ARN}:space/{domain_id}/s]",
    )
    assert refusal(
        lambda: create(DomainId=domain_id, SpaceName="s", SpaceSharingSettings={"SharingType": "Private"})
    ) == ("ValidationException", "OwnershipSettings and SpaceSharingSettings must be provided together")


def test_a_private_space_is_of_the_type_that_its_settings_are_for(studio: Studio, domain_id: str) -> None:
    studio.profile(domain_id)
    studio.sagemaker.create_space(
        DomainId=domain_id,
        SpaceName="editor",
        OwnershipSettings={"OwnerUserProfileName": "ada"},
        SpaceSharingSettings={"SharingType": "Private"},
        SpaceSettings={"CodeEditorAppSettings": {"DefaultResourceSpec": {"InstanceType": "ml.t3.medium"}}},
    )
    studio.wait_space(domain_id)

    assert studio.sagemaker.describe_space(DomainId=domain_id, SpaceName="editor")["SpaceSettings"] == {
        "SpaceStorageSettings": disk(5),
        "CodeEditorAppSettings": editor("ml.t3.medium"),
    }
    studio.app(domain_id)


def test_a_space_without_settings_shows_none(studio: Studio, domain_id: str) -> None:
    studio.sagemaker.create_space(DomainId=domain_id, SpaceName="shared")

    described = studio.sagemaker.describe_space(DomainId=domain_id, SpaceName="shared")
    assert not described.keys() & {"SpaceSettings", "OwnershipSettings", "SpaceSharingSettings"}


def test_aws_fills_in_the_disk_and_no_image(studio: Studio, domain_id: str) -> None:
    studio.profile(domain_id)
    studio.space(domain_id, CodeEditorAppSettings=editor("ml.t3.medium"))
    found = studio.sagemaker.describe_space(DomainId=domain_id, SpaceName="editor")
    assert found["SpaceSettings"] == {
        "AppType": "CodeEditor",
        "SpaceStorageSettings": disk(5),
        "CodeEditorAppSettings": editor("ml.t3.medium"),
    }
    summary = studio.sagemaker.list_spaces(DomainIdEquals=domain_id, SpaceNameContains="EDI")["Spaces"][0]
    assert summary["SpaceSettingsSummary"] == {"AppType": "CodeEditor", "SpaceStorageSettings": disk(5)}
    assert summary["OwnershipSettingsSummary"] == {"OwnerUserProfileName": "ada"}
    assert summary["SpaceSharingSettingsSummary"] == {"SharingType": "Private"}


def test_what_never_changes(studio: Studio, domain_id: str, emulator: RunningEmulator) -> None:
    studio.profile(domain_id)
    studio.space(domain_id, SpaceStorageSettings=disk(20))
    update: Any = studio.sagemaker.update_space
    assert refusal(lambda: update(DomainId=domain_id, SpaceName="editor", SpaceSettings={"AppType": "JupyterLab"})) == (
        "ValidationException",
        "Updating AppType for Space is not supported.",
    )
    assert refusal(
        lambda: update(DomainId=domain_id, SpaceName="editor", SpaceSettings={"SpaceStorageSettings": disk(10)})
    ) == ("ValidationException", "The decrease of 'EbsVolumeSizeInGb' is not supported.")
    assert refusal(
        lambda: update(DomainId=domain_id, SpaceName="editor", SpaceSettings={"SpaceStorageSettings": disk(101)})
    ) == ("ValidationException", "EbsVolumeSizeInGb 101 is larger than the maximum of 100.")
    with standing(emulator):
        update(DomainId=domain_id, SpaceName="editor", SpaceSettings={"SpaceStorageSettings": disk(30)})
        found = studio.sagemaker.describe_space(DomainId=domain_id, SpaceName="editor")
    assert found["Status"] == "Updating"
    assert found["SpaceSettings"]["SpaceStorageSettings"] == disk(30)
    studio.wait_space(domain_id)


def test_the_owners_limits_bound_the_disk(studio: Studio, domain_id: str) -> None:
    limits = {"DefaultEbsVolumeSizeInGb": 10, "MaximumEbsVolumeSizeInGb": 12}
    studio.profile(domain_id, SpaceStorageSettings={"DefaultEbsStorageSettings": limits})
    studio.space(domain_id)
    found = studio.sagemaker.describe_space(DomainId=domain_id, SpaceName="editor")
    assert found["SpaceSettings"]["SpaceStorageSettings"] == disk(10)
    assert refusal(lambda: studio.space(domain_id, "big", SpaceStorageSettings=disk(13))) == (
        "ValidationException",
        "EbsVolumeSizeInGb 13 is larger than the maximum of 12.",
    )


def test_apps_and_spaces_block_deletions(studio: Studio, domain_id: str, emulator: RunningEmulator) -> None:
    studio.profile(domain_id)
    studio.space(domain_id)
    key = studio.app(domain_id)
    prefix = "arn:aws:sagemaker:eu-west-1:123456789012"
    delete_space = studio.sagemaker.delete_space
    delete_profile = studio.sagemaker.delete_user_profile
    assert refusal(lambda: delete_space(DomainId=domain_id, SpaceName="editor")) == (
        "ResourceInUse",
        f"Unable to delete Space [{prefix}:space/{domain_id}/editor] because App(s) are associated with it.",
    )
    arn = f"{prefix}:user-profile/{domain_id}/ada"
    assert refusal(lambda: delete_profile(DomainId=domain_id, UserProfileName="ada")) == (
        "ResourceInUse",
        f"Unable to delete UserProfile [{arn}] because App(s) are associated with it.",
    )
    studio.stop(key)
    assert refusal(lambda: delete_profile(DomainId=domain_id, UserProfileName="ada")) == (
        "ResourceInUse",
        f"Unable to delete UserProfile [{arn}] because Space(s) are associated with it.",
    )
    with standing(emulator):
        delete_space(DomainId=domain_id, SpaceName="editor")
        assert studio.sagemaker.describe_space(DomainId=domain_id, SpaceName="editor")["Status"] == "Deleting"
    gone(lambda: studio.sagemaker.describe_space(DomainId=domain_id, SpaceName="editor"))
    delete_profile(DomainId=domain_id, UserProfileName="ada")
    gone(lambda: studio.sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName="ada"))
