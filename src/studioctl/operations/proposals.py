"""Proposes the values of a new file, from the configuration of AWS's own tools on this machine."""

from studioctl.aws.surroundings import profile_names, usual_region
from studioctl.config import checks
from studioctl.errors import AwsError, ConfigError

REGION = "us-east-1"


def region(profile: str | None) -> str:
    """The region in which the AWS CLI would act, if Studio is there; else us-east-1."""
    try:
        return checks.region(usual_region(profile) or "")
    except (AwsError, ValueError):  # no such profile, or a region without SageMaker
        return REGION


def acting_region(*, local: bool) -> str:
    """The region in which a command without a file acts: that of AWS's own tools, and never another in its place.

    Args:
        local: Whether the emulator is meant, for which none has to be named.

    Raises:
        ConfigError: None is named, or one without SageMaker.
    """
    named = usual_region(None)
    if named is None and local:
        return REGION
    hint = "export AWS_REGION=...   (where the environment is), or name it in the profile of your AWS configuration"
    if named is None:
        raise ConfigError("No region is named.", hint=hint)
    try:
        return checks.region(named)
    except ValueError as error:
        raise ConfigError(f"AWS_REGION, or your AWS configuration: {error}.", hint=hint) from None


def has_profile(name: str) -> bool:
    """Whether the user's AWS configuration has a profile of this name."""
    return name in profile_names()
