"""All that AWS tells of apps, spaces, training jobs and calls. The clients are boto3's or botocore's."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    running: bool = True,
    is_late: Callable[[], bool] = lambda: False,
) -> Look:
    """Everything that AWS tells at one time.

    Args:
        clients: Gives the client of a service by its name.
        domain_id: The environment's domain.
        job_prefixes: By user, how the names of the user's jobs begin; by UNKNOWN, those of all others.
        at: The time, which may be long ago: apps that run now and began later do not count yet.
        since: From when on what is seen counts.
        back: From when on CloudTrail is asked.
        known: What earlier looks saw. Jobs that have ended are asked about no more, those that run are.
        changed: From when on a job must have changed to be listed; None: `since`.
        running: Whether jobs that run are asked about, too: of a time long ago they tell nothing.
        is_late: Whether there is no time left. Jobs that were not asked about by then are left to the next look.
    """
    sagemaker = clients("sagemaker")
    apps = tuple(map(_app, _paged(sagemaker, "list_apps", "Apps", DomainIdEquals=domain_id, MaxResults=PAGE)))
    spaces = _paged(sagemaker, "list_spaces", "Spaces", DomainIdEquals=domain_id, MaxResults=PAGE)
    owners = {
        space["SpaceName"]: space.get("OwnershipSettingsSummary", {}).get("OwnerUserProfileName", "")
        for space in spaces
    }
    events = [event for name in (CREATE, DELETE) for event in _events(clients("cloudtrail"), name, domain_id, back, at)]
    since_changed = since if changed is None else changed
    names = _job_names(sagemaker, job_prefixes, known, since=since_changed, at=at, running=running)
    jobs: list[Span] = []
    for number, (name, owner) in enumerate(names.items()):
        if number and is_late():
            return Look(at, since, apps, tuple(jobs), tuple(events), owners, is_whole=False)
        jobs += _described(sagemaker, name, owner, known, at)
    return Look(at, since, apps, tuple(jobs), tuple(events), owners)


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
        prepaid=_is_plan(told.get("ResourceSpec", {}).get("TrainingPlanArn")),
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
                prepaid=_is_plan((asked.get("resourceSpec") or {}).get("trainingPlanArn")),
            )


def owner_of(job: str, prefixes: Mapping[str, str]) -> str | None:
    """The user with the longest prefix that the name has: the environment's own begins them all. None: not ours."""
    fitting = [user for user, prefix in prefixes.items() if job.startswith(prefix)]
    return max(fitting, key=lambda user: len(prefixes[user]), default=None)


def _job_names(
    sagemaker: Any, prefixes: Mapping[str, str], known: Iterable[Span], *, since: float, at: float, running: bool
) -> Mapping[str, str]:
    """The environment's jobs that have changed in between, and those that run or ran when they were last seen.

    By name: its owner. Those that are new or were not seen for long come first: looks without time for all get to each.
    """
    common = _common(list(prefixes.values()))
    if not common:
        return {}
    asked: dict[str, Any] = {"NameContains": common, "MaxResults": PAGE}
    listing: tuple[Any, str, str] = sagemaker, "list_training_jobs", "TrainingJobSummaries"
    listed = _paged(*listing, LastModifiedTimeAfter=since, LastModifiedTimeBefore=at, **asked)
    names = {told["TrainingJobName"] for told in listed}
    earlier = {span.name: span for span in known if span.kind == TRAINING}
    if running:
        names |= {told["TrainingJobName"] for told in _paged(*listing, StatusEquals="InProgress", **asked)}
        names |= earlier.keys()
    seen = {name: span.seen for name, span in earlier.items()}
    names -= {name for name, span in earlier.items() if not span.is_open or span.seen >= at}
    wanted = sorted(names, key=lambda name: (seen.get(name, 0.0), name))
    return {name: owner for name in wanted if (owner := owner_of(name, prefixes)) is not None}


def _described(sagemaker: Any, name: str, owner: str, known: Iterable[Span], at: float) -> Iterator[Span]:
    try:
        told = sagemaker.describe_training_job(TrainingJobName=name)
    except sagemaker.exceptions.ClientError as error:
        if error.response.get("Error", {}).get("Code") not in MISSING:
            raise
        # It was deleted.
        yield from (replace(span, ended=span.seen) for span in known if span.kind == TRAINING and span.name == name)
        return
    if job := _job(told, owner, at):
        yield job


def _common(prefixes: list[str]) -> str:
    """How all of these begin."""
    first, last = min(prefixes, default=""), max(prefixes, default="")
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:same]


def _job(told: Mapping[str, Any], owner: str, at: float) -> Span | None:
    """Paid from its instances' start to their end; of a spot job fewer seconds. None where it had not begun."""
    start, end = told.get("TrainingStartTime"), told.get("TrainingEndTime") or told.get("LastModifiedTime")
    resources = told.get("ResourceConfig", {})
    if start is None or "InstanceType" not in resources:
        return None
    began, ended = start.timestamp(), None
    if began > at:
        return None
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
        prepaid=_is_plan(resources.get("TrainingPlanArn")),
    )


def _is_plan(arn: str | None) -> bool:
    """Whether this names a training plan; "None" is how a start leaves the one of its space."""
    return bool(arn) and arn != "None"
