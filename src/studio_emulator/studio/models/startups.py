"""The scripts that run when an app starts, and their effect on the app."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from moto.logs.models import logs_backends

from studio_emulator.errors import SandboxError
from studio_emulator.sandbox import room
from studio_emulator.sandbox.image import Image
from studio_emulator.sandbox.reach import Reach
from studio_emulator.studio import background, mounts
from studio_emulator.studio.models.domain import Domain
from studio_emulator.studio.models.space import SPACE_APPS, Space, SpaceBackend
from studio_emulator.studio.startup import Script, Startup

if TYPE_CHECKING:
    from studio_emulator.studio.models.app import App

LOG_GROUP = "/aws/sagemaker/studio"
DEFAULT_IMAGE = Image(4, 0)  # for an app that names no version; which one AWS takes then changes with time


class StartupBackend(SpaceBackend):
    """Runs lifecycle configurations when the emulator was told to; else they are only kept."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.startups: dict[str, Startup] = {}
        """By the app's ARN: what runs in the apps that are there."""

    def start_scripts(self, domain: Domain, space: Space | None, app: App) -> bool:
        """Begin with the app's scripts; whether it has any. An app in recovery mode runs none, which is assumed."""
        scripts = self._scripts(domain, space, app) if self.settings.run_lifecycle and not app.recovery_mode else []
        volume = self.volume(app.domain_id, app.space_name or "")
        if not scripts or space is None or volume is None:
            return False
        told = room.App(app.domain_id, space.name, self.region_name, self.account_id, app.app_type)
        here = room.Room(volume, _image(app), told, mounts=mounts.places(self, domain, space))
        account = {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.key.secret_access_key,
        }
        self.end_scripts(app)
        self.startups[app.arn] = Startup(
            app, here, scripts, here.environment(account), self._reach_of_scripts(), self.settings
        )
        return True

    def _reach_of_scripts(self) -> Reach:
        if self.settings.lifecycle_network == "none":
            return Reach()
        internet = self.settings.lifecycle_network == "internet"
        allow = self.settings.lifecycle_allow
        reach = Reach.the_internet(self.reach, allow=allow) if internet else Reach()
        return reach.with_emulator(urlsplit(self.endpoint_url).port or 80)

    def _scripts(self, domain: Domain, space: Space | None, app: App) -> list[Script]:
        """The built-in one of the profile, else of the domain, and then the one that the app selected.

        Source: Developer Guide, "studio-lifecycle-configurations".
        """
        if space is None or app.app_type not in SPACE_APPS:
            return []
        key = SPACE_APPS[app.app_type]
        built_in = (
            settings.get(key, {}).get("BuiltInLifecycleConfigArn")
            for settings in self.settings_of_owner(domain, space.owner)
        )
        arns = (next(filter(None, built_in), None), app.resource_spec.get("LifecycleConfigArn"))
        texts = {
            config.arn: base64.b64decode(config.content).decode(errors="replace")
            for config in self.lifecycle_configs.values()
        }
        return [Script(arn, texts[arn]) for arn in arns if arn in texts]

    def settle_scripts(self) -> None:
        """Write down what was said since the last time, and let apps in whose scripts are over."""
        for startup in list(self.startups.values()):
            over = startup.over  # asked before its lines, so that the last ones are never missed
            self._log(startup)
            if not over or startup.app.status != "Pending":
                continue
            if startup.failure is None:
                startup.app.turn("InService")
            else:
                startup.app.turn("Failed", startup.failure)
                background.unplug_app(self, startup.app)
                self.end_scripts(startup.app)

    def end_scripts(self, app: App) -> bool:
        """Kill what runs in the app; whether there was anything."""
        startup = self.startups.pop(app.arn, None)
        if startup is None:
            return False
        startup.stop()
        self._log(startup)
        return True

    def stop(self) -> None:
        """Leave no process behind."""
        for startup in list(self.startups.values()):
            self.end_scripts(startup.app)

    def _log(self, startup: Startup) -> None:
        """Log to the group and stream that AWS uses: Developer Guide, "code-editor-use-lifecycle-configurations"."""
        lines = startup.take_lines()
        if not lines:
            return
        app = startup.app
        stream = f"{app.domain_id}/{app.space_name}/{app.app_type}/{app.name}/LifecycleConfigOnStart"
        logs = logs_backends[self.account_id][self.region_name]
        if LOG_GROUP not in logs.groups:
            logs.create_log_group(LOG_GROUP, {})
        if stream not in logs.groups[LOG_GROUP].streams:
            logs.create_log_stream(LOG_GROUP, stream)
        events = [{"timestamp": moment, "message": text} for moment, text in lines]
        logs.put_log_events(LOG_GROUP, stream, sorted(events, key=lambda event: event["timestamp"]))


def _image(app: App) -> Image:
    alias = app.resource_spec.get("SageMakerImageVersionAlias")
    try:
        return Image.of(alias) if alias else DEFAULT_IMAGE
    except SandboxError:  # an image of the user's own, or a version that came later
        return DEFAULT_IMAGE
