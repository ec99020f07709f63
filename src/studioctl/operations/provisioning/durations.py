"""Estimate the duration of a plan from earlier runs of the same environment.

Each run notes how long AWS needed for each kind of thing. A plan takes as long as its longest chain of things that wait
for each other, or as all of them ten at a time, and what the run spends besides. Where a kind was never seen, nothing
is promised.
"""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from studioctl.events import Finished, T, Work
from studioctl.infrastructure.block import Blueprint, Output, references
from studioctl.operations.environment import Environment
from studioctl.terraform import records
from studioctl.terraform.plan import PlanSummary, ResourceChange
from studioctl.terraform.workspace import write_text

RECORD = "durations.json"
STOPPING = "stop apps"  # all of a run's, side by side
BESIDES = "besides"  # Terraform's own start, reading, and storing the state
AT_ONCE = 10  # Terraform's own limit, which nobody changes here
LONGEST = 6 * 3600.0  # seconds; no run lasts longer
_VERBS: Mapping[str, tuple[str, ...]] = {
    "create": ("create",),
    "update": ("update",),
    "delete": ("delete",),
    "replace": ("delete", "create"),
}
COUNTED = {verb for verbs in _VERBS.values() for verb in verbs}


def known(environment: Environment) -> dict[str, float]:
    """Seconds by kind, such as "create aws_vpc"; empty before the first run."""
    found = records.mapping(environment.terraform.workspace.directory / RECORD)
    return {kind: float(it) for kind, it in found.items() if type(it) in {int, float} and 0 <= it <= LONGEST}


def things(summary: PlanSummary) -> int:
    """The number of times that Terraform, or whatever changes settings by AWS's API, will report something as done."""
    by_terraform = sum(len(_VERBS.get(change.action, ())) for change in summary.changes if _is_terraforms(change))
    return by_terraform + sum(any(a.by_api for a in change.attributes) for change in summary.changes)


@dataclass(frozen=True)
class Expectation:
    """The expected duration of a plan.

    Args:
        seconds: In all.
        counts_stopping: Whether the time in which apps stop is in it; None where none has to stop.
    """

    seconds: float
    counts_stopping: bool | None = None


def expected(
    blueprint: Blueprint, summary: PlanSummary, seconds: Mapping[str, float], *, stops: bool = False
) -> Expectation | None:
    """The expected duration of a plan; None if no earlier run tells.

    Args:
        blueprint: The dependencies of things.
        summary: The plan.
        seconds: The result of `known`.
        stops: Whether apps have to stop first.
    """
    found = _of_changes(blueprint, summary, seconds)
    if found is None:
        return None
    return Expectation(found + seconds.get(STOPPING, 0.0), STOPPING in seconds) if stops else Expectation(found)


def of(environment: Environment, summary: PlanSummary, *, stops: bool = False) -> Expectation | None:
    """The same, by what earlier runs of this environment noted on this machine."""
    return expected(environment.terraform.blueprint, summary, known(environment), stops=stops)


def _of_changes(blueprint: Blueprint, summary: PlanSummary, seconds: Mapping[str, float]) -> float | None:
    """The seconds for all but the stopping of apps."""
    changes = {change.address: change for change in summary.changes if _is_terraforms(change)}
    kinds = {f"{verb} {c.type}" for c in changes.values() for verb in _VERBS.get(c.action, ())}
    if BESIDES not in seconds or not kinds <= seconds.keys():
        return None
    return _side_by_side(blueprint, changes, seconds) + seconds[BESIDES]


def _is_terraforms(change: ResourceChange) -> bool:
    return change.action != "update" or not all(attribute.by_api for attribute in change.attributes)


def _side_by_side(blueprint: Blueprint, changes: Mapping[str, ResourceChange], seconds: Mapping[str, float]) -> float:
    blocks = {b.address: b for module in blueprint.modules for b in module.blocks if not isinstance(b, Output)}

    def own(address: str) -> float:
        change = changes.get(address)
        return sum(seconds.get(f"{verb} {change.type}", 0) for verb in _VERBS.get(change.action, ())) if change else 0

    @cache
    def ends_after(address: str) -> float:
        block = blocks.get(address)
        before = references(block.arguments) if block else ()
        return own(address) + max((ends_after(it) for it in before if it != address), default=0)

    return max(sum(map(own, changes)) / AT_ONCE, *map(ends_after, changes), 0)


def noted(environment: Environment, summary: PlanSummary, work: Work[T]) -> Work[T]:
    """The work, with a note of how long everything took. What was done before a failure is noted, too."""
    began, took = time.monotonic(), dict[str, float]()
    try:
        while True:
            event = next(work)
            if isinstance(event, Finished) and event.action in COUNTED:
                kind = f"{event.action} {event.subject.split('.')[0]}"
                took[kind] = max(took.get(kind, 0.0), event.elapsed)
            if isinstance(event, Finished) and event.action == "stop":
                took[STOPPING] = time.monotonic() - began  # nothing is done before, and all stop side by side
            yield event
    except StopIteration as done:
        seconds = _together(known(environment), took)
        chain = _of_changes(environment.terraform.blueprint, summary, seconds | {BESIDES: 0.0})
        if chain is not None:
            stopped = took.get(STOPPING, 0.0)
            seconds = _together(seconds, {BESIDES: max(0.0, time.monotonic() - began - chain - stopped)})
        _write(environment, seconds)
        return done.value  # type: ignore[no-any-return]
    except Exception:
        _write(environment, _together(known(environment), took))
        raise
    finally:
        work.close()


def _together(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """Durations so far and those of this run, which count for half."""
    return {**before, **{kind: (before.get(kind, it) + it) / 2 for kind, it in now.items()}}


def _write(environment: Environment, seconds: Mapping[str, Any]) -> None:
    if seconds:
        rounded = {kind: round(it, 1) for kind, it in sorted(seconds.items())}
        with suppress(OSError):  # a full disk: what the run came to is more important
            write_text(environment.terraform.workspace.directory / RECORD, json.dumps(rounded, indent=2) + "\n")
