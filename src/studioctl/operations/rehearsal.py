"""What a rehearsal on the emulator needs that on AWS is there already."""

from typing import TYPE_CHECKING

from studioctl.aws.errors import translated
from studioctl.aws.session import Session
from studioctl.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CreateBucketConfigurationTypeDef


def provide_state_bucket(target: Target, bucket: str) -> None:
    """Makes the bucket of Terraform's state in the emulator: on AWS it must exist before, here nothing does.

    Raises:
        AwsError: The emulator refused.
    """
    s3 = Session(target).client("s3")
    with translated():
        if bucket not in {found["Name"] for found in s3.list_buckets()["Buckets"]}:
            if target.region == "us-east-1":  # the one region that may not be named
                s3.create_bucket(Bucket=bucket)
            else:
                place: CreateBucketConfigurationTypeDef = {"LocationConstraint": target.region}  # type: ignore[typeddict-item]
                s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
