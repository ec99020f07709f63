"""What instances cost by the hour, and kept data by the month, from the dated tables beside this file."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from studio_emulator.facts import has_gpu

FREE = "system"
"""The instance type of Studio Classic's JupyterServer, whose instance AWS does not charge."""


@dataclass(frozen=True)
class Prices:
    """One region's prices: US dollars per hour by instance type; `as_of` is None where the table has no such region.

    `of_apps` are those that cost the same on any instance, by type of app.
    """

    region: str
    as_of: str | None
    hourly: dict[str, float]
    of_apps: dict[str, float]

    def per_hour(self, instance_type: str | None) -> float | None:
        """US dollars per hour; None where it is not known."""
        return self.hourly.get(instance_type or "")

    def of_app(self, app_type: str, instance_type: str | None) -> float | None:
        """US dollars per hour of an app; None where it is not known."""
        if app_type in self.of_apps:
            return self.of_apps[app_type]
        return 0.0 if instance_type == FREE else self.per_hour(instance_type)


def prices(region: str) -> Prices:
    """The prices of a region; none where the table has no such region."""
    found = _table("prices.toml").get(region)
    if found is None:
        return Prices(region, None, {}, {})
    return Prices(region, found["as_of"], found["hourly"], found.get("apps", {}))


@dataclass(frozen=True)
class NetworkPrices:
    """US dollars per hour for what a closed network is made of; an endpoint's is for each zone."""

    as_of: str
    nat_gateway: float
    interface_endpoint: float
    public_address: float


def network_prices(region: str) -> NetworkPrices | None:
    """The prices of a region's networks; None where the table has none."""
    found = _table("prices.toml").get(region, {}).get("network")
    return NetworkPrices(**{key: value for key, value in found.items() if key != "source"}) if found else None


def monthly(kind: str, size: int | None) -> float | None:
    """About how many US dollars a month it costs to keep something of this kind (a holding's) and size in bytes.

    None where that is not known. AWS counts a GB as 2^30 bytes.
    """
    table = _table("storage_prices.toml")
    if kind in table["each"]:
        return float(table["each"][kind])
    price = table["per_gb"].get(kind)
    return None if price is None or size is None else price * size / (1 << 30)


def monthly_as_of() -> str:
    """The date of these prices."""
    return str(_table("storage_prices.toml")["as_of"])


def alternatives(instance_type: str | None, region: str, *, count: int = 3) -> tuple[str, ...]:
    """Other types of this region's table, nearest in price first; with a GPU exactly if this one has."""
    hourly = prices(region).hourly
    price = hourly.get(instance_type or "")
    if price is None:
        return ()
    others = [other for other in hourly if other != instance_type and has_gpu(other) == has_gpu(instance_type)]
    return tuple(sorted(others, key=lambda other: (abs(hourly[other] - price), other))[:count])


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
