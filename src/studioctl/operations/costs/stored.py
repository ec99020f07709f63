"""Storage of a month and its costs: all that there is now, from when on it is there.

AWS tells no sizes of yesterday, and nothing of what was deleted since.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from studioctl.aws import contents
from studioctl.aws.contents import Dated
from studioctl.aws.values import Domain
from studioctl.catalog.prices import GIGABYTE, Prices
from studioctl.errors import AwsError
from studioctl.operations.costs.past import Past
from studioctl.operations.data.inventory import HOME, filled_spaces
from studioctl.operations.environment import Account
from studioctl.terraform.state_resources import BUCKET, REPOSITORY

VOLUME, VOLUMES = "volume", "volumes of spaces"


@dataclass(frozen=True)
class Counted:
    """A month, and up to when it is counted."""

    start: datetime
    end: datetime
    until: datetime

    def part(self, since: datetime) -> float:
        """The counted part of the month for something that exists since then."""
        return max(0.0, (self.until - max(self.start, since)) / (self.end - self.start))


@dataclass(frozen=True)
class Stored:
    """A kind of storage: its size now, and what that costs from when on it is there, in this month.

    `gigabytes` is None where it is not known, or too many things to list; `usd` then, and where there is no price.
    """

    kind: str
    gigabytes: float | None
    usd: float | None


@dataclass(frozen=True)
class Volume:
    """A space's volume, as `Stored` counts them all: its size now, and what that costs."""

    user: str
    space: str
    gigabytes: float
    usd: float | None


def volumes(account: Account, domain_id: str, seen: Past, usd: float | None, month: Counted) -> Iterator[Volume]:
    """The volumes of spaces. AWS makes each with the space's first start: where nobody saw that, with the space."""
    if not domain_id:
        return
    may_have_one = {space.name for space in filled_spaces(account, domain_id, account.studio.apps(domain_id))}
    for space in account.studio.spaces(domain_id):
        starts = [span.began for span in seen.spans if span.space == space.name]
        if not starts and space.name not in may_have_one:
            continue
        since = space.created_at
        if starts and seen.since <= space.created_at:
            since = max(since, datetime.fromtimestamp(min(starts), since.tzinfo))
        gigabytes = float(space.volume_gb or 0)
        cost = None if usd is None else round(gigabytes * usd * month.part(since), 4)
        yield Volume(space.owner or "", space.name, gigabytes, cost)


def together(found: Sequence[Volume], prices: Prices) -> Stored:
    """All volumes as one kind."""
    usd = None if prices.usd(VOLUME) is None else round(sum(each.usd or 0.0 for each in found), 4)
    return Stored(VOLUMES, float(sum(each.gigabytes for each in found)), usd)


def others(account: Account, domain: Domain | None, prices: Prices, month: Counted) -> Iterator[Stored]:
    """The home file system, the bucket and the images."""
    session, config = account.session, account.config
    if home := domain.home_file_system_id if domain else None:
        yield _of(HOME, lambda: contents.dated_home(session, home), prices, month)
    bucket = config.bucket_in(session.identity.account_id)
    yield _of(BUCKET, lambda: contents.dated_objects(session, bucket), prices, month)
    yield _of(REPOSITORY, lambda: contents.dated_images(session, config.repository), prices, month)


def _of(kind: str, look: Callable[[], Iterable[Dated] | None], prices: Prices, month: Counted) -> Stored:
    """The stored amounts of a kind; none if it may not be looked at."""
    try:
        found = look()
    except AwsError:
        found = None
    if found is None:
        return Stored(kind, None, None)
    things = tuple(found)
    costs = [(prices.monthly(kind, thing.size), month.part(thing.since)) for thing in things]
    known = [usd * part for usd, part in costs if usd is not None]
    is_known = prices.monthly(kind, 0) is not None
    return Stored(
        kind,
        round(sum(thing.size for thing in things) / GIGABYTE, 3),
        round(sum(known), 4) if is_known else None,
    )
