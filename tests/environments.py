"""Configurations for tests: named, with everything that does not matter left at its default."""

from typing import Any

from studioctl.config.model import EnvironmentConfig


def environment(**sections: Any) -> EnvironmentConfig:
    """The smallest environment, with these sections instead of the defaults."""
    return EnvironmentConfig.model_validate(
        {"name": "acme-ml", "region": "us-east-1", "users": [{"name": "ada"}], **sections}
    )
