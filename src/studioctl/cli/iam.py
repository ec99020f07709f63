"""`studioctl iam ...`."""

from typing import Annotated

import typer

from studioctl.cli import completion, options
from studioctl.cli.group import Group

app = typer.Typer(help="Policies for identities that studioctl does not create.", cls=Group, rich_markup_mode="rich")


@app.callback()
def iam() -> None:
    """Keep the group a group while it has one command."""


@app.command()
def user(
    name: Annotated[
        str,
        typer.Argument(help="The user profile.", metavar="NAME", autocompletion=completion.users, show_default=False),
    ],
    config: options.Config = options.DEFAULT_CONFIG,
    env: options.Env = None,
    local: options.Local = False,
) -> None:
    """Print the policy that a user's own AWS identity needs for the commands of the day, without the file.

    An administrator attaches it to the IAM user, or to the permission set of IAM Identity Center, as whom the user
    signs in. It covers start, stop, restart, open, connect, ssh, status, logs and list for the user's own spaces.
    """
    from studioctl.cli import context
    from studioctl.operations import own_identity

    account = context.account(config, local=local, env=env)
    typer.echo(own_identity.policy(account, name))
