"""S3 by the emulator's clock, and as strict as AWS about the names of buckets: moto looks at the length alone."""

import re
from datetime import datetime
from ipaddress import AddressValueError, IPv4Address

from moto.s3.exceptions import InvalidBucketName
from moto.s3.models import FakeBucket, S3Backend

from studio_emulator.clock import clock

# S3 User Guide, "bucketnamingrules". us-east-1 has had the same rules for new buckets since March 2018.
NAME = re.compile(r"[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]")
RESERVED_BEGINNINGS = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


class StrictS3Backend(S3Backend):
    """S3 that creates no bucket whose name breaks a rule."""

    def create_bucket(self, bucket_name: str, region_name: str, bucket_namespace: str | None = None) -> FakeBucket:
        """Raises InvalidBucketName."""
        if not is_bucket_name(bucket_name):
            raise InvalidBucketName
        return super().create_bucket(bucket_name, region_name, bucket_namespace)


def now() -> datetime:
    """The time of the emulator's clock, as moto's S3 has it: in UTC, and without saying so."""
    return clock.now().replace(tzinfo=None)


def is_bucket_name(name: str) -> bool:
    """Whether a general purpose bucket may be called this."""
    if not NAME.fullmatch(name) or name.startswith(RESERVED_BEGINNINGS) or name.endswith(RESERVED_ENDS):
        return False
    try:
        IPv4Address(name)
    except AddressValueError:
        return True
    return False
