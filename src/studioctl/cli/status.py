"""`studioctl status`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from studioctl.cli import options

if TYPE_CHECKING:
    from studioctl.errors import AwsError
    from studioctl.operations.environment import Account
    from studioctl.operations.status import Status

Watch = Annotated[bool, typer.Option("--watch", "-w", help="Refresh every few seconds, until Ctrl-C.")]
SECONDS = {"local": 1.0, "aws": 5.0}  # between two looks; AWS limits how often one may ask


def status(
    config: options.Config = options.DEFAULT_CONFIG,
    env: options.Env = None,
    local: options.Local = False,
    json: options.Json = False,
    watch: Watch = False,
) -> None:
    """Show the domain, its users and spaces, running apps and their cost, live from AWS.

    With [bold]limits[/] in the file also the month so far, and what each user has left.
    """
    from studioctl.cli import context, rehearsal
    from studioctl.errors import ExitCode
    from studioctl.operations.spaces.start_stop import absent
    from studioctl.operations.status import status as look
    from studioctl.presentation import status as view
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.progress import waiting

    terminal = Terminal()
    account = context.account(config, local=local, env=env)
    flags = context.repeated(config, local=local, env=env)
    if not watch:
        with waiting(terminal, "Asking AWS"):
            found = _told(look(account), flags)
        nothing = env is not None and not (found.domain or found.resources or found.kept_homes)
        if json:
            typer.echo(dumps(found))
        elif not nothing:
            view.show(found, terminal, flags=flags, is_without_file=bool(env))
            if found.domain is None and env is None:
                rehearsal.note(terminal, "status", config, found.name, local=local)
        if nothing:
            error = absent(account)
            error.message += view.unseen(found)
            raise error
    else:
        try:
            seconds = SECONDS[account.target.name]
            view.watch(_looks(account, flags), terminal, seconds=seconds, as_json=json)
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None


def _told(found: "Status", flags: str) -> "Status":
    """The same, whose commands can be typed as they are."""
    from dataclasses import replace

    from studioctl.cli.hints import repeating

    return replace(found, limits_trouble=repeating(found.limits_trouble, flags))


def _looks(account: "Account", flags: str) -> Iterator["Status | AwsError"]:
    """One look after the other. When AWS fails once there was an answer, the next look may do better."""
    from studioctl.errors import AwsError
    from studioctl.operations.status import status as look

    yield _told(look(account), flags)
    while True:
        try:
            yield _told(look(account), flags)
        except AwsError as error:
            yield error
