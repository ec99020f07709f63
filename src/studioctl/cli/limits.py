"""`studioctl limits ...`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studioctl.cli import completion, options
from studioctl.cli.group import Group

if TYPE_CHECKING:
    from studioctl.operations.environment import Account
    from studioctl.presentation.console import Terminal

app = typer.Typer(
    help="Show users' monthly spending limits, and raise them.",
    cls=Group,
    rich_markup_mode="rich",
)
User = Annotated[
    str,
    typer.Argument(
        help="The user, or everybody for all users together.",
        metavar="USER",
        show_default=False,
        autocompletion=completion.users,
    ),
]
Usd = Annotated[float, typer.Argument(help="Additional US dollars.", metavar="USD", min=0.01, max=1_000_000)]


@app.command()
def show(
    config: options.Config = options.DEFAULT_CONFIG, local: options.Local = False, json: options.Json = False
) -> None:
    """Show the month so far: amount spent, limit and rest, for all users together and for each.

    The figures are those of the guard, a function in the account that looks every few minutes.
    """
    from dataclasses import replace

    from studioctl.cli import context
    from studioctl.cli.hints import repeating
    from studioctl.operations import limits as operation
    from studioctl.operations.costs.estimate import of_guard
    from studioctl.presentation import limits as view
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import waiting

    terminal, account = Terminal(), context.account(config, local=local)
    operation.require(account)
    with waiting(terminal, "Asking AWS"):
        found = operation.show(account)
    found = replace(found, remedy=repeating(found.remedy, context.repeated(config, local=local)))
    if json:
        typer.echo(dumps(found))
    else:
        minutes = account.config.limits.check_minutes
        view.show(found, terminal, check_minutes=minutes, own=of_guard(account.config))


@app.command()
def grant(
    user: User,
    usd: Usd,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
) -> None:
    """Let a user, or everybody together, spend more until the month ends: [bold]studioctl limits grant ada 20[/]

    Whoever was stopped can start again after the guard's next look.
    """
    _change(user, usd, config=config, local=local)


@app.command()
def revoke(
    user: User,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
) -> None:
    """Revoke everything granted to a user, or to everybody together, this month."""
    _change(user, 0.0, config=config, local=local)


def _change(user: str, usd: float, *, config: Path, local: bool) -> None:
    from studioctl.cli import context
    from studioctl.operations import limits as operation
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.progress import waiting

    terminal, account = Terminal(), context.account(config, local=local)
    with waiting(terminal, "Writing the grant"):
        granted = operation.grant(account, user, usd)
    minutes = account.config.limits.check_minutes
    terminal.say(
        f"{granted:,.2f} USD are granted to {user} this month. The guard looks within"
        f" {minutes} minute{'s' if minutes > 1 else ''}."
    )
    if usd:
        _wake(account, terminal, repeated=context.repeated(config, local=local))


def _wake(account: "Account", terminal: "Terminal", *, repeated: str) -> None:
    """The grant is written: what fails now must not look as if it were not, or somebody grants twice."""
    from studioctl.cli.hints import repeating
    from studioctl.errors import StudioctlError
    from studioctl.operations import limits as operation
    from studioctl.presentation.progress import waiting

    try:
        with waiting(terminal, "Looking after the database of studies"):
            starts = operation.wake(account)
    except StudioctlError as error:
        terminal.say(f"If the guard has stopped the database of studies, its next look starts it. {error.message}")
        terminal.say(f"To put it right: {repeating(error.hint, repeated)}")
        return
    if starts:
        terminal.say("The database of studies is starting, which takes some minutes.")
