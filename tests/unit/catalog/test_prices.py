"""The table of prices: dated, of types that exist, and silent about the rest."""

import re
import tomllib
from importlib.resources import files

import pytest

from studioctl.catalog.prices import alternatives, monthly, monthly_as_of, prices
from studioctl.config.aws_tables import INSTANCE_TYPES

TABLE = tomllib.loads(files("studioctl.catalog").joinpath("prices.toml").read_text(encoding="utf-8"))


def test_each_region_has_a_date_and_a_source_and_prices_of_types_that_exist() -> None:
    assert set(TABLE) == {"us-east-1", "us-west-2"}
    for region in TABLE.values():
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", region["as_of"])
        assert region["source"]
        assert region["hourly"].keys() <= INSTANCE_TYPES
        assert all(price > 0 for price in region["hourly"].values())


def test_what_is_not_in_the_table_is_unknown() -> None:
    assert prices("us-east-1").per_hour("ml.t3.medium") == 0.05
    assert prices("us-east-1").per_hour("ml.p5.48xlarge") is None
    assert prices("us-east-1").per_hour(None) is None
    assert (prices("eu-west-1").as_of, prices("eu-west-1").per_hour("ml.t3.medium")) == (None, None)


def test_alternatives_cost_about_the_same_and_have_a_gpu_exactly_if_the_type_has_one() -> None:
    assert alternatives("ml.g5.xlarge", "us-east-1") == ("ml.g5.2xlarge", "ml.g4dn.2xlarge", "ml.g5.4xlarge")
    assert alternatives("ml.m5.xlarge", "us-east-1", count=2) == ("ml.c5.xlarge", "ml.t3.xlarge")
    assert alternatives("ml.p5.48xlarge", "us-east-1") == ()


def test_what_is_kept_costs_by_its_size_or_by_the_piece() -> None:
    gb = 1 << 30
    kept = {"bucket": 2.3, "home file system": 30.0, "repository": 10.0}
    assert {kind: monthly(kind, 100 * gb) for kind in kept} == pytest.approx(kept)
    assert (monthly("secret", 0), monthly("bucket", None), monthly("space", gb)) == (0.40, None, None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", monthly_as_of())
