"""What is refused before anything is put together."""

from pathlib import Path
from typing import Any

import pytest

from studioctl.errors import ConfigError
from studioctl.infrastructure import blueprint
from studioctl.operations.composition import compose
from studioctl.target import Target
from tests.environments import environment as config


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["bucket=acme-lake"], 'storage.extra_buckets.0: "acme-lake" holds Terraform\'s state'),
        (["bucket=acme-data"], 'state.bucket: "acme-data" is the data bucket'),
        (["bucket=acme-tfstate", "key=a/../b"], 'The state\'s key "a/../b" has a part that is empty, "." or ".."'),
    ],
)
def test_a_place_for_the_state_that_is_given_by_hand_keeps_to_the_files_rules(
    tmp_path: Path, settings: list[str], said: str
) -> None:
    described: Any = config(storage={"bucket": "acme-data", "extra_buckets": ["acme-lake"]})

    with pytest.raises(ConfigError) as refused:
        compose(
            tmp_path / "studio.toml",
            described,
            blueprint.build(described),
            Target("us-east-1"),
            backend_settings=settings,
        )
    assert said in refused.value.message
