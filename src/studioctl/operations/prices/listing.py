"""The prices that are known in an environment's region."""

from dataclasses import dataclass

from studioctl.catalog.prices import Price, items
from studioctl.config.model import EnvironmentConfig
from studioctl.operations.prices import known as prices


@dataclass(frozen=True)
class ListedPrice:
    """The price of an item.

    Args:
        item: Its name in `[cost] prices`.
        what: It in words.
        unit: The unit.
        usd: US dollars; None: not known.
        as_of: The date of the price; None for one of the user's own.
        source: The source of the price.
    """

    item: str
    what: str
    unit: str
    usd: float | None
    as_of: str | None
    source: str


def known(config: EnvironmentConfig) -> tuple[ListedPrice, ...]:
    """Every price of the region, instances first, and every item without one."""
    table = prices.of(config)
    instances = [item for item in table.of if item not in items()]
    return tuple(_listed(item, table.of.get(item)) for item in (*sorted(instances), *items()))


def _listed(item: str, price: Price | None) -> ListedPrice:
    known_item = items().get(item)
    what, unit = (known_item.what, known_item.unit) if known_item else (_instance(item), "hour")
    usd, as_of, source = (price.usd, price.as_of, price.source) if price else (None, None, "")
    return ListedPrice(item, what, unit, usd, as_of, source)


def _instance(item: str) -> str:
    kind, _, instance_type = item.rpartition(" ")
    return f"{'training job' if kind == 'training' else kind or 'app'} on {instance_type}"
