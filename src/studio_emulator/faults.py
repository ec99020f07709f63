"""Faults that can be set, and the choice of the next one. Imports little, because the command line uses it too."""

import json
import time
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from fnmatch import fnmatchcase
from math import inf
from random import Random
from typing import Any

SLOW_SECONDS = 15.0
HANG_SECONDS = 600.0  # longer than anybody waits, and the thread ends at last


def unknown(what: str, value: str, known: Sequence[str]) -> str:
    """The words for a name that is none, with the one that was probably meant."""
    near = get_close_matches(value, known, n=1)
    meant = f"; did you mean '{near[0]}'?" if near else "."
    return f"unknown {what} '{value}'{meant} There are {', '.join(known)}"


class Kind(StrEnum):
    """The ways in which AWS, or the way there, fails."""

    THROTTLING = "throttling"  # "slow down", in each service's own words
    SERVER_ERROR = "server-error"  # status 500
    UNAVAILABLE = "unavailable"  # status 503
    SLOW = "slow"  # carried out at once, and answered late
    TIMEOUT = "timeout"  # no answer; the request is not carried out
    RESET = "reset"  # the connection breaks; the request is not carried out
    LOST_ANSWER = "lost-answer"  # the request is carried out, then the connection breaks
    EXPIRED = "expired-credentials"
    QUOTA = "quota"  # a limit of the account is used up
    FAILED = "failed"  # Studio accepts, and the thing turns Failed, Update_Failed or Delete_Failed
    CAPACITY = "capacity"  # SageMaker accepts an app or a training job, and has no instance for it
    INTERRUPTION = (
        "interruption"  # SageMaker takes back the instances of managed spot training, `seconds` after they run
    )
    ERROR = "error"  # any error: `code`, `message`, `status`

    @classmethod
    def _missing_(cls, value: object) -> "Kind":
        raise ValueError(unknown("kind", str(value), list(cls)))


BECOMES = {
    f"{verb}{thing}": status
    for verb, status in (("Create", "Failed"), ("Update", "Update_Failed"), ("Delete", "Delete_Failed"))
    for thing in ("Domain", "UserProfile", "Space")
} | {"CreateApp": "Failed", "CreateTrainingJob": "Failed"}
"""The status in which a failed action leaves its thing: enumerations of the API reference."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Args:
        kind: The kind of fault.
        service: Only in this service, by its name in boto3, such as "sagemaker"; empty for all.
        action: Only for this action, such as "CreateDomain"; may be a pattern, such as "Create*"; empty for all.
        times: The number of times that it strikes; None until it is cleared.
        after: The number of calls that pass before the first.
        probability: The probability that a call is hit, from 0 to 1.
        seconds: The time that `slow` takes (15), that `timeout` holds the line at most (600), and that a job runs
            before its `interruption` (0).
        code: AWS's error code, in place of the kind's own.
        message: AWS's words, or the reason of a failure, in place of the kind's own.
        status: HTTP status, in place of the kind's own.
        per_second: The calls a second that are let through, as AWS's limits of rates are; the others are hit. As many
            may come at once after a pause of a second.
    """

    kind: Kind
    service: str = ""
    action: str = ""
    times: int | None = None
    after: int = 0
    probability: float = 1.0
    seconds: float | None = None
    code: str = ""
    message: str = ""
    status: int | None = None
    per_second: float | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for what makes no sense."""
        object.__setattr__(self, "kind", Kind(self.kind))
        if self.kind is Kind.ERROR and not self.code:
            raise ValueError("a fault of kind 'error' needs a code, such as 'AccessDeniedException'")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability is {self.probability}, and must be from 0 to 1")
        if self.per_second is not None and self.per_second <= 0:
            raise ValueError(f"per_second is {self.per_second}, and must be more than 0")
        if self.after < 0 or (self.times is not None and self.times < 1):
            raise ValueError("after must be 0 or more, times 1 or more")
        if self.seconds is not None and not 0 <= self.seconds <= HANG_SECONDS:
            raise ValueError(f"seconds is {self.seconds}, and must be from 0 to {HANG_SECONDS:.0f}")
        if self.status is not None and not 400 <= self.status < 600:
            raise ValueError(f"status is {self.status}, and must be from 400 to 599")

    def concerns(self, service: str, action: str) -> bool:
        """Whether such a call can be hit."""
        if self.kind is Kind.FAILED and action not in BECOMES:
            return False
        if self.kind is Kind.CAPACITY and action not in {"CreateApp", "CreateTrainingJob"}:
            return False
        if self.kind is Kind.INTERRUPTION and action != "CreateTrainingJob":
            return False
        if self.kind is Kind.QUOTA and not action.startswith("Create"):
            return False
        return self.service in {"", service} and (not self.action or fnmatchcase(action, self.action))


@dataclass
class Active:
    """A fault that is set, how many calls it concerned, and how many it hit."""

    fault: Fault
    seen: int = 0
    hit: int = 0
    room: float = field(default=0.0, init=False)
    filled_at: float = field(default=-inf, init=False)

    def is_due(self, dice: Random, now: float) -> bool:
        """Count one more call that it concerns; whether this one is hit.

        Args:
            dice: For the probability.
            now: Seconds of a clock that only goes forward.
        """
        self.seen += 1
        due = (
            self.seen > self.fault.after
            and (self.fault.times is None or self.hit < self.fault.times)
            and dice.random() < self.fault.probability
            and not self._has_room(now)
        )
        self.hit += due
        return due

    def _has_room(self, now: float) -> bool:
        """Whether the rate lets this call through: a bucket that fills by the second, and holds one second's calls."""
        rate = self.fault.per_second
        if rate is None:
            return False
        most = max(rate, 1.0)
        self.room = min(most, self.room + rate * (now - self.filled_at)) if self.filled_at > -inf else most
        self.filled_at = now
        if self.room < 1:
            return False
        self.room -= 1
        return True


@dataclass
class Faults:
    """The active faults. The caller holds the lock.

    Each fault has a separate random generator, made from the seed, its place and the count of its calls. Whether the
    n-th call is hit therefore does not depend on other calls.
    """

    seed: int = 0
    active: list[Active] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)  # all calls so far, such as "sagemaker ListApps"

    def hit(self, service: str, action: str) -> Fault | None:
        """Return the fault that hits this call, if any. The first fault that is due wins."""
        self.asked[f"{service} {action}"] += 1
        for place, active in enumerate(self.active):
            dice = Random(f"{self.seed}/{place}/{active.seen}")  # noqa: S311 - a rehearsal, not a secret
            if active.fault.concerns(service, action) and active.is_due(dice, time.monotonic()):
                return active.fault
        return None

    def change(self, wanted: Mapping[str, Any]) -> None:
        """Replace all of it. Raises TypeError or ValueError for what is not as `read` returns it."""
        self.seed, faults = parse(wanted)
        self.active = [Active(fault) for fault in faults]

    def add(self, wanted: Mapping[str, Any]) -> None:
        """Set further faults beside those that are."""
        seed, faults = parse(wanted)
        self.seed = seed if "seed" in wanted else self.seed
        self.active += [Active(fault) for fault in faults]

    def to_json(self) -> dict[str, Any]:
        """The seed, and each fault with what it did so far."""
        told = [asdict(active.fault) | {"seen": active.seen, "hit": active.hit} for active in self.active]
        return {"seed": self.seed, "faults": told}


def parse(wanted: Mapping[str, Any]) -> tuple[int, list[Fault]]:
    """The seed and the faults of `{"seed": 0, "faults": [{"kind": "throttling", ...}]}`.

    Raises:
        TypeError: A key is unknown or missing.
        ValueError: A value makes no sense.
    """
    _refuse_unknown(wanted, {"seed", "faults"})
    for fault in wanted.get("faults", []):
        _refuse_unknown(fault, set(Fault.__dataclass_fields__))
    return int(wanted.get("seed", 0)), [Fault(**fault) for fault in wanted.get("faults", [])]


def _refuse_unknown(given: Mapping[str, Any], known: set[str]) -> None:
    if wrong := given.keys() - known:
        raise TypeError(unknown("key", min(wrong), sorted(known)))


def loads(text: str, *, is_json: bool = False) -> dict[str, Any]:
    """The content of a file of faults, which is TOML or JSON.

    Raises:
        TypeError, ValueError: It does not hold faults.
    """
    content: dict[str, Any] = json.loads(text) if is_json else tomllib.loads(text)
    parse(content)
    return content
