"""The prices of AWS: from the dated lists beside this file, from the user's own file and from AWS's answers."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from studio_emulator.facts import has_gpu
from studioctl.guard.rates import is_free, item_of

TRAINING = "training "
INSTANCE = re.compile(r"(?:[A-Za-z]+ )?ml\.[a-z0-9-]+\.[a-z0-9-]+")
"""An instance's hour: "ml.t3.medium" of any app, "JupyterLab ml.t3.medium" of one kind, "training ml.m5.large"."""
# A holding's kind -> the item that it is paid as.
KEPT: Mapping[str, str] = {
    "bucket": "bucket",
    "home file system": "home",
    "repository": "repository",
    "secret": "secret",
    "key": "key",
    "database": "snapshots",
}
GIGABYTE = 1 << 30  # AWS counts so
HOURS_A_MONTH = 730  # so does AWS's calculator


@dataclass(frozen=True)
class Item:
    """Something that is paid for by amount.

    Args:
        what: In words.
        unit: The unit: "hour", "month", "GB" or "GB-month".
        service: AWS's code of the service in its price list; None where the list has no such item.
        usage: A regular expression for the usage type, without the region's prefix.
    """

    what: str
    unit: str
    service: str | None = None
    usage: str = ""


@dataclass(frozen=True)
class Price:
    """US dollars for one of an item; `as_of` is None for what the user's own file says."""

    usd: float
    as_of: str | None
    source: str


@dataclass(frozen=True)
class Prices:
    """One region's prices, by item: see `INSTANCE` and `items`."""

    region: str
    of: Mapping[str, Price] = field(default_factory=dict)

    @property
    def as_of(self) -> str | None:
        """The date of the oldest price of an app's hour; None where none is known with a date."""
        dates = [price.as_of for item, price in self.of.items() if item.startswith("ml.") and price.as_of]
        return min(dates, default=None)

    def usd(self, item: str) -> float | None:
        """US dollars for one of an item; None where it is not known."""
        price = self.of.get(item)
        return None if price is None else price.usd

    def per_hour(self, instance_type: str | None) -> float | None:
        """US dollars per hour of an app on this instance type; None where it is not known."""
        return self.usd(instance_type or "")

    def of_app(self, app_type: str, instance_type: str | None) -> float | None:
        """US dollars per hour of an app; None where it is not known."""
        if is_free(app_type, instance_type or ""):
            return 0.0
        return self.usd(item_of(self.of, app_type, instance_type or "") or "")

    def of_training(self, instance_type: str) -> float | None:
        """US dollars per hour of one instance of a training job; None where it is not known."""
        return self.usd(TRAINING + instance_type)

    def monthly(self, kind: str, size: int | None) -> float | None:
        """US dollars a month to keep something of this kind (a holding's) and size in bytes; None: not known.

        The sizes are hours old at times, and storage classes other than Standard cost less: so it is "about".
        """
        price = self.usd(KEPT.get(kind, ""))
        if price is None or items()[KEPT[kind]].unit == "month":
            return price
        return None if size is None else price * size / GIGABYTE

    def with_own(self, own: Mapping[str, float], source: str) -> "Prices":
        """These prices, and the user's own in place of those."""
        return Prices(self.region, {**self.of, **{item: Price(usd, None, source) for item, usd in own.items()}})


def prices(region: str, own: Mapping[str, float] | None = None) -> Prices:
    """The prices of a region; none where the lists have no such region.

    Args:
        region: AWS region.
        own: Prices that the user's file gives, by item.
    """
    return _listed(region).with_own(own or {}, "[cost] prices")


def items() -> Mapping[str, Item]:
    """The things besides instances that are paid for, by the name that prices have for them."""
    return _items()


def is_in_price_list(item: str) -> bool:
    """Whether AWS can be asked for its price: its list has instances, and the items that name a service."""
    return item not in _items() or _items()[item].service is not None


def alternatives(instance_type: str | None, region: str) -> tuple[str, ...]:
    """Other types of this region's table, nearest in price first; with a GPU exactly if this one has."""
    hourly = {item: price.usd for item, price in _listed(region).of.items() if item.startswith("ml.")}
    price = hourly.get(instance_type or "")
    if price is None:
        return ()
    others = [other for other in hourly if other != instance_type and has_gpu(other) == has_gpu(instance_type)]
    return tuple(sorted(others, key=lambda other: (abs(hourly[other] - price), other)))


def regions() -> tuple[str, ...]:
    """The regions of which the lists know anything."""
    return tuple(dict.fromkeys(entry["region"] for entry in _table("prices.toml")["list"]))


def _listed(region: str) -> Prices:
    found = {
        item: Price(usd, entry["as_of"], entry["source"])
        for entry in _table("prices.toml")["list"]
        if entry["region"] == region
        for item, usd in entry["usd"].items()
    }
    return Prices(region, found)


@cache
def _items() -> Mapping[str, Item]:
    return {name: Item(**fields) for name, fields in _table("items.toml").items()}


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
