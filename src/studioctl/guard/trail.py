"""All that CloudTrail's event history tells of an environment: its domains, its apps, and whose spaces there were."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from studioctl.guard.database import ENVIRONMENT_TAG
from studioctl.guard.ledger import KEPT
from studioctl.guard.spans import CLOSE, CREATE, DELETE, Event

_SOURCE = "sagemaker.amazonaws.com"  # Amplify has a CreateApp, too


def domains(cloudtrail: Any, environment: str, at: float) -> dict[str, float]:
    """Every domain that was made for an environment, as its tag says, and when: the earliest first."""
    found = {}
    for time, record in _calls(cloudtrail, "CreateDomain", at - KEPT, at):
        tags = {tag.get("key"): tag.get("value") for tag in record["requestParameters"].get("tags") or ()}
        arn = (record.get("responseElements") or {}).get("domainArn") or ""
        if tags.get(ENVIRONMENT_TAG) == environment and arn:
            found[arn.rpartition("/")[2]] = time
    return dict(reversed(found.items()))


def used(cloudtrail: Any, marks: Collection[str], start: float, end: float) -> tuple[str, ...]:
    """The domains in which apps were started with something that only one environment has: its roles, its scripts.

    Args:
        cloudtrail: The client.
        marks: Parts of ARNs, of which the record of such a start has one.
        start: From when on.
        end: Until when.
    """
    calls = (record for _, record in _calls(cloudtrail, CREATE, start, end))
    found = (record["requestParameters"].get("domainId") for record in calls if _has(json.dumps(record), marks))
    return tuple(sorted({domain for domain in found if domain}))


def _has(text: str, marks: Collection[str]) -> bool:
    return any(mark in text for mark in marks)


def closed(cloudtrail: Any, of: Collection[str], at: float) -> dict[str, float]:
    """The domains that were deleted, and when."""
    calls = _calls(cloudtrail, CLOSE, at - KEPT, at)
    return {domain: time for time, record in calls if (domain := record["requestParameters"].get("domainId")) in of}


def removed(cloudtrail: Any, of: Collection[str], at: float) -> tuple[str, ...]:
    """The users whose profiles were deleted."""
    calls = (record["requestParameters"] for _, record in _calls(cloudtrail, "DeleteUserProfile", at - KEPT, at))
    return tuple(sorted({asked.get("userProfileName") or "" for asked in calls if asked.get("domainId") in of} - {""}))


def events(
    cloudtrail: Any, of: Collection[str], plans: Mapping[str, str], start: float, end: float, *, closed: bool
) -> Iterator[Event]:
    """The starts and ends of apps.

    Args:
        cloudtrail: The client.
        of: The domains.
        plans: By space: the instance type that its app has from a training plan, see `reading.Watched`.
        start: From when on.
        end: Until when.
        closed: Whether the ends of domains are asked about, too.
    """
    for name in (CREATE, DELETE, *((CLOSE,) if closed else ())):
        for time, record in _calls(cloudtrail, name, start, end):
            asked = record["requestParameters"]
            if asked.get("domainId") in of:
                yield _event(name, time, asked, plans)


def owners(cloudtrail: Any, of: Collection[str], at: float) -> dict[str, str]:
    """The owner of each space that was made, by its name: also of those that are gone."""
    found: dict[str, str] = {}
    for _, record in _calls(cloudtrail, "CreateSpace", at - KEPT, at):
        asked = record["requestParameters"]
        owner = (asked.get("ownershipSettings") or {}).get("ownerUserProfileName")
        if asked.get("domainId") in of and owner:
            found.setdefault(asked.get("spaceName") or "", owner)  # the newest comes first
    return found


def is_plan(arn: str | None) -> bool:
    """Whether this names a training plan; "None" is how a start leaves the one of its space."""
    return bool(arn) and arn != "None"


def _event(name: str, time: float, asked: Mapping[str, Any], plans: Mapping[str, str]) -> Event:
    spec, space = asked.get("resourceSpec") or {}, asked.get("spaceName") or ""
    arn, of_plan = spec.get("trainingPlanArn"), plans.get(space)
    instance_type = spec.get("instanceType") or ""
    return Event(
        action=name,
        time=time,
        kind=asked.get("appType", ""),
        space=space,
        profile=asked.get("userProfileName") or "",
        name=asked.get("appName", ""),
        instance_type=instance_type,
        # A start that names no plan has its space's.
        prepaid=is_plan(arn) or (arn is None and of_plan is not None and instance_type in {"", of_plan}),
    )


def _calls(cloudtrail: Any, name: str, start: float, end: float) -> Iterator[tuple[float, Mapping[str, Any]]]:
    """The time and the record of each call of a name, the newest first. Refused calls did nothing."""
    wanted = [{"AttributeKey": "EventName", "AttributeValue": name}]
    pages = cloudtrail.get_paginator("lookup_events")
    for page in pages.paginate(LookupAttributes=wanted, StartTime=start, EndTime=end):
        for told in page.get("Events", ()):
            record = json.loads(told["CloudTrailEvent"])
            if record.get("eventSource") == _SOURCE and not record.get("errorCode"):
                asked = record.get("requestParameters") or {}
                yield told["EventTime"].timestamp(), {**record, "requestParameters": asked}
