"""When AWS last changed what it lists: a hundred in one answer, where each description is a call."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from studioctl.aws.errors import ignoring_missing
from studioctl.aws.session import Session
from studioctl.aws.values import UNSETTLED, Space, UserProfile, read_space

PAGE = {"PageSize": 100}  # AWS's largest; its default is 10
SETTLED = "InService"
PASSING = {*UNSETTLED, "Deleting"}
LONGEST_CHANGE = timedelta(hours=1)  # the provider gives the longest of them, a domain's, 20 minutes
KINDS: Any = (("list_user_profiles", "UserProfiles"), ("list_spaces", "Spaces"))


@dataclass(frozen=True)
class LastChanges:
    """The user profiles and spaces of a domain that were listed.

    Args:
        profiles: The time of the last change of each profile that is in service, as text in UTC, by its name.
        spaces: The same of the spaces.
        people: The names of all profiles, also of those that are not in service.
        rooms: All spaces, by name.
        passing: Whether AWS was making, changing or deleting one of them.
    """

    profiles: Mapping[str, str] = field(default_factory=dict)
    spaces: Mapping[str, str] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    rooms: tuple[Space, ...] = ()
    passing: bool = False


def last_changes(session: Session, domain_id: str, *, since: str = "") -> LastChanges:
    """The last changes in a domain; none when there is no such domain.

    What is being changed, or failed, is left out: nobody can say of it that it is as it was.

    Args:
        session: The account.
        domain_id: The domain.
        since: Only those since then, which takes fewer calls; a time as this function returns it.

    Raises:
        AwsError: AWS refused.
    """

    def listed(kind: tuple[str, str]) -> list[tuple[str, UserProfile | Space]]:
        changed = takewhile(lambda it: _time(it) >= since, latest(session, domain_id, *kind))
        return [(_time(it), _read(it)) for it in changed]

    with ThreadPoolExecutor(len(KINDS)) as pool:
        profiles, spaces = pool.map(listed, KINDS)
    return LastChanges(
        _times(profiles),
        _times(spaces),
        tuple(it.name for _, it in profiles),
        tuple(sorted((it for _, it in spaces if isinstance(it, Space)), key=lambda space: space.name)),
        any(it.status in PASSING for _, it in (*profiles, *spaces)),
    )


def are_passing(session: Session, domain_id: str, *, since: str = "") -> bool:
    """Whether AWS is making, changing or deleting a user profile or a space of a domain.

    A status that changes is a change, so whatever passes is among those that changed last: of the others it takes no
    call.

    Args:
        session: The account.
        domain_id: The domain.
        since: When nothing was passing, as `last_changes` tells times. Whatever passes now has changed since then.

    Raises:
        AwsError: AWS refused.
    """

    def is_passing(kind: tuple[str, str]) -> bool:
        newest: datetime | None = None
        for each in latest(session, domain_id, *kind):
            at = each.get("LastModifiedTime")
            newest = newest or at
            if at and (_time(each) < since or (newest and newest - at > LONGEST_CHANGE)):
                return False
            if each["Status"] in PASSING:
                return True
        return False

    with ThreadPoolExecutor(len(KINDS)) as pool:
        return any(list(pool.map(is_passing, KINDS)))


def latest(session: Session, domain_id: str, operation: Any, member: str) -> Iterator[Mapping[str, Any]]:
    """The profiles or spaces of a domain, what AWS changed last coming first. AWS is asked as they are wanted."""
    with ignoring_missing():
        pages: Any = session.client("sagemaker").get_paginator(operation)
        found = pages.paginate(
            DomainIdEquals=domain_id, SortBy="LastModifiedTime", SortOrder="Descending", PaginationConfig=PAGE
        )
        for page in found:
            yield from page[member]


def _time(each: Mapping[str, Any]) -> str:
    at = each.get("LastModifiedTime")
    return at.astimezone(UTC).isoformat() if at else ""


def _read(each: Mapping[str, Any]) -> UserProfile | Space:
    """An entry, without what nobody asks for: of thousands, AWS's answers take long to hold."""
    return read_space(each) if "SpaceName" in each else UserProfile(each["UserProfileName"], each["Status"])


def _times(listed: Iterable[tuple[str, UserProfile | Space]]) -> dict[str, str]:
    return {it.name: at for at, it in listed if it.status == SETTLED and at}
