"""The apps and jobs of some time ago: from CloudTrail, the guard's ledger, or AWS's lists."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from studioctl.aws import guard
from studioctl.aws.errors import DeniedError, translated
from studioctl.config.users import default_space
from studioctl.guard import database, reading, store, trail
from studioctl.guard.ledger import KEPT, LEDGER, Ledger, UnreadableError, archive_key
from studioctl.guard.limits import month_of
from studioctl.guard.spans import TRAINING, UNKNOWN, Span, observe
from studioctl.infrastructure.guard import plans
from studioctl.infrastructure.naming import Naming
from studioctl.operations.environment import Account

TRAIL, BOOK, LISTS, METRIC = "CloudTrail", "the guard's ledger", "AWS's lists", "CloudWatch"
BEFORE_DAYS = 14  # how long before the month something may have begun that ran into it
DAY = 86400.0


@dataclass(frozen=True)
class Past:
    """All that ran, as far as is known.

    Args:
        spans: All that ran.
        source: The source: TRAIL, BOOK or LISTS.
        since: From when on that source knows everything.
        earlier: Earlier domains of the environment that are known. They may have ended before the month.
    """

    spans: tuple[Span, ...]
    source: str
    since: datetime
    earlier: tuple[str, ...] = ()


def past(account: Account, domain_id: str, start: datetime, now: datetime) -> Past:
    """All that ran since some days before `start`, the first moment of a month, in every domain of the environment.

    CloudTrail is asked first. Before its 90 days, and for those who may not read it, the guard's ledger counts, if
    there is one; else only AWS's lists are left, of apps of the last day, and of jobs. `domain_id` is the domain of
    now, "" for none.
    """
    horizon = now.timestamp() - KEPT
    kept = _ledger(account, f"{start:%Y-%m}")
    if kept is not None and start.timestamp() < horizon and kept.since < horizon:
        return _of(kept, domain_id)
    since = max(start.timestamp() - BEFORE_DAYS * DAY, horizon)
    try:
        return _told(account, domain_id, kept, start, now, since)
    except DeniedError as error:
        if "LookupEvents" not in error.message:
            raise
    if kept:
        return _of(kept, domain_id)
    watched = _watched(account, domain_id, ())
    return Past(_looked(account, watched, now, since, trail=False), LISTS, _moment(since))


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


def _of(ledger: Ledger, domain_id: str) -> Past:
    earlier = tuple(domain for domain in ledger.domains if domain != domain_id)
    return Past(ledger.spans, BOOK, _moment(ledger.since), earlier)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _told(account: Account, domain_id: str, kept: Ledger | None, start: datetime, now: datetime, since: float) -> Past:
    """The past by CloudTrail. Domains and users that are gone are those of its events, and of the ledger."""
    cloudtrail, at = account.session.client("cloudtrail"), now.timestamp()
    with translated():
        made = trail.domains(cloudtrail, account.config.name, at)
        known = dict.fromkeys((*(kept.domains if kept else ()), *made, *filter(None, (domain_id,))))
        if not domain_id or made.get(domain_id, 0.0) > start.timestamp():  # an earlier one may be older than the events
            known |= dict.fromkeys(trail.used(cloudtrail, _marks(account), since, at))
        domains = tuple(known)
        gone = trail.removed(cloudtrail, domains, at)
        closed = trail.closed(cloudtrail, domains, at)
    earlier = kept.spans if kept else ()
    watched = _watched(account, domain_id, {*gone, *(span.owner for span in earlier)} - {UNKNOWN})
    spans = _looked(account, watched, now, since, known=earlier, domains=domains)
    by_name = {default_space(user): user for user in gone}
    spans = tuple(replace(span, owner=span.owner or by_name.get(span.space, UNKNOWN)) for span in spans)
    _, first, end = month_of(start.timestamp())
    deleted = tuple(each for each in domains if closed.get(each, 0.0) > first and made.get(each, 0.0) < end)
    return Past(spans, TRAIL, _moment(since), deleted)


def _marks(account: Account) -> tuple[str, ...]:
    """Parts of ARNs that only this environment has: of the roles that start apps in Studio, and of their scripts."""
    naming = Naming.of(account.config)
    role, script = f":assumed-role/{naming.execution_role}", naming.lifecycle_config("")
    return (f"{role}/", f"{role}-", f":studio-lifecycle-config/{script}")


def _watched(account: Account, domain_id: str, gone: Iterable[str]) -> reading.Watched:
    config, naming = account.config, Naming.of(account.config)
    users = {*gone, *(user.name for user in config.users)} if config.iam.per_user_roles else ()
    prefixes = {user: naming.job_prefix(user) for user in users} | {UNKNOWN: naming.job_prefix()}
    return reading.Watched(config.name, domain_id, prefixes, plans(config))


def _looked(
    account: Account,
    watched: reading.Watched,
    now: datetime,
    since: float,
    *,
    known: Iterable[Span] = (),
    domains: tuple[str, ...] = (),
    trail: bool = True,
) -> tuple[Span, ...]:
    """The spans that AWS tells. `known` gives only the owners of apps, which nobody tells any more."""

    def clients(name: str) -> Any:
        return account.session.client(name) if trail or name != "cloudtrail" else _NoTrail()  # type: ignore[call-overload]

    apps = (span for span in known if span.kind != TRAINING)
    with translated():
        seen = reading.look(clients, watched, at=now.timestamp(), since=since, back=since, known=apps, domains=domains)
    return observe((), seen)


class _NoTrail:
    """CloudTrail, for those who may not read it."""

    def get_paginator(self, _: str) -> "_NoTrail":
        return self

    def paginate(self, **_: object) -> Iterator[dict[str, Any]]:
        return iter(())
