"""Proposes the values of a new file, from the configuration of AWS's own tools on this machine."""

from studioctl.aws.surroundings import profile_names, usual_region
from studioctl.config import checks
from studioctl.errors import AwsError

REGION = "us-east-1"


def region(profile: str | None) -> str:
    """The region in which the AWS CLI would act, if Studio is there; else us-east-1."""
    try:
        return checks.region(usual_region(profile) or "")
    except (AwsError, ValueError):  # no such profile, or a region without SageMaker
        return REGION


def has_profile(name: str) -> bool:
    """Whether the user's AWS configuration has a profile of this name."""
    return name in profile_names()
