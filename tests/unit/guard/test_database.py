"""The database of studies: what it used counts for all together, and it rests while they may spend nothing."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from studioctl.errors import ConfigError
from studioctl.guard import database
from studioctl.guard.database import KNOWN, PERIOD, Meter, measured
from studioctl.guard.function import Settings, run
from studioctl.guard.ledger import Ledger, archive_key
from studioctl.infrastructure.naming import DATABASE_READY_TAG, ENVIRONMENT_TAG
from studioctl.operations.prices.priced import refuse_limits_without_prices
from tests.environments import environment
from tests.unit.guard.test_function import DAY, HOUR, NOW, Client, moment, refused, settings

MONTH = moment(2026, 12, 1)
DATABASE: dict[str, Any] = {
    "users": [{"name": "ada"}, {"name": "bob"}],
    "iam": {"per_user_roles": True},
    "network": {"access": "vpc-only"},
    "tuning": {"database": "aurora-postgresql"},
}
USD = 0.12  # an ACU hour in us-east-1, by the table


class Cloud(Client):
    """With a database."""

    def __init__(self, acu: float = 2.0, status: str = "available", since: float = MONTH) -> None:
        super().__init__()
        self.acu, self.status, self.since = acu, status, since
        self.tags = {ENVIRONMENT_TAG: "acme-ml", DATABASE_READY_TAG: "none"}
        self.members: list[dict[str, Any]] = [{"DBInstanceIdentifier": "acme-ml-tuning"}]

    def get_metric_statistics(self, **asked: Any) -> dict[str, Any]:
        self.note("get_metric_statistics", asked)
        start, end = asked["StartTime"], asked["EndTime"]
        assert (end - start) / asked["Period"] <= 1440
        first = int(max(start, self.since) // PERIOD * PERIOD)
        points = [
            {"Timestamp": datetime.fromtimestamp(at, UTC), "Average": self.acu} for at in range(first, int(end), PERIOD)
        ]
        return {"Datapoints": points[::-1]}  # in no order

    def describe_db_clusters(self, **asked: Any) -> dict[str, Any]:
        self.note("describe_db_clusters", asked)
        tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        return {"DBClusters": [{"Status": self.status, "TagList": tags, "DBClusterMembers": self.members}]}

    def stop_db_cluster(self, **asked: Any) -> None:
        self.note("stop_db_cluster", asked)
        self.status = "stopped"

    def start_db_cluster(self, **asked: Any) -> None:
        self.note("start_db_cluster", asked)
        self.status = "starting"


def known(**limits: Any) -> Settings:
    return settings(environment(**DATABASE, limits=limits))


def begun(aws: Client, at: float = MONTH - DAY, **changed: Any) -> None:
    aws.store(replace(Ledger.new(at), **changed))


def grants(aws: Client, usd: Mapping[str, float]) -> None:

    aws.objects["studioctl-guard/grants.json"] = json.dumps({"2026-12": usd}).encode()


def test_its_hours_are_the_environments_and_no_users() -> None:
    aws = Cloud()
    begun(aws)
    aws.start("ada-editor", NOW - HOUR)
    at = MONTH + 100 * HOUR
    found = run(known(monthly_usd=900.0, monthly_usd_per_user=1.0), aws, at, at)
    assert found["usd"] == round(200 * USD, 4)
    assert found["held"] == []
    assert aws.ledger.database is not None
    assert aws.ledger.database.hours("2026-12") == pytest.approx(200)


def test_it_rests_when_all_together_have_spent_their_limit_and_runs_again_with_a_grant() -> None:
    aws, mine = Cloud(), known(monthly_usd=20.0)
    begun(aws)
    at = MONTH + 90 * HOUR  # 180 ACU hours: 21.60 USD
    assert run(mine, aws, at, at)["database"] == "stopped"
    assert "Apps, jobs and the database were stopped" in aws.said[0]
    assert aws.ledger.database is not None
    assert aws.ledger.database.rests
    assert run(mine, aws, at + 300, at + 300)["database"] == ""

    aws.status = "available"  # as AWS starts it after seven days
    assert run(mine, aws, at + 600, at + 600)["database"] == "stopped"

    grants(aws, {"": 5.0})
    assert run(mine, aws, at + 900, at + 900)["database"] == "started"
    assert aws.ledger.database.rests
    aws.status = "available"
    assert run(mine, aws, at + 1200, at + 1200)["database"] == ""
    assert aws.ledger.database is not None
    assert not aws.ledger.database.rests


def test_it_runs_again_when_the_month_turns() -> None:
    aws, mine = Cloud(), known(monthly_usd=20.0)
    begun(aws)
    run(mine, aws, MONTH + 90 * HOUR, MONTH + 90 * HOUR)
    aws.since = moment(2027, 1, 9)
    turned = moment(2027, 1, 1) + 300
    assert run(mine, aws, turned, turned)["database"] == "started"


def test_what_somebody_else_has_stopped_stays_so() -> None:
    aws = Cloud(status="stopped")
    begun(aws)
    assert run(known(monthly_usd=900.0), aws, NOW, NOW)["database"] == ""
    assert aws.calls("start_db_cluster") == []


@pytest.mark.parametrize(
    ("tags", "members"),
    [
        ({ENVIRONMENT_TAG: "acme-ml"}, 1),
        ({DATABASE_READY_TAG: "none"}, 1),
        ({ENVIRONMENT_TAG: "acme-prod", DATABASE_READY_TAG: "none"}, 1),
        ({ENVIRONMENT_TAG: "acme-ml", DATABASE_READY_TAG: "none"}, 0),
    ],
    ids=["no workers' tag", "no environment's tag", "another environment's", "without an instance"],
)
def test_a_cluster_of_that_name_which_is_not_its_own_is_left_alone(tags: dict[str, str], members: int) -> None:
    for status, rested in (("available", False), ("stopped", True)):
        aws = Cloud(status=status)
        aws.tags, aws.members = tags, aws.members[:members]
        begun(aws, database=Meter(MONTH, rests=rested))
        run(known(monthly_usd=1.0 if not rested else 1000.0), aws, NOW, NOW)
        assert [*aws.calls("stop_db_cluster"), *aws.calls("start_db_cluster")] == []


def test_its_tags_are_those_that_the_blueprint_writes() -> None:
    assert (database.ENVIRONMENT_TAG, database.WORKERS_TAG) == (ENVIRONMENT_TAG, DATABASE_READY_TAG)


def test_the_limit_of_one_user_leaves_it_alone() -> None:
    aws = Cloud()
    begun(aws)
    aws.start("ada-editor", MONTH)
    assert run(known(monthly_usd_per_user=1.0), aws, NOW, NOW)["held"] == ["ada"]
    assert aws.calls("stop_db_cluster") == []


@pytest.mark.parametrize("code", ["InvalidDBClusterStateFault", "DBClusterNotFoundFault"])
def test_what_cannot_be_stopped_now_is_stopped_by_a_later_look(code: str) -> None:
    aws, mine = Cloud(), known(monthly_usd=20.0)
    begun(aws)
    aws.fails["stop_db_cluster"] = code
    at = MONTH + 90 * HOUR
    assert run(mine, aws, at, at)["database"] == ""
    aws.fails.clear()
    assert run(mine, aws, at + 300, at + 300)["database"] == "stopped"


def test_a_guard_that_dies_before_it_has_stopped_it_knows_later_that_it_was_itself() -> None:
    aws, mine = Cloud(), known(monthly_usd=20.0)
    begun(aws)
    aws.fails["stop_db_cluster"] = "InternalFailure"  # AWS did it, and its answer was lost
    at = MONTH + 90 * HOUR
    with pytest.raises(ExceptionGroup):
        run(mine, aws, at, at)
    aws.status = "stopped"
    grants(aws, {"": 50.0})
    assert run(mine, aws, at + 300, at + 300)["database"] == "started"


def test_where_cloudwatch_does_not_answer_what_people_run_is_counted_all_the_same() -> None:
    aws, mine = Cloud(), known(monthly_usd=900.0, max_hours_per_start=1.0)
    begun(aws)
    run(mine, aws, MONTH + HOUR, MONTH + HOUR)
    aws.start("ada-editor", MONTH + HOUR)
    aws.fails["get_metric_statistics"] = "Throttling"
    at = MONTH + 5 * HOUR
    with pytest.raises(ExceptionGroup):
        run(mine, aws, at, at)
    assert [each.why for each in aws.ledger.stopped] == ["max_hours_per_start"]
    assert aws.ledger.database is not None
    assert aws.ledger.database.hours("2026-12") == pytest.approx(2)
    aws.fails.clear()
    run(mine, aws, at + 300, at + 300)
    assert aws.ledger.database.hours("2026-12") == pytest.approx(2 * (at + 300 - MONTH) / HOUR)


def test_looks_add_up_to_what_one_look_counts() -> None:
    aws = Cloud(acu=1.5)
    meter: Meter | None = None
    for at in (MONTH + 17, MONTH + 3 * HOUR, MONTH + 3 * HOUR, MONTH + 9 * DAY + 100):
        meter = measured(meter, aws, "acme", MONTH - DAY, at)
        assert meter == measured(meter, aws, "acme", MONTH - DAY, at)  # the same look twice
        assert meter.hours("2026-12") == pytest.approx(1.5 * (at - MONTH) / HOUR)


def test_a_guard_that_slept_for_months_asks_for_no_more_than_cloudwatch_has() -> None:
    aws = Cloud()
    measured(Meter(MONTH - 300 * DAY), aws, "acme", MONTH, NOW)
    assert min(call["StartTime"] for call in aws.calls("get_metric_statistics")) >= NOW - KNOWN - PERIOD


def test_months_that_are_over_are_kept_with_the_others() -> None:
    aws, mine = Cloud(since=moment(2026, 10, 1)), known(monthly_usd=9000.0)
    begun(aws, moment(2026, 10, 1))
    for at in (moment(2026, 10, 31), moment(2026, 11, 30), NOW):
        run(mine, aws, at, at)
    assert aws.ledger.database is not None
    assert aws.ledger.database.months == ("2026-11", "2026-12")
    kept = Ledger.of(aws.objects[archive_key("2026-10")]).database
    assert kept is not None
    assert kept.hours("2026-10") == pytest.approx(2 * 24 * 31)


def test_a_ledger_of_before_is_read_and_one_without_a_database_has_none() -> None:
    text = Ledger.new(NOW).to_text()
    assert Ledger.of(text).database is None
    assert Ledger.of(text.replace(',"database":null', "")).database is None


def test_a_sum_is_refused_where_nobody_knows_what_the_database_costs() -> None:
    prices = {"ml.t3.medium": 0.06}
    file = {**DATABASE, "limits": {"monthly_usd": 10.0}, "region": "eu-central-1"}
    with pytest.raises(ConfigError, match="nobody knows what database costs in eu-central-1") as told:
        refuse_limits_without_prices(environment(**file, cost={"prices": prices}))
    assert told.value.hint is not None
    assert '"database" = ...' in told.value.hint
    refuse_limits_without_prices(environment(**file, cost={"prices": {**prices, "database": 0.14}}))


def test_other_refusals_are_told() -> None:
    aws = Cloud()
    begun(aws)
    aws.fails["describe_db_clusters"] = "AccessDenied"
    with pytest.raises(ExceptionGroup) as failed:
        run(known(monthly_usd=20.0), aws, NOW, NOW)
    assert [str(each) for each in failed.value.exceptions] == [str(refused("AccessDenied"))]
