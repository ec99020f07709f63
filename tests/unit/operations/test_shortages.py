"""The quotas that a plan asks about: of what it makes, and of nothing else."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from studioctl.aws import quotas as aws
from studioctl.aws.changes import LastChanges
from studioctl.aws.quotas import Quota, RunningApp
from studioctl.aws.values import App, ResourceSpec
from studioctl.infrastructure import blueprint
from studioctl.operations import quotas, shortages
from studioctl.operations.environment import Environment
from studioctl.presentation import quotas as words
from studioctl.target import Target
from studioctl.terraform.plan import Action, AttributeChange, PlanSummary, ResourceChange
from studioctl.terraform.reach import Reach
from tests.environments import environment as config

OURS = "d-0123456789ab"
MINE, OTHERS = SimpleNamespace(id=OURS), SimpleNamespace(id="d-other")


class Account:
    """An account that notes what it is asked; two user profiles are allowed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *domains: Any) -> None:
        self.asked: list[str] = []
        self.told: list[str] = []
        self.known: dict[str, tuple[int, float]] = {}
        self.domains = domains
        self.limit = 2
        monkeypatch.setattr(aws, "quota", self._quota)
        monkeypatch.setattr(aws, "editor_quotas", lambda *_: {})
        for name, answer in (
            ("profiles", ((OURS, "ada"), (OURS, "grace"), ("d-other", "eve"))),
            ("spaces", ()),
            ("running_apps", ()),
            ("count_vpcs", 1),
            ("count_internet_gateways", 1),
        ):
            monkeypatch.setattr(aws, name, partial(self._answer, name, answer))

    def _quota(self, _: object, service: str, code: str) -> Quota:
        self.told.append(code)
        return Quota(service, code, code, self.limit, is_adjustable=True)

    def _answer(self, name: str, answer: Any, _: object, domain_id: str = "") -> Any:
        self.asked.append(f"{name} of {domain_id}" if domain_id else name)
        return tuple(each for each in answer if each[0] == domain_id) if domain_id else answer

    def short(
        self, *types: str, people: tuple[str, ...] = ("ada",), gone: tuple[str, ...] = (), apps: Any = None
    ) -> dict[str, int]:
        """The things that are lacking for a plan that makes these, and how many there have to be."""
        return {each.what: each.needed for each in self.found(*types, people=people, gone=gone, apps=apps)}

    def found(
        self,
        *types: str,
        people: tuple[str, ...] = ("ada",),
        gone: tuple[str, ...] = (),
        apps: Any = None,
        other: tuple[ResourceChange, ...] = (),
    ) -> tuple[quotas.Demand, ...]:
        """The demands that are not met, of a plan that makes one of each type and deletes what has these addresses.

        `other`: What else the plan changes.
        """
        described = config(users=[{"name": name} for name in ("ada", "grace")])
        terraform = SimpleNamespace(blueprint=blueprint.build(described), state=lambda: STATE)
        environment = Environment(described, Target("us-east-1"), cast("Any", terraform))
        vars(environment).update(session=None, studio=SimpleNamespace(domains=lambda: self.domains))
        made = tuple(ResourceChange(f"{type_}.x", type_, "x", "module", "create", ()) for type_ in types)
        for address in gone:
            type_, _, label = address.partition(".")
            made += (ResourceChange(address, type_, label, None, "delete", ()),)
        made += other
        reach = Reach(there=LastChanges(people=people), quotas=self.known)
        found = PlanSummary(made, (), (), destroy=False, has_changes=True, file=Path("plan"), reach=reach)
        return shortages.shortages(environment, found, apps) or ()


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


def changed(type_: str, action: Action, *paths: str) -> ResourceChange:
    attributes = tuple(AttributeChange(path, "before", "after", by_api=True) for path in paths)
    return ResourceChange(f"{type_}.ada_editor", type_, "ada_editor", "studio", action, attributes)


SPEC = "space_settings.code_editor_app_settings.default_resource_spec"
SPACE, PROFILE = "aws_sagemaker_space", "aws_sagemaker_user_profile"


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        (changed(SPACE, "update", f"{SPEC}.instance_type"), True),
        (changed(SPACE, "import", f"{SPEC}.instance_type"), True),
        (changed(SPACE, "replace", "space_settings.app_type"), True),
        (changed(SPACE, "update", f"{SPEC}.lifecycle_config_arn"), False),
        (
            changed(PROFILE, "update", "user_settings.jupyter_lab_app_settings.default_resource_spec.instance_type"),
            False,
        ),
    ],
)
def test_another_instance_type_needs_its_quota(
    monkeypatch: pytest.MonkeyPatch, change: ResourceChange, asked: bool
) -> None:
    account = Account(monkeypatch, MINE)
    none = Quota("sagemaker", "L-0", "Code Editor", 0, is_adjustable=True)
    monkeypatch.setattr(aws, "editor_quotas", lambda _, types, __: dict.fromkeys(types, none))

    found = account.found(other=(change,))

    lacking = {each.what: each.needed for each in found}
    assert lacking == ({"Code Editors on ml.t3.medium, all running": 2} if asked else {})
    assert account.asked == (["running_apps"] if asked else [])


def test_what_others_have_counts_where_there_are_others(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, MINE, OTHERS)

    assert account.short("aws_sagemaker_user_profile") == {"user profiles": 3}
    assert account.asked == ["profiles of d-other"]


def test_of_many_other_domains_aws_is_asked_together(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, MINE, OTHERS, SimpleNamespace(id="d-third"))

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


def app(space: str, status: str) -> App:
    spec = ResourceSpec("ml.t3.medium", None, None, None, None)
    return App("default", "CodeEditor", space, None, status, datetime(2026, 11, 30, tzinfo=UTC), spec)


@pytest.mark.parametrize(
    ("domains", "apps", "asked", "lacking"),
    [
        ((MINE,), (app("theirs", "InService"), app("ada-editor", "InService"), app("old", "Deleted")), [], 3),
        ((MINE,), (), [], None),
        ((MINE, OTHERS), (app("theirs", "InService"),), ["spaces of d-other", "running_apps"], None),
    ],
    ids=["one more than the file's", "none", "another domain"],
)
def test_apps_that_were_listed_are_not_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, domains: Any, apps: Any, asked: list[str], lacking: int | None
) -> None:
    account = Account(monkeypatch, *domains)

    found = account.short("aws_sagemaker_space", apps=apps)

    assert found == ({} if lacking is None else {"apps, with all spaces running": lacking})
    assert account.asked == asked


def test_a_quota_that_is_known_is_not_asked_for_again_unless_it_is_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, MINE)
    profile, (_, code) = "aws_sagemaker_user_profile", aws.PROFILES

    assert account.short(profile) == {}
    assert (account.told, account.known[code][0]) == ([code], 2)
    assert account.short(profile) == {}
    assert account.told == [code]

    assert account.short(profile, people=("ada", "eve")) == {"user profiles": 3}
    assert account.told == [code, code]
    account.limit = 9  # somebody asked AWS for more
    assert account.short(profile, people=("ada", "eve")) == {}
    assert account.known[code][0] == 9


def test_a_quota_of_an_instance_type_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def quotas_of(_: object, types: Any, __: str) -> dict[str, Quota | None]:
        asked.append([*types])
        return {it: Quota("sagemaker", it, it, 4, is_adjustable=True) if it != "ml.none" else None for it in types}

    monkeypatch.setattr(aws, "editor_quotas", quotas_of)
    known: dict[str, tuple[int, float]] = {}
    limits = aws.Limits(cast("Any", None), known)

    for _ in range(2):
        found = limits.editor_quotas(["ml.t3.medium", "ml.none"], "CodeEditor")
        assert {name: quota and quota.limit for name, quota in found.items()} == {"ml.t3.medium": 4, "ml.none": None}
    limits.editor_quotas(["ml.t3.medium"], "JupyterLab")

    assert asked == [["ml.t3.medium", "ml.none"], ["ml.none"], ["ml.t3.medium"]]
    assert len(known) == 2
