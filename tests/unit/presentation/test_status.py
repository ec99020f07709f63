"""The output of `status` if things are not as usual."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from rich.console import Console

from studioctl.aws.values import Domain
from studioctl.operations.limits import Allowance, DatabaseMonth, Month
from studioctl.operations.status import ImageStatus, SpaceStatus, Status, UserStatus
from studioctl.presentation.console import Terminal
from studioctl.presentation.status import show

DOMAIN = Domain("d-abc", "arn", "acme-ml", "InService", "https://studio", "fs-1", 60)
STOPPED = SpaceStatus("a", "ada", "InService", 20, "Stopped", None, None, None, None, None)
RUNNING = replace(
    STOPPED,
    name="b",
    app_status="InService",
    instance_type="ml.m5.large",
    image="sagemaker-distribution-cpu 3.2.0",
    since=datetime.now(UTC),
    usd_per_hour=0.115,
)
STATUS = Status("acme-ml", "us-east-1", "aws", DOMAIN, (UserStatus("ada", "InService"),), (), 0.0, "2026-08-24")


def shown(status: Status) -> list[str]:
    out = io.StringIO()
    show(status, Terminal(out=Console(file=out, width=200, highlight=False)), flags="")
    return out.getvalue().splitlines()


def test_an_editor_that_never_stops_by_itself_and_is_a_day_old() -> None:
    a_day_old = replace(RUNNING, since=datetime.now(UTC) - timedelta(hours=26, minutes=5))
    lines = shown(replace(STATUS, spaces=(STOPPED, a_day_old), usd_per_hour=0.115))

    assert lines[4] == "cost    1 running: $0.115 per hour (us-east-1, prices of 2026-08-24, without storage)"
    assert lines[6:] == [
        "space  owner  state      instance type  image                   since  idle stop  per hour  volume",
        "a      ada    Stopped                                                                       20 GB",
        "b      ada    InService  ml.m5.large    distribution-cpu 3.2.0  1d 2h  never      $0.115    20 GB",
    ]


def test_an_app_that_is_being_repaired_says_so() -> None:
    lines = shown(replace(STATUS, spaces=(replace(RUNNING, in_recovery=True),), usd_per_hour=0.115))

    assert lines[-1].startswith("b      ada    InService, recovery  ml.m5.large")


def test_one_unknown_price_is_not_hidden_in_the_sum() -> None:
    unknown = replace(RUNNING, name="c", instance_type="ml.p5.48xlarge", usd_per_hour=None)

    lines = shown(replace(STATUS, spaces=(RUNNING, unknown), usd_per_hour=None))

    assert lines[4].startswith("cost    2 running: $0.115 per hour and what is unknown (")
    assert "  unknown   20 GB" in lines[-1]


def test_versions_of_the_image_are_told_with_their_end() -> None:
    images = (
        ImageStatus("3.2", 1, date(2025, 12, 4)),
        ImageStatus("4.3", 12, date(9999, 1, 10)),
        ImageStatus("9", 2, None),
    )

    assert shown(replace(STATUS, images=images))[5:8] == [
        "image   3.2 in 1 space, support ended on 2025-12-04",
        "image   4.3 in 12 spaces, support ends on 9999-01-10",
        "image   9 in 2 spaces, its end of support is not known",
    ]


def test_columns_that_have_nothing_to_say_are_left_out() -> None:
    assert shown(replace(STATUS, spaces=(STOPPED,)))[-2:] == [
        "space  owner  state    volume",
        "a      ada    Stopped  20 GB",
    ]


def test_a_narrow_terminal_keeps_what_is_paid_for() -> None:
    out = io.StringIO()
    narrow = Console(file=out, width=60, highlight=False, force_terminal=True, color_system=None)
    show(replace(STATUS, spaces=(STOPPED, RUNNING)), Terminal(out=narrow), flags="")

    assert out.getvalue().splitlines()[-4:] == [
        "space  owner  state      instance type  idle stop  per hour",
        "a      ada    Stopped",
        "b      ada    InService  ml.m5.large    never      $0.115",
        "(no room here for: image, volume, since)",
    ]


def test_many_users_are_counted() -> None:
    users = tuple(UserStatus(f"u{number}", "Failed" if number == 3 else "InService") for number in range(12))

    assert shown(replace(STATUS, users=users))[3] == "users   1 Failed, 11 InService"


def test_how_long_an_app_runs_goes_by_the_clock_there() -> None:
    since = datetime(2036, 12, 1, 8, tzinfo=UTC)
    runs = replace(STOPPED, app_status="InService", instance_type="ml.t3.medium", since=since)
    lines = shown(replace(STATUS, spaces=(runs,), now=since.replace(hour=10)))
    assert [line for line in lines if " 2h 00m " in line]


def month(age_minutes: int | None = 3, limit: float | None = 20.0, *, is_old: bool = False) -> Month:
    ada = Allowance("ada", 4.5, limit, 0.0, None if limit is None else limit - 4.5)
    everybody = Allowance("", 1204.5, 2000.0, 0.0, 795.5)
    looked = None if age_minutes is None else datetime(2026, 11, 24, tzinfo=UTC)
    return Month("2026-11", looked, age_minutes, is_old, False, (everybody, ada), None, "", "")


def test_the_month_and_what_is_left_of_the_limits() -> None:
    lines = shown(replace(STATUS, spaces=(STOPPED,), limits=month()))

    assert lines[5:7] == [
        "limits  1,204.50 USD used in 2026-11 (UTC), 795.50 left of 2,000.00",
        "guard   looked 3m ago",
    ]
    rests = replace(month(), database=DatabaseMonth(12.0, 1.44, rests=True))
    assert shown(replace(STATUS, limits=rests))[6] == "studies stopped: the limit of all together is reached"
    assert lines[-2:] == ["user  USD this month  limit  left", "ada   4.50            20.00  15.50"]
    assert shown(replace(STATUS, limits=month(limit=None)))[-2:] == ["user  USD this month", "ada   4.50"]


def test_a_guard_that_does_not_look_is_told_with_the_way_to_find_out() -> None:
    old = replace(STATUS, limits=month(age_minutes=125, is_old=True))

    assert "guard   last looked 2h 05m ago, and nobody is watched" in shown(old)
    assert told(old) == ["", "Next:", "  studioctl doctor  why the guard does not look"]
    late = replace(month(age_minutes=125), is_catching_up=True)
    assert "guard   catching up, has counted until 2h 05m ago" in shown(replace(STATUS, limits=late))
    assert "guard   has not looked yet" in shown(replace(STATUS, limits=month(age_minutes=None)))


def test_without_limits_there_is_nothing_of_them_and_hidden_ones_are_told() -> None:
    assert not [line for line in shown(STATUS) if line.startswith(("limits", "guard"))]
    assert "limits  you may not read what is spent" in shown(replace(STATUS, limits_are_hidden=True))


def test_half_an_environment_is_not_called_nothing() -> None:
    arns = (
        "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-1",
        "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-2",
        "arn:aws:logs:us-east-1:123456789012:log-group:/acme-ml/flow-logs",
        "arn:aws:s3:::acme-ml-data",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:acme-ml/github-oFfLZK",
    )
    half = replace(STATUS, domain=None, users=(), resources=arns)

    assert told(half) == [
        (
            "'acme-ml' in us-east-1 on AWS has no domain, but these exist and may cost money, left by an `up` that"
            " did not come to its end or kept by `down`:"
        ),
        "  2 ec2 subnet",
        "  1 logs log-group",
        "  1 s3 bucket",
        "  1 secretsmanager secret",
        "",
        "Next:",
        "  studioctl up    make it whole: what exists is taken up",
        "  studioctl down  remove everything but your data",
    ]
    assert told(replace(half, resources=()))[0] == "There is no 'acme-ml' in us-east-1 on AWS."
    elsewhere = replace(half, resources=(), endpoint="http://127.0.0.1:4566")
    assert told(elsewhere)[0] == "There is no 'acme-ml' in us-east-1 on http://127.0.0.1:4566."
    assert told(replace(half, resources=None))[0].endswith("you may not see (tag:GetResources).")


def told(status: Status) -> list[str]:
    err = io.StringIO()
    show(status, Terminal(err=Console(file=err, width=200, highlight=False)), flags="")
    return err.getvalue().splitlines()


def test_a_volume_that_no_start_has_made_yet_is_none() -> None:
    lines = shown(replace(STATUS, spaces=(replace(STOPPED, has_volume=False),)))

    assert lines[-1].endswith("Stopped  none yet")
