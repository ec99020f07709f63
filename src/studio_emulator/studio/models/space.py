"""Spaces: a disk and the settings of the one app that runs on it."""

from dataclasses import dataclass
from datetime import datetime

from studio_emulator.sandbox import trees
from studio_emulator.studio import quotas
from studio_emulator.studio.exceptions import ValidationException, already_exists, has_children
from studio_emulator.studio.models.domain import Domain
from studio_emulator.studio.models.profile import ProfileBackend
from studio_emulator.studio.paging import page
from studio_emulator.studio.references import OF_APP, check_lifecycle_config, file_systems_in
from studio_emulator.studio.resource import (
    Resource,
    Settings,
    merge,
    now,
    present,
    read_tags,
    without_cleared,
)
from studio_emulator.studio.store import goes_already, require_settled

SPACE_APPS = {"CodeEditor": "CodeEditorAppSettings", "JupyterLab": "JupyterLabAppSettings"}
DEFAULT_VOLUME = {"DefaultEbsVolumeSizeInGb": 5, "MaximumEbsVolumeSizeInGb": 100}
"""Developer Guide, "code-editor-admin-storage-size"."""


@dataclass(kw_only=True)
class Space(Resource):
    """One space in one domain."""

    domain_id: str
    name: str
    settings: Settings
    owner: str | None
    sharing_type: str | None
    display_name: str | None
    home_efs_file_system_uid: str
    url: str
    volume_modified: datetime | None = None

    @property
    def app_type(self) -> str | None:
        """The one type of app that may run in it; None for a classic shared space."""
        return self.settings.get("AppType")

    @property
    def remote_access(self) -> bool:
        """Whether apps that start now let remote sessions in."""
        return self.settings.get("RemoteAccess") == "ENABLED"

    @property
    def volume_gb(self) -> int | None:
        """The size of its disk."""
        return _volume_of(self.settings)

    def summary(self) -> Settings:
        """The shape SpaceDetails."""
        shown = ("AppType", "RemoteAccess", "SpaceStorageSettings")
        return present(
            {
                "DomainId": self.domain_id,
                "SpaceName": self.name,
                "Status": self.status,
                "CreationTime": self.creation_time,
                "LastModifiedTime": self.last_modified_time,
                "SpaceSettingsSummary": {key: self.settings[key] for key in shown if key in self.settings},
                "SpaceSharingSettingsSummary": {"SharingType": self.sharing_type} if self.sharing_type else None,
                "OwnershipSettingsSummary": {"OwnerUserProfileName": self.owner} if self.owner else None,
                "SpaceDisplayName": self.display_name,
            }
        )

    def describe(self) -> Settings:
        """The shape DescribeSpaceResponse."""
        return present(
            {
                "DomainId": self.domain_id,
                "SpaceArn": self.arn,
                "SpaceName": self.name,
                "HomeEfsFileSystemUid": self.home_efs_file_system_uid,
                "Status": self.status,
                "LastModifiedTime": self.last_modified_time,
                "CreationTime": self.creation_time,
                "FailureReason": self.failure_reason,
                "SpaceSettings": self.settings or None,
                "OwnershipSettings": {"OwnerUserProfileName": self.owner} if self.owner else None,
                "SpaceSharingSettings": {"SharingType": self.sharing_type} if self.sharing_type else None,
                "SpaceDisplayName": self.display_name,
                "Url": self.url,
            }
        )


class SpaceBackend(ProfileBackend):
    """CreateSpace and its siblings."""

    def create_space(self, request: Settings) -> Space:
        """Raises ValidationException for a private space without settings, an owner or a script that does not exist."""
        domain = self.in_service_domain(request["DomainId"])
        name = request["SpaceName"]
        if (domain.domain_id, name) in self.spaces:
            raise already_exists("Space", self.spaces[domain.domain_id, name].arn)
        owner = request.get("OwnershipSettings", {}).get("OwnerUserProfileName")
        sharing_type = request.get("SpaceSharingSettings", {}).get("SharingType")
        settings = request.get("SpaceSettings", {})
        self._check_ownership(domain, owner, sharing_type, request)
        settings = self._fill_in(domain, owner, without_cleared(settings))
        self._check_space_settings(domain, owner, settings)
        quotas.SPACES.check(self.settings, len(self.spaces))
        space = Space(
            arn=self.studio_arn(f"space/{domain.domain_id}/{name}"),
            tags=read_tags(request.get("Tags")),
            domain_id=domain.domain_id,
            name=name,
            settings=settings,
            owner=owner,
            sharing_type=sharing_type,
            display_name=request.get("SpaceDisplayName"),
            home_efs_file_system_uid=domain.next_uid(),
            url=f"{domain.url}/spaces/{name}",  # AWS's form is not documented
        )
        self.spaces[domain.domain_id, name] = space
        self.bring_into_service(space)
        return space

    def _check_ownership(self, domain: Domain, owner: str | None, sharing_type: str | None, request: Settings) -> None:
        if (owner is None) != (sharing_type is None):  # text assumed
            raise ValidationException("OwnershipSettings and SpaceSharingSettings must be provided together")
        settings = request.get("SpaceSettings", {})
        untyped = self.settings.private_spaces_need_app_type and not settings.get("AppType")
        if sharing_type == "Private" and (untyped or not settings):
            arn = self.studio_arn(f"space/{domain.domain_id}/{request['SpaceName']}")
            # hashicorp/terraform-provider-aws#38370, for a request without settings
            raise ValidationException(f"SpaceSettings must be provided for creating private space [{arn}]")
        if owner is None:
            return
        profile = self.profiles.get((domain.domain_id, owner.lower()))
        if profile is None or profile.status != "InService":  # text assumed
            raise ValidationException(f"UserProfile [{owner}] does not exist or is not InService.")

    def _fill_in(self, domain: Domain, owner: str | None, settings: Settings) -> Settings:
        """Add AWS's values: the disk's size, which the provider marks as computed, but no image, which it does not."""
        kinds = [kind for kind, key in SPACE_APPS.items() if settings.get("AppType") == kind or key in settings]
        if not kinds:
            return settings
        size = self.volume_limits(domain, owner)["DefaultEbsVolumeSizeInGb"]
        return merge({"SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": size}}}, settings)

    def volume_limits(self, domain: Domain, owner: str | None) -> dict[str, int]:
        """The default and the largest size of a disk, in GB: the owner's, else the domain's, else AWS's."""
        for settings in self.settings_of_owner(domain, owner):
            limits = settings.get("SpaceStorageSettings", {}).get("DefaultEbsStorageSettings")
            if limits:
                return dict(limits)
        return DEFAULT_VOLUME

    def settings_of_owner(self, domain: Domain, owner: str | None) -> list[Settings]:
        """The settings that apply to a space, the nearest first: its owner's profile, then the domain."""
        profile = self.profiles.get((domain.domain_id, (owner or "").lower()))
        return [profile.user_settings, domain.default_user_settings] if profile else domain.all_settings()[::-1]

    def _check_space_settings(self, domain: Domain, owner: str | None, settings: Settings) -> None:
        size, largest = _volume_of(settings), self.volume_limits(domain, owner)["MaximumEbsVolumeSizeInGb"]
        if size is not None and size > largest:  # text assumed
            raise ValidationException(f"EbsVolumeSizeInGb {size} is larger than the maximum of {largest}.")
        self._check_mounts(domain, owner, settings)
        for key in SPACE_APPS.values():
            arn = settings.get(key, {}).get("DefaultResourceSpec", {}).get("LifecycleConfigArn")
            if arn:
                self.check_allowed_script(domain, owner, key, arn)

    def _check_mounts(self, domain: Domain, owner: str | None, settings: Settings) -> None:
        """A space mounts what the owner's profile or the domain lets it: Developer Guide, "domain-custom-efs"."""
        permitted = {its_id for each in self.settings_of_owner(domain, owner) for its_id in file_systems_in(each)}
        for its_id in mounted_by(settings):
            if its_id not in permitted:  # text assumed
                raise ValidationException(f"The file system '{its_id}' is not in the owner's CustomFileSystemConfigs")

    def check_allowed_script(self, domain: Domain, owner: str | None, app_settings_key: str, arn: str) -> None:
        """A script must exist and be in the list of the owner's profile or the domain; the text is assumed."""
        check_lifecycle_config(self, arn, app_settings_key.removesuffix(OF_APP))
        for settings in self.settings_of_owner(domain, owner):
            if arn in settings.get(app_settings_key, {}).get("LifecycleConfigArns", []):
                return
        raise ValidationException(f"The lifecycle configuration '{arn}' is not in the LifecycleConfigArns of the owner")

    def list_spaces(self, request: Settings) -> tuple[list[Space], str | None]:
        """Filters: DomainIdEquals, SpaceNameContains."""
        domain_id, contained = request.get("DomainIdEquals"), request.get("SpaceNameContains", "").lower()
        matching = [
            space
            for space in self.spaces.values()
            if domain_id in {None, space.domain_id} and contained in space.name.lower()
        ]
        return page(matching, request, name=lambda space: space.arn)

    def update_space(self, request: Settings) -> Space:
        """The type of app never changes, and a disk never shrinks."""
        space = self.get_space(request["DomainId"], request["SpaceName"])
        require_settled("update", "Space", space)
        domain = self.get_domain(space.domain_id)
        change = request.get("SpaceSettings", {})
        takes_type = self.settings.update_space_takes_type
        if change.get("AppType", space.app_type) != space.app_type or ("AppType" in change and not takes_type):
            # hashicorp/terraform-provider-aws#38370
            raise ValidationException("Updating AppType for Space is not supported.")
        settings = self._fill_in(domain, space.owner, without_cleared(merge(space.settings, change)))
        self._check_space_settings(domain, space.owner, settings)
        self._check_volume(space, _volume_of(settings))
        space.settings = settings
        space.display_name = request.get("SpaceDisplayName", space.display_name)
        self.bring_into_service(space, "Updating")
        return space

    def _check_volume(self, space: Space, size: int | None) -> None:
        before = space.volume_gb
        if before is None or size is None or size == before:
            return
        if size < before:
            # aws-samples/sagemaker-studio-code-editor-template looks for these words
            raise ValidationException("The decrease of 'EbsVolumeSizeInGb' is not supported.")
        wait = self.settings.volume_modification_seconds
        if space.volume_modified and (now() - space.volume_modified).total_seconds() < wait:
            # aws/amazon-sagemaker-feedback#160 gives the beginning; the rest is EC2's own text
            raise ValidationException(
                "VolumeModificationRateExceeded: You've reached the maximum modification rate per volume limit. Wait at"
                " least 6 hours between modifications per EBS volume."
            )
        space.volume_modified = now()

    def delete_space(self, domain_id: str, name: str) -> None:
        """Its disk goes with it. Apps that are neither Deleted nor Failed block it."""
        space = self.get_space(domain_id, name)
        if goes_already(space):
            return
        require_settled("delete", "Space", space)
        if any(self.apps_where(lambda app: app.domain_id == domain_id and app.space_name == name)):
            raise has_children("Space", space.arn, "App")

        def finish() -> None:
            del self.spaces[domain_id, name]
            if volume := self.volume(domain_id, name):
                trees.remove(volume)

        self.pass_through(space, "Deleting", finish)


def mounted_by(settings: Settings) -> list[str]:
    """The file systems of EFS that a space's settings name."""
    mounts = settings.get("CustomFileSystems", [])
    return [each["EFSFileSystem"]["FileSystemId"] for each in mounts if "EFSFileSystem" in each]


def _volume_of(settings: Settings) -> int | None:
    size: int | None = settings.get("SpaceStorageSettings", {}).get("EbsStorageSettings", {}).get("EbsVolumeSizeInGb")
    return size
