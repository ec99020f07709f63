"""The last lines of `start` and `restart`: what runs now, what it costs, and what comes next."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from studioctl.operations.environment import Account
    from studioctl.operations.spaces.start_stop import App, Space
    from studioctl.presentation.console import Terminal


def tell(account: "Account", space: "Space", app: "App", terminal: "Terminal", *, flags: str, json: bool) -> None:
    """Tell it on stderr, or on stdout as JSON."""
    from studioctl.operations.costs.rates import usd_per_hour
    from studioctl.presentation import daily
    from studioctl.presentation.json import dumps

    cost = usd_per_hour(account, app)
    if json:
        typer.echo(dumps(daily.start_as_json(space, app, usd_per_hour=cost)))
        return
    daily.started(space.name, app, terminal, usd_per_hour=cost, flags=flags)
    if app.in_recovery:
        daily.in_recovery(space.name, terminal, flags=flags)
