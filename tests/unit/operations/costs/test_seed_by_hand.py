"""The seed's example against `seed_by_hand.toml`, which was worked out and committed without a look at the code."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from studioctl.config.load import load
from studioctl.operations.costs.estimate import Estimate, estimate
from studioctl.operations.costs.what_if import Asked, changed
from tests.generated import ROOT

HAND: dict[str, Any] = tomllib.loads(Path(__file__).with_name("seed_by_hand.toml").read_text(encoding="utf-8"))
SEED = load(ROOT / "examples/seed.toml")
WITHIN = 0.01


@pytest.fixture(scope="module")
def ours() -> Estimate:
    return estimate(SEED)


def test_each_thing_that_is_there_costs_what_it_does_by_hand(ours: Estimate) -> None:
    by_hand = {what: usd for what, usd in HAND["standing"]["items"].items() if usd}
    by_us = {line.item: line.costs.standing.usd for line in ours.lines if line.costs.standing.usd}
    assert list(by_us) == ["volume", "secret"]
    assert list(by_us.values()) == pytest.approx(list(by_hand.values()), rel=WITHIN)
    assert ours.total.standing.usd == pytest.approx(HAND["standing"]["total"], rel=WITHIN)


def test_what_is_free_by_hand_is_free_or_counted_by_use(ours: Estimate) -> None:
    free = {what for what, usd in HAND["standing"]["items"].items() if not usd}
    assert {"home file system", "bucket", "image repository", "flow logs", "key"} < free
    assert set(ours.by_use) == {"bucket", "home", "repository", "logs", "logs_kept"}
    each = {"home": "home file system, GB", "bucket": "bucket, GB", "repository": "image repository, GB"}
    assert {item: ours.price_list.usd(item) for item in each} == {item: HAND["each"][key] for item, key in each.items()}
    assert ours.price_list.usd("training ml.m5.large") == HAND["each"]["training ml.m5.large, hour"]


def test_a_month_of_work_and_one_that_is_forgotten_cost_what_they_do_by_hand(ours: Estimate) -> None:
    never = estimate(changed(SEED, Asked(idle="never"))).total
    found = {"at_work": ours.total.working, "idle_stop": ours.total.forgotten, "left_open": never.forgotten}
    for month, money in found.items():
        assert money.usd == pytest.approx(HAND[month]["total"], rel=WITHIN), month
        assert money.usd - ours.total.standing.usd == pytest.approx(HAND[month]["instance"], rel=WITHIN), month
