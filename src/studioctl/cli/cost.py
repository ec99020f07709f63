"""`studioctl cost`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from studioctl.cli import options

Users = Annotated[
    int | None,
    typer.Option("--users", help="What if there were this many users?", metavar="N", show_default=False),
]
Hours = Annotated[float, typer.Option("--hours", help="Hours of work on each of five days a week.", min=0, max=24)]
Volume = Annotated[
    int | None,
    typer.Option("--volume-gb", help="What if each space's volume had this size?", metavar="GB", show_default=False),
]
Network = Annotated[
    Literal["public", "nat", "none"] | None,
    typer.Option(
        "--network",
        help="What if the network were public, closed with a NAT gateway, or closed without the internet (none)?",
        show_default=False,
    ),
]
Idle = Annotated[
    str | None,
    typer.Option(
        "--idle-minutes",
        help="What if idle apps stopped after this many minutes, or never?",
        metavar="MINUTES|never",
        show_default=False,
    ),
]
Region = Annotated[
    str | None,
    typer.Option("--region", help="What if it were in this region?", metavar="REGION", show_default=False),
]
Ask = Annotated[
    bool,
    typer.Option("--ask", help="First ask AWS for the region's prices, and store them (pricing:GetProducts)."),
]
Prices = Annotated[bool, typer.Option("--prices", help="Show the region's known prices, with sources.")]

Month = Annotated[
    str | None,
    typer.Option(
        "--month",
        help="Show the usage of a month: 2026-11, this or last. Asks AWS.",
        metavar="MONTH",
        show_default=False,
    ),
]
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        help="With --month: group by user, space, group, or tag:NAME, a tag of the user profile.",
        metavar="WHAT",
        show_default=False,
    ),
]
CostExplorer = Annotated[
    bool,
    typer.Option(
        "--cost-explorer",
        help="With --month: also show the figures of AWS's Cost Explorer. Costs 0.01 USD.",
    ),
]
Csv = Annotated[bool, typer.Option("--csv", help="With --month: print a table for other programs.")]


def cost(
    config: options.Config = options.DEFAULT_CONFIG,
    users: Users = None,
    hours: Hours = 8.0,
    instance_type: options.WhatIfType = None,
    volume_gb: Volume = None,
    network: Network = None,
    idle_minutes: Idle = None,
    region: Region = None,
    prices: Prices = False,
    ask: Ask = False,
    month: Month = None,
    by: By = None,
    cost_explorer: CostExplorer = False,
    csv: Csv = False,
    env: options.Env = None,
    local: options.Local = False,
    json: options.Json = False,
) -> None:
    """Estimate the monthly cost of the environment from the file alone, without an account.

    Shows the cost with no app running, with every app running for eight hours on working days, and with apps left
    running: started each working day and stopped only when idle. The options change the assumptions.

    [bold]--month[/] shows the real usage instead: users, spaces, hours and dollars. Only [bold]--month[/] and
    [bold]--ask[/] ask AWS.
    """
    from studioctl.config.load import load
    from studioctl.config.source import Source
    from studioctl.operations.costs import what_if
    from studioctl.operations.costs.estimate import estimate
    from studioctl.operations.prices import known, listing
    from studioctl.presentation import costs as views
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import waiting

    if month is not None:
        _show_month(config, month, by=by, explore=cost_explorer, env=env, local=local, csv=csv, json=json)
        return
    for flag, is_given in (
        ("--csv", csv),
        ("--env", env is not None),
        ("--by", by is not None),
        ("--cost-explorer", cost_explorer),
    ):
        if is_given:
            raise typer.BadParameter("it needs --month", param_hint=flag)
    file = load(config)
    idle = what_if.minutes(idle_minutes)
    asked = what_if.Asked(users, instance_type, volume_gb, network, idle, region)
    is_what_if = asked != what_if.Asked()
    subject = what_if.changed(file, asked) if is_what_if else file
    terminal = Terminal()
    if ask:
        with waiting(terminal, f"Asking AWS for prices of {subject.region}"):
            answer = known.ask(subject)
        terminal.say(f"{len(answer.usd)} prices of {answer.region}, of {answer.as_of}, are kept for every command.")
    if prices:
        found = listing.known(subject)
        if json:
            typer.echo(dumps(found))
        else:
            views.price_table(found, terminal)
        return
    result = estimate(subject, hours)
    source = None if is_what_if else Source.of(config)
    against = estimate(file, hours) if is_what_if else None
    if json:
        typer.echo(dumps(views.to_json(result, source=source, against=against)))
    else:
        flags = options.config_flag(config) + (f" --region {subject.region}" if region else "")
        views.show(result, terminal, source=source, against=against, flags=flags)


def _show_month(
    config: Path, month: str, *, by: str | None, explore: bool, env: str | None, local: bool, csv: bool, json: bool
) -> None:
    from studioctl.cli import context
    from studioctl.operations.costs.explorer import explored
    from studioctl.operations.costs.month import month as look
    from studioctl.operations.costs.shares import shares
    from studioctl.presentation import month as view
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import waiting

    if csv and json:
        raise typer.BadParameter("give this or --json", param_hint="--csv")
    if csv and explore:
        raise typer.BadParameter("the table has no place for it: leave --csv out", param_hint="--cost-explorer")
    terminal = Terminal()
    account = context.account(config, local=local, env=env)
    with waiting(terminal, "Asking AWS"):
        found = look(account, month)
        parts = shares(account, found, by) if by else None
        beside = explored(account, found) if explore else None
    if json:
        typer.echo(dumps(view.to_json(found, parts, beside)))
    elif csv:
        typer.echo(view.to_csv(found) if parts is None else view.shares_to_csv(found, parts, by or ""), nl=False)
        for told in filter(None, (view.unknown(found), view.earlier(found), view.of_today(by or ""))):
            terminal.say(told)
    elif parts is not None:
        view.show_shares(found, parts, by or "", terminal)
    else:
        view.show(found, terminal)
    if beside is not None and not json:
        view.show_explored(beside, found, terminal)
