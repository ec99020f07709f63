"""The use of a month and its costs, counted from what AWS tells afterwards."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from studioctl.aws import contents
from studioctl.aws.errors import DeniedError, MissingError, translated
from studioctl.catalog.prices import GIGABYTE, Prices
from studioctl.errors import AwsError, ExitCode, StudioctlError
from studioctl.guard import reading
from studioctl.guard.rates import Rates
from studioctl.guard.spans import Span, observe
from studioctl.infrastructure.naming import Naming
from studioctl.operations import emulation
from studioctl.operations.costs import known
from studioctl.operations.data.inventory import HOME, filled_spaces
from studioctl.operations.environment import Account
from studioctl.terraform.state_resources import BUCKET, REPOSITORY

TRAIL_DAYS = 90  # CloudTrail's event history
BEFORE_DAYS = 14  # how long before the month something may have begun that ran into it
DAY = 86400.0
VOLUME = "volume"


@dataclass(frozen=True)
class Used:
    """One user's use of one kind in one space.

    Args:
        user: The user profile; "" where it is not known.
        space: "" for training jobs, and apps of a profile itself.
        app: An app's type, or "training".
        instance_type: "" where it is not known.
        hours: Instance hours.
        usd: What they cost; None where the price is not known.
        doubt: Hours that it may be more or less, where ends were not recorded.
        running: Whether one of them runs now.
    """

    user: str
    space: str
    app: str
    instance_type: str
    hours: float
    usd: float | None
    doubt: float
    running: bool


@dataclass(frozen=True)
class Stored:
    """A kind of storage: its size now, and what that costs for the part of the month that is over."""

    kind: str
    gigabytes: float | None
    usd: float | None


@dataclass(frozen=True)
class Month:
    """A month's use.

    Args:
        month: Such as "2026-11".
        until: The end of what was counted.
        source: What it was counted from: "CloudTrail", or "AWS's lists" for those who may not read that.
        used: By user, space and kind; the most expensive first.
        stored: By kind.
    """

    name: str
    region: str
    month: str
    until: datetime
    source: str
    used: tuple[Used, ...]
    stored: tuple[Stored, ...]

    @property
    def usd(self) -> float:
        """US dollars of all hours, as far as prices are known."""
        return sum(each.usd or 0.0 for each in self.used)

    @property
    def doubt_usd(self) -> float:
        """US dollars that it may be more or less."""
        return sum(each.doubt / each.hours * each.usd for each in self.used if each.usd and each.hours)


def bounds(text: str, now: datetime) -> tuple[datetime, datetime]:
    """The start and the end of a month: "2026-11", "this" or "last".

    Raises:
        StudioctlError: It is none, or it has not begun.
    """
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    match text:
        case "this":
            start = first
        case "last":
            start = first.replace(year=first.year - (first.month == 1), month=(first.month - 2) % 12 + 1)
        case _:
            start = _month(text)
    if start > now:
        raise StudioctlError(
            f"--month: {text} has not begun.", hint="studioctl cost --month this", exit_code=ExitCode.USAGE
        )
    return start, start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def _month(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise StudioctlError(
            f"--month: '{text}' is not like 2026-11, this or last.",
            hint="studioctl cost --month this",
            exit_code=ExitCode.USAGE,
        ) from None


def month(account: Account, text: str, now: datetime | None = None) -> Month:
    """The use of a month.

    Args:
        account: The environment.
        text: See `bounds`.
        now: The time; by default AWS's.

    Raises:
        AwsError: AWS refused or cannot be reached.
        StudioctlError: There is no such month, or no domain.
    """
    now = now or emulation.now(account.target)
    start, end = bounds(text, now)
    until = min(now, end)
    domain = account.domain()
    if domain is None:
        raise StudioctlError(
            f"There is no '{account.config.name}' in {account.place}.", hint="studioctl list   (shows what there is)"
        )
    spans, source = _spans(account, domain.id, start, now)
    prices = known.of(account.config)
    part = (until - start) / (end - start)
    return Month(
        name=account.config.name,
        region=account.target.region,
        month=f"{start:%Y-%m}",
        until=until,
        source=source,
        used=_used(spans, Rates({item: price.usd for item, price in prices.of.items()}), start, until),
        stored=tuple(_stored(account, prices, part)),
    )


def _spans(account: Account, domain_id: str, start: datetime, now: datetime) -> tuple[tuple[Span, ...], str]:
    """All that ran since some days before the month.

    Who may not read CloudTrail has the lists of apps, of a day, and of jobs.
    """
    naming, per_user = Naming.of(account.config), account.config.iam.per_user_roles
    prefixes = {user.name: naming.job_prefix(user.name) for user in account.config.users} if per_user else {}
    prefixes |= {"": naming.job_prefix()}
    since = max(start.timestamp() - BEFORE_DAYS * DAY, now.timestamp() - TRAIL_DAYS * DAY)

    def looked(clients: Any) -> tuple[Span, ...]:
        with translated():
            seen = reading.look(clients, domain_id, prefixes, at=now.timestamp(), since=since, back=since)
        return observe((), seen)

    try:
        return looked(account.session.client), "CloudTrail"
    except DeniedError as error:
        if "LookupEvents" not in error.message:
            raise
    return looked(lambda name: _NoTrail() if name == "cloudtrail" else account.session.client(name)), "AWS's lists"


class _NoTrail:
    """CloudTrail, for those who may not read it."""

    def get_paginator(self, _: str) -> "_NoTrail":
        return self

    def paginate(self, **_: object) -> Iterator[dict[str, Any]]:
        return iter(())


def _used(spans: Iterable[Span], rates: Rates, start: datetime, until: datetime) -> tuple[Used, ...]:
    bounds = start.timestamp(), until.timestamp()
    groups: dict[tuple[str, str, str, str], list[Span]] = {}
    for span in spans:
        if span.hours(*bounds) > 0:
            groups.setdefault((span.owner, span.space, span.kind, span.instance_type), []).append(span)
    found = []
    for (user, space, kind, instance_type), members in groups.items():
        hours = sum(span.hours(*bounds) for span in members)
        price = rates.per_hour(members[0])
        found.append(
            Used(
                user=user,
                space=space,
                app=kind,
                instance_type=instance_type,
                hours=round(hours, 4),
                usd=None if price is None else round(hours * price, 4),
                doubt=round(sum(min(span.doubt * span.count / 3600, span.hours(*bounds)) for span in members), 4),
                running=any(span.is_open for span in members),
            )
        )
    return tuple(sorted(found, key=lambda each: (-(each.usd or 0), each.user, each.space)))


def _stored(account: Account, prices: Prices, part: float) -> Iterator[Stored]:
    """As it is now: AWS tells no sizes of yesterday."""
    domain = account.domain()
    if domain is not None:
        spaces = filled_spaces(account, domain.id, account.studio.apps(domain.id))
        gigabytes = float(sum(space.volume_gb or 0 for space in spaces))
        usd = prices.usd(VOLUME)
        yield Stored("volumes of spaces", gigabytes, None if usd is None else round(gigabytes * usd * part, 4))
        if home := domain.home_file_system_id:
            yield _sized(
                HOME, lambda: contents.home_contents(account.session, home, profiles=0, used=True), prices, part
            )
    bucket = account.config.storage.bucket or f"{account.config.name}-data-{account.session.identity.account_id}"
    yield _sized(BUCKET, lambda: contents.bucket_contents(account.session, bucket), prices, part)
    repository = account.config.repository
    yield _sized(REPOSITORY, lambda: contents.repository_contents(account.session, repository), prices, part)


def _sized(kind: str, look: Any, prices: Prices, part: float) -> Stored:
    """Of what may not be looked at, nothing is known."""
    try:
        amount = look()
    except MissingError:
        amount = None
    except AwsError:
        return Stored(kind, None, None)
    size = amount.size if amount else 0
    usd = prices.monthly(kind, size)
    return Stored(
        kind,
        None if size is None else round(size / GIGABYTE, 3),
        None if usd is None else round(usd * part, 4),
    )
