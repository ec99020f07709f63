"""Custom images on the emulator: made of what is in ECR, offered by settings, and not to be lost while in use."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import REGION, Studio, client, eventually, gone, refusal
from tests.unit.emulator.pushing import Registry, digest

ACCOUNT = f"123456789012.dkr.ecr.{REGION}.amazonaws.com"


@dataclass(frozen=True)
class Made:
    """An image with one version and a configuration, made of a container image that was pushed."""

    name: str
    arn: str
    digest: str
    repository: str

    @property
    def offered(self) -> Any:
        return {"CodeEditorAppSettings": {"CustomImages": [{"ImageName": self.name, "AppImageConfigName": self.name}]}}


@pytest.fixture
def made(emulator: RunningEmulator, studio: Studio) -> Made:
    repository = f"acme-{studio.tag}"
    client(emulator, "ecr").create_repository(repositoryName=repository)
    pushed = Registry.of(emulator, REGION).push(repository, "one")
    name = f"image-{studio.tag}"
    arn = studio.sagemaker.create_image(ImageName=name, RoleArn=studio.role_arn, DisplayName="torch")["ImageArn"]
    eventually(lambda: studio.sagemaker.describe_image(ImageName=name)["ImageStatus"], lambda s: s == "CREATED")
    version(studio, name, f"{ACCOUNT}/{repository}@{pushed}")
    studio.sagemaker.create_app_image_config(
        AppImageConfigName=name,
        CodeEditorAppImageConfig={"ContainerConfig": {"ContainerEntrypoint": ["entrypoint-code-editor"]}},
    )
    return Made(name, arn, pushed, repository)


def version(studio: Studio, name: str, base_image: str) -> Any:
    """Makes a version and waits until it is settled."""
    studio.sagemaker.create_image_version(ImageName=name, BaseImage=base_image, ClientToken=uuid.uuid4().hex)
    return eventually(
        lambda: studio.sagemaker.describe_image_version(ImageName=name), lambda v: v["ImageVersionStatus"] != "CREATING"
    )


def test_a_version_is_a_container_image_by_its_digest(studio: Studio, made: Made) -> None:
    described = version(studio, made.name, f"{ACCOUNT}/{made.repository}:one")

    assert described["Version"] == 2
    assert described["ContainerImage"] == f"{ACCOUNT}/{made.repository}@{made.digest}"
    assert described["ImageVersionArn"] == f"{made.arn.replace(':image/', ':image-version/')}/2"
    listed = studio.sagemaker.list_image_versions(ImageName=made.name)["ImageVersions"]
    assert [v["Version"] for v in listed] == [2, 1]
    assert [i["ImageName"] for i in studio.sagemaker.list_images(NameContains=made.name)["Images"]] == [made.name]
    assert studio.sagemaker.list_app_image_configs(NameContains=made.name)["AppImageConfigs"][0][
        "CodeEditorAppImageConfig"
    ] == {"ContainerConfig": {"ContainerEntrypoint": ["entrypoint-code-editor"]}}


def test_what_is_not_in_the_repository_makes_a_failed_version(studio: Studio, made: Made) -> None:
    failed = version(studio, made.name, f"{ACCOUNT}/{made.repository}@{digest(b'?')}")

    assert failed["ImageVersionStatus"] == "CREATE_FAILED"
    assert "does not exist" in failed["FailureReason"]


def test_only_what_is_offered_can_be_started(studio: Studio, made: Made) -> None:
    domain_id = studio.domain()
    studio.profile(domain_id)
    studio.space(domain_id)
    spec = {"SageMakerImageArn": made.arn, "InstanceType": "ml.t3.medium"}

    assert refusal(lambda: studio.app(domain_id, ResourceSpec=spec)) == (
        "ValidationException",
        f"The image '{made.arn}' is not in the CustomImages of the owner",
    )
    studio.sagemaker.update_user_profile(DomainId=domain_id, UserProfileName="ada", UserSettings=made.offered)
    key = studio.app(domain_id, ResourceSpec=spec)
    assert studio.sagemaker.describe_app(**key)["ResourceSpec"]["SageMakerImageArn"] == made.arn


@pytest.mark.parametrize("missing", ["ImageName", "AppImageConfigName", "ImageVersionNumber"])
def test_settings_offer_only_what_exists(studio: Studio, made: Made, missing: str) -> None:
    settings = made.offered
    settings["CodeEditorAppSettings"]["CustomImages"][0][missing] = 9 if missing == "ImageVersionNumber" else "nobody"

    code, _ = refusal(lambda: studio.domain(DefaultUserSettings={"ExecutionRole": studio.role_arn, **settings}))
    assert code == "ValidationException"


def test_what_is_in_use_stays_until_the_last_user_lets_go(studio: Studio, made: Made) -> None:
    domain_id = studio.domain(DefaultUserSettings={"ExecutionRole": studio.role_arn, **made.offered})
    studio.profile(domain_id)
    studio.space(domain_id)
    key = studio.app(domain_id, ResourceSpec={"SageMakerImageArn": made.arn, "InstanceType": "ml.t3.medium"})

    def delete() -> object:
        return studio.sagemaker.delete_image(ImageName=made.name)

    def delete_version() -> object:
        return studio.sagemaker.delete_image_version(ImageName=made.name, Version=1)

    assert refusal(delete)[0] == refusal(delete_version)[0] == "ResourceInUse"
    nothing: Any = {"CodeEditorAppSettings": {"CustomImages": []}}
    studio.sagemaker.update_domain(DomainId=domain_id, DefaultUserSettings=nothing)
    assert f"[{studio.sagemaker.describe_app(**key)['AppArn']}]" in refusal(delete)[1]
    studio.stop(key)
    delete_version()
    gone(lambda: studio.sagemaker.describe_image_version(ImageName=made.name, Version=1))
    delete()
    gone(lambda: studio.sagemaker.describe_image(ImageName=made.name))
    studio.sagemaker.delete_app_image_config(AppImageConfigName=made.name)
    assert refusal(lambda: studio.sagemaker.describe_app_image_config(AppImageConfigName=made.name))[0] == (
        "ResourceNotFound"
    )


def test_what_a_list_does_not_name_is_kept_and_an_empty_list_clears(studio: Studio, made: Made) -> None:
    """Why studioctl sends the empty list itself: the provider leaves it out."""
    domain_id = studio.domain(DefaultUserSettings={"ExecutionRole": studio.role_arn, **made.offered})

    def offered() -> Any:
        described: Any = studio.sagemaker.describe_domain(DomainId=domain_id)
        return described["DefaultUserSettings"]["CodeEditorAppSettings"]["CustomImages"]

    studio.sagemaker.update_domain(DomainId=domain_id, DefaultUserSettings={"CodeEditorAppSettings": {}})
    studio.wait_domain(domain_id)
    assert len(offered()) == 1
    studio.sagemaker.update_domain(
        DomainId=domain_id, DefaultUserSettings={"CodeEditorAppSettings": {"CustomImages": []}}
    )
    assert offered() == []


def test_names_are_unique_and_what_is_not_there_is_not_found(studio: Studio, made: Made) -> None:
    sagemaker = studio.sagemaker
    twice = refusal(lambda: sagemaker.create_image(ImageName=made.name, RoleArn=studio.role_arn))
    config = refusal(lambda: sagemaker.create_app_image_config(AppImageConfigName=made.name))
    role = refusal(lambda: sagemaker.create_image(ImageName="new", RoleArn=f"{studio.role_arn}x"))

    assert (twice[0], config[0], role[0]) == ("ResourceInUse", "ResourceInUse", "ValidationException")
    assert refusal(lambda: sagemaker.describe_image(ImageName="nobody"))[0] == "ResourceNotFound"
    assert refusal(lambda: sagemaker.delete_image(ImageName="nobody"))[0] == "ResourceNotFound"
    assert refusal(lambda: sagemaker.describe_image_version(ImageName=made.name, Version=7))[0] == "ResourceNotFound"


def test_number_0_is_the_newest_version(studio: Studio, made: Made) -> None:
    """Terraform's provider sends it for a custom image without a number."""
    offered = made.offered
    offered["CodeEditorAppSettings"]["CustomImages"][0]["ImageVersionNumber"] = 0
    domain_id = studio.domain(DefaultUserSettings={"ExecutionRole": studio.role_arn, **offered})

    described: Any = studio.sagemaker.describe_domain(DomainId=domain_id)
    assert described["DefaultUserSettings"]["CodeEditorAppSettings"] == offered["CodeEditorAppSettings"]
    assert refusal(lambda: studio.sagemaker.delete_image_version(ImageName=made.name, Version=1))[0] == "ResourceInUse"


def test_a_version_is_described_and_named_anew(studio: Studio, made: Made) -> None:
    sagemaker = studio.sagemaker
    version(studio, made.name, f"{ACCOUNT}/{made.repository}:one")
    update: Any = sagemaker.update_image_version
    about = {"JobType": "TRAINING", "MLFramework": "PyTorch 2.1", "Horovod": False, "ReleaseNotes": "first"}
    arn = update(ImageName=made.name, Version=1, AliasesToAdd=["1.0", "stable"], **about)["ImageVersionArn"]
    update(ImageName=made.name, Alias="stable", ReleaseNotes="second")
    update(ImageName=made.name, Version=2, AliasesToAdd=["stable"])

    described = sagemaker.describe_image_version(ImageName=made.name, Alias="1.0")
    assert described["ImageVersionArn"] == arn
    assert {key: described.get(key) for key in about} == about | {"ReleaseNotes": "second"}
    aliases = sagemaker.list_aliases(ImageName=made.name)["SageMakerImageVersionAliases"]
    assert aliases == ["1.0", "stable"]
    assert sagemaker.list_aliases(ImageName=made.name, Version=2)["SageMakerImageVersionAliases"] == ["stable"]
    update(ImageName=made.name, Version=2, AliasesToDelete=["stable"])
    assert refusal(lambda: sagemaker.describe_image_version(ImageName=made.name, Alias="stable")) == (
        "ResourceNotFound",
        f"ImageVersion [{made.name}/stable] does not exist.",
    )


def test_each_list_knows_dates(studio: Studio, made: Made) -> None:
    hour, sagemaker = timedelta(hours=1), studio.sagemaker
    lists: list[tuple[str, Callable[..., Any], Any, tuple[str, str]]] = [
        ("Images", sagemaker.list_images, {"NameContains": made.name}, ("CreationTime", "LastModifiedTime")),
        (
            "ImageVersions",
            sagemaker.list_image_versions,
            {"ImageName": made.name},
            ("CreationTime", "LastModifiedTime"),
        ),
        (
            "AppImageConfigs",
            sagemaker.list_app_image_configs,
            {"NameContains": made.name},
            ("CreationTime", "ModifiedTime"),
        ),
    ]
    for members, listed, request, fields in lists:
        for field in fields:
            past, future = {f"{field}After": datetime.now(UTC) - hour}, {f"{field}After": datetime.now(UTC) + hour}
            assert len(listed(**request, **past)[members]) == 1
            assert listed(**request, **future)[members] == []


def test_an_image_can_be_called_otherwise(studio: Studio, made: Made) -> None:
    studio.sagemaker.update_image(ImageName=made.name, Description="for vision", DeleteProperties=["DisplayName"])

    described: Any = studio.sagemaker.describe_image(ImageName=made.name)
    assert described["Description"] == "for vision"
    assert "DisplayName" not in described
    studio.sagemaker.add_tags(ResourceArn=made.arn, Tags=[{"Key": "team", "Value": "vision"}])
    assert studio.sagemaker.list_tags(ResourceArn=made.arn)["Tags"] == [{"Key": "team", "Value": "vision"}]
