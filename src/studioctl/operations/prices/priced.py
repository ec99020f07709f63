"""Limits in US dollars need prices: a guard without them would find that nobody has spent anything."""

from studioctl.catalog.prices import TRAINING, prices
from studioctl.config.model import EnvironmentConfig
from studioctl.errors import ConfigError


def refuse_limits_without_prices(config: EnvironmentConfig) -> None:
    """Refuses a sum where nobody knows what an instance type of the file costs, or its database.

    Only the file's and the table's prices count: those that AWS was asked for are on one computer, and two people's
    `up` would make two guards in turn. Reading prices stays possible, so this is no rule of the file itself.

    Raises:
        ConfigError: It names them, and where to write their prices.
    """
    if config.limits.monthly_usd is None and config.limits.monthly_usd_per_user is None:
        return
    table = prices(config.region, config.cost.prices)
    known = {item.rpartition(" ")[2] for item in table.of if not item.startswith(TRAINING)}
    types = [config.studio.instance_type, *(space.instance_type for space in config.resolved_spaces())]
    counted = [*types, *(["database"] if config.tuning.has_database else [])]
    lacking = [each for each in dict.fromkeys(counted) if each not in known]
    if lacking:
        key = "monthly_usd" if config.limits.monthly_usd is not None else "monthly_usd_per_user"
        raise ConfigError(
            f"[limits] {key} cannot be kept: nobody knows what {', '.join(lacking)} costs in {config.region}."
            " Nothing was changed.",
            hint=f'write it under [cost.prices], "{lacking[0]}" = ...; to see prices: studioctl cost --ask --prices',
        )
