"""AWS's price list, read: the products and terms of its public files, and of the answers of its API.

Both have the same form: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-files.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from studioctl.catalog.prices import TRAINING, items

SAGEMAKER = "AmazonSageMaker"
# The usage types of instances, and what stands before the instance's type in the item's name. Code Editor's price
# counts for all kinds of apps; JupyterLab's is only told where it differs.
_HOURS: tuple[tuple[str, str], ...] = (
    (r"Studio:JupyterLab-(ml\..+)", "JupyterLab "),
    (r"Studio:CodeEditor-(ml\..+)", ""),
    (r"Train:(ml\..+)", TRAINING),
)
_PREFIX = r"(?:[A-Z0-9]+-|[a-z]+(?:-[a-z]+)+-\d+-)?"  # of the region: "USE1-", KMS's "us-east-1-", or none


def services() -> tuple[str, ...]:
    """AWS's codes of the services whose lists have our items."""
    return tuple(dict.fromkeys(item.service for item in items().values() if item.service))


def read(entries: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """US dollars by region and item.

    Args:
        entries: Products with their terms, each as an answer of GetProducts has it.

    Of several prices of one item the first tier's is taken. What cannot be read is left out: it is unknown then.
    """
    found: dict[str, dict[str, float]] = {}
    for entry in entries:
        attributes = entry.get("product", {}).get("attributes", {})
        region, item = attributes.get("regionCode"), _item(attributes)
        usd = _usd(entry.get("terms", {}))
        if region and item and usd is not None and attributes.get("locationType", "AWS Region") == "AWS Region":
            found.setdefault(region, {}).setdefault(item, usd)
    return {region: _without_repetition(prices) for region, prices in found.items()}


def of_file(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The products of a file of the public list, each with its terms."""
    terms = content.get("terms", {}).get("OnDemand", {})
    for sku, product in content.get("products", {}).items():
        yield {"product": product, "terms": {"OnDemand": terms.get(sku, {})}}


def _item(attributes: Mapping[str, str]) -> str | None:
    service, usage = attributes.get("servicecode"), attributes.get("usagetype", "")
    if service == SAGEMAKER:
        for pattern, kind in _HOURS:
            if match := re.fullmatch(_PREFIX + pattern, usage):
                return kind + match[1]
    for name, item in items().items():
        same_service = service == item.service or {service, item.service} == {"AmazonEC2", "AmazonVPC"}
        if item.service and same_service and re.fullmatch(_PREFIX + item.usage, usage):
            return None if _is_another(attributes) else name
    return None


def _is_another(attributes: Mapping[str, str]) -> bool:
    """Whether it has the usage type of one of our items, and is another engine's or class's."""
    engine, kind = attributes.get("databaseEngine"), attributes.get("volumeType")
    return engine not in {None, "Aurora PostgreSQL", "Any"} or kind not in {None, "Standard"}


def _usd(terms: Mapping[str, Any]) -> float | None:
    """The price of the first tier that costs something; None where there is none in US dollars."""
    dimensions = [
        dimension for offer in terms.get("OnDemand", {}).values() for dimension in offer["priceDimensions"].values()
    ]
    tiers = sorted(dimensions, key=lambda dimension: float(dimension.get("beginRange") or 0))
    costs = (float(tier["pricePerUnit"]["USD"]) for tier in tiers if "USD" in tier["pricePerUnit"])
    return next((usd for usd in costs if usd > 0), None)


def _without_repetition(found: Mapping[str, float]) -> dict[str, float]:
    """The prices without those of one kind of app that equal the price of any app; a lone price stands for any app."""
    kept = dict(found)
    for item in found:
        kind, _, instance_type = item.rpartition(" ")
        if kind == "JupyterLab":
            of_any = kept.setdefault(instance_type, found[item])
            if of_any == found[item]:
                del kept[item]
    return kept
