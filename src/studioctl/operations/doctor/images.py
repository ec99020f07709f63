"""SageMaker Distribution: when AWS's support of a version is over, or nearly."""

from dataclasses import replace
from datetime import date

from studioctl.aws.values import ResourceSpec, write_spec
from studioctl.catalog.images import ending, newest, support

POLICY = support().source


def with_newest(spec: ResourceSpec) -> str:
    """The same with the newest version of the image, as the AWS CLI takes it."""
    members = write_spec(replace(spec, image_version_arn=None, image_alias=str(support().newest[0])))
    return ",".join(f"{key}={value}" for key, value in members.items())


def advisable(today: date) -> str:
    """The version to pin: the newest minor one; where the table is so old that this one ends, the newest major one."""
    return str(support().newest[0]) if ending(newest(), today) else newest()
