"""The tables of what AWS has are not older than botocore, and the provider was asked what it refuses."""

from studioctl.config.aws_tables import INSTANCE_TYPES, REFUSED_INSTANCE_TYPES, REFUSED_REGIONS, REGIONS
from tests.unit.config import generate_aws_tables

FRESHEN = "run: python tests/unit/config/generate_aws_tables.py"


# AWS adds types and regions all the time: a newer botocore may know more, but nothing that we know may be gone.
def test_botocore_still_knows_every_instance_type() -> None:
    assert generate_aws_tables.instance_types() >= INSTANCE_TYPES, FRESHEN


def test_botocore_still_knows_every_region() -> None:
    assert generate_aws_tables.regions() >= REGIONS, FRESHEN


def test_what_is_refused_is_among_what_exists() -> None:
    assert REFUSED_INSTANCE_TYPES < INSTANCE_TYPES
    assert REFUSED_REGIONS < REGIONS


def test_the_provider_refuses_just_these_instance_types() -> None:
    assert generate_aws_tables.refused_instance_types(INSTANCE_TYPES) == REFUSED_INSTANCE_TYPES
