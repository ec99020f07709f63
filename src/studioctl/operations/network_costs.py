"""What the network costs while it exists, whether or not anybody works."""

from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import count
from studioctl.infrastructure import endpoints
from studioctl.operations.prices import network_prices
from studioctl.terraform.plan import PlanSummary

PAID = {"aws_nat_gateway", "aws_vpc_endpoint"}


def told(config: EnvironmentConfig) -> str | None:
    """One line about what is paid for by the hour; None where nothing is."""
    network = config.network
    if not network.is_closed or network.vpc is not None:
        return None
    ways = len(endpoints.interfaces(config))
    in_zones = count(network.availability_zones, "zone")
    nat = ["a NAT gateway with its address"] if network.internet == "nat" else []
    parts = [*nat, *([f"{count(ways, 'interface endpoint')} in {in_zones}"] if ways else [])]
    what = f"The network is paid for by the hour, used or not: {' and '.join(parts)}"
    price = network_prices(config.region)
    if price is None:
        return f"{what}. Prices of {config.region} are not known here."
    hourly = len(nat) * (price.nat_gateway + price.public_address)
    hourly += ways * network.availability_zones * price.interface_endpoint
    return f"{what}: about {hourly:.3f} USD, and more for each GB ({config.region}, {price.as_of})."


def begins(summary: PlanSummary) -> bool:
    """Whether the plan makes any of it."""
    return any(change.type in PAID and change.action == "create" for change in summary.changes)
