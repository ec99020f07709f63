"""User profiles: a person in a domain."""

from dataclasses import dataclass

from studio_emulator import identity_center
from studio_emulator.identity_center import Application
from studio_emulator.studio import background, quotas
from studio_emulator.studio.exceptions import ValidationException, already_exists, has_children
from studio_emulator.studio.models.domain import Domain, DomainBackend
from studio_emulator.studio.paging import page
from studio_emulator.studio.references import check_mount, check_user_settings
from studio_emulator.studio.resource import Resource, Settings, present, read_tags, without_cleared
from studio_emulator.studio.store import goes_already, require_settled

USER_DEFAULTS: Settings = {"StudioWebPortal": "ENABLED", "AutoMountHomeEFS": "DefaultAsDomain"}
"""Values that AWS fills in if a request has settings; the provider marks these two as computed."""


@dataclass(kw_only=True)
class UserProfile(Resource):
    """One person's profile in one domain."""

    domain_id: str
    name: str
    user_settings: Settings
    home_efs_file_system_uid: str
    single_sign_on_user_identifier: str | None = None
    single_sign_on_user_value: str | None = None
    access_point_id: str | None = None

    def mounts_home(self, domain: Domain) -> bool:
        """Whether the profile's home on EFS is mounted into its apps."""
        choice = self.user_settings.get("AutoMountHomeEFS", "DefaultAsDomain")
        if choice == "DefaultAsDomain":
            choice = domain.default_user_settings["AutoMountHomeEFS"]
        return bool(choice == "Enabled")

    def summary(self) -> Settings:
        """The shape UserProfileDetails."""
        return {
            "DomainId": self.domain_id,
            "UserProfileName": self.name,
            "Status": self.status,
            "CreationTime": self.creation_time,
            "LastModifiedTime": self.last_modified_time,
        }

    def describe(self) -> Settings:
        """The shape DescribeUserProfileResponse."""
        return present(
            self.summary()
            | {
                "UserProfileArn": self.arn,
                "HomeEfsFileSystemUid": self.home_efs_file_system_uid,
                "FailureReason": self.failure_reason,
                "SingleSignOnUserIdentifier": self.single_sign_on_user_identifier,
                "SingleSignOnUserValue": self.single_sign_on_user_value,
                "UserSettings": self.user_settings or None,
            }
        )


class ProfileBackend(DomainBackend):
    """CreateUserProfile and its siblings."""

    def create_user_profile(self, request: Settings) -> UserProfile:
        """Names are not case sensitive: `Ada` is taken when `ada` exists."""
        domain = self.in_service_domain(request["DomainId"])
        name = request["UserProfileName"]
        key = domain.domain_id, name.lower()
        if key in self.profiles:
            raise already_exists("UserProfile", self.profiles[key].arn)
        _check_identity(domain, request)
        if domain.application:
            self._check_user(domain, domain.application, request)
        quotas.PROFILES.check(self.settings, len(self.profiles))
        user_settings = without_cleared(request.get("UserSettings", {}))
        check_user_settings(self, user_settings)
        check_mount(self, user_settings, has_homes=domain.has_homes)
        profile = UserProfile(
            arn=self.studio_arn(f"user-profile/{domain.domain_id}/{name}"),
            tags=read_tags(request.get("Tags")),
            domain_id=domain.domain_id,
            name=name,
            user_settings=USER_DEFAULTS | user_settings if user_settings else {},
            home_efs_file_system_uid=domain.next_uid(),
            single_sign_on_user_identifier=request.get("SingleSignOnUserIdentifier"),
            single_sign_on_user_value=request.get("SingleSignOnUserValue"),
        )
        self.profiles[key] = profile
        if profile.mounts_home(domain):
            background.make_access_point(self, domain, profile)
        self.bring_into_service(profile)
        return profile

    def _check_user(self, domain: Domain, application: Application, request: Settings) -> None:
        """Texts assumed. That a user has one profile in a domain is assumed, too."""
        kind, name = request["SingleSignOnUserIdentifier"], request["SingleSignOnUserValue"]
        if kind != "UserName":  # API reference: the only value
            raise ValidationException(f"SingleSignOnUserIdentifier '{kind}' is not supported. Use UserName.")
        for other in self.profiles.values():
            same = (other.single_sign_on_user_value or "").casefold() == name.casefold()
            if other.domain_id == domain.domain_id and same:
                raise already_exists("UserProfile", other.arn)
        wanted = self.settings.sso_users
        centre = identity_center.of(self.account_id, self.region_name)
        user_id = centre.user_id(name)
        if wanted != "any" and user_id is None:
            raise ValidationException(f"SingleSignOnUserValue '{name}' is not a user in IAM Identity Center.")
        if wanted == "assigned" and user_id and not centre.may_use(application.arn, user_id):
            raise ValidationException(f"User '{name}' is not assigned to the application of Domain [{domain.arn}].")

    def list_user_profiles(self, request: Settings) -> tuple[list[UserProfile], str | None]:
        """Filters: DomainIdEquals, UserProfileNameContains."""
        domain_id, contained = request.get("DomainIdEquals"), request.get("UserProfileNameContains", "").lower()
        matching = [
            profile
            for profile in self.profiles.values()
            if domain_id in {None, profile.domain_id} and contained in profile.name.lower()
        ]
        return page(matching, request, name=lambda profile: profile.arn)

    def update_user_profile(self, request: Settings) -> UserProfile:
        """Members that are not sent are kept."""
        profile = self.get_profile(request["DomainId"], request["UserProfileName"])
        require_settled("update", "UserProfile", profile)
        domain = self.get_domain(profile.domain_id)
        settings = self._changed(profile.user_settings, request.get("UserSettings", {}))
        check_user_settings(self, settings)
        check_mount(self, request.get("UserSettings", {}), has_homes=domain.has_homes)
        profile.user_settings = without_cleared(settings)
        if profile.mounts_home(domain):
            background.make_access_point(self, domain, profile)
        else:
            background.remove_access_point(self, profile)
        self.bring_into_service(profile, "Updating")
        return profile

    def delete_user_profile(self, domain_id: str, name: str) -> None:
        """Apps block it, and so do the spaces that it owns (ekristen/aws-nuke#1184)."""
        profile = self.get_profile(domain_id, name)
        if goes_already(profile):
            return
        require_settled("delete", "UserProfile", profile)
        owned = {
            space.name
            for space in self.spaces.values()
            if space.domain_id == domain_id and (space.owner or "").lower() == name.lower()
        }
        if any(self.apps_where(lambda app: app.domain_id == domain_id and app.belongs_to(profile.name, owned))):
            raise has_children("UserProfile", profile.arn, "App")
        if owned:
            raise has_children("UserProfile", profile.arn, "Space")

        def finish() -> None:
            del self.profiles[domain_id, profile.name.lower()]
            if not self.settings.access_points_stay:
                background.remove_access_point(self, profile)

        self.pass_through(profile, "Deleting", finish)


def _check_identity(domain: Domain, request: Settings) -> None:
    """Only a domain of IAM Identity Center has users of it, and all of its profiles are such (API reference)."""
    given = [name for name in ("SingleSignOnUserIdentifier", "SingleSignOnUserValue") if name in request]
    if domain.auth_mode == "SSO" and len(given) < 2:
        raise ValidationException("SingleSignOnUserIdentifier and SingleSignOnUserValue are required for AuthMode SSO.")
    if domain.auth_mode != "SSO" and given:
        raise ValidationException(f"{' and '.join(given)} cannot be specified for AuthMode {domain.auth_mode}.")
