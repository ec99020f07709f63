"""A day of ada's inside her space: all that she needs is allowed, and what lies outside is refused as on AWS."""

import json
import subprocess
import sysconfig
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from tests.functional.conftest import Applied
from tests.unit.emulator.emulated import eventually, gone, is_in_service, patiently, refusal
from tests.unit.emulator.pushing import Registry

from studio_emulator import server

AWS = str(Path(sysconfig.get_path("scripts")) / "aws")
ACCOUNT = "123456789012"
BUCKET = f"acme-ml-data-{ACCOUNT}"
WHO = f"User: arn:aws:sts::{ACCOUNT}:assumed-role/acme-ml-execution/SageMaker is not authorized to perform: "
SAGEMAKER = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/acme-ml-execution"


@dataclass(frozen=True)
class Ada:
    """The programs in ada's space, with her session of the execution role."""

    applied: Applied
    variables: dict[str, str]
    domain_id: str

    def client(self, service: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.variables["AWS_ENDPOINT_URL"],
            region_name="us-east-1",
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self.variables["AWS_SESSION_TOKEN"],
            config=Config(retries={"total_max_attempts": 1}),
        )

    def aws(self, *words: str) -> Any:
        """The AWS CLI in her terminal."""
        environment = {**self.applied.shell.environment, **self.variables}
        return json.loads(subprocess.check_output([AWS, *words, "--output", "json"], env=environment))

    def training_job(self, name: str, role: str = ROLE) -> dict[str, Any]:
        return {
            "TrainingJobName": name,
            "RoleArn": role,
            "AlgorithmSpecification": {
                "TrainingImage": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/acme-ml:today",
                "TrainingInputMode": "File",
            },
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models/"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
            "Tags": [{"Key": "project", "Value": "churn"}],
        }

    def space(self, name: str, owner: str, app_type: str = "CodeEditor") -> dict[str, Any]:
        return {
            "DomainId": self.domain_id,
            "SpaceName": name,
            "OwnershipSettings": {"OwnerUserProfileName": owner},
            "SpaceSharingSettings": {"SharingType": "Private"},
            "SpaceSettings": {"AppType": app_type, "RemoteAccess": "ENABLED"},
            "Tags": [
                {
                    "Key": "sagemaker:user-profile-arn",
                    "Value": f"{SAGEMAKER}:user-profile/{self.domain_id}/{owner}",
                }
            ],
        }

    def app(self, space: str, app_type: str = "CodeEditor") -> dict[str, Any]:
        return {"DomainId": self.domain_id, "SpaceName": space, "AppType": app_type, "AppName": "default"}


@pytest.fixture
def ada(applied: Applied) -> Iterator[Ada]:
    """With grace in the same domain, another environment's bucket, secret and repository; all gone afterwards."""
    shell = applied.shell
    domain_id = str(json.loads(shell.studioctl("outputs", "--local", "--json").out)["domain_id"])
    sagemaker, s3, ecr, secrets = (shell.client(name) for name in ("sagemaker", "s3", "ecr", "secretsmanager"))
    profile = {"DomainId": domain_id, "UserProfileName": "grace"}
    efs = shell.client("efs")
    homes = {found["AccessPointId"] for found in efs.describe_access_points()["AccessPoints"]}
    sagemaker.create_user_profile(**profile)
    eventually(lambda: sagemaker.describe_user_profile(**profile)["Status"], is_in_service)
    variables = json.loads(shell.studioctl("emulator", "env", "--as", "ada", "--json").out)
    made = Ada(applied, variables, domain_id)
    sagemaker.create_space(**made.space("grace-editor", "grace"))
    s3.create_bucket(Bucket="acme-prod-data")
    ecr.create_repository(repositoryName="acme-prod")
    secrets.create_secret(Name="acme-prod/github", SecretString="production")
    secrets.put_secret_value(SecretId="acme-ml/github", SecretString="t0ken")
    yield made
    secrets.delete_secret(SecretId="acme-prod/github", ForceDeleteWithoutRecovery=True)
    ecr.delete_repository(repositoryName="acme-prod")
    ecr.batch_delete_image(repositoryName="acme-ml", imageIds=[{"imageTag": "today"}])
    s3.delete_bucket(Bucket="acme-prod-data")
    s3.delete_object(Bucket=BUCKET, Key="data/churn.csv")
    for name in (("ada-editor",), ("ada-second",), ("ada-lab", "JupyterLab")):
        patiently(lambda name=name: sagemaker.delete_app(**made.app(*name)))  # type: ignore[misc]
    for space in ("ada-second", "ada-lab", "grace-editor"):
        patiently(lambda space=space: sagemaker.delete_space(DomainId=domain_id, SpaceName=space))  # type: ignore[misc]
    patiently(lambda: sagemaker.delete_user_profile(**profile))
    # Others count what is in this environment, and what is being deleted is there for a moment still.
    gone(lambda: sagemaker.describe_user_profile(**profile))
    eventually(lambda: [app["Status"] for app in sagemaker.list_apps()["Apps"]], lambda all_: {*all_} <= {"Deleted"})
    for left in efs.describe_access_points()["AccessPoints"]:  # AWS leaves the way to her home
        if left["AccessPointId"] not in homes:
            efs.delete_access_point(AccessPointId=left["AccessPointId"])


def test_a_day_in_the_life_and_what_lies_outside_of_it(ada: Ada) -> None:
    _open_studio(ada)
    _clone_with_the_secret(ada)
    _push_an_image(ada)
    _train(ada)
    _connect(ada)
    _open_jupyterlab(ada)
    _be_refused(ada)


def _open_studio(ada: Ada) -> None:
    sagemaker = ada.client("sagemaker")
    profile = {"DomainId": ada.domain_id, "UserProfileName": "ada"}

    address = sagemaker.create_presigned_domain_url(**profile)["AuthorizedUrl"]
    with urllib.request.urlopen(address) as page:
        assert page.status == 200
    assert {space["SpaceName"] for space in ada.aws("sagemaker", "list-spaces")["Spaces"]} == {
        "ada-editor",
        "grace-editor",
    }
    sagemaker.create_app(**ada.app("ada-editor"))
    eventually(lambda: sagemaker.describe_app(**ada.app("ada-editor"))["Status"], is_in_service)


def _clone_with_the_secret(ada: Ada) -> None:
    found = ada.aws("secretsmanager", "get-secret-value", "--secret-id", "acme-ml/github")

    assert found["SecretString"] == "t0ken"


def _push_an_image(ada: Ada) -> None:
    running = server.find(ada.applied.shell.directory / "emulator")
    assert running
    ecr = ada.client("ecr")
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]

    pushed = Registry(running, f"Basic {token}").push("acme-ml", "today")
    (image,) = ada.client("ecr").describe_images(repositoryName="acme-ml", imageIds=[{"imageTag": "today"}])[
        "imageDetails"
    ]
    assert image["imageDigest"] == pushed


def _train(ada: Ada) -> None:
    s3, sagemaker = ada.client("s3"), ada.client("sagemaker")
    name = f"acme-ml--churn-{ada.domain_id}"

    s3.put_object(Bucket=BUCKET, Key="data/churn.csv", Body=b"a,b\n")
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="data/")["Contents"]] == ["data/churn.csv"]
    sagemaker.create_training_job(**ada.training_job(name))
    assert sagemaker.describe_training_job(TrainingJobName=name)["RoleArn"] == ROLE


def _connect(ada: Ada) -> None:
    """A second space of her own: remote access wants 8 GB of memory, which the first one has not."""
    sagemaker = ada.client("sagemaker")
    arn = sagemaker.create_space(**ada.space("ada-second", "ada"))["SpaceArn"]
    named = {"DomainId": ada.domain_id, "SpaceName": "ada-second"}
    eventually(lambda: sagemaker.describe_space(**named)["Status"], is_in_service)
    sagemaker.create_app(**ada.app("ada-second"), ResourceSpec={"InstanceType": "ml.t3.large"})
    eventually(lambda: sagemaker.describe_app(**ada.app("ada-second"))["Status"], is_in_service)

    session = patiently(lambda: sagemaker.start_session(ResourceIdentifier=arn))
    assert session["StreamUrl"].startswith("wss://127.0.0.1:")


def _open_jupyterlab(ada: Ada) -> None:
    """In a space that she makes in Studio's pages: it is set up, and stopped when idle, as everybody's."""
    sagemaker = ada.client("sagemaker")
    named = {"DomainId": ada.domain_id, "SpaceName": "ada-lab"}
    sagemaker.create_space(**ada.space("ada-lab", "ada", "JupyterLab"))
    eventually(lambda: sagemaker.describe_space(**named)["Status"], is_in_service)

    ada.applied.shell.studioctl("start", "ada-lab", "--instance-type", "ml.t3.large", "--local")
    app = sagemaker.describe_app(**ada.app("ada-lab", "JupyterLab"))
    assert "/acme-ml-editor-lab-" in app["ResourceSpec"]["LifecycleConfigArn"]
    profile = sagemaker.describe_user_profile(DomainId=ada.domain_id, UserProfileName="ada")
    idle = profile["UserSettings"]["JupyterLabAppSettings"]["AppLifecycleManagement"]["IdleSettings"]
    assert (idle["LifecycleManagement"], idle["IdleTimeoutInMinutes"]) == ("ENABLED", 60)


def _be_refused(ada: Ada) -> None:
    sagemaker, s3, secrets, ecr, iam = map(ada.client, ("sagemaker", "s3", "secretsmanager", "ecr", "iam"))
    domain, foreign = ada.domain_id, f"arn:aws:iam::{ACCOUNT}:role/admin"
    grace = {"DomainId": domain, "UserProfileName": "grace"}
    train: Callable[..., object] = lambda *job: sagemaker.create_training_job(**ada.training_job(*job))  # noqa: E731
    production = ada.applied.shell.client("secretsmanager").describe_secret(SecretId="acme-prod/github")["ARN"]
    hers = f"{SAGEMAKER}:space/{domain}/grace-editor"
    steps: list[tuple[Callable[[], object], str, str]] = [
        (
            lambda: sagemaker.create_presigned_domain_url(**grace),
            "sagemaker:CreatePresignedDomainUrl",
            f"{SAGEMAKER}:user-profile/{domain}/grace",
        ),
        (
            lambda: sagemaker.create_app(**ada.app("grace-editor")),
            "sagemaker:CreateApp",
            f"{SAGEMAKER}:app/{domain}/grace-editor/codeeditor/default",
        ),
        (
            lambda: sagemaker.create_app(**ada.app("grace-editor", "JupyterLab")),
            "sagemaker:CreateApp",
            f"{SAGEMAKER}:app/{domain}/grace-editor/jupyterlab/default",
        ),
        (
            lambda: sagemaker.delete_space(DomainId=domain, SpaceName="grace-editor"),
            "sagemaker:DeleteSpace",
            hers,
        ),
        (lambda: sagemaker.start_session(ResourceIdentifier=hers), "sagemaker:StartSession", hers),
        (
            lambda: sagemaker.create_space(**ada.space("hers", "grace")),
            "sagemaker:CreateSpace",
            f"{SAGEMAKER}:space/{domain}/hers",
        ),
        (lambda: train("churn"), "sagemaker:CreateTrainingJob", f"{SAGEMAKER}:training-job/churn"),
        (lambda: train("acme-prod--x"), "sagemaker:CreateTrainingJob", f"{SAGEMAKER}:training-job/acme-prod--x"),
        (lambda: train("acme-ml--x", foreign), "iam:PassRole", foreign),
        (
            lambda: s3.get_object(Bucket="acme-prod-data", Key="x"),
            "s3:GetObject",
            '"arn:aws:s3:::acme-prod-data/x"',
        ),
        (lambda: s3.list_objects_v2(Bucket="acme-prod-data"), "s3:ListBucket", '"arn:aws:s3:::acme-prod-data"'),
        (lambda: s3.delete_bucket(Bucket=BUCKET), "s3:DeleteBucket", f'"arn:aws:s3:::{BUCKET}"'),
        (
            lambda: secrets.get_secret_value(SecretId="acme-prod/github"),
            "secretsmanager:GetSecretValue",
            production,
        ),
        (
            lambda: ecr.batch_get_image(repositoryName="acme-prod", imageIds=[{"imageTag": "latest"}]),
            "ecr:BatchGetImage",
            f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/acme-prod",
        ),
        (
            lambda: ecr.batch_delete_image(repositoryName="acme-ml", imageIds=[{"imageTag": "today"}]),
            "ecr:BatchDeleteImage",
            f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/acme-ml",
        ),
        (lambda: iam.create_user(UserName="mallory"), "iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/mallory"),
        (
            lambda: iam.attach_role_policy(
                RoleName="acme-ml-execution", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
            ),
            "iam:AttachRolePolicy",
            ROLE,
        ),
    ]
    for step, action, resource in steps:
        code, message = refusal(step)
        assert code in {"AccessDenied", "AccessDeniedException"}
        assert (
            message
            == f"{WHO}{action} on resource: {resource} because no identity-based policy allows the {action} action"
        )
