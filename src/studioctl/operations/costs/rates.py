"""The costs of single things: an app that starts, a copy, an image."""

from typing import TYPE_CHECKING

from studioctl.catalog.prices import Prices
from studioctl.operations.environment import Account
from studioctl.operations.prices import known

if TYPE_CHECKING:  # they come with botocore
    from collections.abc import Iterable

    from studioctl.aws.values import App
    from studioctl.operations.data.backup import Copy, Plan


def usd_per_hour(account: Account, app: "App") -> float | None:
    """US dollars per hour while this app runs; None where that is not known."""
    return of_running(app, _prices(account))


def of_running(app: "App", prices: Prices) -> float | None:
    """The same by these prices. The capacity of a training plan was paid for when that was bought."""
    return 0.0 if app.spec.training_plan else prices.of_app(app.type, app.instance_type)


def usd_per_month(account: Account, kind: str, size: int) -> float | None:
    """US dollars a month to keep so many bytes of a kind (a holding's); None where that is not known."""
    return _prices(account).monthly(kind, size)


def of_starts(account: Account, plan: "Plan") -> list[float | None]:
    """US dollars per hour of each app that is started for copies; None where that is not known."""
    started = ((it.space.editor_type, it.instance_type or it.runs_on) for it in plan.volumes if it.must_start)
    return [_prices(account).of_app(*app) for app in started]


def of_copies(account: Account, copies: "Iterable[Copy]") -> float | None:
    """US dollars a month to keep these copies, as the environment's region has it; None where that is not known."""
    return usd_per_month(account, "bucket", sum(copy.bytes for copy in copies))


def _prices(account: Account) -> Prices:
    return known.of(account.config)
