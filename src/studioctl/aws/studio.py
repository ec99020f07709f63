"""SageMaker Studio as a typed port: frozen values in and out, ClientError never."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from studioctl.aws.errors import MissingError, ignoring_missing, translated
from studioctl.aws.session import Session

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import AppTypeType
    from mypy_boto3_sagemaker.type_defs import (
        AppDetailsTypeDef,
        PaginatorConfigTypeDef,
        SpaceDetailsTypeDef,
        UserSettingsTypeDef,
    )

PAGE: "PaginatorConfigTypeDef" = {"PageSize": 100}  # AWS's largest; its default is 10


@dataclass(frozen=True)
class Domain:
    """A domain: `status` in AWS's words, `home_file_system_id` None where it has no EFS."""

    id: str
    arn: str
    name: str
    status: str
    url: str
    home_file_system_id: str | None


@dataclass(frozen=True)
class UserProfile:
    """A user profile of a domain."""

    name: str
    status: str


@dataclass(frozen=True)
class Space:
    """A space of a domain: `volume_gb` in GB, `owner` None for a space that AWS shows without one."""

    name: str
    owner: str | None
    status: str
    app_type: str
    volume_gb: int | None
    created_at: datetime


@dataclass(frozen=True)
class App:
    """An app: in a space, or of a user profile in Studio's classic forms."""

    name: str
    type: "AppTypeType"
    space: str | None
    user_profile: str | None
    status: str
    created_at: datetime
    instance_type: str | None
    lifecycle_config_arn: str | None
    image_arn: str | None = None
    image_version_arn: str | None = None

    @property
    def is_running(self) -> bool:
        """Whether it has an instance, or is about to."""
        return self.status in {"InService", "Pending"}

    @property
    def key(self) -> tuple[str | None, str | None, str, str]:
        """What tells it from every other app of its domain."""
        return (self.space, self.user_profile, self.type, self.name)

    @property
    def title(self) -> str:
        """What people call it: "CodeEditor in 'ada-editor'"."""
        return f"{self.type} in '{self.space}'" if self.space else f"{self.type} of '{self.user_profile}'"


class Studio:
    """What is in SageMaker Studio. Every method raises AwsError when AWS refuses."""

    def __init__(self, session: Session) -> None:
        self._sagemaker = session.client("sagemaker")

    def domain_ids(self, name: str) -> tuple[str, ...]:
        """The ids of all domains of this name, whoever made them."""
        with translated():
            pages = self._sagemaker.get_paginator("list_domains").paginate(PaginationConfig=PAGE)
            return tuple(d["DomainId"] for page in pages for d in page["Domains"] if d["DomainName"] == name)

    def find_domain(self, name: str, *, tag: tuple[str, str]) -> Domain | None:
        """The domain of this name that carries this tag: AWS allows several domains of one name."""
        with translated():
            pages = self._sagemaker.get_paginator("list_domains").paginate(PaginationConfig=PAGE)
            for found in (d for page in pages for d in page["Domains"] if d["DomainName"] == name):
                if self.has_tag(found["DomainArn"], tag):
                    return self.domain(found["DomainId"])
        return None

    def has_tag(self, arn: str, tag: tuple[str, str]) -> bool:
        """Whether something of SageMaker's carries this tag: key and value."""
        with translated():
            return {"Key": tag[0], "Value": tag[1]} in self._sagemaker.list_tags(ResourceArn=arn)["Tags"]

    def domain(self, domain_id: str) -> Domain | None:
        """The domain of this id; None when it does not exist."""
        try:
            with translated():
                answer = self._sagemaker.describe_domain(DomainId=domain_id)
        except MissingError:
            return None
        return Domain(
            id=answer["DomainId"],
            arn=answer["DomainArn"],
            name=answer["DomainName"],
            status=answer["Status"],
            url=answer.get("Url", ""),
            home_file_system_id=answer.get("HomeEfsFileSystemId"),
        )

    def user_profiles(self, domain_id: str) -> tuple[UserProfile, ...]:
        """Every user profile of the domain, by name; none when there is no such domain."""
        found: list[UserProfile] = []
        with ignoring_missing():
            pages = self._sagemaker.get_paginator("list_user_profiles").paginate(
                DomainIdEquals=domain_id, PaginationConfig=PAGE
            )
            found = [UserProfile(p["UserProfileName"], p["Status"]) for page in pages for p in page["UserProfiles"]]
        return tuple(sorted(found, key=lambda profile: profile.name))

    def spaces(self, domain_id: str) -> tuple[Space, ...]:
        """Every space of the domain, by name, whoever made it; none when there is no such domain."""
        found: list[Space] = []
        with ignoring_missing():
            pages = self._sagemaker.get_paginator("list_spaces").paginate(
                DomainIdEquals=domain_id, PaginationConfig=PAGE
            )
            found = [_space(details) for page in pages for details in page["Spaces"]]
        return tuple(sorted(found, key=lambda space: space.name))

    def apps(self, domain_id: str) -> tuple[App, ...]:
        """Every app of the domain; AWS still lists deleted ones for up to 24 hours. None without such a domain."""
        found: list[App] = []
        with ignoring_missing():
            pages = self._sagemaker.get_paginator("list_apps").paginate(DomainIdEquals=domain_id, PaginationConfig=PAGE)
            found = [_app(details) for page in pages for details in page["Apps"]]
        return tuple(sorted(found, key=lambda app: (app.space or "", app.user_profile or "", app.type, app.name)))

    def app_status(self, domain_id: str, app: App) -> str | None:
        """The app's status now, in AWS's words; None when AWS no longer knows it."""
        try:
            with translated():
                answer = self._sagemaker.describe_app(
                    DomainId=domain_id, AppType=app.type, AppName=app.name, **_owner(app)
                )
        except MissingError:
            return None
        return answer["Status"]

    def offer_no_images(self, domain_id: str, *, user_profile: str | None = None) -> None:
        """Takes every custom image out of what Code Editor offers: by default, or to one user. Nothing else changes."""
        settings: UserSettingsTypeDef = {"CodeEditorAppSettings": {"CustomImages": []}}
        with translated():
            if user_profile is None:
                self._sagemaker.update_domain(DomainId=domain_id, DefaultUserSettings=settings)
            else:
                self._sagemaker.update_user_profile(
                    DomainId=domain_id, UserProfileName=user_profile, UserSettings=settings
                )

    def delete_app(self, domain_id: str, app: App) -> None:
        """Stops an app. Its files stay on the space's volume."""
        with translated():
            self._sagemaker.delete_app(DomainId=domain_id, AppType=app.type, AppName=app.name, **_owner(app))

    def delete_space(self, domain_id: str, name: str) -> None:
        """Deletes a space and its volume, for ever. It may be gone already."""
        with ignoring_missing():
            self._sagemaker.delete_space(DomainId=domain_id, SpaceName=name)

    def delete_user_profile(self, domain_id: str, name: str) -> None:
        """Deletes a user profile. It may be gone already."""
        with ignoring_missing():
            self._sagemaker.delete_user_profile(DomainId=domain_id, UserProfileName=name)

    def delete_domain(self, domain_id: str) -> None:
        """Deletes a domain together with its home file system, for ever. It may be gone already."""
        with ignoring_missing():
            self._sagemaker.delete_domain(DomainId=domain_id, RetentionPolicy={"HomeEfsFileSystem": "Delete"})

    def space_failure(self, domain_id: str, name: str) -> str:
        """Why AWS says that a space failed; empty if it does not say."""
        return _failure(lambda: self._sagemaker.describe_space(DomainId=domain_id, SpaceName=name))

    def user_profile_failure(self, domain_id: str, name: str) -> str:
        """Why AWS says that a user profile failed; empty if it does not say."""
        return _failure(lambda: self._sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName=name))

    def domain_failure(self, domain_id: str) -> str:
        """Why AWS says that a domain failed; empty if it does not say."""
        return _failure(lambda: self._sagemaker.describe_domain(DomainId=domain_id))


def _failure(describe: Callable[[], Mapping[str, Any]]) -> str:
    try:
        with translated():
            return str(describe().get("FailureReason", ""))
    except MissingError:
        return ""


def _owner(app: App) -> dict[str, Any]:
    return {"SpaceName": app.space} if app.space else {"UserProfileName": app.user_profile}


def _space(details: "SpaceDetailsTypeDef") -> Space:
    settings = details.get("SpaceSettingsSummary", {})
    ebs = settings.get("SpaceStorageSettings", {}).get("EbsStorageSettings", {})
    return Space(
        name=details["SpaceName"],
        owner=details.get("OwnershipSettingsSummary", {}).get("OwnerUserProfileName"),
        status=details["Status"],
        app_type=settings.get("AppType", ""),
        volume_gb=ebs.get("EbsVolumeSizeInGb"),
        created_at=details["CreationTime"],
    )


def _app(details: "AppDetailsTypeDef") -> App:
    spec = details.get("ResourceSpec", {})
    return App(
        name=details["AppName"],
        type=details["AppType"],
        space=details.get("SpaceName"),
        user_profile=details.get("UserProfileName"),
        status=details["Status"],
        created_at=details["CreationTime"],
        instance_type=spec.get("InstanceType"),
        lifecycle_config_arn=spec.get("LifecycleConfigArn"),
        image_arn=spec.get("SageMakerImageArn"),
        image_version_arn=spec.get("SageMakerImageVersionArn"),
    )
