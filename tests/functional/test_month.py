"""`studioctl cost --month`: what was used, on an emulator whose clock is set forward."""

import json
from collections.abc import Iterator

import pytest
from tests.functional.living import Living, living

from studio_emulator import controls


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """Ada worked from 8:00 to 10:30 on 10 December; bob has worked since, until 12:00."""
    with living(tmp_path_factory.mktemp("month"), users={"ada": ("ada-editor",), "bob": ("bob-editor",)}) as home:
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
bob     bob-editor  CodeEditor  ml.t3.medium    1.50  0.07
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
    ],
)
def test_a_wrong_month_is_told(lived: Living, words: tuple[str, ...], said: str) -> None:
    done = lived.run("cost", *words, expect=64)
    assert said in done.err
    assert done.out == ""
