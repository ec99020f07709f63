"""CloudTrail's events: on domains and users that are gone, and on training plans that no start names."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from studioctl.guard.function import run
from studioctl.guard.ledger import LEDGER, Ledger, archive_key
from studioctl.guard.spans import CLOSE, CREATE, DELETE, TRAINING, UNKNOWN, Span
from tests.environments import environment
from tests.unit.guard.test_function import HOUR, NOW, Client, moment, settings

TAGS = [{"key": "studioctl:environment", "value": "acme-ml"}]


class Trail(Client):
    """AWS, with events that a test writes; `d-1` is the domain of now."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[tuple[float, str, dict[str, Any], dict[str, Any]]] = []

    def note_call(self, at: float, name: str, asked: dict[str, Any], answered: dict[str, Any] | None = None) -> None:
        self.events.append((at, name, asked, answered or {}))

    def app(self, at: float, name: str, domain: str, space: str, **spec: str) -> None:
        app = {"domainId": domain, "appType": "CodeEditor", "spaceName": space, "appName": "default"}
        self.note_call(at, name, app | {"resourceSpec": {"instanceType": "ml.t3.medium", **spec}})

    def domain(self, at: float, domain: str) -> None:
        arn = f"arn:aws:sagemaker:us-east-1:111122223333:domain/{domain}"
        self.note_call(at, "CreateDomain", {"domainName": "acme-ml", "tags": TAGS}, {"domainArn": arn})

    def lookup_events(self, **asked: Any) -> Iterator[dict[str, Any]]:
        name = asked["LookupAttributes"][0]["AttributeValue"]
        within = [e for e in self.events if e[1] == name and asked["StartTime"] <= e[0] <= asked["EndTime"]]
        yield {
            "Events": [
                {
                    "EventTime": datetime.fromtimestamp(at, UTC),
                    "CloudTrailEvent": json.dumps(
                        {
                            "eventSource": "sagemaker.amazonaws.com",
                            "requestParameters": asked_for,
                            "responseElements": answered,
                        }
                    ),
                }
                for at, _, asked_for, answered in sorted(within, key=lambda event: -event[0])
            ]
        }


@pytest.fixture
def aws() -> Trail:
    return Trail()


EARLIER = Span("CodeEditor", "ada", "ada-editor", "default", "ml.t3.medium", NOW - 60 * HOUR, NOW - 50 * HOUR)


@pytest.mark.parametrize("domains", [("d-0",), ()], ids=["it knows the earlier domain", "an earlier guard wrote it"])
def test_what_ran_in_an_earlier_domain_ended_with_it(aws: Trail, domains: tuple[str, ...]) -> None:
    """After `down`, which stopped the app a minute after the guard's last look, and a new `up` two days later."""
    aws.store(replace(Ledger.new(NOW - 60 * HOUR), sampled=NOW - 50 * HOUR, spans=(EARLIER,), domains=domains))
    aws.domain(NOW - 70 * HOUR, "d-0")
    aws.app(NOW - 50 * HOUR + 60, DELETE, "d-0", "ada-editor")
    aws.app(NOW - 50 * HOUR + 90, DELETE, "d-others", "ada-editor")
    aws.note_call(NOW - 49 * HOUR, CLOSE, {"domainId": "d-0"})
    aws.domain(NOW - 2 * HOUR, "d-1")
    aws.start("ada-editor", NOW - HOUR)
    run(settings(monthly_usd=900.0), aws, NOW, NOW)
    first, second = aws.ledger.spans
    assert (first.began, first.ended) == (EARLIER.began, NOW - 50 * HOUR + 60)
    assert (second.began, second.is_open) == (NOW - HOUR, True)
    assert aws.ledger.domains == ("d-0", "d-1")


def test_where_no_event_tells_an_end_it_is_before_the_domains(aws: Trail) -> None:
    aws.store(replace(Ledger.new(NOW - 60 * HOUR), sampled=NOW - 50 * HOUR, spans=(EARLIER,), domains=("d-0", "d-1")))
    aws.note_call(NOW - 50 * HOUR + 600, CLOSE, {"domainId": "d-0"})
    run(settings(monthly_usd=900.0), aws, NOW, NOW)
    (span,) = aws.ledger.spans
    assert (span.end, span.doubt) == (NOW - 50 * HOUR + 300, 300)


def test_a_strangers_domain_is_none_of_the_environments(aws: Trail) -> None:
    arn = {"domainArn": "arn:aws:sagemaker:us-east-1:111122223333:domain/d-9"}
    for tags in (None, [{"key": "studioctl:environment", "value": "acme"}]):
        aws.note_call(NOW - HOUR, "CreateDomain", {"domainName": "acme-ml", "tags": tags}, arn)
    run(settings(monthly_usd=900.0), aws, NOW, NOW)
    assert aws.ledger.domains == ("d-1",)


def test_a_space_that_is_gone_still_has_its_owner(aws: Trail) -> None:
    """Both came and went between two looks: of the one the guard knows the owner, of the other CloudTrail does."""
    seen = Span("CodeEditor", "ada", "ada-editor", "default", "ml.t3.medium", NOW - 9 * HOUR, NOW - 9 * HOUR)
    known = replace(Ledger.new(NOW - 10 * HOUR), sampled=NOW - HOUR, spans=(replace(seen, ended=NOW - 8 * HOUR),))
    aws.store(replace(known, domains=("d-1",)))
    owner = {"ownershipSettings": {"ownerUserProfileName": "eve"}}
    aws.note_call(NOW - 40 * 24 * HOUR, "CreateSpace", {"domainId": "d-1", "spaceName": "vision", **owner})
    for space in ("ada-editor", "vision", "nobody-knows"):
        aws.app(NOW - 2000, CREATE, "d-1", space)
        aws.app(NOW - 1000, DELETE, "d-1", space)
    run(settings(monthly_usd=900.0), aws, NOW, NOW)
    found = {span.space: span.owner for span in aws.ledger.spans if span.began == NOW - 2000}
    assert found == {"ada-editor": "ada", "vision": "eve", "nobody-knows": UNKNOWN}


def test_a_job_of_a_user_who_was_removed_stays_the_users(aws: Trail) -> None:
    known = settings(monthly_usd=900.0)
    name = f"{known.job_prefixes['ada']}1"
    aws.store(Ledger.new(NOW - 9 * HOUR))
    aws.train(name, NOW - 8 * HOUR)
    run(known, aws, NOW, NOW)
    left = {owner: prefix for owner, prefix in known.job_prefixes.items() if owner != "ada"}
    run(replace(known, job_prefixes=left), aws, NOW + 300, NOW + 300)
    assert [(span.kind, span.owner, span.seen) for span in aws.ledger.spans] == [(TRAINING, "ada", NOW + 300)]


@pytest.mark.parametrize(
    ("spec", "prepaid"),
    [
        ({}, True),
        ({"trainingPlanArn": "None"}, False),
        ({"instanceType": "ml.t3.large"}, False),
        ({"trainingPlanArn": "arn:plan"}, True),
    ],
    ids=["the start names none", "it leaves the plan", "on another type", "it names one"],
)
def test_a_start_that_names_no_training_plan_has_its_spaces(aws: Trail, spec: dict[str, str], prepaid: bool) -> None:
    plan = "arn:aws:sagemaker:us-east-1:111122223333:training-plan/march"
    space = {"name": "gpu", "training_plan": plan, "instance_type": "ml.t3.medium"}
    config = environment(limits={"monthly_usd": 900.0}, users=[{"name": "ada", "spaces": [space]}])
    aws.store(Ledger.new(NOW - HOUR))
    aws.app(NOW - 2000, CREATE, "d-1", "gpu", **spec)
    aws.app(NOW - 1000, DELETE, "d-1", "gpu")
    run(settings(config), aws, NOW, NOW)
    assert [span.prepaid for span in aws.ledger.spans] == [prepaid]


@pytest.mark.parametrize(
    ("kept", "first"), [(True, moment(2026, 12, 5)), (False, moment(2026, 11, 5))], ids=["kept", "not kept"]
)
def test_a_ledger_that_is_lost_at_the_turn_of_a_month_loses_none(aws: Trail, kept: bool, first: float) -> None:
    """In January December is still in the ledger, and November leaves it with the first look."""
    for at in (moment(2026, 11, 5), moment(2026, 12, 5)):
        aws.app(at, CREATE, "d-1", "ada-editor")
        aws.app(at + 2 * HOUR, DELETE, "d-1", "ada-editor")
    if kept:
        aws.objects[archive_key("2026-11")] = Ledger.new(1).to_text().encode()
    aws.objects[LEDGER] = b"{"
    january = moment(2027, 1, 1, 0, 5)
    run(settings(monthly_usd_per_user=900.0), aws, january, january)
    assert aws.ledger.is_whole
    assert [(span.began, span.end - span.began) for span in aws.ledger.spans] == [(moment(2026, 12, 5), 2 * HOUR)]
    november = Ledger.of(aws.objects[archive_key("2026-11")])
    assert next(span.began for span in (*november.spans, *aws.ledger.spans)) == first
