"""The times of last change in AWS's lists: a hundred in one answer, where each description is a call."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from studioctl.aws.errors import ignoring_missing
from studioctl.aws.session import Session
from studioctl.aws.values import UNSETTLED, Space, UserProfile, read_space

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import PaginatorConfigTypeDef

PAGE: "PaginatorConfigTypeDef" = {"PageSize": 100}  # AWS's largest; its default is 10
SETTLED = "InService"
PASSING = {*UNSETTLED, "Deleting"}
LONGEST_CHANGE = timedelta(hours=1)  # the provider gives the longest of them, a domain's, 20 minutes
SKEW = timedelta(seconds=1)  # between the clocks of AWS's own machines
PROFILES, SPACES = ("list_user_profiles", "UserProfiles"), ("list_spaces", "Spaces")
KINDS = (PROFILES, SPACES)


Entry = tuple[str, UserProfile | Space]  # with the time of its last change


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


def last_changes(
    session: Session, domain_id: str, *, since: str = "", known: Mapping[str, str] | None = None, seen: str = ""
) -> LastChanges:
    """The last changes in a domain; none when there is no such domain.

    What is being changed, or failed, is left out: nobody can say of it that it is as it was.

    Args:
        session: The account.
        domain_id: The domain.
        since: Only those since then, which takes fewer calls; a time as this function returns it.
        known: All user profiles that there were, with the times of their last changes, or "". Then AWS is asked for
            fewer of them, and the answer is the same but for the times of those that are known without.
        seen: The newest of all times when these were listed. Later changes are looked for.

    Raises:
        AwsError: AWS refused.
    """

    def listed(kind: tuple[str, str]) -> list[Entry]:
        changed = takewhile(lambda it: _time(it) >= since, latest(session, domain_id, *kind))
        return [(_time(it), _read(it)) for it in changed]

    if known:
        spaces = listed(SPACES)
        profiles, as_known = _beside(session, domain_id, known, seen, spaces)
    else:
        with ThreadPoolExecutor(len(KINDS)) as pool:
            profiles, spaces = pool.map(listed, KINDS)
        as_known = {}
    return LastChanges(
        {name: at for name, at in as_known.items() if at} | _times(profiles),
        _times(spaces),
        (*(it.name for _, it in profiles), *as_known),
        tuple(sorted((it for _, it in spaces if isinstance(it, Space)), key=lambda space: space.name)),
        any(it.status in PASSING for _, it in (*profiles, *spaces)),
    )


def _beside(
    session: Session, domain_id: str, known: Mapping[str, str], seen: str, spaces: Iterable[Entry]
) -> tuple[list[Entry], dict[str, str]]:
    """The user profiles that changed since they were known, and those that did not.

    Whoever owns a space that is listed is there: AWS deletes no profile before all spaces that it owns.
    https://docs.aws.amazon.com/sagemaker/latest/dg/domain-user-profile-remove.html
    So the list is read on to where nothing has changed since, and until it has shown all who own none.
    """
    unseen = known.keys() - {it.owner for _, it in spaces if isinstance(it, Space)}
    unchanged = _before(seen)
    found: list[Entry] = []
    for each in latest(session, domain_id, *PROFILES):
        if not unseen and _time(each) < unchanged:
            break
        found.append((_time(each), _read(each)))
        unseen.discard(each["UserProfileName"])
    others = known.keys() - unseen - {it.name for _, it in found}
    return found, {name: known[name] for name in sorted(others)}


def _before(at: str) -> str:
    """A time that is certainly earlier; empty where that is none."""
    try:
        return (datetime.fromisoformat(at) - SKEW).isoformat()
    except (ValueError, OverflowError):
        return ""


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


def _times(listed: Iterable[Entry]) -> dict[str, str]:
    return {it.name: at for at, it in listed if it.status == SETTLED and at}
