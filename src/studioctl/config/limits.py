"""Limits of what people spend, which the guard in the account enforces."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeAlias
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StrictFloat, StrictInt, WithJsonSchema

from studioctl.config.closed import Model
from studioctl.config.people_limits import InstancePattern, LimitedApp
from studioctl.config.text import Violation, nearest, quote

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_USD = 1_000_000
LONGEST_START = 24 * 30  # hours
LEAST_IDLE, LONGEST_IDLE = 15, 24 * 60  # minutes; spaces tell every five
OLD_LOOKS = 3
"""After this many looks that did not take place nobody is watched."""
LEAST_SILENCE = 30  # minutes: a look that fails now and then is no alarm
SUMS = ("monthly_usd_per_user", "monthly_usd")
GUARDED = (*SUMS, "schedule", "max_hours_per_start", "idle_gpu_minutes")
TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
DAYS_PATTERN = rf"^({'|'.join(DAYS)})([,-]({'|'.join(DAYS)}))*$"


def _usd(value: float) -> float:
    if not 0 < value <= MOST_USD:
        raise ValueError(f"must be more than 0 and at most {MOST_USD:,} US dollars")
    return value


def _share(value: float) -> float:
    if not 0 < value < 1:
        raise ValueError("must be between 0 and 1: 0.8 is 80 %")
    return value


def _hours(value: float) -> float:
    if not 0 < value <= LONGEST_START:
        raise ValueError(f"must be more than 0 and at most {LONGEST_START} hours")
    return value


def _minutes(value: int) -> int:
    if not 1 <= value <= 60:
        raise ValueError("must be from 1 to 60 minutes")
    return value


def _idle_minutes(value: int) -> int:
    if not LEAST_IDLE <= value <= LONGEST_IDLE:
        raise ValueError(f"must be from {LEAST_IDLE} to {LONGEST_IDLE:,} minutes")
    return value


def _time(value: str) -> str:
    if not re.fullmatch(TIME, value):
        raise ValueError("must be a time such as 20:00")
    return value


def _days(value: str) -> str:
    days(value)
    return value


def _zone(value: str) -> str:
    known = available_timezones()
    if value not in known:
        meant = nearest(value, sorted(known))
        raise ValueError("is no time zone" + (f"; did you mean {quote(meant)}?" if meant else " such as Europe/Berlin"))
    return value


Usd: TypeAlias = Annotated[
    StrictFloat, AfterValidator(_usd), WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MOST_USD})
]
Share: TypeAlias = Annotated[
    StrictFloat,
    AfterValidator(_share),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
]
Hours: TypeAlias = Annotated[
    StrictFloat,
    AfterValidator(_hours),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST_START}),
]
Minutes: TypeAlias = Annotated[
    StrictInt, AfterValidator(_minutes), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 60})
]
IdleMinutes: TypeAlias = Annotated[
    StrictInt,
    AfterValidator(_idle_minutes),
    WithJsonSchema({"type": "integer", "minimum": LEAST_IDLE, "maximum": LONGEST_IDLE}),
]
Time: TypeAlias = Annotated[str, AfterValidator(_time), WithJsonSchema({"type": "string", "pattern": TIME})]
WeekDays: TypeAlias = Annotated[str, AfterValidator(_days), WithJsonSchema({"type": "string", "pattern": DAYS_PATTERN})]
Zone: TypeAlias = Annotated[str, AfterValidator(_zone), WithJsonSchema({"type": "string", "minLength": 1})]


def not_none(values: tuple[str, ...]) -> tuple[str, ...]:
    """Something, of which nobody says that it is nothing."""
    if not values:
        raise ValueError("is empty, and nobody could start anything; write what people may start, or delete this line")
    return values


class Schedule(Model):
    """A time at which running apps are stopped, whoever started them."""

    stop: Time = Field(description="The time. Apps that start later keep running.", examples=["20:00"])
    days: WeekDays = Field("mon-sun", description="The days: mon-fri, or mon,wed,fri.", examples=["mon-fri"])
    time_zone: Zone = Field("UTC", description="The time zone, by its name in IANA's list.", examples=["Europe/Berlin"])


class Limits(Model):
    """Limits of users' spending on apps and training jobs. A function in the account enforces them."""

    monthly_usd_per_user: Usd | None = Field(
        None,
        description="US dollars that each user may spend in a month (UTC). The apps of a user who has spent them are"
        " stopped, and the user can start nothing until the month ends or `studioctl limits grant` adds some."
        " Needs [iam] per_user_roles.",
        examples=[50.0],
    )
    monthly_usd: Usd | None = Field(
        None, description="US dollars that all users together may spend in a month (UTC).", examples=[1000.0]
    )
    warn_at: tuple[Share, ...] = Field(
        (0.5, 0.8),
        description="Shares of these limits at which the guard notifies its SNS topic.",
        examples=[[0.5, 0.8]],
    )
    schedule: Schedule | None = Field(
        None,
        description="When running apps are stopped.",
        examples=[{"stop": "20:00", "days": "mon-fri", "time_zone": "Europe/Berlin"}],
    )
    max_hours_per_start: Hours | None = Field(
        None, description="Hours after which an app is stopped, even if it is in use.", examples=[12.0]
    )
    idle_gpu_minutes: IdleMinutes | None = Field(
        None,
        description="Minutes after which an app on a GPU instance is stopped if, during that time, neither the GPU nor"
        " another program computed, no terminal showed new output and nobody used the editor.",
        examples=[30],
    )
    check_minutes: Minutes = Field(
        5,
        description="The guard's interval in minutes. Apps that run between two checks can exceed a limit.",
        examples=[15],
    )

    instance_types: Annotated[tuple[InstancePattern, ...], AfterValidator(not_none)] | None = Field(
        None,
        description="The only instance types that users may start, for apps and jobs. A pattern such as ml.t3.* stands"
        " for several. Every role denies the other types, and Studio's pages do not show them.",
        json_schema_extra={"minItems": 1},
        examples=[["ml.t3.*", "ml.g5.xlarge"]],
    )
    images: Annotated[tuple[str, ...], AfterValidator(not_none)] | None = Field(
        None,
        description="The only images that users may start: versions of SageMaker Distribution, and names of"
        " [[images.custom]]. Other custom images are denied. Other versions of AWS's image are only hidden in"
        " Studio's pages, because AWS has no condition for versions.",
        json_schema_extra={"minItems": 1},
        examples=[["4.3", "4.4"]],
    )
    apps: Annotated[tuple[LimitedApp, ...], AfterValidator(not_none)] | None = Field(
        None,
        description="The only apps that users may start. Others are denied and hidden.",
        json_schema_extra={"minItems": 1},
        examples=[["code-editor", "jupyterlab"]],
    )

    @property
    def are_set(self) -> bool:
        """Whether there is anything to guard."""
        return any(getattr(self, key) is not None for key in GUARDED)

    @property
    def silent_minutes(self) -> int:
        """Minutes without a good look after which the alarm rings."""
        return max(LEAST_SILENCE, OLD_LOOKS * self.check_minutes)


def days(text: str) -> tuple[int, ...]:
    """The days of "mon-fri" or "mon,wed,fri"; Monday is 0. Raises ValueError."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError("must name days such as mon-fri, or mon,wed,fri")
        start, end = DAYS.index(first), DAYS.index(last or first)
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return tuple(sorted(found))


def violations(limits: Mapping[str, Any], *, per_user_roles: bool, own_script: bool) -> Iterator[Violation]:
    """A limit for each user needs a role for each: with one role, starts cannot be denied to one of them alone.

    A script of the user's own takes the place of the one that tells whether a GPU is at work.
    """
    if limits.get("monthly_usd_per_user") is not None and not per_user_roles:
        yield (
            ("monthly_usd_per_user",),
            "needs a role for each user, to which starting can be denied; add per_user_roles = true under [iam]",
        )
    if limits.get("idle_gpu_minutes") is not None and own_script:
        yield (
            ("idle_gpu_minutes",),
            "needs studioctl's own script, which tells whether a GPU is at work; name yours under extra_script",
        )


def idle_keys(written: Mapping[str, Any]) -> Iterator[Violation]:
    """Keys that are written down and do nothing: shares of no sum, and how often a guard looks that is not there."""
    if "warn_at" in written and not any(written.get(key) is not None for key in SUMS):
        yield ("warn_at",), "is about a monthly sum, and there is none; add monthly_usd = 100, or delete this line"
    if "check_minutes" in written and not any(written.get(key) is not None for key in GUARDED):
        words = "is about a guard, and nothing is limited that one watches; add monthly_usd = 100, or delete this line"
        yield ("check_minutes",), words
