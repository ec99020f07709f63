"""`studioctl cost --month`: what was used, on an emulator whose clock is set forward."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.functional.living import Living, living

from studio_emulator import controls

# Cost Explorer is an hour late, and the environment's tag is active.
BILLED = {
    "cost_explorer": {"ml.t3.medium": 0.06},
    "cost_explorer_seconds": 3600,
    "cost_allocation_tags": ("studioctl:environment",),
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """Ada worked from 8:00 to 10:30 on 10 December; bob has worked since, until 12:00."""
    with living(
        tmp_path_factory.mktemp("month"), users={"ada": ("ada-editor",), "bob": ("bob-editor",)}, **BILLED
    ) as home:
        controls.clock(home.emulator, {"to": "2035-12-10T08:00:00", "stand": True})
        app = {"DomainId": home.domain_id, "AppType": "CodeEditor", "AppName": "default"}
        home.studio.sagemaker.create_app(**app, SpaceName="ada-editor", ResourceSpec={"InstanceType": "ml.t3.medium"})  # type: ignore[arg-type]
        controls.clock(home.emulator, {"to": "2035-12-10T10:30:00"})
        home.studio.sagemaker.delete_app(**app, SpaceName="ada-editor")  # type: ignore[arg-type]
        home.studio.sagemaker.create_app(**app, SpaceName="bob-editor", ResourceSpec={"InstanceType": "ml.t3.medium"})  # type: ignore[arg-type]
        controls.clock(home.emulator, {"to": "2035-12-10T12:00:00"})
        yield home


USED = """\
acme-ml in us-east-1: 2035-12, until 2035-12-10 12:00 UTC
user    space       app         instance type  hours   USD
ada     ada-editor  CodeEditor  ml.t3.medium    2.50  0.12
bob     bob-editor  CodeEditor  ml.t3.medium    1.50  0.08
in all                                          4.00  0.20
volumes of spaces: 10.0 GB now, 0.34 USD for this part of the month
home file system: 0.0 GB now, 0.00 USD for this part of the month
bucket: 0.0 GB now, 0.00 USD for this part of the month
repository: 0.0 GB now, 0.00 USD for this part of the month
"""


def test_the_hours_and_dollars_of_everybody(lived: Living) -> None:
    done = lived.run("cost", "--month")
    assert done.out == USED
    assert "Counted from CloudTrail." in done.err
    told = json.loads(lived.run("cost", "--month", "2035-12", "--json").out)
    assert [(each["user"], each["hours"], each["usd"], each["running"]) for each in told["used"]] == [
        ("ada", 2.5, 0.125, False),
        ("bob", 1.5, 0.075, True),
    ]
    assert (told["usd"], told["doubt_usd"], told["source"]) == (0.2, 0.0, "CloudTrail")
    assert [each["usd"] for each in told["used"]] == [round(each["hours"] * 0.05, 4) for each in told["used"]]
    assert [(day["hours"], day["usd"]) for day in told["days"]] == [(0.0, 0.0)] * 9 + [(4.0, 0.2)]
    assert told["days"][-1]["day"] == "2035-12-10"


def test_a_table_for_other_programs(lived: Living) -> None:
    lines = lived.run("cost", "--month", "this", "--csv").out.splitlines()
    assert lines[0] == "month,user,space,app,instance_type,hours,usd,doubt_hours"
    assert lines[1] == "2035-12,ada,ada-editor,CodeEditor,ml.t3.medium,2.5000,0.1250,0.0000"
    assert lived.run("cost", "--month", "last", "--csv").out.splitlines() == lines[:1]


def test_without_cloudtrail_ends_are_not_known(lived: Living) -> None:
    lived.faults(
        {"action": "LookupEvents", "code": "AccessDeniedException", "message": "no", "times": 9, "status": 400}
    )
    try:
        done = lived.run("cost", "--month", "this")
    finally:
        lived.faults()
    assert "ada     ada-editor  CodeEditor  ml.t3.medium    2.00  0.10" in done.out
    assert "bob     bob-editor  CodeEditor  ml.t3.medium    1.50  0.07" in done.out
    assert "0.10 USD more or less" in done.err
    assert "you may not read CloudTrail (cloudtrail:LookupEvents)" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--month", "2035-13"), "--month: '2035-13' is not like 2026-11, this or last."),
        (("--month", "2036-01"), "--month: 2036-01 has not begun."),
        (("--month", "this", "--csv", "--json"), "give this or --json"),
        (("--csv",), "it needs --month"),
        (("--by", "user"), "it needs --month"),
        (("--cost-explorer",), "it needs --month"),
        (("--month", "this", "--csv", "--cost-explorer"), "the table has no place for it: leave --csv out"),
        (("--month", "this", "--by", "team"), "--by: 'team' is not user, space, group or tag:NAME."),
    ],
)
def test_a_wrong_month_is_told(lived: Living, words: tuple[str, ...], said: str) -> None:
    done = lived.run("cost", *words, expect=64)
    assert said in done.err
    assert done.out == ""


EXPLORED = """\
Cost Explorer, until 2035-12-10, tag studioctl:environment=acme-ml:
  apps and training jobs: 0.18 USD (0.20 counted here until then)
  volumes and all else of SageMaker: 0.00 USD
"""


def test_cost_explorer_stands_beside_and_never_instead(lived: Living) -> None:
    done = lived.run("cost", "--month", "this", "--cost-explorer")
    assert done.out == USED + EXPLORED
    assert done.err.splitlines()[-1] == (
        "Cost Explorer knows costs up to 24 hours late, so its last day may not be whole. Asking it cost 0.01 USD."
    )
    told = json.loads(lived.run("cost", "--month", "this", "--cost-explorer", "--json").out)
    assert told["usd"] == 0.2
    assert told["cost_explorer"] == {
        "unavailable": "",
        "by_tag": True,
        "until": "2035-12-10",
        "hours_usd": 0.18,
        "other_usd": 0.0,
        "ours_usd": 0.2,
        "asked_usd": 0.01,
        "tag": "studioctl:environment",
    }
    assert json.loads(lived.run("cost", "--month", "this", "--json").out)["cost_explorer"] is None


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        (
            "AccessDeniedException",
            "User not enabled for cost explorer access",
            "nobody has enabled it in this account.",
        ),
        (
            "AccessDeniedException",
            "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: ce:GetCostAndUsage on resource: *",
            "you may not ask it (ce:GetCostAndUsage).",
        ),
        ("DataUnavailableException", "Data is not available.", "it has no data of this month yet."),
        ("LimitExceededException", "Too many", "AWS refused GetCostAndUsage: Too many (LimitExceededException)."),
    ],
    ids=["not enabled", "not allowed", "no data", "limit"],
)
def test_where_cost_explorer_does_not_tell_one_line_says_so(lived: Living, code: str, message: str, said: str) -> None:
    lived.faults({"action": "GetCostAndUsage", "code": code, "message": message, "times": 9, "status": 400})
    try:
        done = lived.run("cost", "--month", "this", "--cost-explorer")
    finally:
        lived.faults()
    assert done.out == USED
    assert done.err.splitlines()[-1].startswith(f"Cost Explorer was asked, and does not tell: {said}")


BY_TAG = """\
acme-ml in us-east-1: 2035-12, until 2035-12-10 12:00 UTC, by tag:cost-center
tag:cost-center  hours   USD  volumes USD
4711              2.50  0.12         0.17
(none)            1.50  0.08         0.17
in all            4.00  0.20         0.34
"""


def test_the_parts_of_those_who_pay(lived: Living) -> None:
    sagemaker = lived.studio.sagemaker
    arn = sagemaker.describe_user_profile(DomainId=lived.domain_id, UserProfileName="ada")["UserProfileArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "cost-center", "Value": "4711"}])
    assert lived.run("cost", "--month", "this", "--by", "tag:cost-center").out == BY_TAG
    told = json.loads(lived.run("cost", "--month", "this", "--by", "user", "--json").out)
    by_group = lived.run("cost", "--month", "this", "--by", "group")
    assert by_group.out.splitlines()[2].split()[:3] == ["(none)", "4.00", "0.20"]
    assert by_group.err.startswith("The groups are those of the file as it is now: it is not recorded who was in which")
    by_tag = lived.run("cost", "--month", "this", "--by", "tag:cost-center", "--csv").err
    assert by_tag == "The tags are those of today's user profiles: it is not recorded which they had then.\n"
    assert told["by"] == [
        {"name": "ada", "hours": 2.5, "usd": 0.125, "volumes_usd": 0.1716, "unknown_hours": 0.0},
        {"name": "bob", "hours": 1.5, "usd": 0.075, "volumes_usd": 0.1716, "unknown_hours": 0.0},
    ]
    assert lived.run("cost", "--month", "this", "--by", "space", "--csv").out.splitlines() == [
        "month,space,hours,usd,volumes_usd,unknown_hours",
        "2035-12,ada-editor,2.5000,0.1250,0.1716,0.0000",
        "2035-12,bob-editor,1.5000,0.0750,0.1716,0.0000",
    ]


def test_what_cloudtrail_has_lost_is_told(lived: Living) -> None:
    controls.clock(lived.emulator, {"to": "2036-03-05T12:00:00"})
    out = lived.run("cost", "--month", "2035-12").out
    assert "Counted from 2035-12-06 12:00 UTC on: nothing tells what ran before." in out
    gap = "Counted from 2035-12-06 12:00 UTC on: nothing tells what ran before.\n"
    for by in ((), ("--by", "user")):
        assert gap in lived.run("cost", "--month", "2035-12", *by).out
        assert lived.run("cost", "--month", "2035-12", *by, "--csv").err == gap
    assert re.search(r"^ada .* 2\.50 +0\.12$", out, re.MULTILINE)


def test_of_a_month_before_all_that_is_known_nothing_is_claimed(lived: Living) -> None:
    controls.clock(lived.emulator, {"to": "2036-03-05T12:00:00"})
    done = lived.run("cost", "--month", "2035-11")
    assert "Nothing tells what ran in 2035-11.\n" in done.out
    assert "ran." not in done.out
    assert "Counted from" not in done.err
    assert "what was deleted after the month is not known." in done.err
    before = lived.run("cost", "--month", "2026-10")
    assert before.out.splitlines()[2:] == [
        "volumes of spaces: 10.0 GB now, nothing in 2026-10",
        "home file system: 0.0 GB now, nothing in 2026-10",
        "bucket: 0.0 GB now, nothing in 2026-10",
        "repository: 0.0 GB now, nothing in 2026-10",
    ]
    assert "of an earlier one of its name no storage is known." in before.err
    assert {each["usd"] for each in json.loads(lived.run("cost", "--month", "2026-10", "--json").out)["stored"]} == {
        0.0
    }
    by_user = lived.run("cost", "--month", "2035-11", "--by", "user").out.splitlines()
    assert by_user[1] == "Nothing tells what ran in 2035-11."
    assert lived.run("cost", "--month", "2035-11", "--csv").err == "Nothing tells what ran in 2035-11.\n"


EARLIER = """\
acme-ml in us-east-1: 2035-12, until 2035-12-12 12:00 UTC
Includes what ran in the environment's earlier domain {}.
user    space       app         instance type  hours   USD
ada     ada-editor  CodeEditor  ml.t3.medium    2.50  0.12
in all                                          2.50  0.12
"""


@pytest.fixture(scope="module")
def removed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """Ada worked for two hours and a half on 10 December; then everything was deleted, as `down` does.

    The domain and its space are older than CloudTrail's events.
    """
    with living(tmp_path_factory.mktemp("removed"), users={"ada": ("ada-editor",)}) as home:
        sagemaker: Any = home.studio.sagemaker
        controls.clock(home.emulator, {"to": "2035-12-10T08:00:00", "stand": True})
        space = {"DomainId": home.domain_id, "SpaceName": "ada-editor"}
        app = {**space, "AppType": "CodeEditor", "AppName": "default"}
        spec = {"InstanceType": "ml.t3.medium", "LifecycleConfigArn": home.script_arn}
        sagemaker.create_app(**app, ResourceSpec=spec)
        controls.clock(home.emulator, {"to": "2035-12-10T10:30:00"})
        sagemaker.delete_app(**app)
        for delete, named in (
            (sagemaker.delete_space, space),
            (sagemaker.delete_user_profile, {"DomainId": home.domain_id, "UserProfileName": "ada"}),
            (sagemaker.delete_domain, {"DomainId": home.domain_id}),
        ):
            controls.clock(home.emulator, {"forward": 60})
            delete(**named)
        controls.clock(home.emulator, {"to": "2035-12-12T12:00:00"})
        yield home


def test_what_ran_before_down_is_counted_with_the_names_of_who_is_gone(removed: Living) -> None:
    done = removed.run("cost", "--month")
    assert done.out.startswith(EARLIER.format(removed.domain_id))
    told = json.loads(removed.run("cost", "--month", "this", "--json").out)
    assert (told["earlier"], told["made"]) == ([removed.domain_id], None)
    by_tag = removed.run("cost", "--month", "this", "--by", "tag:cost-center").out
    assert "(none)            2.50  0.12         0.00" in by_tag


def test_of_a_month_after_down_there_is_nothing_to_tell(removed: Living) -> None:
    controls.clock(removed.emulator, {"to": "2036-01-02T12:00:00"})
    done = removed.run("cost", "--month", expect=None)
    assert "There is no 'acme-ml' in us-east-1 on the emulator." in done.err
