"""Functions that several stand-ins share: for their arguments, and for the programs that they install."""

import sys
from pathlib import Path

VERSION = "1.0.0"


def give_program(file: Path) -> None:
    """A program that says its name; one that is there already is a real one, and stays."""
    if not file.exists() and not file.is_symlink():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\necho '{file.name} {VERSION} (stand-in)'\n")
        file.chmod(0o555)


def values_of(arguments: list[str], *with_value: str) -> list[str]:
    """The words that are no options and no values of these options."""
    found, skip = [], False
    for word in arguments:
        if skip or word.startswith("-"):
            skip = word in with_value
        else:
            found.append(word)
    return found


def options_of(arguments: list[str]) -> dict[str, list[str]]:
    """`--name value` and `--name=value`, each as often as it is given."""
    found: dict[str, list[str]] = {}
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name.startswith("-") and (equals or not following.startswith("-")):
            found.setdefault(name, []).append(value if equals else following)
    return found


def unknown(tool: str, arguments: list[str]) -> int:
    print(f"{tool} is a stand-in here and does not know: {' '.join(arguments)}", file=sys.stderr)
    return 64
