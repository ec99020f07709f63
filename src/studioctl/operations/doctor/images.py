"""SageMaker Distribution: until when AWS mends which version.

https://github.com/aws/sagemaker-distribution/blob/main/support_policy.md, read on 2026-08-19.
"""

import re
from dataclasses import replace
from datetime import date

from studioctl.aws.values import ResourceSpec, write_spec

# A minor version that outlives its major one stands before it.
SUPPORTED_UNTIL = {
    "2.14": date(2026, 9, 9),
    "1": date(2025, 10, 30),
    "2": date(2026, 2, 25),
    "3": date(2026, 9, 29),
    "4": date(2027, 10, 7),
}
NEWEST = "4"
POLICY = "https://github.com/aws/sagemaker-distribution/blob/main/support_policy.md"


def with_newest(spec: ResourceSpec) -> str:
    """The same with the newest version of the image, as the AWS CLI takes it."""
    members = write_spec(replace(spec, image_version_arn=None, image_alias=NEWEST))
    return ",".join(f"{key}={value}" for key, value in members.items())


def _parsed(version: str) -> tuple[int, ...]:
    """The numbers of an alias such as "2.7" or "3.2.0"."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def supported_until(version: str) -> date | None:
    """The last day on which AWS mends this version; None when it is not known."""
    numbers = _parsed(version)
    return next(
        (end for known, end in SUPPORTED_UNTIL.items() if numbers[: len(_parsed(known))] == _parsed(known)), None
    )
