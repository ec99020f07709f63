"""`studioctl secret ...`."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from studioctl.cli import completion, options
from studioctl.cli.group import Group
from studioctl.errors import ExitCode, StudioctlError

app = typer.Typer(
    help="The GitHub token in AWS Secrets Manager. It is never in a file, a plan, a state or a command line.",
    cls=Group,
    rich_markup_mode="rich",
)
# Plain text, checked here: an error of the command line's own would repeat what was typed, which may be a token.
Name = Annotated[str, typer.Argument(help="The secret: github.", metavar="github")]
Source = Annotated[
    list[str] | None, typer.Argument(help="A hyphen reads the value from stdin. If left out: asks.", metavar="[-]")
]
User = Annotated[
    str | None,
    typer.Option(
        "--user",
        help="The user, for a user's own token. If left out: everybody's.",
        metavar="NAME",
        show_default=False,
        autocompletion=completion.users,
    ),
]
FromFile = Annotated[Path | None, typer.Option("--from-file", help="Read the value from this file.", metavar="FILE")]


@app.command("set")
def set_(
    name: Name,
    source: Source = None,
    from_file: FromFile = None,
    user: User = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
) -> None:
    """Store a value from a prompt that does not show it, from stdin or from a file, never from an argument.

    A secret that is scheduled for deletion is restored.
    """
    from studioctl.cli import context
    from studioctl.disk import read_named
    from studioctl.operations import secrets
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.progress import waiting

    _only_github(name)
    if source not in (None, [], ["-"]):
        _refuse_argument()
    account, terminal = context.account(config, local=local), Terminal()
    secrets.require_github(account, user=user)
    raw = read_named(from_file, secrets.LARGEST) if from_file else _typed_or_piped(user, piped=bool(source))
    value = secrets.read_value(raw, user=user)
    with waiting(terminal, "Storing the secret"):
        stored = secrets.set_github(account, value, user=user)
    if stored.restored:
        terminal.say(f"Restored '{stored.name}', which was scheduled for deletion.")
    if stored.doubt:
        terminal.say(f"Note: {stored.doubt}.")
    terminal.say(f"Stored {len(value.get_secret_value())} characters in '{stored.name}'.")


@app.command()
def get(
    name: Name,
    user: User = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    yes: options.Yes = False,
) -> None:
    """Print only the value on stdout. Asks first if stdout is a terminal."""
    from studioctl.cli import confirm, context
    from studioctl.operations import secrets

    _only_github(name)
    account = context.account(config, local=local)
    if sys.stdout.isatty():
        secrets.require_value(account, user=user)
        confirm.agreed("Show the token on this terminal?", yes=yes)
    typer.echo(secrets.get_github(account, user=user).get_secret_value())


@app.command()
def status(
    name: Name,
    user: User = None,
    config: options.Config = options.DEFAULT_CONFIG,
    local: options.Local = False,
    json: options.Json = False,
) -> None:
    """Show whether there is a value, when it changed and when it was last used. Does not read the value."""
    from studioctl.cli import context
    from studioctl.operations import secrets
    from studioctl.presentation.console import Terminal
    from studioctl.presentation.json import dumps
    from studioctl.presentation.secrets import show

    _only_github(name)
    found = secrets.github_status(context.account(config, local=local), user=user)
    if json:
        typer.echo(dumps(found))
    else:
        show(found, Terminal(), flags=context.repeated(config, local=local), user=user)


def _typed_or_piped(user: str | None, *, piped: bool) -> bytes:
    """The value from stdin, or from a prompt that does not show it."""
    from studioctl.cli import confirm
    from studioctl.operations import secrets

    somebody = sys.stdin is not None and sys.stdin.isatty()
    if piped and not somebody:
        return sys.stdin.buffer.read()
    if not somebody:
        hint = f"gh auth token | {secrets.first_value(user)} -"
        raise StudioctlError("There is no terminal to ask on.", hint=hint)
    return confirm.answer("GitHub token", is_secret=True).encode()


def _only_github(name: str) -> None:
    if name != "github":  # it is not repeated: it may be a value in the wrong place
        raise StudioctlError(
            "There is one secret, and it is called github.",
            hint="studioctl secret set github",
            exit_code=ExitCode.USAGE,
        )


def _refuse_argument() -> NoReturn:
    raise StudioctlError(
        "A value is never taken from an argument: it stays in the shell's history, and every user of this machine can"
        " read it in the list of processes. Nothing was stored.",
        hint="revoke that token on GitHub, make another, then: studioctl secret set github",
        exit_code=ExitCode.USAGE,
    )
