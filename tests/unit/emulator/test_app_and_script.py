"""Apps, the scripts that run when they start, and the ways into them."""

import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import Studio, eventually, patiently, refusal, standing

ARN = "arn:aws:sagemaker:eu-west-1:123456789012"
CPU_IMAGE = "arn:aws:sagemaker:eu-west-1:819792524951:image/sagemaker-distribution-cpu"


@pytest.fixture
def domain_id(studio: Studio) -> str:
    domain_id = studio.domain()
    studio.profile(domain_id)
    studio.space(domain_id)
    return domain_id


def test_an_apps_life(studio: Studio, domain_id: str, emulator: RunningEmulator) -> None:
    key: Any = {"DomainId": domain_id, "SpaceName": "editor", "AppType": "CodeEditor", "AppName": "default"}
    arn = f"{ARN}:app/{domain_id}/editor/codeeditor/default"
    with standing(emulator):
        assert studio.sagemaker.create_app(**key)["AppArn"] == arn
        assert studio.sagemaker.describe_app(**key)["Status"] == "Pending"
        assert refusal(lambda: studio.sagemaker.delete_app(**key)) == (
            "ResourceInUse",
            f"Unable to delete App [{arn}] because its status is Pending.",
        )
    eventually(lambda: studio.sagemaker.describe_app(**key)["Status"], lambda status: status == "InService")
    found = studio.sagemaker.describe_app(**key)
    assert found["ResourceSpec"] == {"SageMakerImageArn": CPU_IMAGE, "InstanceType": "ml.t3.medium"}
    assert refusal(lambda: studio.sagemaker.create_app(**key)) == (
        "ResourceInUse",
        f"App already exists with ARN [{arn}].",
    )
    studio.stop(key)
    assert refusal(lambda: studio.sagemaker.delete_app(**key)) == (
        "ValidationException",
        f"App [{arn}] has already been deleted",
    )
    listed = studio.sagemaker.list_apps(DomainIdEquals=domain_id, SpaceNameEquals="editor")["Apps"]
    assert [(app["AppName"], app["Status"]) for app in listed] == [("default", "Deleted")]
    studio.app(domain_id)


def test_a_version_of_awss_image_is_taken_if_there_is_one(studio: Studio, domain_id: str) -> None:
    spec = {"InstanceType": "ml.t3.medium", "SageMakerImageArn": CPU_IMAGE}
    refused = refusal(lambda: studio.app(domain_id, ResourceSpec={**spec, "SageMakerImageVersionAlias": "4.0.99.1"}))
    assert refused[0] == "ValidationException"
    assert refusal(lambda: studio.app(domain_id, ResourceSpec={**spec, "SageMakerImageVersionAlias": "2.5"})) == (
        "ValidationException",
        f"ImageVersion [2.5] of Image [{CPU_IMAGE}] does not exist.",
    )
    key = studio.app(domain_id, ResourceSpec={**spec, "SageMakerImageVersionAlias": "4.3"})
    assert studio.sagemaker.describe_app(**key)["ResourceSpec"]["SageMakerImageVersionAlias"] == "4.3"


def test_a_training_plan_is_of_this_account_and_region_and_for_two_apps(studio: Studio, domain_id: str) -> None:
    plan = f"{ARN}:training-plan/march"
    for elsewhere in (plan.replace("eu-west-1", "us-east-1"), plan.replace("123456789012", "111122223333")):
        refused = refusal(partial(studio.app, domain_id, ResourceSpec={"TrainingPlanArn": elsewhere}))
        assert refused == ("ValidationException", f"The training plan '{elsewhere}' does not exist")
    canvas: Any = {"DomainId": domain_id, "UserProfileName": "ada", "AppType": "Canvas", "AppName": "default"}
    create: Any = studio.sagemaker.create_app
    assert refusal(lambda: create(**canvas, ResourceSpec={"TrainingPlanArn": plan})) == (
        "ValidationException",
        "TrainingPlanArn is not supported for an App of type Canvas",
    )
    key = studio.app(domain_id, ResourceSpec={"TrainingPlanArn": plan})
    assert studio.sagemaker.describe_app(**key)["ResourceSpec"]["TrainingPlanArn"] == plan


def test_an_app_must_suit_its_space(studio: Studio, domain_id: str) -> None:
    create: Any = studio.sagemaker.create_app
    key = {"DomainId": domain_id, "AppType": "CodeEditor", "AppName": "default"}
    exactly = "Exactly one of SpaceName and UserProfileName must be provided"
    assert refusal(lambda: create(**key)) == ("ValidationException", exactly)
    assert refusal(lambda: create(**key, SpaceName="editor", UserProfileName="ada")) == (
        "ValidationException",
        exactly,
    )
    assert refusal(lambda: create(**key, UserProfileName="ada")) == (
        "ValidationException",
        "SpaceName must be provided for an App of type CodeEditor",
    )
    assert refusal(lambda: create(**key, SpaceName="none")) == ("ResourceNotFound", "Space [none] does not exist.")
    assert refusal(lambda: create(**(key | {"AppType": "JupyterLab"}), SpaceName="editor")) == (
        "ValidationException",
        f"AppType JupyterLab does not match the AppType CodeEditor of Space [{ARN}:space/{domain_id}/editor]",
    )
    assert refusal(lambda: studio.sagemaker.list_apps(SpaceNameEquals="editor", UserProfileNameEquals="ada")) == (
        "ValidationException",
        "SpaceNameEquals and UserProfileNameEquals cannot be used together",
    )


def test_what_an_app_runs_on_when_nothing_is_named(studio: Studio, domain_id: str) -> None:
    def start(app_type: str, **request: Any) -> Any:
        key: Any = {"DomainId": domain_id, "UserProfileName": "ada", "AppType": app_type, "AppName": app_type.lower()}
        studio.sagemaker.create_app(**key, **request)
        return studio.sagemaker.describe_app(**key)["ResourceSpec"]

    assert refusal(lambda: start("KernelGateway")) == (
        "ValidationException",
        "InstanceType must be provided for an App of type KernelGateway",
    )
    assert refusal(lambda: start("JupyterServer", ResourceSpec={"InstanceType": "ml.t3.medium"}))[1] == (
        "JupyterServer apps only support the InstanceType 'system', not 'ml.t3.medium'"
    )
    assert start("JupyterServer") == {
        "SageMakerImageArn": "arn:aws:sagemaker:eu-west-1:081325390199:image/jupyter-server-3",
        "InstanceType": "system",
    }
    assert start("TensorBoard")["InstanceType"] == "ml.t3.medium"
    assert start("KernelGateway", ResourceSpec={"InstanceType": "system"})["InstanceType"] == "ml.t3.medium"


def test_an_image_with_a_gpu_comes_with_such_an_instance(studio: Studio, domain_id: str) -> None:
    key = studio.app(domain_id, ResourceSpec={"InstanceType": "ml.g5.xlarge"})

    assert studio.sagemaker.describe_app(**key)["ResourceSpec"] == {
        "SageMakerImageArn": CPU_IMAGE.replace("-cpu", "-gpu"),
        "InstanceType": "ml.g5.xlarge",
    }


def test_a_script_must_exist_and_be_allowed(studio: Studio, domain_id: str) -> None:
    missing = f"{ARN}:studio-lifecycle-config/none"
    script = studio.script("setup")

    def start(arn: str) -> object:
        return studio.app(domain_id, ResourceSpec={"LifecycleConfigArn": arn})

    assert refusal(lambda: start(missing)) == (
        "ValidationException",
        f"The lifecycle configuration '{missing}' does not exist",
    )
    assert refusal(lambda: start(script)) == (
        "ValidationException",
        f"The lifecycle configuration '{script}' is not in the LifecycleConfigArns of the owner",
    )
    settings: Any = {"CodeEditorAppSettings": {"LifecycleConfigArns": [script]}}
    studio.sagemaker.update_user_profile(DomainId=domain_id, UserProfileName="ada", UserSettings=settings)
    start(script)


def test_a_script_in_use_cannot_go(studio: Studio, domain_id: str) -> None:
    script = studio.script("setup")
    name = script.split("/")[-1]
    editor: Any = {"LifecycleConfigArns": [script], "DefaultResourceSpec": {"LifecycleConfigArn": script}}
    update: Any = studio.sagemaker.update_domain
    update(DomainId=domain_id, DefaultUserSettings={"CodeEditorAppSettings": editor})
    studio.wait_domain(domain_id)
    domain_arn = f"{ARN}:domain/{domain_id}"

    def delete() -> object:
        return studio.sagemaker.delete_studio_lifecycle_config(StudioLifecycleConfigName=name)

    def in_use(by: str) -> tuple[str, str]:
        return (
            "ResourceInUse",
            f"Unable to delete StudioLifecycleConfig [{script}] because it is in use by [{by}].",
        )

    assert refusal(delete) == in_use(domain_arn)
    key = studio.app(domain_id)
    spec = studio.sagemaker.describe_app(**key)["ResourceSpec"]
    assert spec["LifecycleConfigArn"] == script
    cleared: Any = {"LifecycleConfigArns": []}  # the guide's own line; the default goes with it
    update(DomainId=domain_id, DefaultUserSettings={"CodeEditorAppSettings": cleared})
    studio.wait_domain(domain_id)
    assert refusal(delete) == in_use(f"{ARN}:app/{domain_id}/editor/codeeditor/default")
    studio.stop(key)
    delete()
    assert refusal(delete) == ("ResourceNotFound", f"StudioLifecycleConfig [{name}] does not exist.")


def test_a_default_script_must_be_listed(studio: Studio, domain_id: str) -> None:
    script = studio.script("setup")
    settings: Any = {"CodeEditorAppSettings": {"DefaultResourceSpec": {"LifecycleConfigArn": script}}}
    assert refusal(lambda: studio.sagemaker.update_domain(DomainId=domain_id, DefaultUserSettings=settings)) == (
        "ValidationException",
        f"The default LifecycleConfigArn '{script}' is not in LifecycleConfigArns",
    )


def test_scripts_are_base64_and_listed_by_name(studio: Studio) -> None:
    assert refusal(
        lambda: studio.sagemaker.create_studio_lifecycle_config(
            StudioLifecycleConfigName="plain",
            StudioLifecycleConfigContent="#!/bin/bash",
            StudioLifecycleConfigAppType="CodeEditor",
        )
    ) == ("ValidationException", "StudioLifecycleConfigContent must be base64 encoded.")
    for name in ("b", "a"):
        studio.script(name)
    found = studio.sagemaker.list_studio_lifecycle_configs(NameContains=studio.tag, SortBy="Name")
    names = [config["StudioLifecycleConfigName"] for config in found["StudioLifecycleConfigs"]]
    assert names == [f"a-{studio.tag}", f"b-{studio.tag}"]
    hour = timedelta(hours=1)
    for field in ("CreationTime", "ModifiedTime"):
        for moment, number in ((datetime.now(UTC) - hour, 2), (datetime.now(UTC) + hour, 0)):
            since: Any = {f"{field}After": moment, "NameContains": studio.tag}
            until: Any = {f"{field}Before": moment, "NameContains": studio.tag}
            later = studio.sagemaker.list_studio_lifecycle_configs(**since)["StudioLifecycleConfigs"]
            earlier = studio.sagemaker.list_studio_lifecycle_configs(**until)["StudioLifecycleConfigs"]
            assert (len(later), len(earlier)) == (number, 2 - number)


def test_a_presigned_address_opens_once(studio: Studio, domain_id: str) -> None:
    studio.app(domain_id)
    url = studio.sagemaker.create_presigned_domain_url(
        DomainId=domain_id, UserProfileName="ada", SpaceName="editor", LandingUri="app:CodeEditor:"
    )["AuthorizedUrl"]
    assert f"/studio/{domain_id}/auth?token=" in url
    with urllib.request.urlopen(url) as answer:
        page = answer.read().decode()
    assert f"({domain_id})" in page
    assert "<dt>Signed in as</dt><dd>ada</dd>" in page
    assert "<h1>editor</h1>" in page
    assert "Code Editor is <b>InService</b>" in page
    assert "nothing here is on AWS" in page
    with pytest.raises(urllib.error.HTTPError) as second:
        urllib.request.urlopen(url)
    assert second.value.code == 403
    second.value.close()


def test_a_presigned_address_needs_iam(studio: Studio) -> None:
    domain_id = studio.domain(AuthMode="SSO")
    of_centre: Any = {"SingleSignOnUserIdentifier": "UserName", "SingleSignOnUserValue": "ada"}
    studio.signed_up("ada", domain_id)()
    studio.sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ada", **of_centre)
    assert refusal(lambda: studio.sagemaker.create_presigned_domain_url(DomainId=domain_id, UserProfileName="ada")) == (
        "ValidationException",
        "CreatePresignedDomainUrl is only supported for domains with AuthMode IAM",
    )


def test_a_session_needs_remote_access_and_an_app(studio: Studio, domain_id: str) -> None:
    arn = f"{ARN}:space/{domain_id}/editor"

    def start() -> Any:
        return studio.sagemaker.start_session(ResourceIdentifier=arn)

    assert refusal(start) == ("ValidationException", f"RemoteAccess is not enabled for Space [{arn}].")
    studio.sagemaker.update_space(DomainId=domain_id, SpaceName="editor", SpaceSettings={"RemoteAccess": "ENABLED"})
    studio.wait_space(domain_id)
    assert refusal(start) == ("ValidationException", f"Space [{arn}] has no InService App.")
    key = studio.app(domain_id, ResourceSpec={"InstanceType": "ml.t3.large"})
    assert refusal(start) == ("InternalFailure", f"Space [{arn}] is not registered yet.")
    answer = patiently(start)
    assert answer["StreamUrl"].startswith("wss://127.0.0.1:")
    assert answer["SessionId"] in answer["StreamUrl"]
    assert 0 < len(answer["TokenValue"]) <= 1024
    studio.stop(key)
    assert refusal(start) == ("ValidationException", f"Space [{arn}] has no InService App.")


def test_remote_access_takes_a_new_start(studio: Studio, domain_id: str) -> None:
    arn = f"{ARN}:space/{domain_id}/editor"
    studio.app(domain_id, ResourceSpec={"InstanceType": "ml.t3.large"})
    studio.sagemaker.update_space(DomainId=domain_id, SpaceName="editor", SpaceSettings={"RemoteAccess": "ENABLED"})
    studio.wait_space(domain_id)

    assert refusal(lambda: studio.sagemaker.start_session(ResourceIdentifier=arn)) == (
        "ValidationException",
        f"The App of Space [{arn}] started before RemoteAccess was enabled.",
    )


def test_remote_access_needs_memory(studio: Studio, domain_id: str) -> None:
    studio.sagemaker.update_space(DomainId=domain_id, SpaceName="editor", SpaceSettings={"RemoteAccess": "ENABLED"})
    studio.wait_space(domain_id)

    assert refusal(lambda: studio.app(domain_id)) == (
        "ValidationException",
        (
            "Unable to create app for [editor] because instanceType [ml.t3.medium] is not supported for remote access"
            " enabled spaces. Use instanceType with at least 8 GiB memory."
        ),
    )


def test_a_session_is_only_with_a_space_that_is_there(studio: Studio, domain_id: str) -> None:
    arn = f"{ARN}:space/{domain_id}/other"
    assert refusal(lambda: studio.sagemaker.start_session(ResourceIdentifier=arn)) == (
        "ResourceNotFound",
        f"Space [{arn}] does not exist.",
    )


def test_spaces_and_apps_carry_tags(studio: Studio, domain_id: str) -> None:
    studio.app(domain_id, Tags=[{"Key": "who", "Value": "ada"}])
    for path in (f"space/{domain_id}/editor", f"app/{domain_id}/editor/codeeditor/default"):
        arn = f"{ARN}:{path}"
        studio.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "who", "Value": "bob"}])
        assert studio.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "who", "Value": "bob"}]
