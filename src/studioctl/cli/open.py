"""`studioctl open`."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from studioctl.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studioctl.presentation.console import Terminal

HAND_OVER_SECONDS = 60  # a browser that is slow to start comes within half of it
Print = Annotated[bool, typer.Option("--print", help="Print the address instead. It lets anybody in, once.")]


def open_(
    space: options.Space = None,
    config: options.Config = options.DEFAULT_CONFIG,
    env: options.Env = None,
    local: options.Local = False,
    print_it: Print = False,
    yes: options.Yes = False,
) -> None:
    """Open the Code Editor or JupyterLab of a space in the browser. If it is stopped, ask whether to start it."""
    from studioctl.cli import choose, confirm, context
    from studioctl.operations.spaces import address, start_stop
    from studioctl.presentation import daily
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.progress import follow

    terminal = Terminal()
    account = context.account(config, local=local, env=env)
    found = start_stop.find(account, choose.space(account, space, terminal))
    state = start_stop.state(account, found)
    if state != "InService":
        if state != "Pending":
            confirm.agreed(daily.start_question(found.name), yes=yes)
        follow(start_stop.start(account, found), terminal)
    if portal := address.portal(account):
        _sign_in(portal, found.name, terminal, print_it=print_it)
    elif print_it:
        typer.echo(address.presigned_url(account, found))
    else:
        hand_over_and_tell(
            address.presigned_url(account, found, expires_seconds=HAND_OVER_SECONDS), found.name, terminal
        )


def _sign_in(portal: str, space: str, terminal: "Terminal", *, print_it: bool) -> None:
    """The domain's own address, which is no secret: whoever comes signs in with IAM Identity Center."""
    if print_it:
        typer.echo(portal)
    else:
        hand_over_and_tell(portal, space, terminal, lasts=True)
    terminal.say(f"Sign in with IAM Identity Center, as the owner of '{space}'; it is among your spaces in Studio.")


def hand_over_and_tell(url: str, space: str, terminal: "Terminal", *, lasts: bool = False) -> None:
    """Opens the address in the browser, and says how it went. `lasts`: whether it is one that does not expire."""
    from studioctl.errors import StudioctlError
    from studioctl.remote.browser import PATIENCE, hand_over

    visit = hand_over(url)
    strangers = _strangers(visit.refused)
    if visit.came:
        terminal.say(f"'{space}' is open in your browser.")
        if strangers:
            terminal.say(f"{strangers} asked for the page, too, and was refused.")
        return
    if strangers:
        message = f"{strangers} asked for the page first and was refused; your browser did not come."
    elif visit.started:
        message = f"A browser was started, but did not ask for the page within {PATIENCE:.0f} seconds."
    else:
        message = f"No browser could be started: {_why_none()}."
    soon = "" if lasts else ", within five minutes"
    raise StudioctlError(message, hint=f"studioctl open {space} --print   (then open the address in a browser{soon})")


def _why_none() -> str:
    """The reason why no browser starts, as far as the environment shows it."""
    if named := os.environ.get("BROWSER"):
        return f"BROWSER names '{named}', which did not work"
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "there is no display here (DISPLAY is not set), and no browser for terminals"
    return "none was found, and BROWSER names none"


def _strangers(refused: "Sequence[int | None]") -> str:
    """Other people who asked for the page: "Another user of this machine (grace)". Empty if nobody else did."""
    if not refused:
        return ""
    known = [user for user in refused if user is not None]
    return f"Another user of this machine ({_name(known[0])})" if known else "A program of an unknown user"


def _name(user: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"uid {user}"
