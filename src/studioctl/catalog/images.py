"""SageMaker Distribution, AWS's image for editors: its versions, until when AWS mends them, and their ARNs."""

from collections.abc import Mapping
from datetime import date, timedelta

from studio_emulator import distribution
from studio_emulator.facts import has_gpu

VERSION = distribution.VERSION
# The oldest that lets a local editor in: https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access.html
FOR_REMOTE_ACCESS = (2, 7)
SOON = timedelta(days=30)
parsed, support = distribution.parsed, distribution.support


def newest() -> str:
    """The newest minor version that the table has: "4.4"."""
    return ".".join(map(str, support().newest))


def supported_until(version: str) -> date | None:
    """The last day on which AWS mends this version; None where that is not known."""
    return support().until(version)


def ending(version: str, today: date) -> str | None:
    """The end of AWS's support for this version, in words; None if that is not soon, or not known."""
    end = supported_until(version)
    if end is None or end - today > SOON:
        return None
    return f"AWS {'supported' if end < today else 'supports'} until {end}"


def doubt(version: str) -> str | None:
    """A note that the version may not exist, in words; None for one that the table has."""
    numbers, table = parsed(version), support()
    if numbers[:2] not in table.ends:
        return f"is not in AWS's table as of {table.as_of}: AWS may have it since, or not at all"
    if len(numbers) == 3:
        return f"may not exist: AWS's table as of {table.as_of} has no versions of three numbers"
    return None


def is_too_old_for_remote_access(version: str) -> bool:
    """Whether a local editor cannot connect to it. "2" is the newest of 2.x."""
    numbers = parsed(version)[:2]
    return numbers < FOR_REMOTE_ACCESS[: len(numbers)]


def has_place(region: str) -> bool:
    """Whether AWS's page says in which account a region's images are."""
    return region in distribution.ACCOUNTS


def pinned(region: str, instance_type: str, version: str | None) -> Mapping[str, str]:
    """This version for this type of instance, as the provider's resource specs name it; empty without a version."""
    arn = distribution.image_arn(region, gpu=has_gpu(instance_type))
    if version is None or arn is None:
        return {}
    return dict(zip(ARGUMENTS, (arn, version), strict=True))


ARGUMENTS = ("sagemaker_image_arn", "sagemaker_image_version_alias")
