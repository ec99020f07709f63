"""A space whose owner has a lifecycle script, and what comes of its start."""

import time
from pathlib import Path
from typing import Any

from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import REGION, Studio, client, eventually, new_studio

GROUP = "/aws/sagemaker/studio"


class Editor:
    """A space whose owner has a script, and what comes of its start."""

    def __init__(self, emulator: RunningEmulator, script: str, built_in: str | None = None) -> None:
        self.emulator = emulator
        self.begun = int(time.time() * 1000)
        self.studio: Studio = new_studio(emulator)
        self.script = self.studio.script("setup", script)
        settings: dict[str, Any] = {
            "LifecycleConfigArns": [self.script],
            "DefaultResourceSpec": {"LifecycleConfigArn": self.script},
        }
        if built_in is not None:
            settings["BuiltInLifecycleConfigArn"] = self.studio.script("built-in", built_in)
        user: dict[str, Any] = {"ExecutionRole": self.studio.role_arn, "CodeEditorAppSettings": settings}
        self.domain_id = self.studio.domain(DefaultUserSettings=user)
        self.studio.profile(self.domain_id)
        self.studio.space(self.domain_id)
        self.key: dict[str, Any] = {
            "DomainId": self.domain_id,
            "SpaceName": "editor",
            "AppType": "CodeEditor",
            "AppName": "default",
        }

    @property
    def volume(self) -> Path:
        return self.emulator.log_path.parent / "spaces" / self.domain_id / "editor"

    @property
    def home(self) -> Path:
        return self.volume / "home/sagemaker-user"

    def create(self) -> None:
        self.studio.sagemaker.create_app(**self.key)

    def app(self) -> dict[str, Any]:
        return dict(self.studio.sagemaker.describe_app(**self.key))

    def start(self) -> dict[str, Any]:
        """Create the app and wait until it has started, or has not."""
        self.create()
        return eventually(self.app, lambda app: app["Status"] != "Pending", 60)

    def stop(self) -> None:
        self.studio.stop(self.key)

    def log(self) -> list[str]:
        stream = f"{self.domain_id}/editor/CodeEditor/default/LifecycleConfigOnStart"
        logs = client(self.emulator, "logs", REGION)
        events = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True)["events"]
        assert all(self.begun <= event["timestamp"] <= time.time() * 1000 for event in events)
        return [event["message"] for event in events]
