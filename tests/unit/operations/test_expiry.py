"""The rules that let images expire, and their times. The first cases are the examples of AWS's own guide.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_examples.html
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from studioctl.aws.registry import Image
from studioctl.config.stores import Images
from studioctl.infrastructure.ecr import lifecycle_policy
from studioctl.operations.images.lifecycle_policy import expiries

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAYS: dict[str, Any] = {"countType": "sinceImagePushed", "countUnit": "days"}
COUNT: dict[str, Any] = {"countType": "imageCountMoreThan"}


def image(name: str, *tags: str, days: float, pulled: float | None = None) -> Image:
    """An image whose digest is its name, pushed (and last pulled) so many days ago."""
    pulled_at = None if pulled is None else NOW - timedelta(days=pulled)
    return Image(name, tags, 1, NOW - timedelta(days=days), pulled_at)


def rule(priority: int, **selection: Any) -> dict[str, Any]:
    return {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}


def tagged(priority: int, *prefixes: str, **count: Any) -> dict[str, Any]:
    return rule(priority, tagStatus="tagged", tagPrefixList=list(prefixes), **count)


def due(rules: Sequence[dict[str, Any]], images: Sequence[Image]) -> dict[str, int]:
    """The images that ECR expires now, and by which rule."""
    found = expiries({"rules": rules}, images)
    return {digest: expiry.rule for digest, expiry in sorted(found.items()) if expiry.is_due(NOW)}


BETA_AND_PROD = (
    image("A", "beta-1", "prod-1", days=10),
    image("B", "beta-2", "prod-2", days=9),
    image("C", "beta-3", days=8),
)
ALPHA_AND_BETA = (
    image("A", "alpha-1", days=12),
    image("B", "beta-1", days=11),
    image("C", "alpha-2", "beta-2", days=10),
    image("D", "alpha-3", days=4),
    image("E", "beta-3", days=3),
    image("F", "alpha-4", "beta-4", days=2),
)
ALL_KINDS = (
    image("A", "alpha-1", "beta-1", days=10),
    image("B", days=9),
    image("C", "alpha-2", days=8),
    image("D", "git-hash", days=7),
    image("E", days=6),
)


@pytest.mark.parametrize(
    ("rules", "images", "expired"),
    [
        pytest.param(
            [tagged(1, "prod", **COUNT, countNumber=1), tagged(2, "beta", **COUNT, countNumber=1)],
            BETA_AND_PROD,
            {"A": 1},
            id="AWS: a higher rule protects what it keeps",
        ),
        pytest.param(
            [tagged(1, "beta", **COUNT, countNumber=1), tagged(2, "prod", **COUNT, countNumber=1)],
            BETA_AND_PROD,
            {"A": 1, "B": 1},
            id="AWS: the same in the other order",
        ),
        pytest.param(
            [tagged(1, "alpha", "beta", **DAYS, countNumber=5)],
            ALPHA_AND_BETA,
            {"C": 1},
            id="AWS: several prefixes mean and",
        ),
        pytest.param(
            [tagged(1, "alpha", "beta", **COUNT, countNumber=1)],
            (
                image("A", "alpha-1", "beta-1", "gamma-1", days=10),
                image("B", "alpha-2", "beta-2", days=9),
                image("C", "alpha-3", "beta-3", "gamma-2", days=8),
            ),
            {"A": 1, "B": 1},
            id="AWS: tags are not exclusive",
        ),
        pytest.param(
            [rule(1, tagStatus="any", **COUNT, countNumber=5)],
            ALPHA_AND_BETA,
            {"A": 1},
            id="AWS: any, the newest five stay",
        ),
        pytest.param(
            [
                tagged(1, "alpha", **COUNT, countNumber=1),
                rule(2, tagStatus="untagged", **COUNT, countNumber=1),
                rule(3, tagStatus="any", **COUNT, countNumber=1),
            ],
            ALL_KINDS,
            {"A": 1, "B": 2, "D": 3},
            id="any counts everything and takes only what no higher rule is about",
        ),
        pytest.param(
            [rule(20, tagStatus="any", **DAYS, countNumber=1), tagged(10, "prod", **COUNT, countNumber=2)],
            BETA_AND_PROD,
            {"C": 20},
            id="priority, not the order in the text, decides",
        ),
        pytest.param(
            [rule(1, tagStatus="tagged", tagPatternList=["*-1", "alpha*"], **DAYS, countNumber=1)],
            ALL_KINDS,
            {"A": 1},
            id="patterns: each must fit a tag",
        ),
        pytest.param(
            [rule(1, tagStatus="tagged", tagPatternList=["git.hash"], **DAYS, countNumber=1)],
            ALL_KINDS,
            {},
            id="a dot in a pattern is a dot",
        ),
        pytest.param(
            [rule(1, tagStatus="any", countType="sinceImagePulled", countUnit="days", countNumber=5)],
            (image("A", days=9, pulled=1), image("B", days=9, pulled=6), image("C", days=9), image("D", days=2)),
            {"B": 1, "C": 1},
            id="what was never pulled counts from its push",
        ),
        pytest.param([], ALL_KINDS, {}, id="no policy"),
    ],
)
def test_what_expires_now(rules: Sequence[dict[str, Any]], images: Sequence[Image], expired: dict[str, int]) -> None:
    assert due(rules, images) == expired
    assert due(rules, tuple(reversed(images))) == expired


def test_our_own_policy_says_when() -> None:
    policy = lifecycle_policy(Images(keep_latest=2, expire_untagged_days=14))
    images = (
        image("three", "latest-3", days=1),
        image("two", "latest-2", days=2),
        image("one", "latest-1", days=3),
        image("torch", "torch-2.1", days=400),
        image("lost", days=13),
        image("gone", days=15),
    )
    found = expiries(policy, images)

    assert {name: (e.rule, e.at, e.after_pushes, e.is_due(NOW)) for name, e in found.items()} == {
        "three": (1, None, 2, False),
        "two": (1, None, 1, False),
        "one": (1, None, 0, True),
        "lost": (2, NOW + timedelta(days=1), None, False),
        "gone": (2, NOW - timedelta(days=1), None, True),
    }
    assert found["one"].description == "Keep the 2 most recent images tagged latest..."


def test_what_concerns_the_archive_is_shown_without_a_date() -> None:
    selection = {"tagStatus": "any", "storageClass": "archive", "countType": "sinceImageTransitioned", "countNumber": 1}
    found = expiries({"rules": [rule(1, **selection)]}, (image("A", days=100),))["A"]

    assert (found.at, found.after_pushes, found.is_due(NOW)) == (None, None, False)
