"""The pace of a client: one for everybody who works for a person, and one for the doctor."""

from typing import Any

import pytest

from studioctl.aws.session import HURRIED, PATIENT, Patience, Session
from studioctl.target import LocalEndpoint, Target


@pytest.mark.parametrize(
    ("patience", "mode"), [(PATIENT, "adaptive"), (HURRIED, "standard")], ids=["patient", "hurried"]
)
def test_a_client_asks_no_faster_than_aws_answers_unless_it_hurries(patience: Patience, mode: str) -> None:
    there = LocalEndpoint("http://127.0.0.1:9", "key", "secret")
    client: Any = Session(Target("us-east-1", local=there), patience).client("sagemaker")

    assert client.meta.config.retries == {"mode": mode, "total_max_attempts": patience.attempts}
