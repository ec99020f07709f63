"""The prices that commands count with: the table's, newer ones that AWS was asked for, and the file's own."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studioctl import homes
from studioctl.catalog import price_list
from studioctl.catalog.prices import INSTANCE, Price, Prices, items, prices
from studioctl.config.model import EnvironmentConfig
from studioctl.disk import read_named, replace
from studioctl.errors import StudioctlError
from studioctl.target import Target

if TYPE_CHECKING:
    from studioctl.aws.session import Session

ANSWERED = "AWS's price list, asked with pricing:GetProducts"
LARGEST = 1024 * 1024  # bytes of an answer that was kept
# Parts of usage types by which the API finds the hours of instances.
HOURS = ("Studio:CodeEditor-", "Studio:JupyterLab-", "Train:")


@dataclass(frozen=True)
class Answer:
    """The answer of AWS about a region.

    Args:
        usd: US dollars by item.
        as_of: The date.
    """

    region: str
    as_of: str
    usd: dict[str, float] = field(default_factory=dict)


def of(config: EnvironmentConfig) -> Prices:
    """The prices of the environment's region; each from the newest source, the file's own before all."""
    table = prices(config.region)
    answer = _kept(config.region)
    newer = {
        item: Price(usd, answer.as_of, ANSWERED)
        for item, usd in (answer.usd if answer else {}).items()
        if answer and (item not in table.of or (table.of[item].as_of or "") <= answer.as_of)
    }
    return Prices(config.region, {**table.of, **newer}).with_own(config.cost.prices, "[cost] prices")


def ask(config: EnvironmentConfig) -> Answer:
    """Asks AWS for the prices of the environment's region and keeps the answer for all commands of this user.

    Raises:
        AwsError: AWS refused, or cannot be reached. What was kept before stays.
        StudioctlError: AWS has no price in US dollars for the region, or the user has no cache directory.
    """
    from studioctl.aws.pricing import session_for  # noqa: PLC0415 (botocore is needed only here)

    answer = asked(session_for(Target(config.region, config.profile)), config.region)
    if not answer.usd:
        raise StudioctlError(
            f"AWS's price list has nothing in US dollars for {config.region}.",
            hint="write the prices into the file, under [cost] prices: studioctl docs know-what-it-costs",
        )
    file = _file(config.region)
    file.parent.mkdir(parents=True, exist_ok=True)
    replace(file, json.dumps({"as_of": answer.as_of, "usd": answer.usd}, indent=1), mode=0o600)
    return answer


def asked(session: "Session", region: str) -> Answer:
    """The answer of AWS about every item of a region."""
    from studioctl.aws.pricing import products  # noqa: PLC0415 (botocore is needed only here)

    entries = [entry for service, usage in questions() for entry in products(session, service, region, usage)]
    usd = {item: price for item, price in price_list.read(entries).get(region, {}).items() if _is_price(item, price)}
    return Answer(region, datetime.now(UTC).date().isoformat(), usd)


def questions() -> list[tuple[str, str]]:
    """Services, and the parts of usage types by which the API finds our items among their products."""
    hours = [(price_list.SAGEMAKER, usage) for usage in HOURS]
    return [*hours, *((item.service, item.usage.replace("\\", "")) for item in items().values() if item.service)]


def _kept(region: str) -> Answer | None:
    """The answer that was kept; None where there is none that can be read."""
    try:
        content = json.loads(read_named(_file(region), LARGEST))
        as_of = date.fromisoformat(content["as_of"]).isoformat()
        usd = {item: price for item, price in content["usd"].items() if _is_price(item, price)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StudioctlError):
        return None
    return Answer(region, as_of, usd)


def _is_price(item: Any, price: Any) -> bool:
    known = isinstance(item, str) and (item in items() or INSTANCE.fullmatch(item) is not None)
    return known and isinstance(price, int | float) and not isinstance(price, bool) and 0 < price < 100_000


def _file(region: str) -> Path:
    return homes.required(homes.cache()) / "prices" / f"{region}.json"
