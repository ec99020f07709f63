"""Lives of what costs money: apps and training jobs.

Lists of apps tell when each began, and no end; an app that is gone ended at some time between two looks. CloudTrail
tells both, minutes later and without promise. So an end is an estimate until CloudTrail has told it.

| State | `gone` | `ended` | What it is paid until |
| --- | --- | --- | --- |
| runs | none | none | `seen`, the latest look that saw it |
| gone | a time | none | the middle between `seen` and `gone`; it may be seen again after all |
| ended | any | a time | `ended`, for good: CloudTrail, the job itself or a failed app's list told it |
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from studioctl.guard.stored import flag, number, table, text

TRAINING = "training"
UNKNOWN = ""
"""The owner of what belongs to no user that is known. What all users are together is `limits.EVERYBODY`."""
RUNS = frozenset({"Pending", "InService"})
SAME = 30.0
"""Seconds between an app's date in a list and in CloudTrail: no app is deleted and made again so quickly."""
CREATE, DELETE, CLOSE = "CreateApp", "DeleteApp", "DeleteDomain"
WORDS = ("kind", "owner", "space", "name", "instance_type")
MOST_INSTANCES = 10_000  # of one job, by far


def titled(kind: str, space: str, name: str) -> str:
    """The space, or a job's name; of an app of a profile its type, as all of these are named "default"."""
    return space or (kind if kind not in {TRAINING, ""} else name)


@dataclass(frozen=True)
class Span:
    """An app or a training job that runs or ran. Times are seconds since 1970.

    Args:
        kind: An app's type, such as "CodeEditor", or "training".
        owner: The user profile that it is paid for by, or UNKNOWN.
        space: The space that it runs in; "" for a job, and for an app of a profile itself.
        name: Its name.
        instance_type: Its instance type; "" if that is not known.
        began: Its start.
        seen: When it was last seen running.
        gone: When it was first seen not to run any more.
        ended: Its end, where that is known.
        count: The number of its instances.
        prepaid: Whether it runs on the capacity of a training plan, which was paid for when that was bought.
    """

    kind: str
    owner: str
    space: str
    name: str
    instance_type: str
    began: float
    seen: float
    gone: float | None = None
    ended: float | None = None
    count: int = 1
    prepaid: bool = False

    @property
    def place(self) -> tuple[str, str, str]:
        """A key that at most one running thing has at a time."""
        return self.kind, self.space or f"/{self.owner}", self.name

    @property
    def is_open(self) -> bool:
        """Whether it runs, as far as is known."""
        return self.ended is None and self.gone is None

    @property
    def end(self) -> float:
        """Its end; the middle between two looks where it is not known; of what runs, when it was last seen."""
        if self.ended is not None:
            return self.ended
        return self.seen if self.gone is None else (self.seen + self.gone) / 2

    @property
    def doubt(self) -> float:
        """Seconds by which the end may be wrong, in either direction."""
        return 0.0 if self.ended is not None or self.gone is None else (self.gone - self.seen) / 2

    def hours(self, start: float, until: float) -> float:
        """Instance hours between two moments."""
        return max(0.0, min(self.end, until) - max(self.began, start)) / 3600 * self.count

    def to_json(self) -> dict[str, Any]:
        """The span without what is not known."""
        return {name: value for name, value in vars(self).items() if value not in {None, "", False}}

    @classmethod
    def of(cls, told: Any) -> "Span":
        """Read a span from `to_json`, without additions of later versions. Raises UnreadableError for anything else."""
        found = {"owner": UNKNOWN, "space": "", "instance_type": "", "count": 1, **table(told, "span")}
        kind, owner, space, name, instance_type = (text(found.get(word), f"span.{word}") for word in WORDS)
        began, seen = (number(found.get(name), f"span.{name}") for name in ("began", "seen"))
        gone, ended = (
            None if found.get(name) is None else number(found[name], f"span.{name}") for name in ("gone", "ended")
        )
        count = int(number(found["count"], "span.count", most=MOST_INSTANCES))
        prepaid = flag(found.get("prepaid", False), "span.prepaid")
        return cls(kind, owner, space, name, instance_type, began, seen, gone, ended, count, prepaid)


@dataclass(frozen=True)
class App:
    """An app in a list. `space` or `profile` is empty."""

    kind: str
    space: str
    profile: str
    name: str
    status: str
    began: float
    instance_type: str
    prepaid: bool = False


@dataclass(frozen=True)
class Event:
    """A call that CloudTrail tells of: an app was made or deleted, or a domain was deleted, and nothing runs in it."""

    action: str
    time: float
    kind: str
    space: str
    profile: str
    name: str
    instance_type: str = ""
    prepaid: bool = False

    @property
    def place(self) -> tuple[str, str, str]:
        """The place, as a span has it."""
        return self.kind, self.space or f"/{self.profile}", self.name


@dataclass(frozen=True)
class Look:
    """All that was seen at one time.

    Args:
        at: The time.
        since: From when on what is seen counts: what ended before is somebody else's to count.
        apps: The apps of the domain.
        jobs: The environment's training jobs.
        events: The events of CloudTrail.
        owners: The owner of each space, also of those that are gone and of which something is told.
        domains: Every domain of the environment that is known, the one of now last.
        is_whole: Whether all jobs were asked about: for many there may be no time.
    """

    at: float
    since: float
    apps: tuple[App, ...] = ()
    jobs: tuple[Span, ...] = ()
    events: tuple[Event, ...] = ()
    owners: Mapping[str, str] = field(default_factory=dict)
    domains: tuple[str, ...] = ()
    is_whole: bool = True


def observe(known: Iterable[Span], look: Look) -> tuple[Span, ...]:
    """All that ran, after one more look. The same look twice gives the same."""
    spans = [*_jobs(known, look.jobs), *_apps([span for span in known if span.kind != TRAINING], look)]
    return tuple(sorted(spans, key=lambda span: (span.began, span.place)))


def _jobs(known: Iterable[Span], seen: Iterable[Span]) -> list[Span]:
    jobs = {span.name: span for span in known if span.kind == TRAINING}
    for job in seen:
        earlier = jobs.get(job.name)
        if earlier is None or earlier.seen <= job.seen:
            jobs[job.name] = job
    return list(jobs.values())


def _apps(known: list[Span], look: Look) -> list[Span]:
    spans = _Spans(known)
    for app in look.apps:
        _see(spans, app, look)
    for event in look.events:
        if event.action == CREATE and event.time >= look.since:
            _learn_start(spans, event, look)
    closed = sorted(event.time for event in look.events if event.action == CLOSE)
    alive = {(app.kind, app.space or f"/{app.profile}", app.name, app.began) for app in look.apps if app.status in RUNS}
    after = [
        _gone(span, look.at, closed) if span.is_open and (*span.place, span.began) not in alive else span
        for span in spans
    ]
    return _learn_ends(after, look.events)


class _Spans(list[Span]):
    """Spans that are found by their place and start: a month of many people has thousands."""

    def __init__(self, known: Iterable[Span]) -> None:
        super().__init__()
        self._at: dict[tuple[tuple[str, str, str], int], list[int]] = {}
        for span in known:
            self.append(span)

    def append(self, span: Span) -> None:
        self._note(len(self), span)
        super().append(span)

    def put(self, number: int, span: Span) -> None:
        """Put a span in the place of another one that began at about the same time."""
        self._note(number, span)
        self[number] = span

    def find(self, place: tuple[str, str, str], began: float) -> int | None:
        """The number of the one that began there at about this time."""
        about = int(began // SAME)
        noted = (number for when in (about - 1, about, about + 1) for number in self._at.get((place, when), ()))
        near = [(abs(self[number].began - began), number) for number in noted]
        distance, number = min(near, default=(SAME, None))
        return number if distance <= SAME else None

    def _note(self, number: int, span: Span) -> None:
        self._at.setdefault((span.place, int(span.began // SAME)), []).append(number)


def _see(spans: _Spans, app: App, look: Look) -> None:
    place = app.kind, app.space or f"/{app.profile}", app.name
    number = spans.find(place, app.began)
    runs = app.status in RUNS
    if number is None:
        if app.began > look.at or not (runs or app.began >= look.since):
            return
        owner = look.owners.get(app.space, UNKNOWN) if app.space else app.profile
        seen = look.at if runs else app.began
        ended = app.began if app.status == "Failed" else None  # a failed app has no instance
        spans.append(
            Span(app.kind, owner, app.space, app.name, app.instance_type, app.began, seen, None, ended, 1, app.prepaid)
        )
        return
    span = spans[number]
    owner = span.owner or look.owners.get(app.space, UNKNOWN)
    changed = replace(
        span,
        owner=owner,
        instance_type=app.instance_type or span.instance_type,
        prepaid=app.prepaid or span.prepaid,
        began=app.began,
        seen=max(span.seen, look.at) if runs else span.seen,
        gone=None if runs and span.ended is None else span.gone,
        # Its instance may have run, and been paid for, before it failed.
        ended=max(span.seen, app.began) if app.status == "Failed" and span.ended is None else span.ended,
    )
    spans.put(number, changed)


def _learn_start(spans: _Spans, event: Event, look: Look) -> None:
    """Add an app that began and ended between two looks, and of which no list tells any more."""
    if event.time > look.at or spans.find(event.place, event.time) is not None:
        return
    owner = look.owners.get(event.space, UNKNOWN) if event.space else event.profile
    known = event.kind, owner, event.space, event.name, event.instance_type
    spans.append(Span(*known, began=event.time, seen=event.time, prepaid=event.prepaid))


def _gone(span: Span, at: float, closed: Iterable[float]) -> Span:
    """The span, gone at the latest with its domain, of which there is one at a time. An older look changes nothing."""
    first = next((time for time in closed if span.seen < time <= at), at)
    return replace(span, gone=first) if first > span.seen else span


def _learn_ends(spans: list[Span], events: Iterable[Event]) -> list[Span]:
    """Set ends by deletions: what runs at a place is deleted once; the next one there begins afterwards."""
    ends: dict[tuple[str, str, str], list[float]] = {}
    for event in events:
        if event.action == DELETE:
            ends.setdefault(event.place, []).append(event.time)
    starts: dict[tuple[str, str, str], list[float]] = {}
    for span in spans:
        starts.setdefault(span.place, []).append(span.began)

    def ended(span: Span) -> float | None:
        following = min((began for began in starts[span.place] if began > span.began), default=float("inf"))
        return min((t for t in ends.get(span.place, ()) if span.began <= t < following), default=None)

    return [
        replace(span, ended=end) if span.ended is None and (end := ended(span)) is not None else span for span in spans
    ]
