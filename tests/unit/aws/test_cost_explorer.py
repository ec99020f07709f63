"""Cost Explorer's answers, as they are read and added up."""

from datetime import UTC, date, datetime
from typing import Any

from botocore.stub import Stubber

from studioctl.aws.cost_explorer import Answer, Counted, ask
from studioctl.aws.session import Session
from studioctl.operations.costs.explorer import Explored, read
from studioctl.operations.costs.month import Day, Month
from studioctl.target import LocalEndpoint, Target

TAG = "studioctl:environment"
ASKED = {
    "TimePeriod": {"Start": "2026-11-01", "End": "2026-12-01"},
    "Granularity": "DAILY",
    "Metrics": ["UnblendedCost"],
    "Filter": {
        "And": [
            {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon SageMaker"]}},
            {"Dimensions": {"Key": "REGION", "Values": ["eu-west-1"]}},
        ]
    },
    "GroupBy": [{"Type": "TAG", "Key": TAG}, {"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
}


def page(day: str, *groups: tuple[str, str, str]) -> dict[str, Any]:
    """A page of one day: values of the tag, usage types, amounts."""
    found = [
        {"Keys": [f"{TAG}${tag}", usage], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}
        for tag, usage, amount in groups
    ]
    return {"ResultsByTime": [{"TimePeriod": {"Start": day, "End": day}, "Total": {}, "Groups": found}]}


def test_all_pages_are_read_and_counted_for_each_is_paid_for() -> None:
    session = Session(Target("eu-west-1", local=LocalEndpoint("http://127.0.0.1:9", "k", "s")))
    with Stubber(session.client("ce")) as aws:
        first = page("2026-11-03", ("acme-ml", "EU-Studio:CodeEditor-ml.t3.medium", "1.5"))
        aws.add_response("get_cost_and_usage", {**first, "NextPageToken": "more"}, ASKED)
        second = page(
            "2026-11-04",
            ("acme-ml", "EU-Studio:VolumeUsage.gp3", "0.25"),
            ("", "EU-Train:ml.m5.large", "3"),
            ("a$b", "EU-Host:ml.m5.large", "4"),
        )
        aws.add_response("get_cost_and_usage", second, {**ASKED, "NextPageToken": "more"})
        assert ask(session, date(2026, 11, 1), date(2026, 12, 1), TAG) == Answer(
            (
                Counted("2026-11-03", "acme-ml", is_hours=True, usd=1.5),
                Counted("2026-11-04", "acme-ml", is_hours=False, usd=0.25),
                Counted("2026-11-04", "", is_hours=True, usd=3.0),
                Counted("2026-11-04", "a$b", is_hours=False, usd=4.0),
            ),
            requests=2,
        )


def test_without_the_tag_the_account_as_a_whole_is_told() -> None:
    days = (Day("2026-11-03", 2, 1.0), Day("2026-11-04", 2, 2.0), Day("2026-11-05", 2, 4.0))
    now = datetime(2026, 11, 5, tzinfo=UTC)
    month = Month("acme-ml", "eu-west-1", "2026-11", now, now, "CloudTrail", (), (), days)
    hours, volumes = (
        Counted("2026-11-03", "acme-ml", is_hours=True, usd=1.5),
        Counted("2026-11-04", "", is_hours=False, usd=8.0),
    )
    assert read([hours, volumes], month, asked_usd=0.01) == Explored("", True, "2026-11-04", 1.5, 0.0, 3.0, 0.01)
    untagged = Counted("2026-11-03", "", is_hours=True, usd=1.5)
    assert read([untagged, volumes], month, asked_usd=0.02) == Explored("", False, "2026-11-04", 1.5, 8.0, 3.0, 0.02)
    assert read([], month, asked_usd=0.01) == Explored(asked_usd=0.01)
