"""Cost Explorer's GetCostAndUsage, from the hours of the apps and training jobs that ran here.

Sources: Cost Explorer API reference, "GetCostAndUsage" and "Expression"; SageMaker API reference, CreateDomain and
CreateUserProfile ("Tags ... are also added to all Apps"). What no source names is marked as assumed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from moto.ce.responses import CostExplorerResponse
from moto.core.exceptions import JsonRESTError
from moto.sagemaker.models import sagemaker_backends

from studio_emulator.backends import each
from studio_emulator.clock import clock
from studio_emulator.settings import EmulatorSettings
from studio_emulator.studio.models import StudioBackend

SERVICE = "Amazon SageMaker"
MONTHS = 14  # Cost Management User Guide, "Exploring more data for advanced cost analysis"
COSTS = frozenset(
    {"AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "UnblendedCost", "UsageQuantity"}
)
GROUPS = 2
# How usage types begin: each region's name in AWS's price list. Others are made up in the same way.
REGIONS = {"eu-west-1": "EU", "ap-southeast-1": "APS1", "ap-northeast-1": "APN1"}
Shape = Mapping[str, Any]


@dataclass(frozen=True)
class Usage:
    """An app or a job that ran, from when to when, in seconds since 1970."""

    usage_type: str
    region: str
    tags: Mapping[str, str]
    start: float
    end: float
    machines: int
    usd_per_hour: float

    def hours(self, start: float, end: float) -> float:
        """Instance hours between two moments."""
        return max(0.0, min(self.end, end) - max(self.start, start)) / 3600 * self.machines

    def dimension(self, key: str) -> str:
        """The value of a dimension. Raises as AWS does for one that there is not; the text is assumed."""
        known = {"SERVICE": SERVICE, "REGION": self.region, "USAGE_TYPE": self.usage_type}
        if key not in known:
            raise JsonRESTError("ValidationException", f"The emulator knows no dimension {key}.")
        return known[key]


class BillingResponse(CostExplorerResponse):
    """The action that moto answers with nothing."""

    settings: ClassVar[EmulatorSettings] = EmulatorSettings()

    def get_cost_and_usage(self) -> str:
        """GetCostAndUsage, by days or months; there is never a second page."""
        if self.settings.cost_explorer is None:
            raise JsonRESTError("AccessDeniedException", "User not enabled for cost explorer access")
        asked = json.loads(self.body)
        start, end = _period(asked)
        metrics, groups = asked.get("Metrics", []), asked.get("GroupBy", [])
        _check(asked, metrics, groups)
        known_until = clock.time() - self.settings.cost_explorer_seconds
        used = [usage for usage in self._usage() if _fits(asked.get("Filter"), usage, self._active)]
        results = []
        for first, last in _parts(start, end, asked["Granularity"]):
            bounds = _seconds(first), min(_seconds(last), known_until)
            results.append(
                {"TimePeriod": {"Start": first.isoformat(), "End": last.isoformat()}, "Estimated": True}
                | self._sums(used, bounds, metrics, groups)
            )
        defined = {"GroupDefinitions": groups} if groups else {}
        return json.dumps({**defined, "ResultsByTime": results, "DimensionValueAttributes": []})

    @property
    def _active(self) -> tuple[str, ...]:
        return self.settings.cost_allocation_tags

    def _sums(
        self, used: Sequence[Usage], bounds: tuple[float, float], metrics: Sequence[str], groups: Sequence[Shape]
    ) -> dict[str, Any]:
        sums: dict[tuple[str, ...], list[Usage]] = {}
        for usage in used:
            if usage.hours(*bounds) > 0:
                keys = tuple(_key(group, usage, self._active) for group in groups)
                sums.setdefault(keys, []).append(usage)
        if not groups:
            return {"Total": _metrics(sums.get((), []), bounds, metrics), "Groups": []}
        found = [{"Keys": list(keys), "Metrics": _metrics(sums[keys], bounds, metrics)} for keys in sorted(sums)]
        return {"Total": {}, "Groups": found}

    def _usage(self) -> Iterator[Usage]:
        """The use in all regions. A type without a price is not on the bill."""
        prices = self.settings.cost_explorer or {}
        for region, backend in each(sagemaker_backends):
            if not isinstance(backend, StudioBackend):
                continue
            prefix = REGIONS.get(region) or _short(region)
            for app in backend.metered:
                kind = app.resource_spec["InstanceType"]
                end = app.ended or clock.now()
                times = app.creation_time.timestamp(), end.timestamp()
                if kind in prices:
                    named = f"{prefix}-Studio:{app.app_type}-{kind}"
                    yield Usage(named, region, app.cost_tags, *times, machines=1, usd_per_hour=prices[kind])
            for job in backend.jobs.values():
                machines = job.request.get("ResourceConfig", {})
                kind = machines.get("InstanceType", "")
                if kind in prices and job.started is not None:
                    times = job.started.timestamp(), (job.ended or clock.now()).timestamp()
                    count = int(machines.get("InstanceCount", 1))
                    yield Usage(f"{prefix}-Train:{kind}", region, job.tags, *times, count, prices[kind])


def _short(region: str) -> str:
    """USE1 of us-east-1."""
    area, side, number = region.split("-")[-3:]
    return f"{area}{side[0]}{number}".upper()


def _seconds(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _period(asked: Shape) -> tuple[date, date]:
    """The first day and the day after the last. Raises as AWS does for what it has no data of."""
    try:
        start, end = (date.fromisoformat(asked["TimePeriod"][each]) for each in ("Start", "End"))
    except (KeyError, ValueError):  # text assumed
        raise JsonRESTError("ValidationException", "Time period must be dates like 2026-11-01") from None
    today = clock.now().date()
    if start >= end:
        raise JsonRESTError("ValidationException", "Start date (and hour) should be before end date (and hour)")
    if end > _next_month(today):
        raise JsonRESTError("ValidationException", "end date past the beginning of next month")
    if (today.year - start.year) * 12 + today.month - start.month > MONTHS:
        raise JsonRESTError("ValidationException", "You haven't enabled historical data beyond 14 months")
    return start, end


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _check(asked: Shape, metrics: Sequence[str], groups: Sequence[Shape]) -> None:
    """The texts are assumed."""
    if asked.get("Granularity") not in {"DAILY", "MONTHLY"}:
        raise JsonRESTError("ValidationException", "Granularity must be DAILY or MONTHLY: hours are not enabled")
    if not metrics or set(metrics) - COSTS:
        raise JsonRESTError("ValidationException", "Metrics must name one of " + ", ".join(sorted(COSTS)))
    if len(groups) > GROUPS:
        raise JsonRESTError("ValidationException", "GroupBy takes at most two groups")
    if "NextPageToken" in asked:
        raise JsonRESTError("InvalidNextTokenException", "The pagination token is invalid")


def _parts(start: date, end: date, granularity: str) -> Iterator[tuple[date, date]]:
    while start < end:
        step = start + timedelta(days=1) if granularity == "DAILY" else _next_month(start)
        yield start, min(step, end)
        start = step


def _fits(wanted: Shape | None, usage: Usage, active: Sequence[str]) -> bool:
    """Whether an Expression takes it. Raises for one that says two things at once; the text is assumed."""
    if not wanted:
        return True
    if len(wanted) != 1:
        raise JsonRESTError("ValidationException", "Expression must have exactly one root")
    ((kind, inner),) = wanted.items()
    match kind:
        case "And":
            return all(_fits(part, usage, active) for part in inner)
        case "Or":
            return any(_fits(part, usage, active) for part in inner)
        case "Not":
            return not _fits(inner, usage, active)
        case "Dimensions":
            return usage.dimension(inner["Key"]) in inner["Values"]
        case "Tags":
            return _tag(inner["Key"], usage, active) in inner["Values"]
    raise JsonRESTError("ValidationException", f"The emulator knows no expression {kind}.")


def _key(group: Shape, usage: Usage, active: Sequence[str]) -> str:
    if group.get("Type") == "TAG":
        return f"{group['Key']}${_tag(group['Key'], usage, active)}"
    return usage.dimension(group.get("Key", ""))


def _tag(key: str, usage: Usage, active: Sequence[str]) -> str:
    """A tag counts only after somebody has activated it for billing."""
    return usage.tags.get(key, "") if key in active else ""


def _metrics(used: Sequence[Usage], bounds: tuple[float, float], metrics: Sequence[str]) -> dict[str, Any]:
    hours = sum(usage.hours(*bounds) for usage in used)
    usd = sum(usage.hours(*bounds) * usage.usd_per_hour for usage in used)
    shown = {True: {"Amount": f"{hours:.10f}", "Unit": "N/A"}, False: {"Amount": f"{usd:.10f}", "Unit": "USD"}}
    return {metric: shown[metric == "UsageQuantity"] for metric in metrics}
