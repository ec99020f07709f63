"""A group of commands, such as `studioctl state`."""

import shlex
from typing import Any

from typer import TyperException
from typer.core import TyperGroup, TyperOption

from studioctl.errors import ExitCode, StudioctlError


class MisplacedOptionError(StudioctlError):
    """An option of a command was typed before the command. The hint is the whole line, as it has to be typed."""

    exit_code = ExitCode.USAGE


class Group(TyperGroup):
    """Alone, it shows its help, which is no error. An option before its command gets the line in the right order."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            args = ["--help"]
        typed = list(args)  # the parser takes words out of it
        try:
            return super().parse_args(ctx, args)
        except TyperException as error:
            line = _in_order(self, ctx.command_path, typed)
            if line is None:
                raise
            raise MisplacedOptionError(
                f"{error.message}. It is an option of the command, and belongs after it.", hint=line
            ) from None


def _in_order(group: TyperGroup, path: str, words: list[str]) -> str | None:
    """The line with the options behind the command that takes them; None where no command in it takes them all."""
    own = {name for param in group.params for name in param.opts}
    for place, word in enumerate(words):
        command = group.commands.get(word)
        before = [each for each in words[:place] if each not in own]
        if command is None or not before:
            continue
        if isinstance(command, TyperGroup):
            return _in_order(command, f"{path} {word}", [*before, *words[place + 1 :]])
        if _takes(command, before):
            return f"{path} {shlex.join([word, *before, *words[place + 1 :]])}"
    return None


def _takes(command: Any, words: list[str]) -> bool:
    """Whether these are options of the command, each with its value."""
    options = {
        name: param
        for param in command.params
        if isinstance(param, TyperOption)
        for name in (*param.opts, *param.secondary_opts)
    }
    left = iter(words)
    for word in left:
        name, value = word.split("=", 1) if "=" in word else (word, "")
        if name not in options and not name.startswith("--"):  # -cteam.toml
            name, value = word[:2], word[2:]
        if name not in options:
            return False
        if not options[name].is_flag and not value and next(left, None) is None:
            return False
    return True
