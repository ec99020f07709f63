"""`studioctl init`."""

import os
import re
import shlex
import stat
import sys
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from studioctl.cli import options

Name = Annotated[
    str | None, typer.Option(help="Name of the environment, the prefix of every resource.", show_default=False)
]
Region = Annotated[
    str | None,
    typer.Option(help="AWS region. If left out: AWS_REGION, AWS_DEFAULT_REGION or the profile's.", show_default=False),
]
Users = Annotated[
    list[str] | None, typer.Option("--user", help="Name of a user. Repeat it for more users.", show_default=False)
]
Profile = Annotated[
    str | None,
    typer.Option(help="Profile of your AWS configuration to write into the file.", show_default=False),
]
Defaults = Annotated[
    bool, typer.Option("--defaults", help="Do not ask: use the directory's name, your name, and your AWS region.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]


@dataclass(frozen=True)
class Value:
    """One of the things that are asked for.

    Args:
        key: Its option and its key in the file: "name", "region" or "user".
        question: The question to a person.
        given: The value of the option.
        proposed: The proposal, which `--defaults` takes.
    """

    key: str
    question: str
    given: str | None
    proposed: str


def init(
    config: options.Config = options.DEFAULT_CONFIG,
    name: Name = None,
    region: Region = None,
    users: Users = None,
    profile: Profile = None,
    defaults: Defaults = False,
    force: Force = False,
) -> None:
    """Write a commented studio.toml. On a terminal, ask for name, region and first user.

    For example: [bold]studioctl init --name acme-ml --region eu-west-1 --user grace[/]
    """
    from studioctl import disk
    from studioctl.config.template import render_template
    from studioctl.errors import RefusedError
    from studioctl.operations import proposals
    from studioctl.presentation.console import Terminal

    kind = _kind(config)
    if kind is not None and not force:
        raise RefusedError(
            f"{config} is there already. Nothing was changed.", hint="edit it, or add --force to replace it"
        )
    if kind is not None and kind != stat.S_IFREG:
        raise RefusedError(f"{config} is there, and is no file. Nothing was changed.", hint="name a file with --config")
    _refuse_missing(config.resolve().parent)
    directory = Path.cwd().name if config.parent == Path() else config.resolve().parent.name
    proposed = _slug("name", directory, "studio")
    users = users or []
    login = _slug("user", os.environ.get("USER") or os.environ.get("LOGNAME") or "", "me")
    wanted = (
        Value("name", "Name of the environment, the prefix of every resource", name, proposed),
        Value("region", "AWS region", region, proposals.region(profile)),
        Value("user", "First user", users[0] if users else None, login),
        *(Value("user", "", other, "") for other in users[1:]),
    )
    again = f"studioctl init{options.config_flag(config)}{_as_typed(profile, force=force)}"
    _refuse_twice(users)
    chosen = _chosen(wanted, defaults=defaults, again=again)
    name, region, *users = (value for _, value in chosen)
    disk.replace(config.resolve(), render_template(name=name, region=region, users=users, profile=profile))
    terminal = Terminal()
    terminal.say(f"Wrote {config}:")
    for key, value in (*chosen, *([("profile", profile)] if profile else [])):
        terminal.say(f"  {key:<7}  {value}")
    if profile and not proposals.has_profile(profile):
        terminal.say(f"  note: your AWS configuration has no profile '{profile}' yet")
    context_flags = options.config_flag(config)
    terminal.next_commands(
        (f"studioctl up{context_flags} --local", "rehearse it on this machine: no AWS account needed"),
        (f"studioctl up{context_flags}", "create it on AWS"),
    )


def _refuse_missing(directory: Path) -> None:
    """Says before anything is asked that the file has no place."""
    from studioctl.errors import ExitCode, StudioctlError

    if not directory.is_dir():
        raise StudioctlError(
            f"There is no directory '{directory}'. Nothing was written.",
            hint=f"mkdir -p {shlex.quote(str(directory))}   (then run the same command again)",
            exit_code=ExitCode.USAGE,
        )


def _kind(config: Path) -> int | None:
    """Return the type of the file, past all links; None if there is none yet."""
    try:
        return stat.S_IFMT(config.stat().st_mode)
    except FileNotFoundError:
        return None


def _as_typed(profile: str | None, *, force: bool) -> str:
    """The options that say nothing of those values, to be typed again."""
    return (f" --profile {shlex.quote(profile)}" if profile else "") + (" --force" if force else "")


def _chosen(wanted: tuple[Value, ...], *, defaults: bool, again: str) -> list[tuple[str, str]]:
    """Return each key with its given, answered or proposed value, valid for the file. `again` is the command so far."""
    from studioctl.errors import ExitCode, StudioctlError

    missing = [value.key for value in wanted if value.given is None]
    asks = not defaults and sys.stdin is not None and sys.stdin.isatty()
    if missing and not defaults and not asks:
        options_ = " ".join(f"--{value.key} {shlex.quote(value.given or value.proposed)}" for value in wanted)
        raise StudioctlError(
            f"There is no terminal to ask on, and nothing says: {', '.join(missing)}. Nothing was written.",
            hint=f"say them, or take what is proposed with --defaults: {again} {options_}",
            exit_code=ExitCode.USAGE,
        )
    for value in wanted:  # before anything is asked
        if value.given is not None:
            _check(value, value.given, again)
    return [
        (value.key, value.given if value.given is not None else _ask(value) if asks else value.proposed)
        for value in wanted
    ]


def _checks() -> dict[str, Callable[[str], str]]:
    from studioctl.config import checks

    return {"name": checks.environment_name, "region": checks.region, "user": checks.sagemaker_name}


def _check(value: Value, given: str, again: str) -> None:
    from studioctl.config.text import sentence
    from studioctl.errors import ExitCode, StudioctlError

    try:
        _checks()[value.key](given)
    except ValueError as why:
        hint = f"{again} --{value.key} ..., or leave it out to be asked"
        raise StudioctlError(
            f"--{value.key}: {sentence(str(why))} Nothing was written.", hint=hint, exit_code=ExitCode.USAGE
        ) from None


def _refuse_twice(users: list[str]) -> None:
    """Raises if two names are the same, or differ in case alone: AWS takes them for one."""
    from studioctl.errors import ExitCode, StudioctlError

    for index, user in enumerate(users):
        if user.casefold() in {each.casefold() for each in users[:index]}:
            raise StudioctlError(
                f"--user {user} is there twice. Nothing was written.",
                hint="name each user once",
                exit_code=ExitCode.USAGE,
            )


def _ask(value: Value) -> str:
    """Asks until the answer is one that the file may hold."""
    from studioctl.cli import confirm

    while True:
        answer = confirm.answer(value.question, default=value.proposed)
        try:
            return _checks()[value.key](answer)
        except ValueError as error:
            typer.echo(f"  {error}", err=True)


def _slug(key: str, text: str, fallback: str) -> str:
    """The text as a name that the key may hold, with as much of it as that allows."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()  # "José" -> "Jose"
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    for candidate in (slug[:20].rstrip("-"), slug.lstrip("-0123456789")[:20].rstrip("-")):
        with suppress(ValueError):
            if len(candidate) > 1:
                return _checks()[key](candidate)
    return fallback
