"""ARNs in the file are of the region's partition."""

import botocore.session
import pytest

from studioctl.config.aws_tables import REGIONS
from studioctl.config.load import parse
from studioctl.config.partitions import partition_of
from studioctl.errors import ConfigError

BOUNDARY = '[iam]\npermissions_boundary = "arn:aws-us-gov:iam::111122223333:policy/b"'
STATEMENT = '[[iam.extra_statements]]\nsid = "Lake"\nactions = ["s3:GetObject"]\nresources = ["arn:aws:s3:::lake/*"]'
KEY = '[encryption]\nkey = "arn:aws:kms:cn-north-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"'
SOURCE = (
    STATEMENT.replace("arn:aws:", "arn:*:") + '\nconditions = { ArnLike = { "aws:SourceArn" = ["arn:aws:s3:::x"] } }'
)


def test_every_region_is_in_the_partition_that_botocore_says() -> None:
    known = botocore.session.Session()

    assert {r: partition_of(r) for r in REGIONS} == {r: known.get_partition_for_region(r) for r in REGIONS}


@pytest.mark.parametrize(
    ("region", "lines", "told"),
    [
        ("us-east-1", BOUNDARY, ("iam.permissions_boundary", "aws-us-gov", "aws")),
        ("us-gov-west-1", STATEMENT, ("iam.extra_statements[0].resources[0]", "aws", "aws-us-gov")),
        ("cn-north-1", KEY, ("encryption.key", "aws", "aws-cn")),
        ("us-gov-west-1", SOURCE, ('conditions.ArnLike."aws:SourceArn"[0]', "aws", "aws-us-gov")),
    ],
)
def test_an_arn_of_another_partition_is_told_with_what_to_write(
    region: str, lines: str, told: tuple[str, str, str]
) -> None:
    text = f'name = "acme-ml"\nregion = "{region}"\nusers = [{{ name = "ada" }}]\n{lines}\n'
    with pytest.raises(ConfigError) as refused:
        parse(text)

    place, found, wanted = told
    words = f'{place}: is an ARN of "{found}", and {region} is in "{wanted}"; begin it with "arn:{wanted}:"'
    assert words in refused.value.message


@pytest.mark.parametrize("partition", ["aws-us-gov", "*", "aws*"])
def test_its_own_partition_and_a_wildcard_are_fine(partition: str) -> None:
    lines = STATEMENT.replace("arn:aws:", f"arn:{partition}:")
    parse(f'name = "acme-ml"\nregion = "us-gov-west-1"\nusers = [{{ name = "ada" }}]\n{lines}\n')
