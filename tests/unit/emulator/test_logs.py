"""CloudWatch Logs as strict as AWS about retention and names."""

from collections.abc import Iterator
from typing import Any

import pytest

from studio_emulator.logs import RETENTIONS
from studio_emulator.server import RunningEmulator
from tests.unit.emulator.emulated import client, refusal

NAME = "/acme/retention"


@pytest.fixture
def logs(emulator: RunningEmulator) -> Iterator[Any]:
    logs = client(emulator, "logs")
    logs.create_log_group(logGroupName=NAME)
    yield logs
    logs.delete_log_group(logGroupName=NAME)


@pytest.mark.parametrize("days", [17, 0, -1, 3654])
def test_retention_has_few_values(logs: Any, days: int) -> None:
    listed = ", ".join(map(str, RETENTIONS))
    assert refusal(lambda: logs.put_retention_policy(logGroupName=NAME, retentionInDays=days)) == (
        "InvalidParameterException",
        (
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member"
            f" must satisfy enum value set: [{listed}]"
        ),
    )
    for right in (1, 14, 3653):
        logs.put_retention_policy(logGroupName=NAME, retentionInDays=right)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a b", r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+"),
        ("é", r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+"),
        ("a" * 513, "Member must have length less than or equal to 512"),
    ],
)
def test_names_have_few_characters(logs: Any, name: str, said: str) -> None:
    assert refusal(lambda: logs.create_log_group(logGroupName=name)) == (
        "InvalidParameterException",
        f"1 validation error detected: Value '{name}' at 'logGroupName' failed to satisfy constraint: {said}",
    )


def test_some_names_are_reserved(logs: Any) -> None:
    assert refusal(lambda: logs.create_log_group(logGroupName="aws/spans")) == (
        "InvalidParameterException",
        "Log groups starting with AWS/ are reserved for AWS.",
    )
