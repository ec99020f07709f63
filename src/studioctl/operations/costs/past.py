"""The apps and jobs of some time ago: from CloudTrail, the guard's ledger, or AWS's lists."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from studioctl.aws import guard
from studioctl.aws.errors import DeniedError, translated
from studioctl.guard import database, reading, store
from studioctl.guard.ledger import LEDGER, Ledger, UnreadableError, archive_key
from studioctl.guard.spans import UNKNOWN, Span, observe
from studioctl.infrastructure.naming import Naming
from studioctl.operations.environment import Account

TRAIL, BOOK, LISTS, METRIC = "CloudTrail", "the guard's ledger", "AWS's lists", "CloudWatch"
TRAIL_DAYS = 90  # CloudTrail's event history
BEFORE_DAYS = 14  # how long before the month something may have begun that ran into it
DAY = 86400.0


@dataclass(frozen=True)
class Past:
    """All that ran, as far as is known.

    Args:
        spans: What ran.
        source: Who told it: TRAIL, BOOK or LISTS.
        since: From when on that source knows everything.
    """

    spans: tuple[Span, ...]
    source: str
    since: datetime


def past(account: Account, domain_id: str, start: datetime, now: datetime) -> Past:
    """All that ran since some days before `start`, the first moment of a month.

    CloudTrail is asked first. Before its 90 days, and for those who may not read it, the guard's ledger counts, if
    there is one; else only AWS's lists are left, of apps of the last day, and of jobs.
    """
    horizon = now.timestamp() - TRAIL_DAYS * DAY
    kept = _ledger(account, f"{start:%Y-%m}") if start.timestamp() < horizon else None
    if kept is not None and kept.since < horizon:
        return _of(kept)
    since = max(start.timestamp() - BEFORE_DAYS * DAY, horizon)
    try:
        return Past(_looked(account, domain_id, now, since), TRAIL, _moment(since))
    except DeniedError as error:
        if "LookupEvents" not in error.message:
            raise
    kept = kept or _ledger(account, f"{start:%Y-%m}")
    return _of(kept) if kept else Past(_looked(account, domain_id, now, since, trail=False), LISTS, _moment(since))


def database_hours(account: Account, start: datetime, until: datetime, now: datetime) -> tuple[float | None, str]:
    """ACU hours of the database of studies in a month, and who told them; None where nobody does.

    CloudWatch is asked first. For those who may not, and for earlier months, the guard's ledger counts.
    """
    if start.timestamp() >= now.timestamp() - database.KNOWN:
        cloudwatch, name = account.session.client("cloudwatch"), Naming.of(account.config).database
        try:
            with translated():
                points = tuple(database.capacity(cloudwatch, name, start.timestamp(), until.timestamp()))
            return database.hours(points, until.timestamp()), METRIC
        except DeniedError:
            pass
    month = f"{start:%Y-%m}"
    kept = _ledger(account, month)
    return (kept.database.hours(month), BOOK) if kept and kept.database else (None, "")


def _ledger(account: Account, month: str) -> Ledger | None:
    """The guard's record of a month: the object that is kept of it, or the ledger itself, once it has caught up."""
    if not account.config.limits.are_set:
        return None
    bucket = account.config.bucket_in(account.session.identity.account_id)

    def read(s3: Any) -> Ledger | None:
        return store.read(s3, bucket, archive_key(month))[0] or store.read(s3, bucket, LEDGER)[0]

    try:
        found: Ledger | None = guard.reading(account.session, read)
    except (DeniedError, UnreadableError):
        return None
    return found if found and found.is_whole else None


def _of(ledger: Ledger) -> Past:
    return Past(ledger.spans, BOOK, _moment(ledger.since))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _looked(account: Account, domain_id: str, now: datetime, since: float, *, trail: bool = True) -> tuple[Span, ...]:
    naming, per_user = Naming.of(account.config), account.config.iam.per_user_roles
    prefixes = {user.name: naming.job_prefix(user.name) for user in account.config.users} if per_user else {}
    prefixes |= {UNKNOWN: naming.job_prefix()}

    def clients(name: str) -> Any:
        return account.session.client(name) if trail or name != "cloudtrail" else _NoTrail()  # type: ignore[call-overload]

    with translated():
        seen = reading.look(clients, domain_id, prefixes, at=now.timestamp(), since=since, back=since)
    return observe((), seen)


class _NoTrail:
    """CloudTrail, for those who may not read it."""

    def get_paginator(self, _: str) -> "_NoTrail":
        return self

    def paginate(self, **_: object) -> Iterator[dict[str, Any]]:
        return iter(())
