"""`studioctl ui`."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from studioctl.cli import options

if TYPE_CHECKING:
    from studioctl.operations.environment import Account
    from studioctl.presentation.console import Terminal
    from studioctl.target import Target
    from studioctl.terraform.machine import Made
    from studioctl.ui.gate import Keys
    from studioctl.ui.jobs import Jobs
    from studioctl.ui.ways import OfFile, Other, Ways

Port = Annotated[int, typer.Option("--port", help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)]
Everything = Annotated[
    bool, typer.Option("--all", help="Show all environments of this machine, and of the account and region, first.")
]
Print = Annotated[
    bool, typer.Option("--print", help="Print the address instead of opening a browser. It lets one browser in, once.")
]


def ui(
    config: options.Config = options.DEFAULT_CONFIG,
    env: options.Env = None,
    local: options.Local = False,
    everything: Everything = False,
    port: Port = 0,
    print_it: Print = False,
) -> None:
    """Open a page in your browser: spaces, what they cost, and buttons for what the commands do, until Ctrl-C.

    The page is served on 127.0.0.1, to the one browser that is given its address, and sends nothing anywhere.

    For example: [bold]studioctl ui --local[/]
    """
    from studioctl.extras import require
    from studioctl.presentation.console import Terminal

    require("ui")
    from studioctl.cli.main import as_ours
    from studioctl.ui.desk import Desk
    from studioctl.ui.gate import Keys
    from studioctl.ui.serve import bound, serving

    terminal = Terminal()
    ways = _ways(config, env=env, local=local, everything=everything)
    with bound(port) as listening:
        keys = Keys(listening.getsockname()[1], on_second_use=_warns(terminal))
        desk = Desk(ways, as_ours, root=keys.root)
        with suppress(KeyboardInterrupt), serving(desk, keys, listening):
            _hand_over(keys, terminal, print_it=print_it)
            _wait(desk.jobs, terminal)
    _leave()


def _leave() -> NoReturn:
    """Exit at once: a look at AWS may be under way, in threads for whose end Python would wait."""
    from studioctl.errors import ExitCode

    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(ExitCode.OK)


def _ways(config: Path, *, env: str | None, local: bool, everything: bool) -> "Ways":
    """The flags as the page needs them. Without a file it begins with the list of all environments."""
    from studioctl.cli import context
    from studioctl.cli.hints import repeating
    from studioctl.terraform import machine
    from studioctl.ui.ways import Ways

    has_file = env is None and (config.exists() or config != options.DEFAULT_CONFIG)
    account = context.account(config, local=local, env=env) if env or has_file else context.anywhere(local=local)

    home = (account.config.name, config.parent.resolve() / config.name) if has_file else None

    def others() -> "Sequence[Other]":
        found = machine.environments(account.target)
        return [_other(made, local=local) for made in found if (made.name, made.file) != home]

    def told(hint: str, environment: str) -> str:
        if other := ways.other(environment):
            return repeating(hint, context.repeated(other.of_file.path, local=local))
        is_of_file = has_file and environment in {"", account.config.name}
        name = None if is_of_file or not environment else environment
        return repeating(hint, context.repeated(config, local=local, env=name))

    ways = Ways(
        account.config.name,
        account=_as_it_is_now(account),
        named=context.beside,
        repeating=told,
        of_file=_of_file(config, local=local) if has_file else None,
        is_any=everything or not (env or has_file),
        others=others,
    )
    return ways


def _of_file(file: Path, *, local: bool) -> "OfFile":
    from studioctl.cli import context
    from studioctl.ui.ways import OfFile

    return OfFile(
        file,
        environment=lambda: context.environment(file, local=local),
        audit=lambda *, offline: context.audit(file, local=local, offline=offline),
        patient=lambda: context.patient(file, local=local),
    )


def _other(made: "Made", *, local: bool) -> "Other":
    from studioctl.cli import context
    from studioctl.config.load import load
    from studioctl.errors import StudioctlError
    from studioctl.ui.ways import Other

    def is_at(target: "Target") -> bool:
        try:
            config = load(made.file)
        except StudioctlError:
            return False
        return config.region == target.region and (local or config.profile == target.profile)

    return Other(made.name, lambda: context.account(made.file, local=local), _of_file(made.file, local=local), is_at)


def _as_it_is_now(account: "Account") -> "Callable[[], Account]":
    """The account, at the address that an emulator has now."""
    from studioctl.operations import emulation

    if not account.target.is_local:
        return lambda: account

    def now() -> "Account":
        nonlocal account
        target = emulation.found(account.target.region)
        account = account if account.target == target else replace(account, target=target)
        return account

    return now


def _warns(terminal: "Terminal") -> Callable[[], None]:
    def warn() -> None:
        terminal.say("Somebody used the page's one-time address again, and was refused.")

    return warn


def _hand_over(keys: "Keys", terminal: "Terminal", *, print_it: bool) -> None:
    """Lets one browser in: by a page on loopback that only this user's programs are answered by."""
    from studioctl.remote.browser import hand_over

    if print_it:
        typer.echo(keys.one_time_address)
    elif hand_over(keys.one_time_address).came:
        terminal.say("The page is open in your browser.")
    else:
        terminal.say(f"No browser came. Open this address in one; it works once:\n  {keys.one_time_address}")
    terminal.say(f"It is served at {keys.home} until you press Ctrl-C.")


def _wait(jobs: "Jobs", terminal: "Terminal") -> None:
    """Wait until Ctrl-C; the first one waits for what is being done."""
    import threading

    try:
        while True:  # a signal that another thread gets does not end a wait of this one
            threading.Event().wait(0.5)
    except KeyboardInterrupt:
        if not jobs.running:
            raise
        titles = ", ".join(job.title for job in jobs.running)
        terminal.say(f"Waiting for: {titles}. Ctrl-C again leaves at once; what has begun goes on in AWS.")
        while jobs.running:
            threading.Event().wait(0.1)
