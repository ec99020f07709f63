"""`studioctl init`."""

import re
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

    from studioctl.config.load import parse
    from studioctl.config.template import render_template
    from studioctl.errors import RefusedError
    from studioctl.presentation.console import Terminal

    if config.exists() and not force:
        raise RefusedError(
            f"{config} is there already. Nothing was changed.", hint="edit it, or add --force to replace it"
        )
    asks = not defaults and sys.stdin.isatty()
    ask = (lambda question, default: typer.prompt(question, default=default, err=True)) if asks else _take_default
    text = render_template(
        name=ask("Name of the environment, the prefix of every resource", _slug(Path.cwd().name, "studio")),
        region=ask("AWS region", "us-east-1"),
        user=ask("First user", _slug(os.environ.get("USER", ""), "me")),
    )
    parse(text, str(config))
    config.write_text(text, encoding="utf-8")
    terminal = Terminal()
    terminal.say(f"Wrote {config}.")
    terminal.next_commands(
        ("studioctl up --local", "rehearse it on this machine: no AWS account needed"),
        ("studioctl up", "create it on AWS"),
    )


def _take_default(_: str, default: str) -> str:
    return default


def _slug(text: str, fallback: str) -> str:
    """The text as a name that AWS accepts."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-0123456789")[:20].strip("-")
    return slug if len(slug) > 1 else fallback
