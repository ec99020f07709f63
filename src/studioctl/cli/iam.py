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
    local: options.Local = False,
) -> None:
    """Print the policy that a user's own AWS identity needs for everyday commands.

    An administrator attaches it to the IAM user, or to the permission set of IAM Identity Center, with which the user
    signs in. It covers start, stop, restart, open, connect, ssh, status, logs and list for the user's own spaces.
    Those take --env. This command needs the file: nothing else has [bold]\\[limits][/] and [bold]remote_access[/].
    If [bold]\\[access] auth[/] is "sso", Studio itself does not need it: it is for commands on a laptop.
    """
    from studioctl.cli import context
    from studioctl.operations import own_identity

    account = context.account(config, local=local)
    found = own_identity.policy(account, name)
    typer.echo(found.text)
    if found.by_identity_center:
        typer.echo(
            f"{name} signs in to Studio by IAM Identity Center and needs no policy for it. This one is for studioctl on"
            " a laptop: put it into a permission set that is assigned for this account.",
            err=True,
        )


@app.command()
def deployer(
    config: options.Config = options.DEFAULT_CONFIG,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Only what [bold]plan[/] needs: for jobs on unreviewed changes.")
    ] = False,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Also what [bold]down --delete-data[/] needs.")
    ] = False,
    part: Annotated[
        int | None,
        typer.Option(
            help="Only this part, if the whole policy is too long for IAM.", min=1, metavar="N", show_default=False
        ),
    ] = None,
    local: options.Local = False,
) -> None:
    """Print a policy with only the permissions that plan, up and down need for this studio.toml.

    An administrator attaches it to the role that deploys, such as a pipeline's. It also covers status, doctor and
    quotas. Its holder decides what the environment's roles may do: limit them with [bold]permissions_boundary[/].
    """
    from studioctl.cli import context
    from studioctl.operations import deployer

    account = context.account(config, local=local)
    whole, parts = deployer.policies(account, deletes_data=delete_data, reads_only=read_only)
    if part is None:
        typer.echo(whole)
        if len(parts) > 1:
            typer.echo(f"IAM takes this as {len(parts)} policies: print each with --part 1 to {len(parts)}.", err=True)
        return
    if part > len(parts):
        raise typer.BadParameter(f"there is no part {part}: IAM takes the whole in {len(parts)}", param_hint="--part")
    typer.echo(parts[part - 1])
