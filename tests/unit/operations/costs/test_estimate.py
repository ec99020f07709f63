"""The costs of an environment, from its file alone; each figure is worked out by hand here."""

import pytest

from studioctl.operations.costs.estimate import Costs, Money, estimate, forgotten_hours, of_guard, weekend_hours
from studioctl.operations.costs.what_if import Asked, changed
from studioctl.operations.costs.words import amount, capped
from tests.environments import environment

HOURS = 730 / 168  # weeks in a month
CENT = 0.005  # each part of a sum is rounded to cents
HOURLY = {"monthly_usd": 100.0, "check_minutes": 7}
VOLUME, MEDIUM, G5 = 0.112, 0.05, 1.41


def usd(costs: Costs) -> tuple[float, float, float, float]:
    assert not costs.forgotten.unknown
    return costs.standing.usd, costs.working.usd, costs.forgotten.usd, costs.weekend.usd


def test_one_person_costs_a_volume_and_the_hours_in_which_the_editor_runs() -> None:
    found = estimate(environment())

    kept = 20 * VOLUME
    assert usd(found.total) == pytest.approx(
        (kept, kept + 40 * HOURS * MEDIUM, kept + 45 * HOURS * MEDIUM, 1 * MEDIUM), abs=CENT
    )


@pytest.mark.parametrize(
    ("hours", "idle", "a_week", "a_weekend"),
    [
        (8, None, 168, 64),
        (8, 60, 45, 1),
        (8, 120, 50, 2),
        (8, 16 * 60, 5 * 8 + 4 * 16 + 16, 16),
        (8, 20 * 60, 5 * 8 + 4 * 16 + 20, 20),  # it runs through the nights, and ends in the weekend's
        (8, 365 * 24 * 60, 168, 64),
        (0, 60, 5, 1),
        (24, 60, 5 * 24 + 1, 1),
    ],
)
def test_what_is_forgotten_runs_until_the_idle_stop(
    hours: float, idle: int | None, a_week: float, a_weekend: float
) -> None:
    assert forgotten_hours(hours, idle) == pytest.approx(a_week)
    assert weekend_hours(hours, idle) == pytest.approx(a_weekend)


def test_a_closed_network_costs_whether_or_not_anybody_works() -> None:
    nat = environment(network={"access": "vpc-only"}, studio={"docker": False})
    alone = environment(network={"access": "vpc-only", "internet": "none"}, studio={"docker": False})

    assert usd(estimate(nat).of(None)) == pytest.approx((730 * 0.05, 730 * 0.05, 730 * 0.05, 0))
    assert usd(estimate(alone).of(None)) == pytest.approx((9 * 2 * 7.3, 9 * 2 * 7.3, 9 * 2 * 7.3, 0))
    assert estimate(nat).by_use == ("bucket", "home", "repository", "logs", "logs_kept", "nat_gateway_data")


def test_keys_and_secrets_count_where_they_are() -> None:
    found = estimate(
        environment(
            encryption={"customer_key": True},
            secrets={"github": {"username": "bot"}},
            iam={"per_user_roles": True},
            users=[{"name": "ada", "github": {"username": "ada"}, "spaces": []}],
        )
    )

    assert (found.of(None).standing.usd, found.of("ada").standing.usd) == (1.40, 0.40)


def test_what_has_no_price_is_unknown_and_never_counted_as_nothing() -> None:
    config = environment(users=[{"name": "ada", "spaces": [{"name": "a", "instance_type": "ml.p5.48xlarge"}]}])

    found = estimate(config)
    assert found.unknown == ("ml.p5.48xlarge",)
    assert found.total.working == Money(20 * VOLUME, ("ml.p5.48xlarge",))
    assert estimate(environment(region="eu-west-1")).total.standing == Money(0.0, ("volume",))


def test_a_price_of_the_file_counts_first() -> None:
    config = environment(cost={"prices": {"volume": 0.2, "ml.t3.medium": 1}})

    assert usd(estimate(config).total)[:2] == pytest.approx((4.0, 4.0 + 40 * HOURS), abs=CENT)


def test_what_if_questions_change_what_they_ask_for_and_nothing_else() -> None:
    config = environment(users=[{"name": "ada"}, {"name": "bob", "spaces": [{"name": "b", "volume_gb": 50}]}])
    one, two = (estimate(changed(config, Asked(users=number))).total for number in (1, 2))
    five = estimate(changed(config, Asked(users=5)))

    assert estimate(changed(config, Asked())) == estimate(config)
    assert usd(two) == usd(estimate(config).total)
    assert usd(one)[0] == pytest.approx(20 * VOLUME)
    assert five.users == ("ada", "bob", "person-1", "person-2", "person-3")
    assert usd(five.of("person-3")) == pytest.approx(usd(one))
    gpu = estimate(changed(config, Asked(instance_type="ml.g5.xlarge", idle="never"))).of("ada")
    assert usd(gpu) == pytest.approx((2.24, 2.24 + 40 * HOURS * G5, 2.24 + 730 * G5, 64 * G5), abs=CENT)
    assert usd(estimate(changed(config, Asked(volume_gb=100))).total)[0] == pytest.approx(2 * 100 * VOLUME)
    closed = estimate(changed(config, Asked(network="nat")))
    assert usd(closed.total - estimate(config).total)[0] == pytest.approx(36.5)
    assert estimate(changed(config, Asked(region="eu-west-1"))).unknown == ("ml.t3.medium", "volume")


def test_the_parts_that_people_see_make_the_sums_that_they_see() -> None:
    found = estimate(environment(users=[{"name": "ada"}, {"name": "bob"}, {"name": "eve"}], limits=HOURLY))
    for way in ("standing", "working", "forgotten", "weekend"):
        parts = [float(amount(getattr(line.costs, way))) for line in found.lines]
        assert amount(Money(sum(parts))) == amount(getattr(found.total, way))


def test_a_thousand_people_are_added_up_at_once() -> None:
    found = estimate(changed(environment(), Asked(users=1000)))

    assert len(found.lines) == 2000
    assert found.total.standing.usd == pytest.approx(2240)


def test_the_guard_costs_its_looks_and_its_alarm() -> None:
    limits = {"monthly_usd": 100.0}
    a_look = 0.25 * 0.0000133334 + (0.20 + 1.00) / 1e6 + 0.005 / 1000 + 3 * 0.0004 / 1000
    for minutes in (5, 15):
        found = estimate(environment(limits=limits | {"check_minutes": minutes})).of(None)
        assert found.standing.usd == pytest.approx(730 * 60 / minutes * a_look + 2 * 0.10, abs=CENT)
    studies = {"network": {"access": "vpc-only"}, "tuning": {"database": "aurora-postgresql"}}
    each = 0.0000107334 + 0.00001  # GetMetricStatistics
    assert of_guard(environment(limits=limits, **studies)).usd == pytest.approx(round(730 * 60 / 5 * each, 2) + 0.2)
    assert of_guard(environment()) == Money()
    assert of_guard(environment(region="us-west-2", limits=limits)).unknown == ("guard_look", "alarm_metric")


def test_an_app_on_a_training_plan_costs_its_volume_alone() -> None:
    plan = "arn:aws:sagemaker:us-east-1:123456789012:training-plan/march"
    space = {"name": "ada-h100", "instance_type": "ml.p4d.24xlarge", "training_plan": plan}
    found = estimate(environment(users=[{"name": "ada", "spaces": [space]}]))

    kept = 20 * VOLUME
    assert usd(found.total) == pytest.approx((kept, kept, kept, 0), abs=CENT)
    assert found.lines[1].what == "'ada-h100' on ml.p4d.24xlarge, on a training plan"


def test_a_limit_that_ends_apps_before_they_cost_what_is_estimated_is_told() -> None:
    people = [{"name": "ada"}, {"name": "bob", "spaces": [{"name": "gpu", "instance_type": "ml.g5.xlarge"}]}]
    config = environment(
        limits={"monthly_usd": 270.0, "monthly_usd_per_user": 9.0}, iam={"per_user_roles": True}, users=people
    )
    found = estimate(config)
    assert [(cap.user, cap.usd) for cap in found.caps] == [(None, 270.0), ("ada", 9.0), ("bob", 9.0)]
    in_all, per_user = capped(found)
    assert (
        in_all == "[limits] monthly_usd stops apps at 270.00 USD a month. Without it they cost 285.49 if nobody stops"
        " apps."
    )
    assert per_user == (
        "[limits] monthly_usd_per_user stops a user's apps at 9.00 USD a month. Without it ada's cost 9.78 if "
        "nobody stops apps, bob's cost 245.07 at 8 h a working day."
    )
    assert list(capped(estimate(environment(limits={"monthly_usd": 10.0})))) == []
