"""Cost Explorer, as the emulator answers for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio_emulator import controls, server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from tests.unit.emulator.emulated import client, new_studio, refusal

DECEMBER = {"Start": "2035-12-01", "End": "2036-01-01"}
DAILY = {"TimePeriod": DECEMBER, "Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
TAG = {"Type": "TAG", "Key": "team"}
USAGE = {"Type": "DIMENSION", "Key": "USAGE_TYPE"}


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """An app ran from 22:00 to 3:00, in a domain with a tag that is active and one that is not."""
    home: Path = tmp_path_factory.mktemp("costs")
    settings = EmulatorSettings(
        transition_seconds=0, cost_explorer={"ml.t3.medium": 0.05}, cost_allocation_tags=("team",)
    )
    running = server.start(settings=settings, state_dir=home)
    controls.clock(running, {"to": "2035-12-09T22:00:00", "stand": True})
    studio = new_studio(running)
    domain_id = studio.domain(Tags=[{"Key": "team", "Value": "red"}, {"Key": "other", "Value": "x"}])
    studio.profile(domain_id)
    studio.space(domain_id)
    key = studio.app(domain_id)
    controls.clock(running, {"to": "2035-12-10T03:00:00"})
    studio.stop(key)
    yield running
    server.stop(home)


def asked(running: RunningEmulator, **changes: Any) -> dict[str, Any]:
    """The answer of GetCostAndUsage."""
    answer: dict[str, Any] = client(running, "ce").get_cost_and_usage(**{**DAILY, **changes})
    return answer


def amounts(answer: dict[str, Any]) -> dict[str, list[tuple[list[str], float]]]:
    """The groups of the days that have some."""
    return {
        result["TimePeriod"]["Start"]: [
            (group["Keys"], float(group["Metrics"]["UnblendedCost"]["Amount"])) for group in result["Groups"]
        ]
        for result in answer["ResultsByTime"]
        if result["Groups"]
    }


def test_days_become_known_a_day_later(billed: RunningEmulator) -> None:
    groups = [TAG, USAGE]
    keys = ["team$red", "EU-Studio:CodeEditor-ml.t3.medium"]
    assert amounts(asked(billed, GroupBy=groups)) == {}
    controls.clock(billed, {"to": "2035-12-11T01:00:00"})
    assert amounts(asked(billed, GroupBy=groups)) == {"2035-12-09": [(keys, 0.1)], "2035-12-10": [(keys, 0.05)]}
    controls.clock(billed, {"to": "2035-12-20T00:00:00"})
    answer = asked(billed, GroupBy=groups)
    assert amounts(answer) == {"2035-12-09": [(keys, 0.1)], "2035-12-10": [(keys, 0.15)]}
    assert len(answer["ResultsByTime"]) == 31
    inactive = asked(billed, GroupBy=[{"Type": "TAG", "Key": "other"}])
    assert amounts(inactive) == {"2035-12-09": [(["other$"], 0.1)], "2035-12-10": [(["other$"], 0.15)]}
    (month,) = asked(billed, Granularity="MONTHLY", Metrics=["UnblendedCost", "UsageQuantity"])["ResultsByTime"]
    assert {name: float(metric["Amount"]) for name, metric in month["Total"].items()} == {
        "UnblendedCost": 0.25,
        "UsageQuantity": 5.0,
    }


def test_what_a_filter_leaves_out(billed: RunningEmulator) -> None:
    controls.clock(billed, {"to": "2035-12-20T00:00:00"})

    def total(wanted: dict[str, Any]) -> float:
        (month,) = asked(billed, Granularity="MONTHLY", Filter=wanted)["ResultsByTime"]
        return float(month["Total"]["UnblendedCost"]["Amount"])

    here = {"Dimensions": {"Key": "REGION", "Values": ["eu-west-1"]}}
    service = {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon SageMaker"]}}
    blue = {"Tags": {"Key": "team", "Values": ["blue"]}}
    assert total({"And": [here, service]}) == 0.25
    assert total({"And": [here, blue]}) == 0
    assert total({"Or": [here, blue]}) == 0.25
    assert total({"Not": here}) == 0
    assert refusal(lambda: total({**here, **blue}))[0] == "ValidationException"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"TimePeriod": {"Start": "2035-12-02", "End": "2035-12-02"}}, "should be before end date"),
        ({"TimePeriod": {"Start": "2035-12-02", "End": "2036-01-02"}}, "end date past the beginning of next month"),
        ({"TimePeriod": {"Start": "2034-09-01", "End": "2035-01-01"}}, "historical data beyond 14 months"),
        ({"TimePeriod": {"Start": "yesterday", "End": "2035-01-01"}}, "must be dates"),
        ({"Granularity": "HOURLY"}, "hours are not enabled"),
        ({"Metrics": ["Dollars"]}, "Metrics must name"),
        ({"GroupBy": [TAG, USAGE, USAGE]}, "at most two groups"),
        ({"NextPageToken": "x"}, "pagination token is invalid"),
    ],
    ids=["empty", "future", "old", "no date", "hourly", "metric", "groups", "token"],
)
def test_what_aws_refuses_is_refused(billed: RunningEmulator, changes: dict[str, Any], said: str) -> None:
    assert said in refusal(lambda: asked(billed, **changes))[1]


def test_an_account_that_has_not_enabled_it_is_refused(tmp_path: Path) -> None:
    running = server.start(settings=EmulatorSettings(), state_dir=tmp_path)
    try:
        controls.clock(running, {"to": "2035-12-20T00:00:00"})
        assert refusal(lambda: asked(running)) == ("AccessDeniedException", "User not enabled for cost explorer access")
    finally:
        server.stop(tmp_path)
