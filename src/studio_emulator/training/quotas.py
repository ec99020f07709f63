"""SageMaker's quotas for training: names, codes and defaults of the AWS General Reference's page on SageMaker.

Assumed: the code of a quota that the page's excerpts do not show is made from its name.
"""

import hashlib
import time
from functools import cache
from typing import Any

from moto.core.utils import get_service_model

from studio_emulator.facts import TRAINING_ON, training_quota_name
from studio_emulator.studio.quotas import SERVICE, Quota

SPOT_DEFAULTS = {"ml.m5.large": 4, "ml.m5.xlarge": 4, "ml.m5.4xlarge": 2}
ALL_INSTANCES = "L-00C91CB5"
LONGEST_RUN, CREATE_RATE = "L-33A961FD", "L-21A1652A"
INSTANCES_OF_A_JOB = 20


def of_type(instance_type: str, use: str) -> Quota:
    """The quota of one type of instance for a use, see `training_quota_name`."""
    name = training_quota_name(instance_type, use)
    default = SPOT_DEFAULTS.get(instance_type, 0) if use.startswith("spot") else 0
    return Quota(TRAINING_ON.get(name) or _made_up(name), name, default, "Instances")


def _made_up(name: str) -> str:
    return f"L-{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"


TOTAL = Quota(ALL_INSTANCES, "Total number of instances across all training jobs", 4, "Instances")
TOTAL_SPOT = Quota(
    _made_up("Total number of instances across all spot training jobs"),
    "Total number of instances across all spot training jobs",
    4,
    "Instances",
)
RUN_SECONDS = Quota(LONGEST_RUN, "Longest run time for a training job", 432_000, "Seconds")
PER_JOB = Quota(
    _made_up("Number of instances for a training job"),
    "Number of instances for a training job",
    INSTANCES_OF_A_JOB,
    "Instances",
)
RATE = Quota(CREATE_RATE, "Rate of CreateTrainingJob requests", 1, "Requests")


@cache
def training_quotas() -> tuple[Quota, ...]:
    """Every quota for training that the emulator knows."""
    shape: Any = get_service_model(SERVICE).shape_for("TrainingInstanceType")
    uses = ("training job", "spot training job", "training warm pool")
    return (TOTAL, TOTAL_SPOT, RUN_SECONDS, PER_JOB, RATE, *(of_type(name, use) for name in shape.enum for use in uses))


class Bucket:
    """A token bucket that limits the rate of requests and saves up no more than one second's worth."""

    def __init__(self) -> None:
        self._left = 1.0
        self._since = time.monotonic()

    def take(self, rate: float) -> bool:
        """Whether one more is let in."""
        now = time.monotonic()
        self._left = min(max(1.0, rate), self._left + (now - self._since) * rate)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
