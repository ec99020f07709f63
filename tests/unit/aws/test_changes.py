"""When AWS last changed what it lists: the same text on every machine, since a record of it is shared."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.utils import parse_timestamp

from studioctl.aws import changes

CHANGED_AT = "1798000000.25"


class SageMaker:
    """Answers as botocore does: with times in the zone of the machine."""

    def get_paginator(self, operation: str) -> Any:
        kind, name = {
            "list_user_profiles": ("UserProfiles", "UserProfileName"),
            "list_spaces": ("Spaces", "SpaceName"),
        }[operation]
        at = parse_timestamp(CHANGED_AT)
        each = {"DomainId": "d-1", name: "ada", "Status": "InService", "CreationTime": at, "LastModifiedTime": at}
        passing = {"DomainId": "d-1", name: "eve", "Status": "Updating", "CreationTime": at}
        return SimpleNamespace(paginate=lambda **_: [{kind: [each, passing]}])


@pytest.fixture(params=["America/Los_Angeles", "Asia/Kolkata"])
def _zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_zone")
def test_times_are_the_same_in_every_zone() -> None:
    session = cast("Any", SimpleNamespace(client=lambda _: SageMaker()))
    at = {"ada": "2026-12-23T04:26:40.250000+00:00"}

    found = changes.last_changes(session, "d-1")

    assert (found.profiles, found.spaces) == (at, at)
    assert found.people == ("ada", "eve")  # those that are not in service count for quotas, too
    assert [space.name for space in found.rooms] == ["ada", "eve"]
    assert found.passing


class Listed:
    """A domain whose profiles are listed a page at a time, what changed last coming first."""

    def __init__(self, *pages: Sequence[tuple[str, str, float]], owners: Sequence[str] = ()) -> None:
        self.pages, self.read, self.owners = pages, 0, owners

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=self.profiles if operation == "list_user_profiles" else self.spaces)

    def spaces(self, **_: Any) -> Iterator[Any]:
        """One space for each owner."""
        of_all = {"DomainId": "d-1", "Status": "InService", "CreationTime": START, "LastModifiedTime": START}
        named = [(f"{name}-editor", {"OwnerUserProfileName": name}) for name in self.owners]
        yield {"Spaces": [{**of_all, "SpaceName": n, "OwnershipSettingsSummary": owner} for n, owner in named]}

    def profiles(self, *, SortBy: str, SortOrder: str, **_: Any) -> Iterator[Any]:  # noqa: N803 - AWS's names
        assert (SortBy, SortOrder) == ("LastModifiedTime", "Descending")
        for page in self.pages:
            self.read += 1
            yield {
                "UserProfiles": [
                    {"UserProfileName": name, "Status": status, "LastModifiedTime": START + timedelta(minutes=at)}
                    for name, status, at in page
                ]
            }

    @property
    def session(self) -> Any:
        return SimpleNamespace(client=lambda _: self)


START = datetime(2026, 11, 30, tzinfo=UTC)
OLD = [("eve", "InService", -90), ("bob", "InService", -200)]


def test_what_changed_since_then_takes_no_call_for_the_rest() -> None:
    domain = Listed([("ada", "InService", 5), ("grace", "InService", 0)], OLD, OLD)

    found = changes.last_changes(domain.session, "d-1", since=(START - timedelta(hours=1)).isoformat())

    assert list(found.profiles) == ["ada", "grace"]
    assert domain.read == 2  # the first one that is older ends it
    assert list(changes.last_changes(domain.session, "d-1").profiles) == ["ada", "grace", "eve", "bob"]


@pytest.mark.parametrize(
    ("pages", "passes", "read"),
    [
        ([[("ada", "InService", 5), ("grace", "Deleting", 0)], OLD], True, 1),
        ([[("ada", "InService", 5)], [("grace", "Pending", -50)], OLD], True, 2),
        ([[("ada", "InService", 5)], OLD, OLD], False, 2),
        ([[("ada", "Failed", 5)], [("grace", "Updating", -54)]], True, 2),
        ([], False, 0),
    ],
    ids=["first page", "older than what ended well", "long over", "beside a failure", "nobody"],
)
def test_what_passes_is_among_what_changed_last(pages: Any, passes: bool, read: int) -> None:
    domain = Listed(*pages)

    assert changes.are_passing(domain.session, "d-1") is passes
    assert domain.read == read


@pytest.mark.parametrize(
    ("pages", "passes", "read"),
    [
        ([[("ada", "InService", 0), ("grace", "InService", -9)], OLD], False, 1),
        ([[("ada", "InService", 2), ("grace", "Updating", 1)], OLD], True, 1),
        ([[("ada", "InService", 3)], [("grace", "Deleting", 1)], OLD], True, 2),
    ],
    ids=["nothing since", "first page", "second page"],
)
def test_where_nothing_passed_before_only_what_changed_since_is_asked_for(pages: Any, passes: bool, read: int) -> None:
    domain = Listed(*pages)

    assert changes.are_passing(domain.session, "d-1", since=START.isoformat()) is passes
    assert domain.read == read


def at(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


KNOWN = {"ada": at(5), "grace": at(0), "eve": at(-90), "bob": at(-200)}
AS_KNOWN = ([("ada", "InService", 5), ("grace", "InService", 0)], OLD[:1], OLD[1:])


@pytest.mark.parametrize(
    ("pages", "owners", "strangers", "read"),
    [
        (AS_KNOWN, ("ada", "grace", "eve", "bob"), (), 1),
        (AS_KNOWN, ("grace", "eve", "bob"), (), 1),
        (AS_KNOWN, ("ada", "grace", "eve"), (), 3),
        (AS_KNOWN[:2], ("ada", "grace", "eve"), (), 2),
        (([("eve", "InService", 7), *AS_KNOWN[0]], OLD[1:]), ("grace", "eve", "bob"), (), 1),
        (([*AS_KNOWN[0][:1], ("eve", "InService", 4.99)], AS_KNOWN[0][1:], OLD[1:]), ("grace", "eve", "bob"), (), 2),
        (([("linus", "Deleting", 9)], *AS_KNOWN), ("ada", "grace", "eve", "bob"), (), 2),
        ((*AS_KNOWN, [("barbara", "InService", -300)]), ("ada", "grace", "eve", "bob", "barbara"), ("barbara",), 1),
        ((*AS_KNOWN, [("barbara", "InService", -300)]), ("ada", "grace", "eve", "bob"), ("barbara",), 4),
        (([("ada", "Failed", 5)], *AS_KNOWN[1:]), ("eve", "bob"), (), 3),
    ],
    ids=[
        "all as it was",
        "no space, but changed last",
        "no space",
        "gone",
        "changed",
        "changed a moment before, by another clock",
        "a new one goes",
        "a stranger with a space",
        "a stranger without one",
        "failed, and another is gone",
    ],
)
def test_who_owns_a_space_need_not_be_listed(
    pages: Any, owners: tuple[str, ...], strangers: tuple[str, ...], read: int
) -> None:
    domain = Listed(*pages, owners=owners)
    known = KNOWN | dict.fromkeys(strangers, "")
    found = changes.last_changes(domain.session, "d-1", known=known, seen=max(KNOWN.values()))
    asked = domain.read
    everything = changes.last_changes(domain.session, "d-1")

    assert asked == read
    assert sorted(found.people) == sorted(everything.people)
    assert {**found.profiles, **everything.profiles} == everything.profiles
    assert everything.profiles.keys() - found.profiles.keys() <= {*strangers}
    assert (found.rooms, found.spaces, found.passing) == (everything.rooms, everything.spaces, everything.passing)


@pytest.mark.parametrize("newest", ["", "not a time", "0001-01-01T00:00:00+00:00"])
def test_times_that_are_none_make_it_list_all(newest: str) -> None:
    domain = Listed(*AS_KNOWN, owners=("ada",))

    found = changes.last_changes(domain.session, "d-1", known={"ada": newest}, seen=newest)

    assert list(found.profiles) == ["ada", "grace", "eve", "bob"]


def test_a_change_before_the_newest_known_one_is_seen_if_it_was_not_listed_then() -> None:
    """An `up` made ada; grace was changed by somebody else while it ran, before ada was made."""
    domain = Listed(*AS_KNOWN, owners=("ada", "grace", "eve", "bob"))

    found = changes.last_changes(domain.session, "d-1", known=KNOWN | {"grace": at(-95)}, seen=at(-90))

    assert found.profiles["grace"] == at(0)
