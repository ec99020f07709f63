"""The guard's blocks: made only where something is limited, reproducible, and with no more rights than it needs."""

import io
import json
import zipfile
from typing import Any

import pytest
from tests.environments import environment

from studioctl.catalog.provider import USUAL
from studioctl.infrastructure import blueprint, guard
from studioctl.infrastructure.block import Data, Resource
from studioctl.infrastructure.naming import Naming

LIMITED = {"limits": {"monthly_usd_per_user": 50.0, "monthly_usd": 1000.0}, "iam": {"per_user_roles": True}}


def _resources(**sections: Any) -> dict[str, Resource]:
    return {resource.address: resource for resource in blueprint.build(environment(**sections)).resources()}


def test_without_limits_nothing_is_made() -> None:
    addresses = set(_resources()) | set(_resources(limits={"instance_types": ["ml.t3.*"]}))
    assert not any("guard" in address or "hold" in address for address in addresses)
    assert "force_detach_policies" not in _resources()["aws_iam_role.execution"].arguments


def test_the_same_file_gives_the_same_archive_and_a_price_another() -> None:
    config = environment(**LIMITED)
    first, again = (guard.archived(config, Naming.of(config)) for _ in range(2))
    assert first == again
    dearer = environment(**LIMITED, cost={"prices": {"ml.t3.medium": 9.0}})
    assert guard.archived(dearer, Naming.of(dearer)) != first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        settings = json.loads(archive.read("settings.json"))
        assert "studioctl/guard/function.py" in archive.namelist()
    assert settings["limits"]["per_user"] == 50.0
    assert settings["roles"]["ada"] == "acme-ml-execution-ada"
    made = blueprint.build(config)
    assert made.files[guard.ARCHIVE].encode("utf-8", "surrogateescape") == first
    assert made.provider == USUAL


def test_the_guard_can_attach_one_policy_and_write_one_prefix() -> None:
    (statements,) = (
        block.arguments["statement"]
        for module in blueprint.build(environment(**LIMITED)).modules
        for block in module.blocks
        if isinstance(block, Data) and block.address == "data.aws_iam_policy_document.guard"
    )
    by_sid = {statement["sid"]: statement for statement in statements}
    hold = "${aws_iam_policy.hold.arn}"
    assert by_sid["HoldAndRelease"]["condition"] == [
        {"test": "ArnEquals", "variable": "iam:PolicyARN", "values": [hold]}
    ]
    assert by_sid["Ledger"]["resources"] == ["${aws_s3_bucket.data.arn}/studioctl-guard/*"]
    changing = {action for s in statements for action in s["actions"] if s["resources"] == ["*"]}
    assert all(action.split(":")[1].startswith(("List", "Lookup")) for action in changing)
    iam = {action for s in statements for action in s["actions"] if action.startswith("iam:")}
    assert iam == {"iam:ListEntitiesForPolicy", "iam:AttachRolePolicy", "iam:DetachRolePolicy"}


@pytest.mark.parametrize(("minutes", "seconds"), [(1, 1800), (10, 1800), (11, 1980), (60, 10800)])
def test_the_alarm_waits_for_more_than_one_look(minutes: int, seconds: int) -> None:
    made = _resources(limits={"monthly_usd": 9.0, "check_minutes": minutes})
    alarm = made["aws_cloudwatch_metric_alarm.guard"].arguments
    assert {query["metric"]["period"] for query in alarm["metric_query"] if "metric" in query} == {seconds}
    assert f"for {seconds // 60} minutes" in alarm["alarm_description"]


@pytest.mark.parametrize(
    "action",
    [
        "RetryPipelineExecution",
        "CreateLabelingJob",
        "CreateMonitoringSchedule",
        "StartMonitoringSchedule",
        "CreateInferenceComponent",
        "CreateOptimizationJob",
        "CreateCluster",
        "CreateMlflowTrackingServer",
        "CreateTrainingPlan",
    ],
)
def test_who_is_held_can_start_nothing_by_another_way(action: str) -> None:
    assert f"sagemaker:{action}" in guard.STARTS


def test_a_user_who_is_held_can_still_be_removed() -> None:
    assert _resources(**LIMITED)["aws_iam_role.execution_ada"].arguments["force_detach_policies"] is True
