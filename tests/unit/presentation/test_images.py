"""When an image expires, in words."""

from datetime import UTC, datetime, timedelta

import pytest

from studioctl.operations.images.lifecycle_policy import Expiry
from studioctl.presentation.images import fate_of, size

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expiry", "said"),
    [
        (None, "never"),
        (Expiry(1, "", "expire", after_pushes=0), "within 24h (rule 1)"),
        (Expiry(1, "", "expire", after_pushes=1), "after 1 more push (rule 1)"),
        (Expiry(1, "", "expire", after_pushes=4), "after 4 more pushes (rule 1)"),
        (Expiry(2, "", "expire", at=NOW), "within 24h (rule 2)"),
        (Expiry(2, "", "expire", at=NOW + timedelta(minutes=59)), "in 59m (rule 2)"),
        (Expiry(2, "", "expire", at=NOW + timedelta(hours=47)), "in 47h (rule 2)"),
        (Expiry(2, "", "expire", at=NOW + timedelta(days=14)), "in 14d (rule 2)"),
        (Expiry(3, "", "expire"), "not known (rule 3)"),
        (Expiry(3, "", "transition", at=NOW + timedelta(days=2)), "in 2d into the archive (rule 3)"),
    ],
)
def test_what_the_policy_has_in_store(expiry: Expiry | None, said: str) -> None:
    assert fate_of(expiry, NOW) == said


@pytest.mark.parametrize(
    ("amount", "said"), [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (10 * 1024**3, "10.0 GiB")]
)
def test_sizes(amount: int, said: str) -> None:
    assert size(amount) == said
