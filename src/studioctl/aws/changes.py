"""When AWS last changed what it lists: a hundred in one answer, where each description is a call."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from studioctl.aws.errors import ignoring_missing
from studioctl.aws.session import Session
from studioctl.aws.values import UNSETTLED, Space, read_space

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

    def listed(kind: tuple[str, str]) -> list[Mapping[str, Any]]:
        return list(takewhile(lambda it: _time(it) >= since, latest(session, domain_id, *kind)))

    with ThreadPoolExecutor(len(KINDS)) as pool:
        profiles, spaces = pool.map(listed, KINDS)
    return LastChanges(
        _times(profiles, "UserProfileName"),
        _times(spaces, "SpaceName"),
        tuple(each["UserProfileName"] for each in profiles),
        tuple(sorted(map(read_space, spaces), key=lambda space: space.name)),
        any(each["Status"] in PASSING for each in (*profiles, *spaces)),
    )


def are_passing(session: Session, domain_id: str) -> bool:
    """Whether AWS is making, changing or deleting a user profile or a space of a domain.

    A status that changes is a change, so whatever passes is among those that changed last: of the others it takes no
    call.

    Raises:
        AwsError: AWS refused.
    """

    def is_passing(kind: tuple[str, str]) -> bool:
        newest: datetime | None = None
        for each in latest(session, domain_id, *kind):
            at = each.get("LastModifiedTime")
            newest = newest or at
            if newest and at and newest - at > LONGEST_CHANGE:
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


def _times(listed: Iterable[Mapping[str, Any]], name: str) -> dict[str, str]:
    return {each[name]: _time(each) for each in listed if each["Status"] == SETTLED and "LastModifiedTime" in each}
