"""Lifecycle configurations: scripts that run when an app starts. They cannot be changed, only replaced."""

import base64
import binascii
from dataclasses import dataclass

from studio_emulator.studio.exceptions import (
    ResourceInUse,
    ValidationException,
    already_exists,
    not_found,
)
from studio_emulator.studio.models.app_image_config import AppImageConfigBackend
from studio_emulator.studio.paging import between, page
from studio_emulator.studio.references import lifecycle_configs_named_in
from studio_emulator.studio.resource import Resource, Settings, read_tags


@dataclass(kw_only=True)
class LifecycleConfig(Resource):
    """One script, base64-encoded, for one type of app."""

    name: str
    app_type: str
    content: str

    def summary(self) -> Settings:
        """The shape StudioLifecycleConfigDetails."""
        return {
            "StudioLifecycleConfigArn": self.arn,
            "StudioLifecycleConfigName": self.name,
            "CreationTime": self.creation_time,
            "LastModifiedTime": self.creation_time,
            "StudioLifecycleConfigAppType": self.app_type,
        }

    def describe(self) -> Settings:
        """The shape DescribeStudioLifecycleConfigResponse."""
        return self.summary() | {"StudioLifecycleConfigContent": self.content}


class LifecycleConfigBackend(AppImageConfigBackend):
    """CreateStudioLifecycleConfig and its siblings."""

    def create_studio_lifecycle_config(self, request: Settings) -> LifecycleConfig:
        """Raises ResourceInUse for a name that is taken, ValidationException for what is not base64."""
        name = request["StudioLifecycleConfigName"]
        content = request["StudioLifecycleConfigContent"]
        if name in self.lifecycle_configs:
            raise already_exists("StudioLifecycleConfig", self.lifecycle_configs[name].arn)
        try:
            base64.b64decode(content, validate=True)
        except binascii.Error:
            # the rule is in the API reference, CreateStudioLifecycleConfig; the text is assumed
            raise ValidationException("StudioLifecycleConfigContent must be base64 encoded.") from None
        config = LifecycleConfig(
            arn=self.studio_arn(f"studio-lifecycle-config/{name}"),
            tags=read_tags(request.get("Tags")),
            status="InService",
            name=name,
            app_type=request["StudioLifecycleConfigAppType"],
            content=content,
        )
        self.lifecycle_configs[name] = config
        return config

    def describe_studio_lifecycle_config(self, name: str) -> LifecycleConfig:
        """Raises ResourceNotFound."""
        if name not in self.lifecycle_configs:
            raise not_found("StudioLifecycleConfig", name)
        return self.lifecycle_configs[name]

    def list_studio_lifecycle_configs(self, request: Settings) -> tuple[list[LifecycleConfig], str | None]:
        """Filters: NameContains, AppTypeEquals, and dates of creation."""
        contained, app_type = request.get("NameContains", ""), request.get("AppTypeEquals")
        matching = [
            config
            for config in self.lifecycle_configs.values()
            if contained.lower() in config.name.lower()
            and app_type in {None, config.app_type}
            and between(config.creation_time, request, "CreationTime")
            and between(config.creation_time, request, "ModifiedTime")
        ]
        return page(matching, request, name=lambda config: config.name)

    def delete_studio_lifecycle_config(self, name: str) -> None:
        """AWS: no running app may use it, and it must be gone from the UserSettings of all domains and profiles."""
        config = self.describe_studio_lifecycle_config(name)
        users = [domain.arn for domain in self.studio_domains.values() if _names(config, domain.all_settings())]
        users += [profile.arn for profile in self.profiles.values() if _names(config, [profile.user_settings])]
        users += [
            app.arn for app in self.apps_where(lambda app: app.resource_spec.get("LifecycleConfigArn") == config.arn)
        ]
        if users:  # text assumed
            raise ResourceInUse(
                f"Unable to delete StudioLifecycleConfig [{config.arn}] because it is in use by [{', '.join(users)}]."
            )
        del self.lifecycle_configs[name]


def _names(config: LifecycleConfig, all_settings: list[Settings]) -> bool:
    return any(config.arn in lifecycle_configs_named_in(settings) for settings in all_settings)
