"""The costs of a network are reported before it is created."""

import pytest

from studioctl.operations.provisioning.network_costs import told
from tests.environments import environment

CLOSED = {"access": "vpc-only"}
CUT_OFF = {"access": "vpc-only", "internet": "none"}
NO_DOCKER = {"docker": False}
TAIL = ", and more for each GB (us-east-1, 2026-08-21)."
HEAD = "The network is paid for by the hour, used or not: "


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (CLOSED, "a NAT gateway with its address: about 0.050 USD" + TAIL),
        (CUT_OFF, "9 interface endpoints in 2 zones: about 0.180 USD" + TAIL),
        (
            {**CLOSED, "endpoints": "all", "availability_zones": 3},
            f"a NAT gateway with its address and 9 interface endpoints in 3 zones: about 0.320 USD{TAIL}",
        ),
    ],
)
def test_what_is_paid_for_by_the_hour_is_counted(network: dict[str, object], says: str) -> None:
    assert told(environment(network=network, studio=NO_DOCKER)) == HEAD + says


def test_endpoints_in_zones_that_their_service_lacks_are_not_counted() -> None:
    lacking = {"com.amazonaws.us-east-1.sts": ("us-east-1a",), "com.amazonaws.us-east-1.ssm": ("us-east-1b",)}
    said = told(environment(network=CUT_OFF, studio=NO_DOCKER), lacking)

    assert said == f"{HEAD}9 interface endpoints in 2 zones, less 2 where a zone has none: about 0.160 USD{TAIL}"


def test_where_no_price_is_known_none_is_made_up() -> None:
    said = told(environment(network=CLOSED, region="eu-west-1"))

    assert said == f"{HEAD}a NAT gateway with its address. Prices of eu-west-1 are not known here."


def test_nothing_is_said_where_nothing_is_paid_for() -> None:
    existing = {"id": "vpc-0123456789abcdef0", "subnet_ids": ["subnet-0123456789abcdef0"]}

    assert told(environment()) is None
    assert told(environment(network={"access": "vpc-only", "vpc": existing})) is None
