"""Sums in US dollars are refused where nobody knows what the file's instance types cost."""

import pytest

from studioctl.errors import ConfigError
from studioctl.operations.prices.priced import refuse_limits_without_prices
from tests.environments import environment

SPACES = [{"name": "ada", "spaces": [{"name": "big", "instance_type": "ml.p3.2xlarge"}]}]


@pytest.mark.parametrize("limits", [{"monthly_usd": 9.0}, {"monthly_usd_per_user": 9.0}])
def test_a_sum_in_a_region_without_prices_is_refused_until_they_are_written(limits: dict[str, float]) -> None:
    sections = {"region": "eu-west-1", "limits": limits, "iam": {"per_user_roles": True}}
    with pytest.raises(ConfigError, match=r"what ml\.t3\.medium costs in eu-west-1") as refused:
        refuse_limits_without_prices(environment(**sections))
    assert refused.value.hint.startswith('write it under [cost.prices], "ml.t3.medium" = ...')
    refuse_limits_without_prices(environment(**sections, cost={"prices": {"ml.t3.medium": 0.05}}))


def test_each_type_of_the_file_needs_a_price() -> None:
    sections = {"users": SPACES, "limits": {"monthly_usd": 9.0}}
    for prices in ({}, {"training ml.p3.2xlarge": 3.8}):
        with pytest.raises(ConfigError, match=r"what ml\.p3\.2xlarge costs in us-east-1"):
            refuse_limits_without_prices(environment(**sections, cost={"prices": prices}))
    refuse_limits_without_prices(environment(**sections, cost={"prices": {"ml.p3.2xlarge": 3.8}}))


@pytest.mark.parametrize("limits", [{"schedule": {"stop": "20:00"}}, {"max_hours_per_start": 9.0}, {}])
def test_times_need_no_price(limits: dict[str, object]) -> None:
    refuse_limits_without_prices(environment(region="eu-west-1", limits=limits))
