"""Frozen values for SageMaker Studio's resources, and functions that read them from AWS's answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import AppTypeType

EDITOR: Final = "CodeEditor"
# A domain, profile or space changes: AWS refuses to delete it, or to change it again, until this is over.
UNSETTLED: Final = frozenset({"Pending", "Updating"})
LAB: Final = "JupyterLab"
EDITOR_APP: Final = "default"  # the only name that Code Editor's app, or JupyterLab's, may have
DISTRIBUTION: Final = "sagemaker-distribution"
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceSpec.html
NOTHING: Final = "None"  # instead of an ARN: of what a space or profile has, nothing is taken
SETTINGS: Final = {EDITOR: "CodeEditorAppSettings", LAB: "JupyterLabAppSettings"}
"""By type: where AWS keeps the settings of the apps that it can stop when they are idle."""


@dataclass(frozen=True)
class ResourceSpec:
    """The instance, image and lifecycle configuration of an app. None where AWS chooses."""

    instance_type: str | None = None
    image_arn: str | None = None
    image_version_arn: str | None = None  # if set, AWS uses it instead of `image_arn`
    image_alias: str | None = None
    lifecycle_config_arn: str | None = None
    training_plan_arn: str | None = None  # reserved capacity, which is paid in advance

    @property
    def training_plan(self) -> str | None:
        """The training plan that it starts on, by its ARN; None without one."""
        return None if self.training_plan_arn == NOTHING else self.training_plan_arn

    @property
    def image(self) -> str | None:
        """The image as people name it: "sagemaker-distribution-cpu 3.2.0"; a version's number stands for an alias."""
        arn = self.image_version_arn or self.image_arn
        if arn is None:
            return None
        name, _, version = arn.split("/", 1)[-1].partition("/")
        return " ".join(word for word in (name, self.image_alias or version) if word)

    @property
    def is_distribution(self) -> bool:
        """Whether the image is SageMaker Distribution, as far as AWS tells; `image_alias` is then its version."""
        return self.image_version_arn is None and (self.image_arn is None or DISTRIBUTION in self.image_arn)


@dataclass(frozen=True)
class DomainName:
    """A domain as AWS lists it: `status` in AWS's words."""

    id: str
    arn: str
    name: str
    status: str


@dataclass(frozen=True)
class Domain:
    """A domain: `status` in AWS's words, `home_file_system_id` None where it has no EFS."""

    id: str
    arn: str
    name: str
    status: str
    url: str
    home_file_system_id: str | None
    idle_timeout_minutes: int | None  # of Code Editor, where neither profile nor space says otherwise
    lab_idle_timeout_minutes: int | None = None  # the same of JupyterLab
    auth_mode: str = "IAM"  # or "SSO": people come in by IAM Identity Center, as users of its application
    application_arn: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True)
class EditorDefaults:
    """A profile's or domain's defaults for an editor (Code Editor or JupyterLab), used where a space sets no value."""

    spec: ResourceSpec
    idle_timeout_minutes: int | None  # None if it is not set, or idle shutdown is off
    is_idle_shutdown_off: bool = False  # explicitly off; AWS then ignores a space's minutes


@dataclass(frozen=True)
class UserProfile:
    """A user profile of a domain."""

    name: str
    status: str


@dataclass(frozen=True)
class Space:
    """A space of a domain, as listings show it: `volume_gb` in GB, `owner` None where AWS shows none."""

    domain_id: str
    name: str
    owner: str | None
    status: str
    app_type: str
    volume_gb: int | None
    created_at: datetime
    remote_access: bool

    @property
    def editor_type(self) -> "AppTypeType":
        """The type of its editor. A space of Studio Classic has none, and is taken for one of Code Editor."""
        return LAB if self.app_type == LAB else EDITOR


@dataclass(frozen=True)
class SpaceDetails(Space):
    """A space with what only a look at the single space shows. `spec` is what its app starts with."""

    arn: str
    spec: ResourceSpec
    idle_timeout_minutes: int | None
    failure: str


@dataclass(frozen=True)
class App:
    """An app: in a space, or of a user profile in Studio's classic forms. Listings tell neither its
    `failure` nor whether it is `in_recovery`: started with a home directory that is not on the volume.
    """

    name: str
    type: "AppTypeType"
    space: str | None
    user_profile: str | None
    status: str
    created_at: datetime
    spec: ResourceSpec
    failure: str = ""
    in_recovery: bool = False

    @property
    def instance_type(self) -> str | None:
        """The instance that it runs on, such as "ml.t3.medium"."""
        return self.spec.instance_type

    @property
    def lifecycle_config_arn(self) -> str | None:
        """The lifecycle configuration that ran, or runs, at its start."""
        return self.spec.lifecycle_config_arn

    @property
    def is_running(self) -> bool:
        """Whether it has an instance, or is about to."""
        return self.status in {"InService", "Pending"}

    @property
    def key(self) -> tuple[str | None, str | None, str, str]:
        """The values that identify it in its domain."""
        return (self.space, self.user_profile, self.type, self.name)

    @property
    def title(self) -> str:
        """Its name in messages: "CodeEditor in 'ada-editor'"."""
        return f"{self.type} in '{self.space}'" if self.space else f"{self.type} of '{self.user_profile}'"


def read_domain(answer: Mapping[str, Any]) -> Domain:
    """Read a domain from DescribeDomain."""
    settings = answer.get("DefaultUserSettings", {})
    return Domain(
        id=answer["DomainId"],
        arn=answer["DomainArn"],
        name=answer["DomainName"],
        status=answer["Status"],
        url=answer.get("Url", ""),
        home_file_system_id=answer.get("HomeEfsFileSystemId") or None,
        idle_timeout_minutes=read_editor_defaults(settings).idle_timeout_minutes,
        lab_idle_timeout_minutes=read_editor_defaults(settings, LAB).idle_timeout_minutes,
        auth_mode=answer.get("AuthMode", "IAM"),
        application_arn=answer.get("SingleSignOnApplicationArn"),
        created_at=answer.get("CreationTime"),
    )


def read_editor_defaults(user_settings: Mapping[str, Any], app_type: str = EDITOR) -> EditorDefaults:
    """Read the editor's defaults from the UserSettings of a profile or a domain."""
    editor = user_settings.get(SETTINGS[app_type], {})
    idle = editor.get("AppLifecycleManagement", {}).get("IdleSettings", {})
    is_off = idle.get("LifecycleManagement") == "DISABLED"
    return EditorDefaults(read_spec(editor.get("DefaultResourceSpec", {})), _idle_timeout(editor), is_off)


def read_space(details: Mapping[str, Any]) -> Space:
    """Read a space from an entry of ListSpaces."""
    return Space(
        **_space_fields(
            details,
            details.get("SpaceSettingsSummary", {}),
            details.get("OwnershipSettingsSummary", {}),
        )
    )


def read_space_details(answer: Mapping[str, Any]) -> SpaceDetails:
    """Read a space's details from DescribeSpace."""
    settings = answer.get("SpaceSettings", {})
    editor = settings.get(SETTINGS.get(settings.get("AppType", ""), SETTINGS[EDITOR]), {})
    return SpaceDetails(
        **_space_fields(answer, settings, answer.get("OwnershipSettings", {})),
        arn=answer["SpaceArn"],
        spec=read_spec(editor.get("DefaultResourceSpec", {})),
        idle_timeout_minutes=_idle_timeout(editor),
        failure=answer.get("FailureReason", ""),
    )


def read_app(details: Mapping[str, Any]) -> App:
    """Read an app from an entry of ListApps, or from DescribeApp."""
    return App(
        name=details["AppName"],
        type=details["AppType"],
        space=details.get("SpaceName"),
        user_profile=details.get("UserProfileName"),
        status=details["Status"],
        created_at=details["CreationTime"],
        spec=read_spec(details.get("ResourceSpec", {})),
        failure=details.get("FailureReason", ""),
        in_recovery=details.get("RecoveryMode", False),
    )


def read_spec(spec: Mapping[str, Any]) -> ResourceSpec:
    """Read AWS's ResourceSpec."""
    return ResourceSpec(
        instance_type=spec.get("InstanceType"),
        image_arn=spec.get("SageMakerImageArn"),
        image_version_arn=spec.get("SageMakerImageVersionArn"),
        image_alias=spec.get("SageMakerImageVersionAlias"),
        lifecycle_config_arn=spec.get("LifecycleConfigArn"),
        training_plan_arn=spec.get("TrainingPlanArn"),
    )


def write_spec(spec: ResourceSpec) -> dict[str, Any]:
    """Return AWS's ResourceSpec, without members that are None."""
    members = {
        "InstanceType": spec.instance_type,
        "SageMakerImageArn": spec.image_arn,
        "SageMakerImageVersionArn": spec.image_version_arn,
        "SageMakerImageVersionAlias": spec.image_alias,
        "LifecycleConfigArn": spec.lifecycle_config_arn,
        "TrainingPlanArn": spec.training_plan_arn,
    }
    return {name: value for name, value in members.items() if value is not None}


def _space_fields(
    answer: Mapping[str, Any], settings: Mapping[str, Any], ownership: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "domain_id": answer["DomainId"],
        "name": answer["SpaceName"],
        "owner": ownership.get("OwnerUserProfileName"),
        "status": answer["Status"],
        "app_type": settings.get("AppType", ""),
        "volume_gb": settings.get("SpaceStorageSettings", {}).get("EbsStorageSettings", {}).get("EbsVolumeSizeInGb"),
        "created_at": answer["CreationTime"],
        "remote_access": settings.get("RemoteAccess") == "ENABLED",
    }


def _idle_timeout(editor: Mapping[str, Any]) -> int | None:
    idle = editor.get("AppLifecycleManagement", {}).get("IdleSettings", {})
    minutes: int | None = None if idle.get("LifecycleManagement") == "DISABLED" else idle.get("IdleTimeoutInMinutes")
    return minutes
