"""The store that Studio's resources in one account and region share: collections, schedule, tags and look-ups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from moto.core.resource_tagging import TaggedResource
from moto.sagemaker import urls
from moto.sagemaker.models import SageMakerModelBackend

from studio_emulator.settings import EmulatorSettings
from studio_emulator.studio.exceptions import ValidationException, in_transition, not_found
from studio_emulator.studio.resource import SETTLED, Resource, read_tags
from studio_emulator.studio.schedule import Schedule

if TYPE_CHECKING:
    from studio_emulator.iam.credentials import AdministratorKey
    from studio_emulator.studio.models.app import App
    from studio_emulator.studio.models.app_image_config import AppImageConfig
    from studio_emulator.studio.models.domain import Domain
    from studio_emulator.studio.models.image import CustomImage
    from studio_emulator.studio.models.lifecycle_config import LifecycleConfig
    from studio_emulator.studio.models.profile import UserProfile
    from studio_emulator.studio.models.session import Grant
    from studio_emulator.studio.models.space import Space
    from studio_emulator.training.job import TrainingJob

STUDIO_KINDS = (
    "domain/",
    "user-profile/",
    "space/",
    "app/",
    "studio-lifecycle-config/",
    "image/",
    "app-image-config/",
    "training-job/",
)
MAXIMUM_TAGS = 50
FILE_SYSTEMS = "file-systems"


@dataclass(frozen=True)
class Outcome:
    """A failure that replaces the normal end of what a request starts: the status and the reason."""

    status: str
    reason: str
    is_capacity: bool = False  # AWS has no instances
    seconds: float = 0  # after how long a training job is interrupted


class StudioStore(SageMakerModelBackend):
    """The base of each resource's backend. Not thread-safe: the application lets in one request at a time."""

    settings: ClassVar[EmulatorSettings] = EmulatorSettings()
    endpoint_url: ClassVar[str] = "http://127.0.0.1"
    key: ClassVar[AdministratorKey]
    volumes: ClassVar[Path | None] = None
    """The directory of the files of spaces, when apps run lifecycle configurations."""
    reach: ClassVar[Mapping[str, str]] = {}
    """The variables that those need to get to package indexes."""
    outcome: ClassVar[Outcome | None] = None
    """For the one request that is being carried out."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.schedule = Schedule()
        self.studio_domains: dict[str, Domain] = {}
        self.profiles: dict[tuple[str, str], UserProfile] = {}
        self.spaces: dict[tuple[str, str], Space] = {}
        self.apps: dict[tuple[str, str, str, str, str], App] = {}
        self.metered: list[App] = []  # every app there ever was: the bill knows longer than the lists
        self.home_directories: set[tuple[str, str]] = set()  # that apps have mounted: file system and path
        self.lifecycle_configs: dict[str, LifecycleConfig] = {}
        self.images: dict[str, CustomImage] = {}
        self.app_image_configs: dict[str, AppImageConfig] = {}
        self.grants: dict[str, Grant] = {}
        self.jobs: dict[str, TrainingJob] = {}

    @property
    def _url_module(self) -> ModuleType:
        return urls

    def studio_arn(self, path: str) -> str:
        """The ARN of `path`, such as "space/d-abc/name", here."""
        return f"arn:{self.partition}:sagemaker:{self.region_name}:{self.account_id}:{path}"

    def volume(self, domain_id: str, space_name: str) -> Path | None:
        """The directory of a space's disk, made when its first app runs a script."""
        return self.volumes / domain_id / space_name if self.volumes else None

    def files_of(self, file_system_id: str) -> Path | None:
        """The directory with the files of a file system of EFS, beside the spaces' disks; no domain is called so."""
        return self.volumes / FILE_SYSTEMS / file_system_id if self.volumes else None

    def pass_through(self, resource: Resource, status: str, finish: Callable[[], None]) -> None:
        """Put a resource into a passing status; `finish` is done when its time is over."""
        resource.turn(status)
        outcome = StudioStore.outcome
        if outcome is not None:
            finish = lambda: self.fail(resource, outcome)  # noqa: E731
        self.schedule.after(self.settings.transition_seconds, finish)

    def fail(self, resource: Resource, outcome: Outcome) -> None:
        """Let a resource end as it was told to."""
        resource.turn(outcome.status, outcome.reason)

    def bring_into_service(self, resource: Resource, status: str = "Pending") -> None:
        """Pass through `status` into InService."""
        self.pass_through(resource, status, lambda: resource.turn("InService"))

    def get_domain(self, domain_id: str) -> Domain:
        """Raises ResourceNotFound."""
        if domain_id not in self.studio_domains:
            raise not_found("Domain", domain_id)
        return self.studio_domains[domain_id]

    def get_profile(self, domain_id: str, name: str) -> UserProfile:
        """Names are not case sensitive (API reference, CreateUserProfile). Raises ResourceNotFound."""
        self.get_domain(domain_id)
        profile = self.profiles.get((domain_id, name.lower()))
        if profile is None:
            raise not_found("UserProfile", name)
        return profile

    def get_space(self, domain_id: str, name: str) -> Space:
        """Raises ResourceNotFound."""
        self.get_domain(domain_id)
        if (domain_id, name) not in self.spaces:
            raise not_found("Space", name)
        return self.spaces[domain_id, name]

    def in_service_domain(self, domain_id: str) -> Domain:
        """The domain, for something that is to be made in it."""
        domain = self.get_domain(domain_id)
        if domain.status != "InService":
            raise ValidationException(f"Domain [{domain.arn}] is not InService.")  # text assumed
        return domain

    def apps_where(self, condition: Callable[[App], bool]) -> Iterator[App]:
        """The apps that still run, or are on their way up or down, and meet a condition."""
        return (app for app in self.apps.values() if app.status not in {"Deleted", "Failed"} and condition(app))

    def studio_resources(self) -> Iterator[Resource]:
        """Everything of Studio's that has an ARN."""
        for shelf in (self.studio_domains, self.profiles, self.spaces, self.apps, self.lifecycle_configs):
            yield from shelf.values()
        yield from self.images.values()
        yield from self.app_image_configs.values()
        yield from self.jobs.values()

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        """The resources for GetResources: "Services that support the Resource Groups Tagging API"."""
        yield from super().iter_tagged_resources()
        for resource in self.studio_resources():
            if resource.status != "Deleted":
                kind = resource.arn.split(":", 5)[5].partition("/")[0]
                yield TaggedResource(resource.arn, dict(resource.tags), f"sagemaker:{kind}")

    def _tagged(self, arn: str) -> Resource:
        for resource in self.studio_resources():
            if resource.arn == arn and resource.status != "Deleted":
                return resource
        raise not_found("Resource", arn)

    def add_tags(self, arn: str, tags: list[dict[str, str]]) -> list[dict[str, str]]:
        """AddTags: overwrites a key that is there. Returns all tags."""
        if not _is_studio(arn):
            return super().add_tags(arn, tags)
        resource = self._tagged(arn)
        merged = resource.tags | read_tags(tags)
        if len(merged) > MAXIMUM_TAGS:
            raise ValidationException(f"A resource can have at most {MAXIMUM_TAGS} tags.")  # text assumed
        resource.tags = merged
        return _tag_list(merged)

    def list_tags(self, arn: str, **paging: Any) -> tuple[list[dict[str, str]], str | None]:  # type: ignore[override]
        """ListTags: a page is never shorter than 50, which is all that a resource can have."""
        if not _is_studio(arn):
            answer: tuple[list[dict[str, str]], str | None] = super().list_tags(arn=arn, **paging)
            return answer
        return _tag_list(self._tagged(arn).tags), None

    def delete_tags(self, arn: str, tag_keys: list[str]) -> None:
        """DeleteTags: a key that is not there is no error."""
        if not _is_studio(arn):
            super().delete_tags(arn, tag_keys)
            return
        resource = self._tagged(arn)
        resource.tags = {key: value for key, value in resource.tags.items() if key not in tag_keys}


def require_settled(verb: str, kind: str, resource: Resource) -> None:
    """Raises ResourceInUse while the resource is Pending, Updating or Deleting."""
    if resource.status not in SETTLED:
        raise in_transition(verb, kind, resource.arn, resource.status)


def goes_already(resource: Resource) -> bool:
    """Whether a deletion is under way: a client that lost the answer asks again. That AWS accepts it is assumed."""
    return resource.status == "Deleting"


def _is_studio(arn: str) -> bool:
    return arn.split(":", 5)[-1].startswith(STUDIO_KINDS)


def _tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
