"""ARNs belong to a partition of AWS, and nothing of one partition knows anything of another.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from studioctl.config.plain import list_in, table_in
from studioctl.config.text import Location, Violation, quote

# How the names of a partition's regions begin; all others are of "aws". Checked against botocore by a test.
BY_REGION = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
}


def partition_of(region: str) -> str:
    """The partition that a region is in."""
    return next((partition for prefix, partition in BY_REGION.items() if region.startswith(prefix)), "aws")


def violations(data: Mapping[str, Any]) -> Iterator[Violation]:
    """Every ARN in the file that is of another partition than the region. A wildcard in its place is anybody's."""
    region = data.get("region")
    if not isinstance(region, str):
        return
    wanted = partition_of(region)
    for place, arn in _arns(data):
        found = arn.split(":")[1] if arn.startswith("arn:") else wanted
        if found != wanted and not any(sign in found for sign in "*?$"):
            better = quote(f"arn:{wanted}:")
            yield place, f"is an ARN of {quote(found)}, and {region} is in {quote(wanted)}; begin it with {better}"


def _arns(data: Mapping[str, Any]) -> Iterator[tuple[Location, str]]:
    for section, key in (("iam", "permissions_boundary"), ("encryption", "key")):
        value = table_in(data, section).get(key)
        if isinstance(value, str):
            yield (section, key), value
    for index, statement in enumerate(list_in(table_in(data, "iam"), "extra_statements")):
        if isinstance(statement, dict):
            place: Location = ("iam", "extra_statements", index)
            resources = enumerate(list_in(statement, "resources"))
            yield from (((*place, "resources", n), arn) for n, arn in resources if isinstance(arn, str))
            yield from _in_conditions(place, table_in(statement, "conditions"))


def _in_conditions(place: Location, conditions: Mapping[str, Any]) -> Iterator[tuple[Location, str]]:
    for operator in conditions:
        for key in (tests := table_in(conditions, operator)):
            values = enumerate(list_in(tests, key))
            yield from (((*place, "conditions", operator, key, n), v) for n, v in values if isinstance(v, str))
