"""An amount with a unit: the message names the number to write."""

from pathlib import Path

import pytest

from studioctl.config import quantities
from studioctl.config.load import load
from studioctl.errors import ConfigError

FILE = 'name = "acme-ml"\nregion = "us-east-1"\n[[users]]\nname = "ada"\n[studio]\n'
NEITHER = 'is neither whole minutes nor "never"'
TEXT = "is text and must be a whole number"
UNIT = "a number is written without a unit; write the number alone"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('idle_timeout_minutes = "2h"', f'"2h" {NEITHER}; write 120 without quotes'),
        ('idle_timeout_minutes = "90 min"', f'"90 min" {NEITHER}; write 90 without quotes'),
        ('idle_timeout_minutes = "1 day"', f'"1 day" {NEITHER}; write 1440 without quotes'),
        ('idle_timeout_minutes = "1h 30min"', f'"1h 30min" {NEITHER}; write 90 without quotes'),
        ('idle_timeout_minutes = "1.5 hours"', f'"1.5 hours" {NEITHER}; write 90 without quotes'),
        ('idle_timeout_minutes = "5400s"', f'"5400s" {NEITHER}; write 90 without quotes'),
        ('idle_timeout_minutes = "120"', f'"120" {NEITHER}; write 120 without quotes'),
        # AWS takes no less than 60, so 30 would be refused next.
        ('idle_timeout_minutes = "30 min"', f'"30 min" {NEITHER}; write 60 to 525600 without quotes, or "never"'),
        ('idle_timeout_minutes = "50GB"', f'"50GB" {NEITHER}; write 60 to 525600 without quotes, or "never"'),
        ('volume_gb = "50GB"', f"{TEXT}; write 50 without quotes"),
        ('volume_gb = "1TB"', f"{TEXT}; write 1024 without quotes"),
        ('volume_gb = "1.5 TiB"', f"{TEXT}; write 1536 without quotes"),
        ('volume_gb = "51200 MB"', f"{TEXT}; write 50 without quotes"),
        ('volume_gb = "80%"', f"{TEXT}; write digits without quotes"),
        ('volume_gb = "2h"', f"{TEXT}; write digits without quotes"),
        ("idle_timeout_minutes = 2h", f"{UNIT}, such as 120"),
        ("idle_timeout_minutes = 1 day", f"{UNIT}, such as 1440"),
        ("volume_gb = 1TB # much", f"{UNIT}, such as 1024"),
        ("volume_gb = 80%", UNIT),
    ],
)
def test_the_message_names_the_number_to_write(line: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "studio.toml"
    file.write_text(FILE + line)

    with pytest.raises(ConfigError) as wrong:
        load(file)

    assert wrong.value.message.splitlines()[-1].endswith(f": {said}")


def test_long_digits_take_no_long_time() -> None:
    assert not quantities.is_quantity("1" * 100_000 + "x")
    assert not quantities.is_quantity("1h" * 100_000 + "x")
