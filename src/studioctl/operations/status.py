"""The environment's present status, read from AWS."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from studioctl.aws.errors import DeniedError
from studioctl.aws.studio import AT_ONCE, Studio
from studioctl.aws.tagged import tagged
from studioctl.aws.values import EDITOR, LAB, App, Domain, Space
from studioctl.catalog.images import supported_until
from studioctl.catalog.prices import Prices
from studioctl.config.checks import LONGEST_IDLE
from studioctl.config.file_systems import restored
from studioctl.infrastructure.naming import ENVIRONMENT_TAG
from studioctl.operations import emulation
from studioctl.operations.costs import rates
from studioctl.operations.data.inventory import Holding, kept_homes, unstarted
from studioctl.operations.environment import Account
from studioctl.operations.prices import known
from studioctl.operations.studio.stop_apps import PAID_FOR, besides

if TYPE_CHECKING:
    from studioctl.operations.limits import Month


@dataclass(frozen=True)
class SpaceStatus:
    """A space and what runs in it.

    Args:
        name: Its name.
        owner: The user profile that it belongs to; None for a shared space.
        status: The space's own, in AWS's words.
        volume_gb: Size of its volume, in GB; where there is none yet, the size that it gets.
        app_status: "InService", "Pending", "Deleting", "Failed", or "Stopped".
        instance_type: The app's instance type; None if none runs.
        image: The app's image with its alias or version; None where none runs.
        since: When the app was started, in UTC.
        idle_timeout_minutes: After how long without activity AWS stops it; None where none runs, or it never does.
        usd_per_hour: The instance's price while it runs; None if none runs, or the price is not known.
        app_type: The app type that the space is for: "CodeEditor", "JupyterLab", ...
        has_volume: Whether there is a volume, as far as AWS tells: the first start of an app makes it.
        in_recovery: Whether the app was started to be repaired, with an empty home directory beside the volume.
    """

    name: str
    owner: str | None
    status: str
    volume_gb: int | None
    app_status: str
    instance_type: str | None
    image: str | None
    since: datetime | None
    idle_timeout_minutes: int | None
    usd_per_hour: float | None
    app_type: str = EDITOR
    has_volume: bool = True
    in_recovery: bool = False

    @property
    def volume(self) -> str:
        """The volume in words; empty where AWS does not tell its size."""
        if not self.has_volume:
            return "none yet"
        return f"{self.volume_gb} GB" if self.volume_gb else ""

    @property
    def is_paid_for(self) -> bool:
        """Whether there is an instance: from its creation until the app is deleted."""
        return self.app_status in PAID_FOR


@dataclass(frozen=True)
class AppStatus:
    """An app that has an instance and is not its space's editor: Canvas, Studio Classic's, RStudio's.

    Args:
        name: Its name.
        type: In AWS's words: "Canvas", "KernelGateway", ...
        space: The space that it runs in; None for a user's.
        user: The user profile that it belongs to; None for a space's.
        status: "InService", "Pending" or "Deleting".
        instance_type: Its instance type; None if AWS does not tell.
        since: When it was started, in UTC.
        usd_per_hour: Its price while it runs; None if that is not known.
    """

    name: str
    type: str
    space: str | None
    user: str | None
    status: str
    instance_type: str | None
    since: datetime
    usd_per_hour: float | None


@dataclass(frozen=True)
class ImageStatus:
    """A version of AWS's image that spaces run, or start with.

    Args:
        version: Such as "4.3".
        spaces: The number of these spaces.
        supported_until: The last day on which AWS mends it; None where that is not known.
    """

    version: str
    spaces: int
    supported_until: date | None


@dataclass(frozen=True)
class UserStatus:
    """A user profile."""

    name: str
    status: str


@dataclass(frozen=True)
class Status:
    """An environment as AWS shows it.

    Args:
        name: The environment's.
        region: AWS region, also that of the prices.
        target: "aws" or "local".
        domain: None when there is none.
        users: The user profiles, by name.
        spaces: The spaces, by name.
        usd_per_hour: The sum over what runs; None as soon as one price is not known.
        prices_as_of: The date of the prices; None where none is known for the region.
        kept_homes: Home file systems of domains before this one, that an earlier `down` kept.
        kept_homes_usd_per_month: About what they cost, by us-east-1's prices.
        kept_directories: By id of such a file system: where in it each user's files are.
        restored_homes: By id of such a file system: whose spaces mount their directories in it, by the file.
        resources: Without a domain: the ARNs of what exists of the environment all the same, without the kept
            homes. It may cost money. None where the caller may not look.
        endpoint: The address that stands for AWS: the emulator's, or one that the user's settings name; None for AWS's.
        apps: Apps that run besides the spaces' editors. AWS never stops them because they are idle.
        images: The versions of AWS's image, as far as they are known: those that run, and for spaces in which nothing
            runs those that the file pins.
        limits: The month so far, as the guard has it; None without [limits] or a domain, and where it is hidden.
        limits_are_hidden: Whether the caller may not read the guard's ledger.
        limits_trouble: Why the month so far, or its grants, cannot be told to those who may read them; "" where they
            can.
        now: When it was asked, by the clock there: the machine's, or the emulator's.
    """

    name: str
    region: str
    target: str
    domain: Domain | None
    users: tuple[UserStatus, ...]
    spaces: tuple[SpaceStatus, ...]
    usd_per_hour: float | None
    prices_as_of: str | None
    kept_homes: tuple[str, ...] = ()
    kept_homes_usd_per_month: float = 0.0
    kept_directories: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    restored_homes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resources: tuple[str, ...] | None = ()
    endpoint: str | None = None
    apps: tuple[AppStatus, ...] = ()
    images: tuple[ImageStatus, ...] = ()
    limits: "Month | None" = None
    limits_are_hidden: bool = False
    limits_trouble: str = ""
    now: datetime | None = None


def status(account: Account) -> Status:
    """The domain of this environment, its profiles, spaces and apps.

    Raises:
        AwsError: AWS refused or cannot be reached.
    """
    name, target, studio = account.config.name, account.target, account.studio
    price_list = known.of(account.config)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        kept = pool.submit(_kept_homes, account)
        domain = account.domain()
        if domain is None:
            none = Status(name, target.region, target.name, None, (), (), 0.0, price_list.as_of)
            resources = _without_domain(account, kept.result())
            return replace(_with(none, account, kept.result()), resources=resources)
        month = pool.submit(_month, account) if account.config.limits.are_set else None
        profiles, apps = pool.submit(studio.user_profiles, domain.id), pool.submit(studio.apps, domain.id)
        found = studio.spaces(domain.id)
        latest = _editors(found, apps.result())
        idle = _idle_timeouts(studio, domain, (space for space in found if space.name in latest), pool)
        repaired = _in_recovery(studio, (space for space in found if space.name in latest), pool)
        users = tuple(UserStatus(profile.name, profile.status) for profile in profiles.result())
    now = emulation.now(target)
    without = {space.name for space in unstarted(found, apps.result(), now)}
    spaces = tuple(
        replace(
            _space(it, latest.get(it.name), idle.get(it.name), price_list),
            has_volume=it.name not in without,
            in_recovery=it.name in repaired,
        )
        for it in found
    )
    others = tuple(_app(app, price_list) for app in besides(apps.result(), latest.values()))
    costs = [*(space.usd_per_hour for space in spaces if space.is_paid_for), *(app.usd_per_hour for app in others)]
    whole = Status(
        name, target.region, target.name, domain, users, spaces, _sum(costs), price_list.as_of, apps=others, now=now
    )
    whole = replace(whole, images=_images(account, found, latest))
    if month:
        limits, trouble = month.result()
        whole = replace(whole, limits=limits, limits_are_hidden=not (limits or trouble), limits_trouble=trouble)
    return _with(whole, account, kept.result())


def _month(account: Account) -> "tuple[Month | None, str]":
    """The month so far; none for a user who may not read what all of them spend, and, with why, where it is broken."""
    from studioctl.operations.limits import BrokenLedgerError, month_so_far  # noqa: PLC0415 (few files have limits)

    try:
        month = month_so_far(account)
    except DeniedError:
        return None, ""
    except BrokenLedgerError as error:
        return None, f"{error.message}  To put it right: {error.hint}"
    return month, f"{month.trouble}  To put it right: {month.remedy}" if month.trouble else ""


def _kept_homes(account: Account) -> tuple[Holding, ...]:
    """Home file systems that were kept; none for a user who may not list file systems, and so cannot pay for any."""
    try:
        return kept_homes(account)
    except DeniedError:
        return ()


def _with(found: Status, account: Account, homes: Sequence[Holding]) -> Status:
    return replace(
        found,
        endpoint=account.session.endpoint(),
        kept_homes=tuple(home.name for home in homes),
        kept_homes_usd_per_month=sum(home.usd_per_month or 0.0 for home in homes),
        kept_directories={home.name: home.directories for home in homes if home.directories},
        restored_homes=restored(account.config.storage.file_systems),
    )


def _without_domain(account: Account, homes: Sequence[Holding]) -> tuple[str, ...] | None:
    """Find resources with the environment's tag: an unfinished `up` left them, or a `down` kept them."""
    try:
        found = tagged(account.session, (ENVIRONMENT_TAG, account.config.name))
    except DeniedError:
        return None
    return tuple(arn for arn in found if not any(arn.endswith(f"/{home.name}") for home in homes))


def _editors(spaces: Iterable[Space], apps: Iterable[App]) -> dict[str, App]:
    """The latest app of the kind that a space is for, by the space's name."""
    kinds = {space.name: space.app_type for space in spaces}
    latest: dict[str, App] = {}
    for app in sorted(apps, key=lambda app: app.created_at):
        if app.space in kinds and app.status != "Deleted" and app.type == (kinds[app.space] or EDITOR):
            latest[app.space] = app
    return latest


def _idle_timeouts(
    studio: Studio, domain: Domain, spaces: Iterable[Space], pool: ThreadPoolExecutor
) -> dict[str, int | None]:
    """The idle timeout by the space's name: its own, else its owner's, else the domain's. One call for each."""
    of_domain = {EDITOR: domain.idle_timeout_minutes, LAB: domain.lab_idle_timeout_minutes}

    def look(space: Space) -> tuple[str, int | None]:
        kind = space.app_type or EDITOR
        if kind not in of_domain:  # AWS stops no other app
            return space.name, None
        details = studio.space(domain.id, space.name)
        minutes = details.idle_timeout_minutes if details else None
        if minutes is not None and minutes < LONGEST_IDLE:
            return space.name, minutes
        # A year is what a space has whose editors are never stopped: whether they are, its owner's profile says.
        defaults = studio.editor_defaults(domain.id, space.owner, kind) if space.owner else None
        if defaults and defaults.is_idle_shutdown_off:
            return space.name, None
        return space.name, minutes or (defaults and defaults.idle_timeout_minutes) or of_domain[kind]

    return dict(pool.map(look, spaces))


def _in_recovery(studio: Studio, spaces: Iterable[Space], pool: ThreadPoolExecutor) -> frozenset[str]:
    """The spaces whose app was started in recovery mode: only a look at each app tells."""
    found = pool.map(lambda space: (space.name, studio.editor(space)), spaces)
    return frozenset(name for name, app in found if app and app.in_recovery and app.is_running)


def _space(space: Space, app: App | None, idle_timeout_minutes: int | None, price_list: Prices) -> SpaceStatus:
    running = app if app and app.status != "Failed" else None  # a failed app has no instance
    return SpaceStatus(
        name=space.name,
        owner=space.owner,
        status=space.status,
        volume_gb=space.volume_gb,
        app_status=app.status if app else "Stopped",
        instance_type=running.instance_type if running else None,
        image=running.spec.image if running else None,
        since=app.created_at if app else None,
        idle_timeout_minutes=idle_timeout_minutes if running else None,
        usd_per_hour=rates.of_running(running, price_list) if running else None,
        app_type=space.app_type or EDITOR,
    )


def _images(account: Account, spaces: Iterable[Space], running: Mapping[str, App]) -> tuple[ImageStatus, ...]:
    pinned = {space.name: space.image for space in account.config.resolved_spaces()}
    specs = {name: app.spec for name, app in running.items() if app.status in PAID_FOR}
    versions = Counter(
        (specs[space.name].image_alias if specs[space.name].is_distribution else None)
        if space.name in specs
        else pinned.get(space.name)
        for space in spaces
    )
    return tuple(
        ImageStatus(version, count, supported_until(version))
        for version, count in sorted(versions.items(), key=str)
        if version is not None
    )


def _app(app: App, price_list: Prices) -> AppStatus:
    return AppStatus(
        name=app.name,
        type=app.type,
        space=app.space,
        user=app.user_profile,
        status=app.status,
        instance_type=app.instance_type,
        since=app.created_at,
        usd_per_hour=rates.of_running(app, price_list),
    )


def _sum(costs: Sequence[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return round(sum(known), 4) if len(known) == len(costs) else None
