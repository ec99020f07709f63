"""`studioctl emulator clock`."""

import re
from typing import Annotated, Any

import typer

from studioctl.cli import options

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
Forward = Annotated[
    str | None,
    typer.Option("--forward", help="Set it forward: 90s, 30m, 6h, 2d, 1w.", metavar="TIME", show_default=False),
]
To = Annotated[
    str | None,
    typer.Option(
        "--set", help="Set it forward to this moment, in UTC: 2026-12-24T18:00.", metavar="MOMENT", show_default=False
    ),
]
Stand = Annotated[
    bool | None,
    typer.Option("--stand/--go", help="Stop the clock until it is set again, or let it run.", show_default=False),
]


def clock(forward: Forward = None, to: To = None, stand: Stand = None, json: options.Json = False) -> None:
    """Show the emulator's time, and set its clock forward.

    Events that become due on the way happen, in order. While the clock is stopped, nothing that takes time finishes:
    let it run before [bold]up[/] or [bold]down[/]. It never goes back: [bold]studioctl emulator stop[/] resets it, with
    everything in the emulator. For example: [bold]studioctl emulator clock --forward 6h[/]
    """
    from studio_emulator import controls, server
    from studioctl.presentation.json import dumps

    if forward is not None and to is not None:
        raise typer.BadParameter("give this or --forward", param_hint="--set")
    change: dict[str, Any] = {} if stand is None else {"stand": stand}
    if forward is not None:
        change["forward"] = _seconds(forward)
    if to is not None:
        change["to"] = _moment(to)
    told = controls.clock(server.start(), change or None)
    typer.echo(dumps(told) if json else told["now"] + ("   (stands still)" if told["stands"] else ""))


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", text)
    if found is None:
        raise typer.BadParameter(f"'{text}' is not like 90s, 30m, 6h, 2d or 1w", param_hint="--forward")
    return float(found[1]) * SECONDS[found[2]]


def _moment(text: str) -> str:
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not like 2026-12-24T18:00", param_hint="--set") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
