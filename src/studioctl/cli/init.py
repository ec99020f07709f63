"""`studioctl init`."""

import re
import stat
from pathlib import Path
from typing import Annotated

import typer

from studioctl.cli import options

Defaults = Annotated[bool, typer.Option("--defaults", help="Do not ask; take the directory's and your own name.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


def init(config: options.Config = options.DEFAULT_CONFIG, defaults: Defaults = False, force: Force = False) -> None:
    """Write a commented studio.toml: asks on a terminal for the three things that have no default."""
    import os
    import sys

    from studioctl import disk
    from studioctl.config.template import render_template
    from studioctl.errors import RefusedError
    from studioctl.presentation.console import Terminal

    kind = _kind(config)
    if kind is not None and not force:
        raise RefusedError(
            f"{config} is there already. Nothing was changed.", hint="edit it, or add --force to replace it"
        )
    if kind is not None and kind != stat.S_IFREG:
        raise RefusedError(f"{config} is there, and is no file. Nothing was changed.", hint="name a file with --config")
    asks = not defaults and sys.stdin is not None and sys.stdin.isatty()
    ask = _ask if asks else _take_default
    text = render_template(
        name=ask("Name of the environment, the prefix of every resource", _slug(Path.cwd().name, "studio"), "name"),
        region=ask("AWS region", "us-east-1", "region"),
        user=ask("First user", _slug(os.environ.get("USER", ""), "me"), "user"),
    )
    disk.replace(config.resolve(), text)
    terminal = Terminal()
    terminal.say(f"Wrote {config}.")
    context_flags = options.config_flag(config)
    terminal.next_commands(
        (f"studioctl up{context_flags} --local", "rehearse it on this machine: no AWS account needed"),
        (f"studioctl up{context_flags}", "create it on AWS"),
    )


def _kind(config: Path) -> int | None:
    """What is there, past all links; None where there is nothing yet."""
    try:
        return stat.S_IFMT(config.stat().st_mode)
    except FileNotFoundError:
        return None


def _take_default(_question: str, default: str, _key: str) -> str:
    return default


def _ask(question: str, default: str, key: str) -> str:
    """Asks until the answer is one that the file may hold."""
    from studioctl.config import checks

    check = {"name": checks.environment_name, "region": checks.region, "user": checks.sagemaker_name}[key]
    while True:
        answer = str(typer.prompt(question, default=default, err=True))
        try:
            return check(answer)
        except ValueError as error:
            typer.echo(f"  {error}", err=True)


def _slug(text: str, fallback: str) -> str:
    """The text as a name that AWS accepts."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-0123456789")[:20].strip("-")
    return slug if len(slug) > 1 else fallback
