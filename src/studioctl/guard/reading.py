"""All that AWS tells of apps, spaces, training jobs and calls. The clients are boto3's or botocore's."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from studioctl.guard import trail
from studioctl.guard.spans import TRAINING, UNKNOWN, App, Event, Look, Span
from studioctl.guard.trail import is_plan

LAG = 2 * 3600.0
"""Seconds by which CloudTrail may be late: about five minutes as a rule, more than an hour was seen."""
PAGE = 100
ENDED = frozenset({"Completed", "Failed", "Stopped"})
MISSING = frozenset({"ValidationException", "ResourceNotFound"})


@dataclass(frozen=True)
class Watched:
    """The environment that is looked at.

    Args:
        environment: Its name.
        domain_id: Its domain; "" while it has none.
        job_prefixes: By user, how the names of the user's jobs begin; by UNKNOWN, those of all others.
        plans: The spaces that have a training plan, and the instance type that their apps have from it.
    """

    environment: str
    domain_id: str
    job_prefixes: Mapping[str, str]
    plans: Mapping[str, str] = field(default_factory=dict)


def look(
    clients: Any,
    watched: Watched,
    *,
    at: float,
    since: float,
    back: float,
    known: Iterable[Span] = (),
    domains: tuple[str, ...] = (),
    changed: float | None = None,
    running: bool = True,
    is_late: Callable[[], bool] = lambda: False,
) -> Look:
    """Everything that AWS tells at one time.

    Args:
        clients: Gives the client of a service by its name.
        watched: The environment.
        at: The time, which may be long ago: apps that run now and began later do not count yet.
        since: From when on what is seen counts.
        back: From when on CloudTrail is asked.
        known: The findings of earlier looks. Jobs that have ended are asked about no more, those that run are.
        domains: The domains that earlier looks knew. Where the one of now is not among them CloudTrail is asked.
        changed: From when on a job must have changed to be listed; None: `since`.
        running: Whether jobs that run are asked about, too: of a time long ago they tell nothing.
        is_late: Whether there is no time left. Jobs that were not asked about by then are left to the next look.
    """
    known = tuple(known)
    sagemaker, cloudtrail = clients("sagemaker"), clients("cloudtrail")
    here: dict[str, Any] = {"DomainIdEquals": watched.domain_id, "MaxResults": PAGE}
    apps = tuple(map(_app, _paged(sagemaker, "list_apps", "Apps", **here))) if watched.domain_id else ()
    spaces = _paged(sagemaker, "list_spaces", "Spaces", **here) if watched.domain_id else ()
    owners = {
        space["SpaceName"]: space.get("OwnershipSettingsSummary", {}).get("OwnerUserProfileName", "")
        for space in spaces
    }
    if watched.domain_id and watched.domain_id not in domains:
        told = (*domains, *trail.domains(cloudtrail, watched.environment, at), watched.domain_id)
        domains = tuple(dict.fromkeys(told))
    closed = any(domain != watched.domain_id for domain in domains)
    events = tuple(trail.events(cloudtrail, domains, watched.plans, back, at, closed=closed))
    owners |= _earlier_owners(cloudtrail, domains, owners, known, events, at)
    since_changed = since if changed is None else changed
    names = _job_names(sagemaker, watched.job_prefixes, known, since=since_changed, at=at, running=running)
    jobs: list[Span] = []
    for number, (name, owner) in enumerate(names.items()):
        if number and is_late():
            return Look(at, since, apps, tuple(jobs), events, owners, domains, is_whole=False)
        jobs += _described(sagemaker, name, owner, known, at)
    return Look(at, since, apps, tuple(jobs), events, owners, domains)


def _earlier_owners(
    cloudtrail: Any,
    domains: tuple[str, ...],
    owners: Mapping[str, str],
    known: Iterable[Span],
    events: Iterable[Event],
    at: float,
) -> Mapping[str, str]:
    """The owners of spaces that are gone and of which something is told: as they were known, else by CloudTrail."""
    gone = {event.space for event in events if event.space} - owners.keys()
    found = {span.space: span.owner for span in known if span.space in gone and span.owner != UNKNOWN}
    if gone - found.keys():
        found = trail.owners(cloudtrail, domains, at) | found
    return {space: owner for space, owner in found.items() if space in gone}


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
        prepaid=is_plan(told.get("ResourceSpec", {}).get("TrainingPlanArn")),
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
    owners = {name: owner_of(name, prefixes) for name in wanted}
    return {name: owner or _known_owner(earlier, name) for name, owner in owners.items() if owner is not None}


def _known_owner(earlier: Mapping[str, Span], job: str) -> str:
    """The owner when the job was last seen: the prefix of a user who was removed since is not known."""
    return earlier[job].owner if job in earlier else UNKNOWN


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
    """The longest common prefix."""
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
        prepaid=is_plan(resources.get("TrainingPlanArn")),
    )
