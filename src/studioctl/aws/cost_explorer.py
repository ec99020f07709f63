"""AWS's own count of costs, asked by Cost Explorer's API: 0.01 US dollars for each page of an answer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from studioctl.aws.errors import translated

if TYPE_CHECKING:
    from studioctl.aws.session import Session

USD_PER_REQUEST = 0.01  # https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/
SERVICE = "Amazon SageMaker"
METRIC = "UnblendedCost"
# Usage types of instance hours: "USE1-Studio:JupyterLab-ml.t3.medium", "Train:ml.m5.large".
_HOURS = re.compile(r"(?:^|-)(?:Studio:.+-|Train:(?:.+-)?)ml\.")


@dataclass(frozen=True)
class Counted:
    """US dollars of a day.

    Args:
        day: Such as "2026-11-03", in UTC.
        tag: The value of the tag that was asked about; "" where there is none, or where the tag is not active.
        is_hours: Whether they are for hours of apps and training jobs, and not for volumes and the rest.
        usd: US dollars.
    """

    day: str
    tag: str
    is_hours: bool
    usd: float


@dataclass(frozen=True)
class Answer:
    """All that was counted, and how many pages that took, each of which is paid for."""

    counted: tuple[Counted, ...]
    requests: int


def ask(session: "Session", start: date, end: date, tag: str) -> Answer:
    """The costs of SageMaker in the session's region by days, from `start` up to but not including `end`.

    Raises:
        AwsError: AWS refused; ce:GetCostAndUsage may be missing, or nobody has enabled Cost Explorer.
    """
    request: dict[str, Any] = {
        "TimePeriod": {"Start": start.isoformat(), "End": end.isoformat()},
        "Granularity": "DAILY",
        "Metrics": [METRIC],
        "Filter": {
            "And": [
                {"Dimensions": {"Key": "SERVICE", "Values": [SERVICE]}},
                {"Dimensions": {"Key": "REGION", "Values": [session.target.region]}},
            ]
        },
        "GroupBy": [{"Type": "TAG", "Key": tag}, {"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
    }
    counted: list[Counted] = []
    requests = 0
    while requests == 0 or "NextPageToken" in request:
        with translated():
            page = session.client("ce").get_cost_and_usage(**request)
        requests += 1
        counted.extend(_read(page))
        request = {key: value for key, value in request.items() if key != "NextPageToken"}
        if more := page.get("NextPageToken"):
            request["NextPageToken"] = more
    return Answer(tuple(counted), requests)


def _read(page: Any) -> Iterator[Counted]:
    for result in page["ResultsByTime"]:
        for group in result.get("Groups", []):
            tag, usage = group["Keys"]
            amount = float(group["Metrics"][METRIC]["Amount"])
            # A group's key is "name$value", and a value may have a dollar sign in it.
            yield Counted(result["TimePeriod"]["Start"], tag.partition("$")[2], bool(_HOURS.search(usage)), amount)
