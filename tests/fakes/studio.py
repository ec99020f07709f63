"""A Studio in which a start goes as a test tells it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from studioctl.aws.values import App, EditorDefaults, ResourceSpec, Space, SpaceDetails

MOMENT = datetime(2026, 11, 24, 9, tzinfo=UTC)
EDITOR = SpaceDetails(
    domain_id="d-abc",
    name="ada-editor",
    owner="ada",
    status="InService",
    app_type="CodeEditor",
    volume_gb=20,
    created_at=MOMENT,
    remote_access=False,
    arn="arn:aws:sagemaker:us-east-1:123456789012:space/d-abc/ada-editor",
    spec=ResourceSpec(instance_type="ml.t3.medium", lifecycle_config_arn="arn:script"),
    idle_timeout_minutes=60,
    failure="",
)


@dataclass
class FakeStudio:
    """One space, whose app fails for `reason` as soon as it is looked at; without a reason it runs."""

    reason: str = ""
    details: SpaceDetails = EDITOR
    defaults: EditorDefaults = field(default_factory=lambda: EditorDefaults(ResourceSpec(), None))
    app: App | None = None

    def space(self, domain_id: str, name: str) -> SpaceDetails:
        return self.details

    def editor_defaults(self, domain_id: str, user_profile: str) -> EditorDefaults:
        return self.defaults

    def create_editor(self, space: Space, spec: ResourceSpec, *, recovery: bool = False) -> None:
        self.app = App("default", "CodeEditor", space.name, None, "Pending", MOMENT, spec)

    def editor(self, space: Space) -> App | None:
        seen, status = self.app, "Failed" if self.reason else "InService"
        if self.app is not None:
            self.app = replace(self.app, status=status, failure=self.reason)
        return seen
