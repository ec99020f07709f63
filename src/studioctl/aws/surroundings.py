"""Prerequisites of calls to an account: its regions, our credentials, the clocks."""

import os
import re
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import botocore.session
from botocore.exceptions import ClientError

from studioctl.aws.errors import translated
from studioctl.aws.session import Session

# Where every account of a partition is at home: the regions that cannot be turned off.
_HOME_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


def profile_names() -> tuple[str, ...]:
    """The profiles of the user's AWS configuration."""
    with translated():
        return tuple(sorted(botocore.session.Session().available_profiles))


def usual_region(profile: str | None = None) -> str | None:
    """The region that other AWS programs would take: the environment's, else the profile's.

    AWS_REGION is the newer variable, which botocore does not read and the AWS CLI does:
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
    """
    with translated():
        found = os.environ.get("AWS_REGION") or botocore.session.Session(profile=profile).get_config_variable("region")
    return str(found) if found else None


def home_region(region: str) -> str:
    """The region where a region's partition keeps what is global; the region itself where that is not known."""
    return _HOME_REGIONS.get(botocore.session.Session().get_partition_for_region(region), region)


def clock_offset(session: Session, now: Callable[[], datetime]) -> timedelta:
    """Return how far this machine's clock is ahead of the one at AWS, which refuses signatures with a wrong time.

    An answer that refuses the call has the time too.
    """
    with translated():
        try:
            headers = session.client("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
        except ClientError as error:
            headers = error.response["ResponseMetadata"]["HTTPHeaders"]
    return now() - parsedate_to_datetime(headers["date"])


def region_status(session: Session) -> str | None:
    """AWS's word for whether the account may use the session's region; None for a region that it does not know.

    It is asked in a region that is always on: one that is off refuses our credentials as if they were wrong.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Region.html
    """
    region = session.target.region
    home = replace(session.target, region=home_region(region))
    with translated():
        answer = (
            Session(home, session.patience)
            .client("ec2")
            .describe_regions(AllRegions=True, Filters=[{"Name": "region-name", "Values": [region]}])
        )
    statuses = {found["RegionName"]: found["OptInStatus"] for found in answer["Regions"]}
    return statuses.get(region)


def offered(session: Session, instance_types: Collection[str]) -> set[str]:
    """The instance types of SageMaker whose EC2 type this region offers."""
    behind = {re.sub(r"^ml\.", "", name): name for name in instance_types}
    with translated():
        pages = (
            session.client("ec2")
            .get_paginator("describe_instance_type_offerings")
            .paginate(LocationType="region", Filters=[{"Name": "instance-type", "Values": sorted(behind)}])
        )
        return {behind[found["InstanceType"]] for page in pages for found in page["InstanceTypeOfferings"]}
