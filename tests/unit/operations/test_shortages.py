"""The quotas that a plan asks about: of what it makes, and of nothing else."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from studioctl.aws import quotas as aws
from studioctl.aws.changes import LastChanges
from studioctl.aws.quotas import Quota, RunningApp
from studioctl.infrastructure import blueprint
from studioctl.operations import quotas
from studioctl.operations.environment import Environment
from studioctl.presentation import quotas as words
from studioctl.target import Target
from studioctl.terraform.plan import PlanSummary, ResourceChange
from studioctl.terraform.reach import Reach
from tests.environments import environment as config

OURS = "d-0123456789ab"
MINE, OTHERS = SimpleNamespace(id=OURS), SimpleNamespace(id="d-other")


class Account:
    """An account that notes what it is asked; two user profiles are allowed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *domains: Any) -> None:
        self.asked: list[str] = []
        self.domains = domains
        monkeypatch.setattr(aws, "quota", lambda _, service, code: Quota(service, code, code, 2, is_adjustable=True))
        monkeypatch.setattr(aws, "editor_quotas", lambda *_: {})
        for name, answer in (
            ("profiles", ((OURS, "ada"), (OURS, "grace"), ("d-other", "eve"))),
            ("spaces", ()),
            ("running_apps", ()),
            ("count_vpcs", 1),
            ("count_internet_gateways", 1),
        ):
            monkeypatch.setattr(aws, name, partial(self._answer, name, answer))

    def _answer(self, name: str, answer: Any, _: object) -> Any:
        self.asked.append(name)
        return answer

    def short(self, *types: str, people: tuple[str, ...] = ("ada",), gone: tuple[str, ...] = ()) -> dict[str, int]:
        """The things that are lacking for a plan that makes these, and how many there have to be."""
        return {each.what: each.needed for each in self.found(*types, people=people, gone=gone)}

    def found(
        self, *types: str, people: tuple[str, ...] = ("ada",), gone: tuple[str, ...] = ()
    ) -> tuple[quotas.Demand, ...]:
        """The demands that are not met, of a plan that makes one of each type and deletes what has these addresses."""
        described = config(users=[{"name": name} for name in ("ada", "grace")])
        terraform = SimpleNamespace(blueprint=blueprint.build(described), state=lambda: STATE)
        environment = Environment(described, Target("us-east-1"), cast("Any", terraform))
        vars(environment).update(session=None, studio=SimpleNamespace(domains=lambda: self.domains))
        made = tuple(ResourceChange(f"{type_}.x", type_, "x", "module", "create", ()) for type_ in types)
        for address in gone:
            type_, _, label = address.partition(".")
            made += (ResourceChange(address, type_, label, None, "delete", ()),)
        reach = Reach(there=LastChanges(people=people))
        found = PlanSummary(made, (), (), destroy=False, has_changes=True, file=Path("plan"), reach=reach)
        return quotas.shortages(environment, found) or ()


STATE = {
    "resources": [
        {
            "mode": "managed",
            "type": "aws_sagemaker_domain",
            "name": "studio",
            "instances": [{"attributes": {"id": OURS}}],
        },
        {
            "mode": "managed",
            "type": "aws_sagemaker_space",
            "name": "bob_editor",
            "instances": [{"attributes": {"space_name": "bob-editor"}}],
        },
    ]
}


def test_one_more_user_asks_nothing_of_networks_and_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, MINE)

    assert account.short("aws_sagemaker_user_profile", "aws_sagemaker_space") == {}
    assert account.asked == ["running_apps"]  # profiles and spaces the plan has listed already


def test_what_others_have_counts_where_there_are_others(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, MINE, OTHERS)

    assert account.short("aws_sagemaker_user_profile") == {"user profiles": 3}
    assert account.asked == ["profiles"]


def test_what_was_listed_counts_as_there(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, MINE)

    assert account.short("aws_sagemaker_user_profile", people=("ada", "eve")) == {"user profiles": 3}
    assert account.asked == []


def test_a_plan_that_makes_nothing_of_the_kind_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch)

    assert account.short("aws_s3_bucket") == {}
    assert account.asked == []


def test_a_network_is_asked_about_where_one_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, MINE)

    assert account.short("aws_vpc", "aws_internet_gateway") == {}
    assert account.asked == ["count_vpcs", "count_internet_gateways"]


def test_who_leaves_counts_until_up_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, MINE)
    profile = "aws_sagemaker_user_profile"

    (found,) = account.found(profile, people=("ada", "bob"), gone=(f"{profile}.bob",))

    assert (found.needed, found.afterwards) == (3, 2)
    assert words.short([found]) == [
        "Quota: user profiles: 3 needed while up runs, 2 afterwards, and the account may have 2.",
        "up creates before all that leaves is deleted, so both count while it runs.",
        "If up fails for this, run it again: what it has deleted by then makes room.",
        "To ask AWS for what is missing, before up: studioctl quotas request",
    ]


def test_where_too_many_stay_a_second_run_does_not_help(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, MINE, OTHERS)
    monkeypatch.setattr(aws, "quota", lambda _, service, code: Quota(service, code, code, 1, is_adjustable=False))
    profile = "aws_sagemaker_user_profile"

    found = account.found(profile, gone=(f"{profile}.bob",))

    assert words.short(found) == [
        "Quota: user profiles: 3 needed while up runs, 2 afterwards, and the account may have 1.",
        "up creates before all that leaves is deleted, so both count while it runs.",
    ]


def test_an_editor_in_a_space_that_leaves_takes_nobodys_place(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, MINE)
    apps = tuple(RunningApp(OURS, space, "CodeEditor", "ml.t3.medium") for space in ("bob-editor", "by-hand"))
    monkeypatch.setattr(aws, "running_apps", lambda _: apps)
    space = "aws_sagemaker_space"

    assert account.short(space) == {"apps, with all spaces running": 4}
    assert account.short(space, gone=(f"{space}.bob_editor",)) == {"apps, with all spaces running": 3}
