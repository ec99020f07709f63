"""A plan's effect on the costs, and the line of the file behind it."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from studioctl.aws.values import ResourceSpec, SpaceDetails
from studioctl.config.source import Source
from studioctl.operations.costs.change import TYPE, Change, PlannedCosts, of_plan
from studioctl.operations.costs.estimate import Costs
from studioctl.operations.costs.words import amount
from studioctl.presentation import costs
from studioctl.terraform.plan import Action, AttributeChange, PlanSummary, ResourceChange
from tests.environments import environment

SPACE = "aws_sagemaker_space"
SETTINGS = "space_settings[0].code_editor_app_settings[0]"
WEEKS = 730 / 168
TWO = [{"name": "ada"}, {"name": "bob", "spaces": [{"name": "b", "instance_type": "ml.m5.large", "volume_gb": 50}]}]


def change(address: str, action: Action, **attributes: tuple[Any, Any]) -> ResourceChange:
    kind, label = address.split(".")
    differs = tuple(AttributeChange(path, before, after) for path, (before, after) in attributes.items())
    return ResourceChange(address, kind, label, "sagemaker", action, differs)


def planned(*changes: ResourceChange, state: Mapping[str, Any] | None = None, **sections: Any) -> PlannedCosts:
    def ask() -> Mapping[str, Any]:
        assert state is not None, "the state is read where something leaves, and only there"
        return state

    summary = PlanSummary(changes, (), (), destroy=False, has_changes=True, file=Path("plan"))
    return of_plan(environment(**sections), summary, ask)


def told(found: PlannedCosts) -> list[tuple[Any, ...]]:
    return [(c.what, round(c.costs.standing.usd, 2), round(c.costs.working.usd, 2), c.key) for c in found.changes]


def test_a_new_space_adds_its_hours_and_from_its_first_start_on_its_volume() -> None:
    found = planned(change(f"{SPACE}.b", "create"), change("aws_s3_bucket.data", "create"), users=TWO)

    working = 50 * 0.112 + 40 * WEEKS * 0.115
    assert told(found) == [
        ("'b': ml.m5.large, 50 GB", 0.0, round(working, 2), ("users", 1, "spaces", 0, "instance_type"))
    ]
    assert found.after.total.standing.usd == pytest.approx(20 * 0.112), "the new space has no volume before its start"


@pytest.mark.parametrize(
    ("attribute", "before", "after", "says"),
    [
        (
            f"{SETTINGS}.default_resource_spec[0].instance_type",
            "ml.t3.medium",
            "ml.m5.large",
            ("'b': ml.t3.medium -> ml.m5.large", 0.0, 11.3, ("users", 1, "spaces", 0, "instance_type")),
        ),
        (
            "space_settings[0].space_storage_settings[0].ebs_storage_settings[0].ebs_volume_size_in_gb",
            20,
            50,
            ("'b': 20 GB -> 50 GB", 3.36, 3.36, ("users", 1, "spaces", 0, "volume_gb")),
        ),
        (
            f"{SETTINGS}.app_lifecycle_management[0].idle_settings[0].idle_timeout_in_minutes",
            525_600,
            60,
            ("'b': idle stop never -> 60 min", 0.0, 0.0, ("studio", "idle_timeout_minutes")),
        ),
    ],
)
def test_a_changed_space_is_told_with_the_line_that_changes_it(
    attribute: str, before: Any, after: Any, says: tuple[Any, ...]
) -> None:
    assert told(planned(change(f"{SPACE}.b", "update", **{attribute: (before, after)}), users=TWO)) == [says]


def test_what_leaves_saves_what_it_cost() -> None:
    settings = {
        "code_editor_app_settings": [{"default_resource_spec": [{"instance_type": "ml.t3.medium"}]}],
        "space_storage_settings": [{"ebs_storage_settings": [{"ebs_volume_size_in_gb": 100}]}],
    }
    state = {
        f"{SPACE}.gone": {"space_name": "gone", "space_settings": [settings]},
        "aws_vpc_endpoint.sts": {"vpc_endpoint_type": "Interface", "subnet_ids": ["a", "b"]},
        "aws_vpc_endpoint.s3": {"vpc_endpoint_type": "Gateway"},
    }
    leaving = (*(change(address, "delete") for address in state), change("aws_nat_gateway.studio", "delete"))

    assert told(planned(*leaving, state=state)) == [
        ("'gone': ml.t3.medium, 100 GB", -11.2, round(-11.2 - 40 * WEEKS * 0.05, 2), None),
        ("private endpoint of sts", -14.6, -14.6, None),
        ("NAT gateway", -32.85, -32.85, None),
    ]


def test_what_costs_nothing_is_not_told() -> None:
    tags = change(f"{SPACE}.ada-editor", "update", **{"tags.team": ("a", "b")})

    assert planned(tags, change("aws_subnet.a", "create"), change(f"{SPACE}.ada-editor", "import")).changes == ()


def test_an_unknown_price_is_told_and_not_counted() -> None:
    found = planned(change(f"{SPACE}.ada-editor", "create"), region="eu-west-1")

    assert found.difference.working.unknown == ("volume", "ml.t3.medium")
    assert told(found) == [("'ada-editor': ml.t3.medium, 20 GB", 0.0, 0.0, ("users", 0))]


SCHEDULE, ALARM = "aws_scheduler_schedule.guard", "aws_cloudwatch_metric_alarm.guard"
RATE = "schedule_expression"


def test_a_guard_is_told_as_it_comes_looks_less_often_and_goes() -> None:
    limits, key = {"monthly_usd": 9.0}, ("limits",)
    comes = planned(change(SCHEDULE, "create"), change(ALARM, "create"), limits=limits)
    assert told(comes) == [("the guard, a look every 5 minutes", 0.09, 0.09, key), ("the guard's alarm", 0.2, 0.2, key)]
    rarer = change(SCHEDULE, "update", **{RATE: ("rate(1 minute)", "rate(5 minutes)")})
    assert told(planned(rarer, limits=limits)) == [("the guard, a look every 5 minutes", -0.38, -0.38, key)]
    goes = change(SCHEDULE, "delete"), change(ALARM, "delete")
    assert told(planned(*goes, state={SCHEDULE: {RATE: "rate(5 minutes)"}})) == [
        ("the guard, a look every 5 minutes", -0.09, -0.09, None),
        ("metric that an alarm watches (CloudWatch)", -0.2, -0.2, None),
    ]


def test_a_space_that_leaves_costs_what_aws_has_of_it_and_not_what_terraform_had() -> None:
    asked: list[str] = []

    def held(names: Collection[str]) -> list[SpaceDetails]:
        asked.extend(names)
        now = datetime(2026, 11, 30, tzinfo=UTC)
        spec = ResourceSpec("ml.t3.xlarge")
        shown = ("d-1", "b", "bob", "InService", "CodeEditor", 50, now, False)
        return [SpaceDetails(*shown, arn="", spec=spec, idle_timeout_minutes=60, failure="")]

    settings = {
        "app_type": "CodeEditor",
        "code_editor_app_settings": [{"default_resource_spec": [{TYPE: "ml.t3.medium"}]}],
    }
    known = {f"{SPACE}.bs": {"space_name": "b", "space_settings": [settings]}}
    gone = PlanSummary((change(f"{SPACE}.bs", "delete"),), (), (), destroy=False, has_changes=True, file=Path("plan"))

    found = of_plan(environment(users=TWO[:1]), gone, lambda: known, held=held)

    assert (told(found)[0][0], asked) == ("'b': ml.t3.xlarge, 50 GB", ["b"])


@pytest.mark.parametrize(("before", "after"), [("ml.t3.medium", "ml.p5.48xlarge"), ("ml.p5.48xlarge", "ml.t3.medium")])
def test_nobody_knows_the_difference_from_or_to_what_has_no_price(before: str, after: str) -> None:
    """Paid amounts stay known where they were, also if the new type has no price."""
    users = [{"name": "ada", "spaces": [{"name": "b", "instance_type": after}]}]
    changed = change(f"{SPACE}.b", "update", **{f"{SETTINGS}.default_resource_spec[0].instance_type": (before, after)})

    found = planned(changed, users=users, cost={"prices": {}})

    assert amount(found.difference.working, signed=True) == "unknown"
    assert bool(found.before.working.unknown) == (before != "ml.t3.medium")


@pytest.mark.parametrize(("lines", "place"), [("[studio]\nvolume_gb = 20\n", "  (studio.toml:2)"), ("", "")])
def test_a_default_stands_on_no_line(lines: str, place: str) -> None:
    found = planned()
    more = Change(
        "aws_sagemaker_space.ada", "'ada': 30 GB -> 20 GB", found.after.total, ("studio", "volume_gb"), Costs()
    )
    (told,) = costs.effect(replace(found, changes=(more,)), Source("studio.toml", lines)).because

    assert told.endswith(" if nobody stops apps" + place)
