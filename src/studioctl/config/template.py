"""The commented `studio.toml` that a person begins with, written from the model so that it never lags behind it."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from studioctl.config.model import EnvironmentConfig
from studioctl.config.text import BARE_KEY
from studioctl.config.users import User

HEADER = """\
# One Amazon SageMaker Studio environment. Only name, region and one user are required; every other line
# shows a default or an example, and has no effect until you remove the # before it.
#
# Completion in an editor: studioctl schema > studio.schema.json, and a first line #:schema ./studio.schema.json
"""
WIDTH = 110


def render_template(*, name: str, region: str, users: Sequence[str], profile: str | None = None) -> str:
    """A commented file with these values, every default beside them.

    Any text is quoted safely; whether the values are right is for `parse` to say.

    Args:
        name: Name of the environment.
        region: AWS region.
        users: Their names: at least one. Every default stands beside the first.
        profile: Profile of the user's AWS configuration; None leaves it to AWS.
    """
    fields = EnvironmentConfig.model_fields
    given = {"name": name, "region": region} | ({"profile": profile} if profile is not None else {})
    sections = {key: field.default for key, field in fields.items() if isinstance(field.default, BaseModel)}
    top = {key: field for key, field in fields.items() if key not in sections and key != "users"}
    lines = [
        HEADER,
        *_keys(top, given),
        "# The users: one [[users]] table for each.",
        "[[users]]",
        *_keys(User.model_fields, {"name": users[0]}),
    ]
    for other in users[1:]:
        lines += ["[[users]]", f"name = {toml_value(other)}", ""]
    for key, section in sections.items():
        lines += [*_comment(type(section).__doc__ or ""), f"[{key}]", *_keys(type(section).model_fields, {})]
    return "\n".join(lines).rstrip() + "\n"


def _keys(fields: dict[str, FieldInfo], given: dict[str, str]) -> Iterator[str]:
    for key, field in fields.items():
        yield from _comment(field.description or "")
        if key in given:
            yield f"{key} = {toml_value(given[key])}"
        else:
            yield f"# {key} = {toml_value(_example(field))}"
    yield ""


def _example(field: FieldInfo) -> Any:
    return field.examples[0] if field.examples else field.default


def _comment(text: str) -> Iterable[str]:
    return (f"# {line}" for line in wrap(text, WIDTH))


def toml_value(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return '"' + "".join(_escaped(character) for character in value) + '"'
        case list() | tuple():
            return f"[{', '.join(map(toml_value, value))}]"
        case dict():
            pairs = ", ".join(f"{_key(key)} = {toml_value(item)}" for key, item in value.items())
            return f"{{ {pairs} }}"
        case _:
            raise TypeError(f"TOML has no {type(value).__name__}")


def _key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else toml_value(key)


def _escaped(character: str) -> str:
    # TOML has no way to write half of a surrogate pair, which is not a character.
    if 0xD800 <= ord(character) <= 0xDFFF:
        return "\N{REPLACEMENT CHARACTER}"
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08X}"
