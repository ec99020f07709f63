"""The spaces without a volume yet, by AWS's time and not by this machine's."""

from datetime import UTC, datetime, timedelta

import pytest

from studioctl.aws.values import Space
from studioctl.operations.data import inventory

MADE = datetime(2035, 12, 10, 8, tzinfo=UTC)  # the emulator's clock may be years ahead


@pytest.mark.parametrize(("hours", "is_unstarted"), [(1, True), (26, False)])
def test_a_space_without_an_app_counts_as_unstarted_while_aws_would_still_list_one(
    hours: int, *, is_unstarted: bool
) -> None:
    space = Space("d-1", "ada-editor", "ada", "InService", "CodeEditor", 20, MADE, remote_access=False)

    found = inventory.unstarted([space], (), MADE + timedelta(hours=hours))

    assert found == ((space,) if is_unstarted else ())
