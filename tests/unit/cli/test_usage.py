"""Values of options that are none."""

import pytest

from studioctl.cli import main


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("user add eve --volume-gb 50GB", "Invalid value for '--volume-gb': must be a whole number; write 50"),
        ("user add eve --volume-gb=1TB", "Invalid value for '--volume-gb': must be a whole number; write 1024"),
        ("cost --volume-gb big", "Invalid value for '--volume-gb': must be a whole number"),
        ("cost --hours 25", "Invalid value for '--hours': must be at most 24"),
        ("cost --hours=-1", "Invalid value for '--hours': must be at least 0"),
        ("state restore yesterday", "Invalid value for 'serial': must be a whole number"),
    ],
)
def test_a_wrong_number_is_told_with_the_one_to_write(
    typed: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(typed.split()) == 64

    assert capsys.readouterr().err.splitlines()[0] == f"Error: {told}"
