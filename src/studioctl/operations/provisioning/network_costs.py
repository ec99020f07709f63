"""Costs that arise while nobody works: the network, and editors that nobody stops."""

from collections import Counter
from collections.abc import Mapping, Sequence

from studioctl.catalog.kinds import PAID_NETWORK
from studioctl.catalog.prices import HOURS_A_MONTH
from studioctl.config.checks import NEVER
from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import count
from studioctl.operations.costs import pieces
from studioctl.operations.prices import known
from studioctl.terraform.plan import PlanSummary


def told(config: EnvironmentConfig, lacking: Mapping[str, Sequence[str]] | None = None) -> str | None:
    """One line about what is paid for by the hour; None where nothing is.

    Args:
        config: The environment.
        lacking: The zones of it in which a service has no endpoint, by AWS's name of the service, where that is known.
    """
    paid = list(pieces.network(config))
    if not paid:
        return None
    counts = Counter(piece.item for piece in paid)
    in_zones = count(config.network.availability_zones, "zone")
    missing = sum(map(len, (lacking or {}).values()))
    if missing:
        in_zones += f", less {missing} where a zone has none"
    nat = ["a NAT gateway with its address"] if counts["nat_gateway"] else []
    ways = counts["endpoint"]
    parts = [*nat, *([f"{count(ways, 'interface endpoint')} in {in_zones}"] if ways else [])]
    what = f"The network is paid for by the hour, used or not: {' and '.join(parts)}"
    table = known.of(config)
    counts["endpoint"] = ways * config.network.availability_zones - missing
    priced = {item: price for item, count in counts.items() if count and (price := table.of.get(item))}
    if len(priced) < sum(map(bool, counts.values())):
        return f"{what}. Prices of {config.region} are not known here."
    hourly = sum(counts[item] * price.usd for item, price in priced.items())
    oldest = min((price.as_of for price in priced.values() if price.as_of), default="your own prices")
    return f"{what}: about {hourly:.3f} USD, and more for each GB ({config.region}, {oldest})."


def forgotten(config: EnvironmentConfig) -> str | None:
    """One line about what an editor costs that is left open; None where idle ones are stopped."""
    if config.studio.idle_timeout_minutes != NEVER:
        return None
    types = sorted({space.instance_type for space in config.resolved_spaces()})
    what = 'idle_timeout_minutes = "never": an editor that is left open is paid for until somebody stops it'
    table = known.of(config)
    costs = [
        f"{name} {price * HOURS_A_MONTH:,.2f}" if (price := table.per_hour(name)) else f"{name} (price unknown here)"
        for name in types
    ]
    dated = f", {config.region}, {table.as_of}" if table.as_of else ""
    return f"{what}. USD a month{dated}: {', '.join(costs)}." if costs else f"{what}."


def begins(summary: PlanSummary) -> bool:
    """Whether the plan makes any of it."""
    return any(change.type in PAID_NETWORK and change.action == "create" for change in summary.changes)
