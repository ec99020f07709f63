"""All that AWS tells of apps, spaces, training jobs and calls. The clients are boto3's or botocore's."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from studioctl.guard.spans import CREATE, DELETE, TRAINING, App, Event, Look, Span

LAG = 2 * 3600.0
"""Seconds by which CloudTrail may be late: about five minutes as a rule, more than an hour was seen."""
PAGE = 100
ENDED = frozenset({"Completed", "Failed", "Stopped"})
MISSING = frozenset({"ValidationException", "ResourceNotFound"})


def look(
    clients: Any,
    domain_id: str,
    job_prefixes: Mapping[str, str],
    *,
    at: float,
    since: float,
    back: float,
    known: Iterable[Span] = (),
    changed: float | None = None,
) -> Look:
    """Everything that AWS tells at one time.

    Args:
        clients: Gives the client of a service by its name.
        domain_id: The environment's domain.
        job_prefixes: By user, how the names of the user's jobs begin; by UNKNOWN, those of all others.
        at: The time.
        since: From when on what is seen counts.
        back: From when on CloudTrail is asked.
        known: What earlier looks saw. Jobs that have ended are asked about no more, those that run are.
        changed: From when on a job must have changed to be listed; None: `since`.
    """
    sagemaker = clients("sagemaker")
    apps = tuple(map(_app, _paged(sagemaker, "list_apps", "Apps", DomainIdEquals=domain_id, MaxResults=PAGE)))
    spaces = _paged(sagemaker, "list_spaces", "Spaces", DomainIdEquals=domain_id, MaxResults=PAGE)
    owners = {
        space["SpaceName"]: space.get("OwnershipSettingsSummary", {}).get("OwnerUserProfileName", "")
        for space in spaces
    }
    events = [event for name in (CREATE, DELETE) for event in _events(clients("cloudtrail"), name, domain_id, back, at)]
    jobs = tuple(_jobs(sagemaker, job_prefixes, known, since=since if changed is None else changed, at=at))
    return Look(at, since, apps, jobs, tuple(events), owners)


def _paged(client: Any, operation: str, member: str, **asked: Any) -> Iterator[Mapping[str, Any]]:
    for page in client.get_paginator(operation).paginate(**asked):
        yield from page.get(member, ())


def _app(told: Mapping[str, Any]) -> App:
    return App(
        kind=told["AppType"],
        space=told.get("SpaceName", ""),
        profile=told.get("UserProfileName", ""),
        name=told["AppName"],
        status=told["Status"],
        began=told["CreationTime"].timestamp(),
        instance_type=told.get("ResourceSpec", {}).get("InstanceType", ""),
    )


def _events(cloudtrail: Any, name: str, domain_id: str, start: float, end: float) -> Iterator[Event]:
    """The calls of a name. Amplify has a CreateApp, too; a call that was refused did nothing."""
    wanted = [{"AttributeKey": "EventName", "AttributeValue": name}]
    pages = _paged(cloudtrail, "lookup_events", "Events", LookupAttributes=wanted, StartTime=start, EndTime=end)
    for told in pages:
        record = json.loads(told["CloudTrailEvent"])
        asked = record.get("requestParameters") or {}
        if record.get("eventSource") != "sagemaker.amazonaws.com" or record.get("errorCode"):
            continue
        if asked.get("domainId") == domain_id:
            yield Event(
                action=name,
                time=told["EventTime"].timestamp(),
                kind=asked.get("appType", ""),
                space=asked.get("spaceName") or "",
                profile=asked.get("userProfileName") or "",
                name=asked.get("appName", ""),
                instance_type=(asked.get("resourceSpec") or {}).get("instanceType") or "",
            )


def owner_of(job: str, prefixes: Mapping[str, str]) -> str | None:
    """The user with the longest prefix that the name has: the environment's own begins them all. None: not ours."""
    fitting = [user for user, prefix in prefixes.items() if job.startswith(prefix)]
    return max(fitting, key=lambda user: len(prefixes[user]), default=None)


def _jobs(
    sagemaker: Any, prefixes: Mapping[str, str], known: Iterable[Span], *, since: float, at: float
) -> Iterator[Span]:
    """The environment's jobs that have changed since, and those that run or ran when they were last seen."""
    common = _common(list(prefixes.values()))
    if not common:
        return
    listed = _paged(
        sagemaker,
        "list_training_jobs",
        "TrainingJobSummaries",
        NameContains=common,
        LastModifiedTimeAfter=since,
        MaxResults=PAGE,
    )
    running = _paged(
        sagemaker,
        "list_training_jobs",
        "TrainingJobSummaries",
        NameContains=common,
        StatusEquals="InProgress",
        MaxResults=PAGE,
    )
    earlier = [span for span in known if span.kind == TRAINING]
    names = {told["TrainingJobName"] for jobs in (listed, running) for told in jobs}
    names |= {span.name for span in earlier if span.is_open}
    for name in sorted(names - {span.name for span in earlier if not span.is_open}):
        owner = owner_of(name, prefixes)
        if owner is None:
            continue
        try:
            told = sagemaker.describe_training_job(TrainingJobName=name)
        except sagemaker.exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") not in MISSING:
                raise
            yield from (replace(span, ended=span.seen) for span in earlier if span.name == name)  # it was deleted
            continue
        if job := _job(told, owner, at):
            yield job


def _common(prefixes: list[str]) -> str:
    """How all of these begin."""
    first, last = min(prefixes, default=""), max(prefixes, default="")
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:same]


def _job(told: Mapping[str, Any], owner: str, at: float) -> Span | None:
    """Paid from its instances' start to their end; of a spot job fewer seconds. None where it has not begun."""
    start, end = told.get("TrainingStartTime"), told.get("TrainingEndTime") or told.get("LastModifiedTime")
    resources = told.get("ResourceConfig", {})
    if start is None or "InstanceType" not in resources:
        return None
    began, ended = start.timestamp(), None
    if end is not None and told["TrainingJobStatus"] in ENDED:
        ended = end.timestamp()
        if "BillableTimeInSeconds" in told:
            ended = min(ended, began + told["BillableTimeInSeconds"])
    return Span(
        kind=TRAINING,
        owner=owner,
        space="",
        name=told["TrainingJobName"],
        instance_type=resources["InstanceType"],
        began=began,
        seen=at,
        ended=ended,
        count=resources.get("InstanceCount", 1),
    )
