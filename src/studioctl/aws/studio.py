"""SageMaker Studio as a typed port: frozen values in and out, ClientError never."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from studioctl.aws import changes
from studioctl.aws.changes import PAGE
from studioctl.aws.errors import MissingError, ignoring_missing, translated
from studioctl.aws.session import Session
from studioctl.aws.values import (
    EDITOR,
    EDITOR_APP,
    App,
    Domain,
    DomainName,
    EditorDefaults,
    ResourceSpec,
    Space,
    SpaceDetails,
    UserProfile,
    read_app,
    read_domain,
    read_editor_defaults,
    read_space,
    read_space_details,
    write_spec,
)

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import (
        RetentionPolicyTypeDef,
        SpaceSettingsTypeDef,
        UserSettingsTypeDef,
    )

AT_ONCE = 8  # calls side by side; AWS allows about five a second of each kind, and botocore waits when told to


class Studio:
    """A client for SageMaker Studio. Every method raises AwsError if AWS refuses a call."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._sagemaker = session.client("sagemaker")

    def domain_arns(self, name: str) -> tuple[str, ...]:
        """The ARNs of all domains of this name, whoever made them. They end with the id."""
        with translated():
            pages = self._sagemaker.get_paginator("list_domains").paginate(PaginationConfig=PAGE)
            return tuple(d["DomainArn"] for page in pages for d in page["Domains"] if d["DomainName"] == name)

    def find_domain(self, name: str, *, tag: tuple[str, str]) -> Domain | None:
        """The domain that carries this tag. Those of this name are asked first; the file may give it another later."""
        with translated():
            pages = self._sagemaker.get_paginator("list_domains").paginate(PaginationConfig=PAGE)
            every = [domain for page in pages for domain in page["Domains"]]
        for found in sorted(every, key=lambda domain: domain["DomainName"] != name):
            with ignoring_missing():  # a domain that was being deleted may be gone by now
                if self.has_tag(found["DomainArn"], tag):
                    return self.domain(found["DomainId"])
        return None

    def domains(self) -> tuple[DomainName, ...]:
        """Every domain of the account and region, whoever made it."""
        with translated():
            pages = self._sagemaker.get_paginator("list_domains").paginate(PaginationConfig=PAGE)
            return tuple(
                DomainName(d["DomainId"], d["DomainArn"], d["DomainName"], d["Status"])
                for page in pages
                for d in page["Domains"]
            )

    def tag_of(self, arn: str, key: str) -> str | None:
        """The value of a tag of something of SageMaker's; None where it has no such tag, or is gone."""
        with ignoring_missing():
            tags = self._sagemaker.list_tags(ResourceArn=arn)["Tags"]
            return next((tag["Value"] for tag in tags if tag["Key"] == key), None)
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
        return read_domain(answer)

    def user_profiles(self, domain_id: str) -> tuple[UserProfile, ...]:
        """Every user profile of the domain, by name; none when there is no such domain."""
        found: list[UserProfile] = []
        with ignoring_missing():
            pages = self._sagemaker.get_paginator("list_user_profiles").paginate(
                DomainIdEquals=domain_id, PaginationConfig=PAGE
            )
            found = [UserProfile(p["UserProfileName"], p["Status"]) for page in pages for p in page["UserProfiles"]]
        return tuple(sorted(found, key=lambda profile: profile.name))

    def is_passing(self, domain_id: str, *, since: str = "") -> bool:
        """Whether AWS is making, changing or deleting the domain, or a profile or space of it.

        Args:
            domain_id: The domain.
            since: When nothing was; see `changes.are_passing`.
        """
        domain = self.domain(domain_id)
        is_domain = domain is not None and domain.status in changes.PASSING
        return is_domain or (domain is not None and changes.are_passing(self._session, domain_id, since=since))

    def home_numbers(self, domain_id: str) -> dict[str, str]:
        """The number of each user's directory in the home file system, by name of the user profile."""

        def look(profile: UserProfile) -> tuple[str, str]:
            return profile.name, self.home_number(domain_id, profile.name)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return {name: number for name, number in pool.map(look, self.user_profiles(domain_id)) if number}

    def home_number(self, domain_id: str, user_profile: str) -> str:
        """The number of a user's directory in the home file system; empty where there is none."""
        with ignoring_missing():
            found = self._sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName=user_profile)
            return found.get("HomeEfsFileSystemUid", "")
        return ""

    def spaces(self, domain_id: str) -> tuple[Space, ...]:
        """Every space of the domain, by name, whoever made it; none when there is no such domain."""
        found: list[Space] = []
        with ignoring_missing():
            pages = self._sagemaker.get_paginator("list_spaces").paginate(
                DomainIdEquals=domain_id, PaginationConfig=PAGE
            )
            found = [read_space(details) for page in pages for details in page["Spaces"]]
        return tuple(sorted(found, key=lambda space: space.name))

    def apps(self, domain_id: str) -> tuple[App, ...]:
        """Every app of the domain; AWS still lists deleted ones for up to 24 hours. None without such a domain."""
        found: list[App] = []
        with ignoring_missing():
            pages = self._sagemaker.get_paginator("list_apps").paginate(DomainIdEquals=domain_id, PaginationConfig=PAGE)
            found = [read_app(details) for page in pages for details in page["Apps"]]
        return tuple(sorted(found, key=lambda app: (app.space or "", app.user_profile or "", app.type, app.name)))

    def app_status(self, domain_id: str, app: App) -> str | None:
        """The app's status now, in AWS's words; None when AWS no longer knows it."""
        found = self._app(DomainId=domain_id, AppType=app.type, AppName=app.name, **_owner(app))
        return found.status if found else None

    def editor(self, space: Space) -> App | None:
        """The editor of a space, also when it is deleted or failed; None when AWS no longer knows it."""
        kind = space.editor_type
        return self._app(DomainId=space.domain_id, SpaceName=space.name, AppType=kind, AppName=EDITOR_APP)

    def _app(self, **key: Any) -> App | None:
        try:
            with translated():
                return read_app(self._sagemaker.describe_app(**key))
        except MissingError:
            return None

    def space(self, domain_id: str, name: str) -> SpaceDetails | None:
        """Everything about one space; None when there is none of this name."""
        try:
            with translated():
                return read_space_details(self._sagemaker.describe_space(DomainId=domain_id, SpaceName=name))
        except MissingError:
            return None

    def spaces_in_detail(self, domain_id: str, names: Collection[str]) -> tuple[SpaceDetails, ...]:
        """Everything about these spaces, as far as they exist, by name. AWS tells it of one space at a time."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(lambda name: self.space(domain_id, name), sorted(names))
            return tuple(space for space in found if space is not None)

    def editor_defaults(self, domain_id: str, user_profile: str, app_type: str = EDITOR) -> EditorDefaults:
        """Return a user profile's defaults for Code Editor or JupyterLab, used where the space sets no value."""
        with translated():
            answer = self._sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName=user_profile)
        return read_editor_defaults(answer.get("UserSettings", {}), app_type)

    def instance_types(self) -> frozenset[str]:
        """Every instance type that the installed botocore knows for apps."""
        return frozenset(self._sagemaker.meta.service_model.shape_for("AppInstanceType").enum)  # type: ignore[attr-defined]

    def user_profile_arn(self, domain_id: str, name: str) -> str:
        """The ARN of a user profile; empty when there is none of this name."""
        with ignoring_missing():
            return self._sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName=name)["UserProfileArn"]
        return ""

    def create_editor(self, space: Space, spec: ResourceSpec, *, recovery: bool = False) -> None:
        """Starts a space's editor: AWS creates an instance, and it is paid for from then on.

        Args:
            space: The space.
            spec: The instance type and the image.
            recovery: With a home directory that is not on the space's volume.

        Raises:
            InUseError: It runs already.
        """
        with translated():
            self._sagemaker.create_app(
                DomainId=space.domain_id,
                SpaceName=space.name,
                AppType=space.editor_type,
                AppName=EDITOR_APP,
                ResourceSpec=write_spec(spec),  # type: ignore[arg-type]
                RecoveryMode=recovery,
            )

    def update_space(self, space: Space, *, remote_access: bool) -> None:
        """Says whether a local editor may connect to the space. Its app must be started again to follow.

        https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access-remote-setup.html
        """
        settings: SpaceSettingsTypeDef = {"RemoteAccess": "ENABLED" if remote_access else "DISABLED"}
        with translated():
            self._sagemaker.update_space(DomainId=space.domain_id, SpaceName=space.name, SpaceSettings=settings)

    def presigned_url(self, space: Space, *, landing_uri: str, expires_seconds: int = 300) -> str:
        """An address that lets whoever has it in, as the space's owner, once: a credential.

        Args:
            space: The space to open. It must have an owner.
            landing_uri: The app that opens there, such as "app:CodeEditor:".
            expires_seconds: The time during which it can be used, 5 to 300.
        """
        with translated():
            answer = self._sagemaker.create_presigned_domain_url(
                DomainId=space.domain_id,
                UserProfileName=space.owner or "",
                SpaceName=space.name,
                LandingUri=landing_uri,
                ExpiresInSeconds=expires_seconds,
            )
        return answer["AuthorizedUrl"]

    def mount_nothing(self, domain_id: str, user_profile: str) -> None:
        """Takes every file system from what the spaces of one user may mount. Nothing else changes."""
        settings: UserSettingsTypeDef = {"CustomFileSystemConfigs": []}
        with translated():
            self._sagemaker.update_user_profile(DomainId=domain_id, UserProfileName=user_profile, UserSettings=settings)

    def offer_no_images(self, domain_id: str, user_profile: str, app_types: Collection[str]) -> None:
        """Takes every custom image out of what apps of these types offer to one user. Nothing else changes."""
        settings: Any = {f"{app_type}AppSettings": {"CustomImages": []} for app_type in app_types}
        with translated():
            self._sagemaker.update_user_profile(DomainId=domain_id, UserProfileName=user_profile, UserSettings=settings)

    def delete_app(self, domain_id: str, app: App) -> None:
        """Stops an app. Its files stay on the space's volume."""
        with translated():
            self._sagemaker.delete_app(DomainId=domain_id, AppType=app.type, AppName=app.name, **_owner(app))

    def delete_space(self, domain_id: str, name: str) -> None:
        """Permanently delete a space and its volume. It may be gone already."""
        with ignoring_missing():
            self._sagemaker.delete_space(DomainId=domain_id, SpaceName=name)

    def delete_user_profile(self, domain_id: str, name: str) -> None:
        """Deletes a user profile. It may be gone already."""
        with ignoring_missing():
            self._sagemaker.delete_user_profile(DomainId=domain_id, UserProfileName=name)

    def delete_domain(self, domain_id: str, *, keep_home: bool = False) -> None:
        """Permanently delete a domain, with its home file system unless `keep_home` is set. It may be gone already."""
        policy: RetentionPolicyTypeDef = {"HomeEfsFileSystem": "Retain" if keep_home else "Delete"}
        with ignoring_missing():
            self._sagemaker.delete_domain(DomainId=domain_id, RetentionPolicy=policy)

    def lifecycle_configs(self, prefix: str, *, tag: tuple[str, str]) -> tuple[str, ...]:
        """The names of lifecycle configurations that begin so and carry this tag: key and value."""
        with translated():
            pages = self._sagemaker.get_paginator("list_studio_lifecycle_configs").paginate(
                NameContains=prefix.rstrip("-"), PaginationConfig=PAGE
            )
            found = [config for page in pages for config in page["StudioLifecycleConfigs"]]
        return tuple(
            config["StudioLifecycleConfigName"]
            for config in found
            if config["StudioLifecycleConfigName"].startswith(prefix)
            and self.has_tag(config["StudioLifecycleConfigArn"], tag)
        )

    def delete_lifecycle_config(self, name: str) -> None:
        """Deletes a lifecycle configuration. It may be gone already."""
        with ignoring_missing():
            self._sagemaker.delete_studio_lifecycle_config(StudioLifecycleConfigName=name)

    def create_domain(self, members: Mapping[str, Any], tags: Mapping[str, str]) -> str:
        """Asks AWS, once, for a domain with these members of CreateDomain; its id."""
        request: Any = {**members, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        with translated():
            made = self._session.once().client("sagemaker").create_domain(**request)
        return made["DomainArn"].rpartition("/")[2]

    def described_domain(self, domain_id: str) -> Mapping[str, Any]:
        """All that AWS says of a domain; empty when it does not exist."""
        with ignoring_missing():
            return self._sagemaker.describe_domain(DomainId=domain_id)
        return {}

    def described_space(self, domain_id: str, name: str) -> Mapping[str, Any]:
        """All that AWS says of a space; empty when it does not exist."""
        with ignoring_missing():
            return self._sagemaker.describe_space(DomainId=domain_id, SpaceName=name)
        return {}

    def described_profile(self, domain_id: str, name: str) -> Mapping[str, Any]:
        """All that AWS says of a user profile; empty when it does not exist."""
        with ignoring_missing():
            return self._sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName=name)
        return {}

    def change_domain(self, domain_id: str, members: Mapping[str, Any]) -> None:
        """UpdateDomain with these members. AWS takes some changes only while no app runs."""
        with translated():
            self._sagemaker.update_domain(DomainId=domain_id, **members)

    def change_space(self, domain_id: str, name: str, members: Mapping[str, Any]) -> None:
        """UpdateSpace with these members."""
        with translated():
            self._sagemaker.update_space(DomainId=domain_id, SpaceName=name, **members)

    def space_failure(self, domain_id: str, name: str) -> str:
        """AWS's reason for a space's failure; empty if it gives none."""
        return _failure(lambda: self._sagemaker.describe_space(DomainId=domain_id, SpaceName=name))

    def user_profile_failure(self, domain_id: str, name: str) -> str:
        """AWS's reason for a user profile's failure; empty if it gives none."""
        return _failure(lambda: self._sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName=name))

    def domain_failure(self, domain_id: str) -> str:
        """AWS's reason for a domain's failure; empty if it gives none."""
        return _failure(lambda: self._sagemaker.describe_domain(DomainId=domain_id))


def _failure(describe: Callable[[], Mapping[str, Any]]) -> str:
    try:
        with translated():
            return str(describe().get("FailureReason", ""))
    except MissingError:
        return ""


def _owner(app: App) -> dict[str, Any]:
    return {"SpaceName": app.space} if app.space else {"UserProfileName": app.user_profile}
