"""AWS's price list, asked by its API."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studioctl.aws.errors import translated
from studioctl.aws.session import Session
from studioctl.target import Target

if TYPE_CHECKING:
    from mypy_boto3_pricing.type_defs import FilterTypeDef

# The API has endpoints in three regions, each of which knows the prices of all.
# https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
ENDPOINT_REGION = "us-east-1"


def session_for(target: Target) -> Session:
    """A session where prices can be asked for, with the same credentials."""
    return Session(replace(target, region=ENDPOINT_REGION))


def products(session: Session, service: str, region: str, usage: str) -> Iterator[dict[str, Any]]:
    """The products of a service in a region whose usage type contains this text, each with its terms.

    Raises:
        AwsError: AWS refused; pricing:GetProducts may be missing.
    """
    filters: list[FilterTypeDef] = [
        {"Type": "TERM_MATCH", "Field": "regionCode", "Value": region},
        {"Type": "CONTAINS", "Field": "usagetype", "Value": usage},
    ]
    with translated():
        pages = session.client("pricing").get_paginator("get_products").paginate(ServiceCode=service, Filters=filters)
        for page in pages:
            yield from (json.loads(text) for text in page.get("PriceList", []))
