"""The guard's memory from one look to the next: an object in the environment's bucket."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from studioctl.guard.database import Meter
from studioctl.guard.limits import month_of, months
from studioctl.guard.spans import Span
from studioctl.guard.stored import UnreadableError, flag, number, numbers, parsed, sequence, table, text

__all__ = ("Grants", "Ledger", "Stopped", "UnreadableError", "archive_key", "granted", "unreadable_key")
VERSION = 1
PREFIX = "studioctl-guard/"
KEPT = 90 * 86400.0
"""Seconds for which CloudTrail keeps events."""
LEDGER, GRANTS = f"{PREFIX}ledger.json", f"{PREFIX}grants.json"
LONGEST_LIST = 200
MOST_DOMAINS = 50
Grants = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Stopped:
    """Something that the guard has stopped. `kind` is as a span's; "" where an earlier version wrote it down."""

    at: float
    owner: str
    space: str
    name: str
    why: str
    kind: str = ""


@dataclass(frozen=True)
class Ledger:
    """The memory of the guard.

    Args:
        since: When it began.
        sampled: When it last looked.
        spans: All that ran in this month and the one before.
        scheduled: Up to when the schedule was carried out.
        schedule: That schedule, as the file has it; "" for none.
        warned: Warnings that were sent, this month.
        stopped: All that was stopped, the latest last.
        database: The use of the database of studies; None if there is none.
        is_whole: Whether it knows all since `since`: one in place of a ledger that was lost has to catch up first.
        domains: The domains of the environment that are known, the latest last.
    """

    since: float
    sampled: float
    spans: tuple[Span, ...] = ()
    scheduled: float = 0.0
    warned: tuple[str, ...] = ()
    stopped: tuple[Stopped, ...] = field(default=())
    schedule: str = ""
    database: Meter | None = None
    is_whole: bool = True
    domains: tuple[str, ...] = ()

    @classmethod
    def new(cls, at: float) -> "Ledger":
        """The ledger of a guard that begins."""
        return cls(since=at, sampled=at - 1, scheduled=at)

    @classmethod
    def anew(cls, since: float, lost: bytes) -> "Ledger":
        """The ledger in place of one that cannot be read. CloudTrail tells what ran since then: see `begun`.

        The moments of a schedule may not have been carried out, so they are again, which stops nothing twice. Of a
        database that the guard has stopped only what is lost can tell: see whether it still does.
        """
        rested = b'"rests":true' in lost
        meter = Meter(since, rests=True) if rested else None
        return cls(since=since, sampled=since - 1, database=meter, is_whole=False)

    def within(self, at: float) -> "Ledger":
        """The ledger without what is older than the month before, and without warnings of months before this one."""
        name, start, _ = month_of(at)
        _, before, _ = month_of(start - 1)
        return replace(
            self,
            spans=tuple(span for span in self.spans if span.is_open or span.end >= before),
            warned=tuple(key for key in self.warned if key >= name),
            stopped=self.stopped[-LONGEST_LIST:],
            domains=self.domains[-MOST_DOMAINS:],
            database=self.database.since(month_of(before)[0]) if self.database else None,
        )

    def with_schedule(self, schedule: str, at: float) -> "Ledger":
        """A schedule that is new counts from now on: what it would have stopped before has done nothing wrong."""
        if schedule and schedule == self.schedule:
            return self
        return replace(self, schedule=schedule, scheduled=max(self.scheduled, at))

    def until(self, now: float) -> "Ledger":
        """The ledger without times in the future, which a guard with a wrong clock has written."""

        def bounded(moment: float | None) -> float | None:
            return None if moment is None else min(moment, now)

        spans = tuple(
            replace(span, seen=min(span.seen, now), gone=bounded(span.gone), ended=bounded(span.ended))
            for span in self.spans
            if span.began <= now
        )
        return replace(
            self,
            since=min(self.since, now),
            sampled=min(self.sampled, now),
            scheduled=min(self.scheduled, now),
            spans=spans,
            database=replace(self.database, until=min(self.database.until, now)) if self.database else None,
        )

    def leaving(self, kept: "Ledger") -> tuple[str, ...]:
        """The months of what is not kept."""
        gone = set(self.spans) - set(kept.spans)
        measured = set(self.measured) - set(kept.measured)
        return tuple(sorted({name for span in gone for name in months(span.began, span.end)} | measured))

    @property
    def measured(self) -> tuple[str, ...]:
        """The months of the database's meter."""
        return self.database.months if self.database else ()

    def of_month(self, name: str) -> tuple[Span, ...]:
        """All that ran in a month."""
        return tuple(span for span in self.spans if month_of(span.began)[0] <= name <= month_of(span.end)[0])

    def to_text(self) -> str:
        """The ledger as it is stored."""
        told: dict[str, Any] = {
            "version": VERSION,
            "since": self.since,
            "sampled": self.sampled,
            "scheduled": self.scheduled,
            "schedule": self.schedule,
            "whole": self.is_whole,
            "domains": list(self.domains),
            "warned": list(self.warned),
            "database": self.database.to_json() if self.database else None,
            "stopped": [vars(each) for each in self.stopped],
            "spans": [span.to_json() for span in self.spans],
        }
        return json.dumps(told, separators=(",", ":"))

    @classmethod
    def of(cls, content: str | bytes) -> "Ledger":
        """Read a ledger from `to_text`. Raises UnreadableError for anything else."""
        told = parsed(content)
        if told.get("version") != VERSION:
            raise UnreadableError(f"it is of version {told.get('version')!r}, and this studioctl knows {VERSION}")
        return cls(
            since=number(told.get("since"), "since"),
            sampled=number(told.get("sampled"), "sampled"),
            scheduled=number(told.get("scheduled"), "scheduled"),
            schedule=text(told.get("schedule", ""), "schedule"),
            warned=tuple(text(each, "warned") for each in sequence(told.get("warned"), "warned")),
            stopped=tuple(map(_stopped, sequence(told.get("stopped"), "stopped"))),
            spans=tuple(map(Span.of, sequence(told.get("spans"), "spans"))),
            database=Meter.of(told.get("database")),
            is_whole=flag(told.get("whole", True), "whole"),
            domains=tuple(text(each, "domains") for each in sequence(told.get("domains", []), "domains")),
        )


def _stopped(told: Any) -> Stopped:
    each = table(told, "stopped")
    words = {name: text(each.get(name), f"stopped.{name}") for name in ("owner", "space", "name", "why")}
    kind = text(each.get("kind", ""), "stopped.kind")
    return Stopped(number(each.get("at"), "stopped.at"), **words, kind=kind)


def granted(content: str | bytes) -> Grants:
    """US dollars by month and user, from JSON. Raises UnreadableError for anything else."""
    return {month: numbers(told, month) for month, told in parsed(content).items()}


def begun(at: float) -> tuple[float, float]:
    """The start of the month before, which a ledger still has, and of the one before that, which it may not have kept.

    Of the latter, as much as CloudTrail still tells.
    """
    before = month_of(month_of(at)[1] - 1)[1]
    return before, max(month_of(before - 1)[1], at - KEPT)


def archive_key(month: str) -> str:
    """The object key of a past month."""
    return f"{PREFIX}{month}.json"


def unreadable_key(digest: str) -> str:
    """The object key of a ledger that could not be read."""
    return f"{PREFIX}unreadable-{digest[:16]}.json"
