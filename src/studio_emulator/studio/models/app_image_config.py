"""App image configurations: how a custom image is run as one type of app."""

from dataclasses import dataclass

from studio_emulator.studio.exceptions import ValidationException, already_exists, not_found
from studio_emulator.studio.models.image import ImageBackend
from studio_emulator.studio.paging import between, page
from studio_emulator.studio.resource import Resource, Settings, now, read_tags

KINDS = ("KernelGatewayImageConfig", "JupyterLabAppImageConfig", "CodeEditorAppImageConfig")


@dataclass(kw_only=True)
class AppImageConfig(Resource):
    """One configuration."""

    name: str
    settings: Settings

    def summary(self) -> Settings:
        """The shape AppImageConfigDetails, which is DescribeAppImageConfigResponse too."""
        return {
            "AppImageConfigArn": self.arn,
            "AppImageConfigName": self.name,
            "CreationTime": self.creation_time,
            "LastModifiedTime": self.last_modified_time,
        } | self.settings


class AppImageConfigBackend(ImageBackend):
    """CreateAppImageConfig and its siblings."""

    def create_app_image_config(self, request: Settings) -> AppImageConfig:
        """Raises ResourceInUse for a name that is taken, ValidationException for more than one type of app."""
        name = request["AppImageConfigName"]
        if name in self.app_image_configs:
            raise already_exists("AppImageConfig", self.app_image_configs[name].arn)
        config = AppImageConfig(
            arn=self.studio_arn(f"app-image-config/{name}"),
            tags=read_tags(request.get("Tags")),
            status="InService",
            name=name,
            settings=_settings(request),
        )
        self.app_image_configs[name] = config
        return config

    def get_app_image_config(self, name: str) -> AppImageConfig:
        """Raises ResourceNotFound."""
        if name not in self.app_image_configs:
            raise not_found("AppImageConfig", name)
        return self.app_image_configs[name]

    def update_app_image_config(self, request: Settings) -> AppImageConfig:
        """Replaces the settings that are sent."""
        config = self.get_app_image_config(request["AppImageConfigName"])
        config.settings = config.settings | _settings(request)
        config.last_modified_time = now()
        return config

    def list_app_image_configs(self, request: Settings) -> tuple[list[AppImageConfig], str | None]:
        """Filters: NameContains, and dates."""
        contained = request.get("NameContains", "")
        matching = [
            config
            for config in self.app_image_configs.values()
            if contained in config.name
            and between(config.creation_time, request, "CreationTime")
            and between(config.last_modified_time, request, "ModifiedTime")
        ]
        return page(matching, request, name=lambda config: config.name)

    def delete_app_image_config(self, name: str) -> None:
        """The API reference names no error but ResourceNotFound, so nothing blocks it."""
        del self.app_image_configs[self.get_app_image_config(name).name]


def _settings(request: Settings) -> Settings:
    settings = {key: request[key] for key in KINDS if key in request}
    if len(settings) > 1:  # text assumed; the guide configures one type of app at a time
        raise ValidationException(f"Only one of {', '.join(KINDS)} can be provided")
    return settings
