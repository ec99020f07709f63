"""The guard's memory from one look to the next: an object in the environment's bucket."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from studioctl.guard.limits import month_of, months
from studioctl.guard.spans import Span

VERSION = 1
PREFIX = "studioctl-guard/"
LEDGER, GRANTS = f"{PREFIX}ledger.json", f"{PREFIX}grants.json"
LONGEST_LIST = 200


@dataclass(frozen=True)
class Stopped:
    """Something that the guard has stopped."""

    at: float
    owner: str
    space: str
    name: str
    why: str


@dataclass(frozen=True)
class Ledger:
    """The memory of the guard.

    Args:
        since: When it began.
        sampled: When it last looked.
        spans: What ran in this month and the one before.
        scheduled: Up to when the schedule was carried out.
        schedule: That schedule, as the file has it; "" for none.
        warned: Warnings that were sent, this month.
        stopped: What was stopped, the latest last.
    """

    since: float
    sampled: float
    spans: tuple[Span, ...] = ()
    scheduled: float = 0.0
    warned: tuple[str, ...] = ()
    stopped: tuple[Stopped, ...] = field(default=())
    schedule: str = ""

    @classmethod
    def new(cls, at: float) -> "Ledger":
        """The ledger of a guard that begins."""
        return cls(since=at, sampled=at - 1, scheduled=at)

    def within(self, at: float) -> "Ledger":
        """Without what is older than the month before, and than this month's warnings."""
        name, start, _ = month_of(at)
        _, before, _ = month_of(start - 1)
        return replace(
            self,
            spans=tuple(span for span in self.spans if span.is_open or span.end >= before),
            warned=tuple(key for key in self.warned if key.startswith(name)),
            stopped=self.stopped[-LONGEST_LIST:],
        )

    def with_schedule(self, schedule: str, at: float) -> "Ledger":
        """A schedule that is new counts from now on: what it would have stopped before has done nothing wrong."""
        if schedule and schedule == self.schedule:
            return self
        return replace(self, schedule=schedule, scheduled=max(self.scheduled, at))

    def until(self, now: float) -> "Ledger":
        """Without times that are still to come, which a guard has written that was told a wrong one."""

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
        )

    def leaving(self, kept: "Ledger") -> tuple[str, ...]:
        """The months of what is not kept."""
        gone = set(self.spans) - set(kept.spans)
        return tuple(sorted({name for span in gone for name in months(span.began, span.end)}))

    def of_month(self, name: str) -> tuple[Span, ...]:
        """All that ran in a month."""
        return tuple(span for span in self.spans if month_of(span.began)[0] <= name <= month_of(span.end)[0])

    def to_text(self) -> str:
        """As it is stored."""
        told: dict[str, Any] = {
            "version": VERSION,
            "since": self.since,
            "sampled": self.sampled,
            "scheduled": self.scheduled,
            "schedule": self.schedule,
            "warned": list(self.warned),
            "stopped": [vars(each) for each in self.stopped],
            "spans": [span.to_json() for span in self.spans],
        }
        return json.dumps(told, separators=(",", ":"))

    @classmethod
    def of(cls, text: str | bytes) -> "Ledger":
        """From `to_text`. Raises ValueError, TypeError or KeyError for anything else."""
        told: Mapping[str, Any] = json.loads(text)
        if told["version"] != VERSION:
            raise ValueError(f"a ledger of version {told['version']}")
        return cls(
            since=float(told["since"]),
            sampled=float(told["sampled"]),
            scheduled=float(told["scheduled"]),
            schedule=str(told.get("schedule", "")),
            warned=tuple(told["warned"]),
            stopped=tuple(Stopped(**each) for each in told["stopped"]),
            spans=tuple(map(Span.of, told["spans"])),
        )


def archive_key(month: str) -> str:
    """Where a month that is over is kept."""
    return f"{PREFIX}{month}.json"
