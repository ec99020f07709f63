"""Domains: the root of everything in Studio, and the owner of what AWS makes behind it."""

from dataclasses import dataclass

from studio_emulator import identity_center
from studio_emulator.identity_center import Application
from studio_emulator.studio import background
from studio_emulator.studio.domain_failures import RSTUDIO, why_without_home, why_without_rstudio
from studio_emulator.studio.exceptions import (
    ValidationException,
    already_exists,
    apps_in_service,
    has_children,
    homes_stay,
    network_left_out,
)
from studio_emulator.studio.models.lifecycle_config import LifecycleConfigBackend
from studio_emulator.studio.paging import page
from studio_emulator.studio.references import (
    check_closed,
    check_docker,
    check_mount,
    check_network,
    check_security_groups,
    check_space_defaults,
    check_user_settings,
    without_detached_defaults,
)
from studio_emulator.studio.resource import (
    Resource,
    Settings,
    merge,
    present,
    random_id,
    read_tags,
    without_cleared,
)
from studio_emulator.studio.store import Outcome, goes_already, require_settled

USER_DEFAULTS: Settings = {
    "SecurityGroups": [],
    "DefaultLandingUri": "studio::",
    "StudioWebPortal": "ENABLED",
    "AutoMountHomeEFS": "Enabled",
}
"""Values that AWS fills in (hashicorp/terraform-provider-aws#39894, #35382; the provider marks these as computed)."""


@dataclass(kw_only=True)
class Domain(Resource):
    """One Studio domain."""

    domain_id: str
    name: str
    auth_mode: str
    vpc_id: str | None
    subnet_ids: list[str]
    default_user_settings: Settings
    default_space_settings: Settings
    domain_settings: Settings
    app_network_access_type: str
    app_security_group_management: str | None
    tag_propagation: str
    home_efs_creation: str
    kms_key_id: str | None
    url: str
    application: Application | None = None
    home_efs_file_system_id: str | None = None
    nfs_group_ids: tuple[str, ...] = ()
    last_uid: int = 200000

    @property
    def has_homes(self) -> bool:
        """Whether it has a home file system, or is to have one."""
        return self.home_efs_creation == "Enabled"

    def all_settings(self) -> list[Settings]:
        """The default settings of its users and its shared spaces."""
        return [self.default_user_settings, self.default_space_settings]

    def next_uid(self) -> str:
        """The POSIX user of the next profile or space: 200001 and on (Developer Guide, "studio-interface-endpoint")."""
        self.last_uid += 1
        return str(self.last_uid)

    def summary(self) -> Settings:
        """The shape DomainDetails."""
        return {
            "DomainArn": self.arn,
            "DomainId": self.domain_id,
            "DomainName": self.name,
            "Status": self.status,
            "CreationTime": self.creation_time,
            "LastModifiedTime": self.last_modified_time,
            "Url": self.url,
        }

    def describe(self) -> Settings:
        """The shape DescribeDomainResponse."""
        return present(
            self.summary()
            | {
                "HomeEfsFileSystemId": self.home_efs_file_system_id,
                "FailureReason": self.failure_reason,
                "AuthMode": self.auth_mode,
                "SingleSignOnApplicationArn": self.application.arn if self.application else None,
                "SingleSignOnManagedApplicationInstanceId": self.application.instance_id if self.application else None,
                "DefaultUserSettings": self.default_user_settings,
                "DefaultSpaceSettings": self.default_space_settings or None,
                "DomainSettings": self.domain_settings or None,
                "AppNetworkAccessType": self.app_network_access_type,
                "AppSecurityGroupManagement": self.app_security_group_management,
                "TagPropagation": self.tag_propagation,
                "HomeEfsFileSystemCreation": self.home_efs_creation,
                "HomeEfsFileSystemKmsKeyId": self.kms_key_id,
                "KmsKeyId": self.kms_key_id,
                "SubnetIds": self.subnet_ids,
                "VpcId": self.vpc_id,
            }
        )


class DomainBackend(LifecycleConfigBackend):
    """CreateDomain and its siblings."""

    def create_domain(self, request: Settings) -> Domain:  # type: ignore[override]
        """Raises ResourceInUse for a name that is taken, ValidationException for what does not exist."""
        for other in self.studio_domains.values():
            if other.name == request["DomainName"] and self.settings.unique_domain_names:
                raise already_exists("Domain", other.arn)
        check_network(self, request.get("VpcId", ""), request.get("SubnetIds", []))
        domain = self._domain_from(request)
        check_closed(self, domain.app_network_access_type, domain.default_user_settings)
        check_mount(self, request["DefaultUserSettings"], has_homes=domain.has_homes)
        self._check_settings(domain)
        self.studio_domains[domain.domain_id] = domain
        if domain.auth_mode == "SSO":
            domain.application = identity_center.of(self.account_id, self.region_name).add_application()
        keyless = why_without_home(self, domain)
        if domain.has_homes and keyless is None:
            background.make_home(self, domain)
        self._bring_up(domain, "Pending", keyless or why_without_rstudio(self, domain))
        return domain

    def _bring_up(self, domain: Domain, status: str, failure: str | None) -> None:
        """Pass through `status` into InService, or into failure."""
        if failure is None:
            self.bring_into_service(domain, status)
        else:
            outcome = Outcome("Failed" if status == "Pending" else "Update_Failed", failure)
            self.pass_through(domain, status, lambda: self.fail(domain, outcome))

    def _domain_from(self, request: Settings) -> Domain:
        domain_id = f"d-{random_id(12)}"
        user_settings = without_cleared(request["DefaultUserSettings"])
        return Domain(
            arn=self.studio_arn(f"domain/{domain_id}"),
            tags=read_tags(request.get("Tags")),
            domain_id=domain_id,
            name=request["DomainName"],
            auth_mode=request["AuthMode"],
            vpc_id=request.get("VpcId"),
            subnet_ids=request.get("SubnetIds", []),
            default_user_settings=USER_DEFAULTS | user_settings,
            default_space_settings=without_cleared(request.get("DefaultSpaceSettings", {})),
            domain_settings=request.get("DomainSettings", {}),
            app_network_access_type=request.get("AppNetworkAccessType", "PublicInternetOnly"),
            app_security_group_management=request.get("AppSecurityGroupManagement"),
            tag_propagation=request.get("TagPropagation", "DISABLED"),
            home_efs_creation=request.get("HomeEfsFileSystemCreation", "Enabled"),
            kms_key_id=request.get("KmsKeyId") or request.get("HomeEfsFileSystemKmsKeyId"),
            # People open the address of a domain of IAM Identity Center themselves: nothing may lead to AWS.
            url=f"{self.endpoint_url}/studio/{domain_id}"
            if request["AuthMode"] == "SSO"
            else f"https://{domain_id}.studio.{self.region_name}.sagemaker.aws",
        )

    def _check_settings(self, domain: Domain) -> None:
        if domain.default_user_settings["AutoMountHomeEFS"] == "DefaultAsDomain":  # API reference; text assumed
            raise ValidationException("DefaultAsDomain is only supported for user profiles.")
        for settings in domain.all_settings():
            check_user_settings(self, settings)
        check_space_defaults(domain.default_space_settings)
        check_security_groups(self, domain.domain_settings.get("SecurityGroupIds"))
        check_docker(self, domain.domain_settings)

    def list_domains(self, request: Settings) -> tuple[list[Domain], str | None]:  # type: ignore[override]
        """All domains, a page at a time."""
        return page(self.studio_domains.values(), request, name=lambda domain: domain.domain_id)

    def update_domain(self, request: Settings) -> Domain:
        """Running apps forbid only another network access, another role identity and the removal of a subnet."""
        domain = self.get_domain(request["DomainId"])
        require_settled("update", "Domain", domain)
        if request.get("AppNetworkAccessType") == "VpcOnly" and not (request.get("VpcId") and request.get("SubnetIds")):
            raise network_left_out()
        before, after = domain.domain_settings, request.get("DomainSettingsForUpdate", {})
        subnet_ids = request.get("SubnetIds", domain.subnet_ids)
        identity = before.get("ExecutionRoleIdentityConfig", "DISABLED")
        access = request.get("AppNetworkAccessType", domain.app_network_access_type)
        removed = set(domain.subnet_ids) - set(subnet_ids)
        delicate = (
            access != domain.app_network_access_type
            or after.get("ExecutionRoleIdentityConfig", identity) != identity
            or bool(removed)
        )
        if delicate and any(self.apps_where(lambda app: app.domain_id == domain.domain_id)):
            raise apps_in_service(domain.arn)
        if domain.has_homes and request.get("HomeEfsFileSystemCreation") == "Disabled":
            raise homes_stay(domain.arn)
        if request.get("VpcId", domain.vpc_id) != domain.vpc_id:  # API: only where there was none; text assumed
            raise ValidationException(f"Updating VpcId of Domain [{domain.arn}] is not supported")
        self._change(domain, request)
        if removed:
            background.unmount_home(self, domain, removed)
        background.mount_home(self, domain)
        self._bring_up(domain, "Updating", why_without_rstudio(self, domain))
        return domain

    def _change(self, domain: Domain, request: Settings) -> None:
        """Check what the domain would be before it becomes so."""
        user_settings = self._changed(domain.default_user_settings, request.get("DefaultUserSettings", {}))
        space_settings = self._changed(domain.default_space_settings, request.get("DefaultSpaceSettings", {}))
        subnet_ids = request.get("SubnetIds", domain.subnet_ids)
        check_network(self, domain.vpc_id or "", subnet_ids)
        check_user_settings(self, user_settings)
        check_user_settings(self, space_settings)
        check_space_defaults(space_settings)
        access = request.get("AppNetworkAccessType", domain.app_network_access_type)
        check_closed(self, access, user_settings)
        creation = request.get("HomeEfsFileSystemCreation", domain.home_efs_creation)
        check_mount(self, request.get("DefaultUserSettings", {}), has_homes=creation == "Enabled")
        domain_settings = merge(domain.domain_settings, _domain_settings(request))
        check_docker(self, domain_settings)
        domain.default_user_settings = without_cleared(user_settings)
        domain.default_space_settings = without_cleared(space_settings)
        domain.domain_settings = domain_settings
        domain.subnet_ids = subnet_ids
        domain.app_network_access_type = access
        domain.app_security_group_management = request.get(
            "AppSecurityGroupManagement", domain.app_security_group_management
        )
        domain.tag_propagation = request.get("TagPropagation", domain.tag_propagation)
        if creation != domain.home_efs_creation:
            domain.home_efs_creation = creation
            self._make_homes(domain)

    def _make_homes(self, domain: Domain) -> None:
        """The home file system of a domain that had none; profiles that mount it get their ways in."""
        background.make_home(self, domain)
        for profile in self.profiles.values():
            if profile.domain_id == domain.domain_id and profile.mounts_home(domain):
                background.make_access_point(self, domain, profile)

    def _changed(self, settings: Settings, change: Settings) -> Settings:
        return without_detached_defaults(self, merge(settings, change), change)

    def delete_domain(self, domain_id: str, retention_policy: dict[str, str] | None = None) -> None:
        """Retain, AWS's default, leaves the file system, its mount targets and the NFS groups behind."""
        domain = self.get_domain(domain_id)
        if goes_already(domain):
            return
        require_settled("delete", "Domain", domain)
        for children, names in (("UserProfile", self.profiles), ("Space", self.spaces)):
            if any(key[0] == domain_id for key in names):
                raise has_children("Domain", domain.arn, children)
        if any(self.apps_where(lambda app: app.domain_id == domain_id)):
            raise has_children("Domain", domain.arn, "App")
        keep = (retention_policy or {}).get("HomeEfsFileSystem", "Retain") == "Retain"

        def finish() -> None:
            del self.studio_domains[domain_id]
            if domain.application:
                del identity_center.of(self.account_id, self.region_name).applications[domain.application.arn]
            self.apps = {key: app for key, app in self.apps.items() if app.domain_id != domain_id}
            if not keep:
                background.remove_home(self, domain)

        self.pass_through(domain, "Deleting", finish)


def _domain_settings(request: Settings) -> Settings:
    """Return the settings of an update under DescribeDomain's names; UpdateDomain names one of them differently."""
    changed = dict(request.get("DomainSettingsForUpdate", {}))
    if "RStudioServerProDomainSettingsForUpdate" in changed:
        changed[RSTUDIO] = changed.pop("RStudioServerProDomainSettingsForUpdate")
    return changed
