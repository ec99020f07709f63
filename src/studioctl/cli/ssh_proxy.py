"""`studioctl ssh-proxy`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studioctl.cli import options
from studioctl.errors import StudioctlError

if TYPE_CHECKING:
    from studioctl.target import Target


def ssh_proxy(
    space: Annotated[
        str, typer.Argument(help="ARN of a space, or the name of one of the file's.", metavar="ARN|SPACE")
    ],
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    profile: Annotated[str | None, typer.Option(help="AWS profile, where the space is given by its ARN.")] = None,
) -> None:
    """Carry ssh to a space: ssh starts this as its ProxyCommand. stdin and stdout are ssh's."""
    from studioctl.presentation.console import Terminal

    try:
        _become_the_carrier(space, config, profile, local=local)
    except StudioctlError as error:
        # In an editor's log one line is found more easily than two.
        Terminal().say(" ".join(f"studioctl: {error.message} Next: {error.hint}".split()))
        raise typer.Exit(error.exit_code) from error


def _become_the_carrier(space: str, config: Path, profile: str | None, *, local: bool) -> None:
    from studioctl.operations.spaces import ssh_proxy as proxy

    if space.startswith("arn:"):  # as connect writes it: the file may be anywhere, or gone
        found = proxy.parse_arn(space)
        proxy.carry(_target(found.region, profile, local=local), found.arn, os.environ)
    else:
        from studioctl.cli import context
        from studioctl.operations.spaces import connect

        account = context.account(config, local=local)
        proxy.carry(account.target, connect.arn_of(account, space), os.environ)


def _target(region: str, profile: str | None, *, local: bool) -> "Target":
    from studioctl.target import Target

    if not local:
        return Target(region, profile)
    from studio_emulator import server
    from studioctl.operations import emulation

    emulator = server.find()
    if emulator is None:  # a new one would have no spaces
        raise StudioctlError("The emulator is not running.", hint="studioctl up --local")
    return emulation.target(emulator, region)
