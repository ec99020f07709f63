"""The region that keeps what is global."""

import pytest

from studioctl.aws.surroundings import home_region


@pytest.mark.parametrize(
    ("region", "home"),
    [
        ("eu-central-1", "us-east-1"),
        ("cn-northwest-1", "cn-north-1"),
        ("us-gov-east-1", "us-gov-west-1"),
        ("us-iso-east-1", "us-iso-east-1"),  # a partition whose home is not published
    ],
)
def test_each_partition_has_a_home(region: str, home: str) -> None:
    assert home_region(region) == home
