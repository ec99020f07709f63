"""`studioctl open`."""

from typing import TYPE_CHECKING, Annotated

import typer

from studioctl.cli import options

if TYPE_CHECKING:
    from studioctl.presentation.console import Terminal

Print = Annotated[bool, typer.Option("--print", help="Print the address instead. It lets anybody in, once.")]


def open_(
    space: options.Space = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    print_it: Print = False,
    yes: options.Yes = False,
) -> None:
    """Open Code Editor in the browser. Asks whether to start it, if it is stopped."""
    from studioctl.cli import choose, confirm, context
    from studioctl.operations import access, spaces
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.progress import follow

    terminal = Terminal()
    account = context.account(config, local=local)
    found = spaces.find(account, choose.space(account, space, terminal))
    state = spaces.state(account, found)
    if state != "InService":
        if state != "Pending":
            confirm.agreed(f"'{found.name}' is stopped. Start it? Its instance is paid for from then on.", yes=yes)
        follow(spaces.start(account, found), terminal)
    url = access.presigned_url(account, found)
    if print_it:
        typer.echo(url)
    else:
        _open(url, found.name, terminal)


def _open(url: str, space: str, terminal: "Terminal") -> None:
    from studioctl.cli.browser import hand_over
    from studioctl.errors import StudioctlError

    if not hand_over(url):
        raise StudioctlError("No browser could be opened here.", hint=f"studioctl open {space} --print")
    terminal.say(f"'{space}' is open in your browser.")
