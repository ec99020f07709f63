"""The table of prices: dated, of things that exist, and silent about the rest."""

import re
import tomllib
from importlib.resources import files

import pytest

from studioctl.catalog.prices import INSTANCE, alternatives, items, prices, regions
from studioctl.config.aws_tables import INSTANCE_TYPES, REGIONS

LISTS = tomllib.loads(files("studioctl.catalog").joinpath("prices.toml").read_text(encoding="utf-8"))["list"]


def test_each_list_has_a_date_a_source_and_prices_of_things_that_exist() -> None:
    for entry in LISTS:
        assert entry["region"] in REGIONS
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", entry["as_of"])
        assert entry["source"]
        for item, usd in entry["usd"].items():
            assert item in items() or (INSTANCE.fullmatch(item) and item.split()[-1] in INSTANCE_TYPES)
            assert 0 < usd < 1000


def test_no_price_is_told_twice() -> None:
    told = [(entry["region"], item) for entry in LISTS for item in entry["usd"]]

    assert len(told) == len(set(told))
    assert regions() == ("us-east-1", "us-west-2")


def test_what_is_not_in_the_table_is_unknown() -> None:
    here = prices("us-east-1")

    assert (here.per_hour("ml.t3.medium"), here.per_hour("ml.p5.48xlarge"), here.per_hour(None)) == (0.05, None, None)
    assert (prices("eu-west-1").as_of, prices("eu-west-1").per_hour("ml.t3.medium")) == (None, None)


def test_an_app_costs_what_its_kind_costs_else_what_its_instance_does() -> None:
    here = prices("us-east-1", {"JupyterLab ml.t3.medium": 0.06})

    assert here.of_app("CodeEditor", "ml.t3.medium") == 0.05
    assert here.of_app("JupyterLab", "ml.t3.medium") == 0.06
    assert (here.of_app("Canvas", "system"), here.of_app("Canvas", "ml.t3.medium")) == (1.90, 1.90)
    assert prices("eu-west-1").of_app("Canvas", "system") is None
    assert (here.of_app("JupyterServer", "system"), here.of_app("CodeEditor", "ml.p5.48xlarge")) == (0.0, None)
    assert (here.of_training("ml.m5.large"), here.of_training("ml.t3.medium")) == (0.115, None)


def test_the_users_own_price_takes_the_place_of_the_tables_and_says_so() -> None:
    own = prices("eu-west-1", {"ml.g5.2xlarge": 1.68})

    assert own.per_hour("ml.g5.2xlarge") == 1.68
    assert (own.of["ml.g5.2xlarge"].as_of, own.of["ml.g5.2xlarge"].source) == (None, "[cost] prices")


def test_alternatives_cost_about_the_same_and_have_a_gpu_exactly_if_the_type_has_one() -> None:
    assert alternatives("ml.g5.xlarge", "us-east-1")[:3] == ("ml.g5.2xlarge", "ml.g6.xlarge", "ml.g4dn.2xlarge")
    assert alternatives("ml.m5.xlarge", "us-east-1")[:2] == ("ml.c5.xlarge", "ml.t3.xlarge")
    assert alternatives("ml.p5.48xlarge", "us-east-1") == ()


def test_what_is_kept_costs_by_its_size_or_by_the_piece() -> None:
    here, gb = prices("us-east-1"), 1 << 30
    kept = {"bucket": 2.3, "home file system": 30.0, "repository": 10.0}

    assert {kind: here.monthly(kind, 100 * gb) for kind in kept} == pytest.approx(kept)
    assert (here.monthly("secret", 0), here.monthly("bucket", None), here.monthly("space", gb)) == (0.40, None, None)
    assert prices("eu-west-1").monthly("secret", 0) is None
