"""Apps: an instance that runs Code Editor, JupyterLab or another program for a space or a profile."""

from dataclasses import dataclass, field
from datetime import datetime

from studio_emulator.clock import clock
from studio_emulator.facts import DEFAULT_INSTANCE_TYPE, TOO_SMALL_FOR_REMOTE_ACCESS
from studio_emulator.studio import background, mounts, quotas
from studio_emulator.studio.exceptions import (
    ResourceInUse,
    ValidationException,
    already_exists,
    not_found,
    over_quota,
    too_small_for_remote_access,
)
from studio_emulator.studio.images import ON_SYSTEM, check_version, default_image
from studio_emulator.studio.models.domain import Domain
from studio_emulator.studio.models.space import SPACE_APPS, Space
from studio_emulator.studio.models.startups import StartupBackend
from studio_emulator.studio.paging import page
from studio_emulator.studio.references import check_training_plan
from studio_emulator.studio.resource import Resource, Settings, now, present, read_tags, without_cleared
from studio_emulator.studio.store import Outcome

IMAGE_PREFIX = "SageMakerImage"
AppKey = tuple[str, str, str, str, str]


@dataclass(kw_only=True)
class App(Resource):
    """One app. A stopped app is Deleted and stays visible for a day."""

    domain_id: str
    space_name: str | None
    user_profile_name: str | None
    app_type: str
    name: str
    resource_spec: Settings
    recovery_mode: bool
    remote_access: bool = False  # as its space said when it started: it takes a new start to change it
    in_service_since: float = 0  # on the monotonic clock
    network_interface_id: str | None = None
    cost_tags: dict[str, str] = field(default_factory=dict)
    ended: datetime | None = None

    def turn(self, status: str, reason: str | None = None) -> None:
        """Take on another status, now, and remember since when it serves and when it ended."""
        super().turn(status, reason)
        if status == "InService":
            self.in_service_since = clock.monotonic()
        elif status in {"Deleting", "Deleted", "Failed"}:
            self.ended = self.ended or now()

    def belongs_to(self, profile_name: str, space_names: set[str]) -> bool:
        """Whether it is the profile's own, or runs in one of these spaces."""
        return self.user_profile_name == profile_name or self.space_name in space_names

    def summary(self) -> Settings:
        """The shape AppDetails."""
        return present(
            {
                "DomainId": self.domain_id,
                "UserProfileName": self.user_profile_name,
                "SpaceName": self.space_name,
                "AppType": self.app_type,
                "AppName": self.name,
                "Status": self.status,
                "CreationTime": self.creation_time,
                "ResourceSpec": self.resource_spec,
            }
        )

    def describe(self) -> Settings:
        """The shape DescribeAppResponse. AWS's health checks move both timestamps (API reference, DescribeApp)."""
        seen = now() if self.status == "InService" else None
        return present(
            self.summary()
            | {
                "AppArn": self.arn,
                "RecoveryMode": self.recovery_mode,
                "FailureReason": self.failure_reason,
                "LastHealthCheckTimestamp": seen,
                "LastUserActivityTimestamp": seen,
            }
        )


class AppBackend(StartupBackend):
    """CreateApp and its siblings. There is no UpdateApp: an app is deleted and made again."""

    def create_app(self, request: Settings) -> App:
        """Raises ValidationException for a space that does not suit, ResourceInUse for an app that already runs."""
        domain = self.in_service_domain(request["DomainId"])
        key = app_key(request)
        space = self._space_for(request)
        if space is None and "UserProfileName" in request:
            self.get_profile(domain.domain_id, request["UserProfileName"])
        existing = self.apps.get(key)
        if existing is not None and existing.status not in {"Deleted", "Failed"}:
            raise already_exists("App", existing.arn)
        spec = self._resource_spec(domain, space, request)
        self._check_quotas(request["AppType"], spec)
        remote_access = space is not None and space.remote_access
        if remote_access and spec["InstanceType"] in TOO_SMALL_FOR_REMOTE_ACCESS:
            raise too_small_for_remote_access(request["SpaceName"], spec["InstanceType"])
        if space is not None:
            mounts.check(self, domain, space)
        owner = request.get("SpaceName") or request["UserProfileName"]
        path = f"{domain.domain_id}/{owner}/{request['AppType'].lower()}/{request['AppName']}"
        app = App(
            arn=self.studio_arn(f"app/{path}"),
            tags=read_tags(request.get("Tags")),
            domain_id=domain.domain_id,
            space_name=request.get("SpaceName"),
            user_profile_name=request.get("UserProfileName"),
            app_type=request["AppType"],
            name=request["AppName"],
            resource_spec=spec,
            recovery_mode=request.get("RecoveryMode", False),
            remote_access=remote_access,
        )
        app.cost_tags = {**domain.tags, **self._owner_tags(domain, space, app), **app.tags}
        self.apps[key] = app
        self.metered.append(app)
        background.plug_in_app(self, domain, app, self._security_groups(domain, space, app))
        missing = mounts.missing_directory(self, domain, space) if space is not None else None
        if missing:
            self.pass_through(app, "Pending", lambda: self.fail(app, Outcome("Failed", missing)))
        elif self.outcome or not self.start_scripts(domain, space, app):  # one that is told to fail runs nothing
            self.bring_into_service(app)
        return app

    def _owner_tags(self, domain: Domain, space: Space | None, app: App) -> dict[str, str]:
        """Apps get the tags of their domain and profile (API reference); a shared space has no owner."""
        owner = space.owner if space else app.user_profile_name
        return self.get_profile(domain.domain_id, owner).tags if owner else {}

    def _space_for(self, request: Settings) -> Space | None:
        """The space that the app is to run in. The texts are assumed."""
        if "SpaceName" not in request:
            if request["AppType"] in SPACE_APPS:
                raise ValidationException(f"SpaceName must be provided for an App of type {request['AppType']}")
            return None
        space = self.get_space(request["DomainId"], request["SpaceName"])
        if space.status != "InService":
            raise ValidationException(f"Space [{space.arn}] is not InService.")
        if space.app_type not in {None, request["AppType"]}:
            raise ValidationException(
                f"AppType {request['AppType']} does not match the AppType {space.app_type} of Space [{space.arn}]"
            )
        return space

    def _resource_spec(self, domain: Domain, space: Space | None, request: Settings) -> Settings:
        """The request's, else the space's, else the owner's, else the domain's, with AWS's image filled in."""
        key = f"{request['AppType']}AppSettings"
        owner = space.owner if space else request["UserProfileName"]
        defaults = [space.settings] if space else []
        defaults += self.settings_of_owner(domain, owner)
        spec: Settings = dict(request.get("ResourceSpec", {}))
        for settings in defaults:
            spec = _on_top_of(settings.get(key, {}).get("DefaultResourceSpec", {}), spec)
        spec["InstanceType"] = _instance_type(request["AppType"], spec)
        if not {"SageMakerImageArn", "SageMakerImageVersionArn"} & spec.keys():
            spec["SageMakerImageArn"] = default_image(
                self.region_name, self.partition, request["AppType"], spec["InstanceType"]
            )
        spec = without_cleared(spec)
        if arn := spec.get("LifecycleConfigArn"):
            self.check_allowed_script(domain, owner, key, arn)
        self._check_image(domain, owner, key, spec)
        check_training_plan(self, request["AppType"], spec)
        return spec

    def _check_image(self, domain: Domain, owner: str | None, key: str, spec: Settings) -> None:
        """An image of the account's own must be among the CustomImages of the owner's profile or the domain."""
        check_version(spec)
        offered = {
            custom["ImageName"]
            for settings in self.settings_of_owner(domain, owner)
            for custom in settings.get(key, {}).get("CustomImages", [])
        }
        for arn in (spec.get("SageMakerImageArn"), spec.get("SageMakerImageVersionArn")):
            _, _, _, _, account, path = (arn or "::::::").split(":", 5)
            if account == self.account_id and path.split("/")[1] not in offered:  # text assumed
                raise ValidationException(f"The image '{arn}' is not in the CustomImages of the owner")

    def _check_quotas(self, app_type: str, spec: Settings) -> None:
        """Both of them: all running apps, and those of this kind on this type of instance.

        Not minded are apps on the capacity of a training plan, which is the account's already, and kinds of apps whose
        quotas the emulator does not know (assumed).
        """
        instance_type = spec["InstanceType"]
        running = list(self.apps_where(lambda _: True))
        quotas.RUNNING_APPS.check(self.settings, len(running))
        quota = quotas.of_type(app_type, instance_type)
        alike = sum(app.app_type == app_type and app.resource_spec["InstanceType"] == instance_type for app in running)
        limit = self.settings.maximum_apps
        if limit is not None and alike >= limit:
            raise over_quota(quota.name, quota.unit, limit, alike)
        if app_type in quotas.KINDS_OF_APPS and "TrainingPlanArn" not in spec:
            quota.check(self.settings, alike)

    def _security_groups(self, domain: Domain, space: Space | None, app: App) -> list[str]:
        owner = space.owner if space else app.user_profile_name
        for settings in self.settings_of_owner(domain, owner):
            if settings.get("SecurityGroups"):
                return list(settings["SecurityGroups"])
        return []

    def describe_app(self, request: Settings) -> App:
        """An app that is Deleted is still found, for a day. Raises ResourceNotFound."""
        app = self.apps.get(app_key(request))
        if app is None:
            raise not_found("App", request["AppName"])
        return app

    def list_apps(self, request: Settings) -> tuple[list[App], str | None]:
        """Filters: DomainIdEquals and one of SpaceNameEquals, UserProfileNameEquals."""
        if "SpaceNameEquals" in request and "UserProfileNameEquals" in request:  # API reference; text assumed
            raise ValidationException("SpaceNameEquals and UserProfileNameEquals cannot be used together")
        domain_id = request.get("DomainIdEquals")
        space_name, profile_name = request.get("SpaceNameEquals"), request.get("UserProfileNameEquals")
        matching = [
            app
            for app in self.apps.values()
            if domain_id in {None, app.domain_id}
            and space_name in {None, app.space_name}
            and profile_name in {None, app.user_profile_name}
        ]
        return page(matching, request, name=lambda app: app.arn)

    def delete_app(self, request: Settings) -> None:
        """Only an app that is InService can be deleted (Developer Guide, "gs-studio-delete-domain").

        That one whose script still runs can be is assumed: Studio offers to stop what is starting.
        """
        key = app_key(request)
        app = self.describe_app(request)
        if app.status == "Deleted":
            # the words that hashicorp/terraform-provider-aws looks for, internal/service/sagemaker/app.go
            raise ValidationException(f"App [{app.arn}] has already been deleted")
        if app.status == "Failed":
            raise ValidationException(f"App [{app.arn}] previously failed and was automatically deleted")
        if not self.end_scripts(app) and app.status != "InService":
            raise ResourceInUse(f"Unable to delete App [{app.arn}] because its status is {app.status}.")  # assumed

        def finish() -> None:
            app.turn("Deleted")
            background.unplug_app(self, app)
            self.schedule.after(self.settings.deleted_apps_seconds, forget)

        def forget() -> None:
            if self.apps.get(key) is app:
                del self.apps[key]

        self.pass_through(app, "Deleting", finish)

    def fail(self, resource: Resource, outcome: Outcome) -> None:
        """A failed app keeps no instance (Developer Guide, "gs-studio-delete-domain")."""
        if isinstance(resource, App):
            background.unplug_app(self, resource)
            facts = {"{instance_type}": resource.resource_spec["InstanceType"], "{zone}": f"{self.region_name}a"}
            reason = outcome.reason
            for blank, fact in facts.items():
                reason = reason.replace(blank, fact)
            outcome = Outcome(outcome.status, reason)
        super().fail(resource, outcome)


def _on_top_of(default: Settings, spec: Settings) -> Settings:
    """`spec` with what it lacks from `default`; an image is taken as a whole or not at all."""
    chosen = any(key.startswith(IMAGE_PREFIX) for key in spec)
    return {key: value for key, value in default.items() if not (chosen and key.startswith(IMAGE_PREFIX))} | spec


def _instance_type(app_type: str, spec: Settings) -> str:
    """Return the instance type of an app. Source: API reference, ResourceSpec and CreateApp. The texts are assumed."""
    named: str | None = spec.get("InstanceType")
    if app_type in ON_SYSTEM:
        if named not in {None, "system"}:
            raise ValidationException(f"{app_type} apps only support the InstanceType 'system', not '{named}'")
        return "system"
    if app_type == "KernelGateway":
        if named is None:
            raise ValidationException("InstanceType must be provided for an App of type KernelGateway")
        return DEFAULT_INSTANCE_TYPE if named == "system" else named
    return named or DEFAULT_INSTANCE_TYPE


def app_key(request: Settings) -> AppKey:
    """Return the key of an app. Exactly one of SpaceName and UserProfileName is needed; the text is assumed."""
    space_name, profile_name = request.get("SpaceName"), request.get("UserProfileName")
    if (space_name is None) == (profile_name is None):
        raise ValidationException("Exactly one of SpaceName and UserProfileName must be provided")
    return (
        request["DomainId"],
        space_name or "",
        (profile_name or "").lower(),
        request["AppType"],
        request["AppName"],
    )
