"""What there is, live from AWS."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from studioctl.aws.values import App, Domain, Space
from studioctl.operations.environment import Account


@dataclass(frozen=True)
class SpaceStatus:
    """A space and what runs in it. `app_status` is "Stopped" where nothing does; `since` is when the app started."""

    name: str
    owner: str | None
    status: str
    volume_gb: int | None
    app_status: str
    instance_type: str | None
    since: datetime | None


@dataclass(frozen=True)
class UserStatus:
    """A user profile."""

    name: str
    status: str


@dataclass(frozen=True)
class Status:
    """An environment as AWS shows it. `domain` is None when there is none."""

    name: str
    region: str
    target: str
    domain: Domain | None
    users: tuple[UserStatus, ...]
    spaces: tuple[SpaceStatus, ...]


def status(account: Account) -> Status:
    """The domain of this environment, its profiles, spaces and apps.

    Raises:
        AwsError: AWS refused or cannot be reached.
    """
    name, target, studio = account.config.name, account.target, account.studio
    domain = account.domain()
    if domain is None:
        return Status(name, target.region, target.name, None, (), ())
    running = _latest_app_by_space(studio.apps(domain.id))
    users = tuple(UserStatus(profile.name, profile.status) for profile in studio.user_profiles(domain.id))
    spaces = tuple(_space(space, running.get(space.name)) for space in studio.spaces(domain.id))
    return Status(name, target.region, target.name, domain, users, spaces)


def _latest_app_by_space(apps: Iterable[App]) -> dict[str, App]:
    latest: dict[str, App] = {}
    for app in sorted(apps, key=lambda app: app.created_at):
        if app.space and app.status != "Deleted":
            latest[app.space] = app
    return latest


def _space(space: Space, app: App | None) -> SpaceStatus:
    return SpaceStatus(
        name=space.name,
        owner=space.owner,
        status=space.status,
        volume_gb=space.volume_gb,
        app_status=app.status if app else "Stopped",
        instance_type=app.instance_type if app else None,
        since=app.created_at if app else None,
    )
