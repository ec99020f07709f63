"""`[tuning]`: what it refuses, and what it says instead."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from tests.environments import environment

CLOSED = {"access": "vpc-only"}
DATABASE = {"database": "aurora-postgresql"}


def test_without_a_word_there_is_no_database() -> None:
    assert not environment().tuning.has_database
    assert environment(network=CLOSED, tuning=DATABASE).tuning.has_database


@pytest.mark.parametrize(
    ("tuning", "network", "said"),
    [
        pytest.param(DATABASE, {}, 'write access = "vpc-only" under [network]', id="open"),
        pytest.param(DATABASE, {**CLOSED, "availability_zones": 1}, "write availability_zones = 2", id="one-zone"),
        pytest.param({"database": "mysql"}, CLOSED, "'none' or 'aurora-postgresql'", id="engine"),
        pytest.param({"min_acu": 0.3}, CLOSED, "must be a multiple of 0.5", id="no-half"),
        pytest.param({"max_acu": 0.5}, CLOSED, "must be from 1 to 256", id="too-small"),
        pytest.param({"min_acu": 8.0}, CLOSED, "8 is above max_acu, 4; write at most 4", id="upside-down"),
        pytest.param({"backup_days": 36}, CLOSED, "must be from 1 to 35 days", id="backups"),
    ],
)
def test_what_cannot_be_is_refused(tuning: dict[str, Any], network: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        environment(network=network, tuning=tuning)


def test_the_remedies_help() -> None:
    environment(network={**CLOSED, "availability_zones": 2}, tuning={**DATABASE, "min_acu": 4.0, "max_acu": 4.0})
    environment(tuning={"database": "none"})
