"""Loads a file as an EnvironmentConfig, or reports every problem in it with its line.

bytes -> text -> TOML -> model      (each stage fails with its own ConfigError)
"""

import shlex
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from studioctl.config import rules, secrets_in_clear, syntax
from studioctl.config.model import EnvironmentConfig
from studioctl.config.people import Origins, everybody
from studioctl.config.people_csv import Row
from studioctl.config.problems import explain
from studioctl.config.scripts import read_scripts
from studioctl.config.source import LARGEST_FILE
from studioctl.config.terraform import read_lock_file
from studioctl.config.text import Violation, nearest, path, place_elsewhere, told_elsewhere
from studioctl.disk import read_named
from studioctl.errors import WRITE_ONE, ConfigError

DEFAULT_NAME = "studio.toml"
MISTAKES = 20  # of syntax, in one message


def load(file: Path) -> EnvironmentConfig:
    """The environment that a TOML file describes.

    Args:
        file: The file. Messages show it as it is given.

    Raises:
        ConfigError: It cannot be read, is not TOML, or breaks a rule: the message lists every problem, one a line.
    """
    try:
        content = read_named(file, LARGEST_FILE)
    except FileNotFoundError:
        raise _absent(file) from None
    except IsADirectoryError:
        raise ConfigError(f"{file} is a directory.", hint=f"name the file in it: {file / DEFAULT_NAME}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigError(f"{file} cannot be read: {reason}.", hint="check its name and its permissions") from None
    if len(content) > LARGEST_FILE:
        raise ConfigError(f"{file} is larger than 4 MB.", hint="name a studio.toml; studioctl init writes one")
    return parse(_decode(content, str(file)), str(file), file.parent)


def _absent(file: Path) -> ConfigError:
    """The error for a file that is not there, which names the one that was probably meant."""
    again = "then run the same command again"
    if not file.parent.is_dir():
        return ConfigError(
            f"There is no directory {file.parent}, so there is no {file}.", hint=f"correct the path, {again}"
        )
    message = f"There is no {file}."
    steps = (Path(*[".."] * up) for up in range(1, len(file.parent.absolute().parts)))
    if file == Path(file.name) and (above := next((step for step in steps if (step / file).is_file()), None)):
        there = shlex.quote(str(above / file))
        return ConfigError(
            f"{message} One is in {above.resolve()}.", hint=f"cd {above}, {again}, or add: --config {there}"
        )
    beside = {other.name.split(".")[0]: other for other in file.parent.glob("*.toml*") if other.is_file()}
    if close := nearest(file.name.split(".")[0], beside):
        there = shlex.quote(str(beside[close]))
        return ConfigError(f"{message} Did you mean {beside[close]}?", hint=f"add: --config {there}")
    option = "" if str(file) == DEFAULT_NAME else f" --config {shlex.quote(str(file))}"
    return ConfigError(message, hint=f"{WRITE_ONE}{option}")


def parse(
    text: str,
    name: str = DEFAULT_NAME,
    directory: Path = Path(),
    also: Sequence[Row] = (),
    listed: Sequence[Row] | None = None,
    wrong: Sequence[Violation] = (),
) -> EnvironmentConfig:
    """The environment that a TOML text describes.

    Args:
        text: The text.
        name: The file's name in messages.
        directory: The directory of the scripts that it names.
        also: People of another list, judged as if they stood in the file.
        listed: People of `users_file`, if it is not to be read.
        wrong: What is wrong with the other list already.

    Raises:
        ConfigError: As for `load`.
    """
    data, unread = read_scripts(_toml(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"), name), directory)
    data, unlocked = read_lock_file(data, directory)
    people = everybody(data, directory, also, listed)
    data, found = people.data, {*unread, *unlocked, *people.problems, *wrong}
    try:
        config = EnvironmentConfig.model_validate(data)
    except ValidationError as error:
        found |= {
            each for each in _all_problems(error, data) if each[0] != ("users",) or not _is_incomplete(data, found)
        }
    else:
        if not found:
            return config
    # Outside of the handler: what pydantic says could show values, and nobody should see them.
    raise _refusal(text, name, _repeating_no_secret(found, data), people.origins)


def _is_incomplete(data: dict[str, Any], found: set[Violation]) -> bool:
    """Whether nobody is named because of the list that the file names, of which something is told already."""
    about_it = any(place == ("users_file",) or place_elsewhere(place) for place, _ in found)
    return about_it and data.get("users", []) == []


def _all_problems(error: ValidationError, data: dict[str, Any]) -> set[Violation]:
    # A model's rules only run when its fields are right; a person wants to hear of both at once. Where both have
    # something to say about one place, the rule knows better.
    broken = set(rules.violations(_with_defaults(data), data))
    places = {place for place, _ in broken}
    return broken | {violation for violation in explain(error) if violation[0] not in places}


def _repeating_no_secret(found: set[Violation], data: dict[str, Any]) -> set[Violation]:
    # Rules quote what they refuse. Where that is a secret, it is enough to hear that it is one.
    secrets = set(secrets_in_clear.violations((), data))
    if not secrets:
        return found
    there = {place for place, _ in secrets}
    return secrets | {
        (place, words)
        for place, words in found
        if place not in there and not secrets_in_clear.shows(f"{path(place)}: {words}")
    }


def _decode(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            what = "is UTF-16"
        else:
            line = content.count(b"\n", 0, error.start) + 1
            what = f"is not UTF-8: line {line} has the byte 0x{content[error.start]:02X}"
        raise ConfigError(f"{name} {what}.", hint="save it as UTF-8 in your editor") from None


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        problems = [("is nested too deeply to be read", "")]
    except ValueError as error:  # TOMLDecodeError, and numbers that Python refuses to read
        problems = [syntax.explained(str(error), text), *_further(text, str(error))]
    raise ConfigError("\n".join(f"{name}{where}: {what}" for what, where in problems), hint=_hint(name))


def _further(text: str, message: str) -> Iterator[tuple[str, str]]:
    """The mistakes after the first, at which Python stops: its line is left out, and the rest is read again."""
    for _ in range(MISTAKES - 1):
        rest = syntax.without_mistake(text, message)
        if rest is None:
            return
        text = rest
        try:
            tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            message = str(error)
            yield syntax.explained(message, text)
        else:
            return


def _with_defaults(data: dict[str, Any]) -> dict[str, Any]:
    """The data with its sections completed, for the rules to read, whether or not the rest is right."""
    filled = dict(data)
    for key in ("network", "studio", "storage", "encryption", "state", "terraform"):
        given, defaults = data.get(key, {}), EnvironmentConfig.model_fields[key].default.model_dump()
        if isinstance(given, dict):
            filled[key] = {**defaults, **given}
    return filled


def _refusal(text: str, name: str, found: set[Violation], origins: Origins) -> ConfigError:
    from studioctl.config.positions import lines, nearest_place  # noqa: PLC0415 - the parser is only needed here

    known = lines(text)
    ranks = {place: rank for rank, place in enumerate(known)}
    told: list[tuple[int, str]] = []
    written = {(origins.of(location), message) for location, message in found}
    elsewhere = {each for each in written if place_elsewhere(each[0])}
    for location, message in written - elsewhere:
        place = nearest_place(location, known)
        line, rank = (f":{known[place]}", ranks[place]) if place else ("", -1)
        told.append((rank, f"{name}{line}: {path(location)}{': ' if location else ''}{message}"))
    problems = [*(problem for _, problem in sorted(told)), *told_elsewhere(elsewhere)]
    files = [name] * bool(told) + sorted({str(location[0]) for location, _ in elsewhere})
    return ConfigError("\n".join(problems), hint=_hint(name, files))


def _hint(name: str, files: Sequence[str] = ()) -> str:
    option = "" if name == DEFAULT_NAME else f" --config {shlex.quote(name)}"
    return f"correct {' and '.join(files or [name])}, then run: studioctl validate{option}"
