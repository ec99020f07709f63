"""Whether a machine with a GPU is at work, as its own lifecycle script tells.

Nobody can see it from outside: AWS sets LastUserActivityTimestamp at its own health checks, and has no metrics of a
space's GPU. So `gpu_watch.sh` in the space writes two empty objects, of which only the dates count.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeApp.html
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from studioctl.guard.spans import TRAINING, Span

PREFIX = "shared/studioctl-gpu/"
"""The prefix of the objects with which spaces tell it: below it each has `SPACE/alive` and `SPACE/working`."""
ALIVE, WORKING = "alive", "working"
TELLS = 300.0
"""Seconds from one word to the next."""
SILENT = 3 * TELLS
"""After so many silent seconds nobody knows whether the machine is at work."""
GPU = re.compile(r"ml\.[gp]\d")


@dataclass(frozen=True)
class Told:
    """The times at which a space last reported that it watches, and that it worked. Seconds since 1970; 0 for never."""

    alive: float = 0.0
    working: float = 0.0


def told(s3: Any, bucket: str) -> Mapping[str, Told]:
    """The words of all spaces, by space."""
    found: dict[str, dict[str, float]] = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX):
        for each in page.get("Contents", ()):
            space, _, what = each["Key"].removeprefix(PREFIX).partition("/")
            if what in {ALIVE, WORKING}:
                found.setdefault(space, {})[what] = each["LastModified"].timestamp()
    return {space: Told(**dates) for space, dates in found.items()}


def watched(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The spans whose idleness matters: apps that run in a space, on an instance with a GPU."""
    return tuple(
        span
        for span in spans
        if span.is_open and span.kind != TRAINING and span.space and GPU.match(span.instance_type)
    )


def idle_since(span: Span, word: Told, at: float) -> float | None:
    """The time since which it has not worked; None if its machine has not told, or no longer does."""
    if word.alive < span.began or at - word.alive > SILENT:
        return None
    return max(word.working, span.began)


def is_silent(span: Span, word: Told, at: float) -> bool:
    """Whether it should have told by now, and has not."""
    return idle_since(span, word, at) is None and at - span.began > SILENT
