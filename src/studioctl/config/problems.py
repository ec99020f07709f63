"""Rewords pydantic's errors for people: the problem, and the text to write instead."""

import math
import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from studioctl.config import quantities
from studioctl.config.closed import Model
from studioctl.config.model import EnvironmentConfig
from studioctl.config.secrets_in_clear import words_for_key
from studioctl.config.syntax import BOOLEANS
from studioctl.config.text import Location, Violation, kind, nearest, path, quote

SLIP = 10**9  # every number in the file is smaller
EXPECTED = {
    "string_type": 'text; write it in quotes: "..."',
    "tuple_type": "a list; write [ ... ]",
    "dict_type": "a table; write { key = ... }",
    "model_type": "a table; write { key = ... }",
    "model_attributes_type": "a table; write { key = ... }",
}


def explain(error: ValidationError) -> Iterator[Violation]:
    """Yield the location and message of each error. Messages contain values only where our rules put them in.

    Args:
        error: Pydantic's error for an EnvironmentConfig.
    """
    for details in error.errors(include_url=False, include_context=True):
        yield details["loc"], _words(details)


def _words(details: ErrorDetails) -> str:  # noqa: PLR0911 - a table of cases
    location, context = details["loc"], details.get("ctx", {})
    match details["type"]:
        case "value_error":
            return str(context["error"])
        case "rule":
            return str(context["text"])
        case "missing":
            return _missing(location)
        case "extra_forbidden":
            return _unknown(location)
        case "literal_error":
            value = details["input"]
            shown = quote(value) if isinstance(value, str) else kind(value)
            return f"is {shown}; write {context['expected'].replace(chr(39), chr(34))}"
        case expected if expected in {*EXPECTED, "int_type", "float_type", "bool_type"}:
            return _wrong_type(details)
        case _:
            return f"is wrong: {details['msg']}"


def _wrong_type(details: ErrorDetails) -> str:  # noqa: PLR0911 - a table of cases
    location, given, found = details["loc"], details["input"], kind(details["input"])
    if words := _no_table(location, found):
        return words
    match details["type"]:
        case "model_type" if len(location) == 1:
            return f"is {found} and must be a table; write [{location[0]}], then its keys below"
        case "int_type" if isinstance(given, float) and math.isfinite(given) and abs(given) < SLIP:
            return f"must be a whole number; write {math.ceil(given)}"
        case "int_type":
            return f"is {found} and must be a whole number; write {_number_in(given, location)}"
        case "float_type":
            return f"is {found} and must be a number; write {_price_in(given)}"
        case "bool_type":
            return f"is {found} and must be true or false; write {_meant_by(given)}"
        case "string_type" if found in {"a list", "a table"}:
            return f'is {found} and must be text; write "..." alone'
        case expected:
            return f"is {found} and must be {EXPECTED[expected]}"


def _no_table(location: Location, found: str) -> str:
    """The words where a list of tables, or a table in it, is missing; empty elsewhere."""
    if location == ("users",):
        return f'is {found} and must be a list of tables; write [[users]], then name = "..."'
    if location[:1] == ("users",) and len(location) == 2:
        return f'is {found} and must be a table; write [[users]], then name = "..."'
    if location[-2:-1] == ("spaces",) and found == "text":
        return 'is text and must be a table; write { name = "..." }'
    if location[-1] in {"spaces", "keybindings", "extra_statements"} and found == "a table":
        keys = tuple(part for part in location if isinstance(part, str))
        return f"is a table and must be a list of tables; write [[{path(keys)}]]"
    return ""


def _meant_by(value: Any) -> str:
    """Advice to write true or false, for a value that is neither."""
    word = str(value).strip().lower() if isinstance(value, str | int) else ""
    if meant := {"1": "true", "0": "false", **BOOLEANS}.get(word):
        return f"{meant} without quotes" if isinstance(value, str) else meant
    return "true or false without quotes" if isinstance(value, str) else "true or false"


def _number_in(value: Any, location: Location) -> str:
    """The number that a text such as "50GB" holds; else the default as an example."""
    if isinstance(value, str):
        found = quantities.meant(value, str(location[-1]))
        return "digits without quotes" if found is None else f"{found} without quotes"
    model = _model_at(location[:-1])
    default = model.model_fields[str(location[-1])].default if model else None
    return f"digits, such as {default}" if isinstance(default, int) else "digits alone"


def _price_in(value: Any) -> str:
    """The number in a text such as "$1.52" or "0,1"; else what a number looks like."""
    digits = re.search(r"[0-9]+(?:[.,][0-9]+)?", value) if isinstance(value, str) else None
    return f"{digits[0].replace(',', '.')} without quotes" if digits else "digits, such as 0.1"


def _missing(location: Location) -> str:
    match location:
        case ("users",):
            return 'is missing; write [[users]], then name = "..."'
        case ("region",):
            return 'is missing; write region = "us-east-1", or where you want to work'
        case _:
            model = _model_at(location[:-1])
            field = model.model_fields.get(str(location[-1])) if model else None
            value = '["..."]' if field and get_origin(field.annotation) is tuple else '"..."'
            return f"is missing; write {location[-1]} = {value}"


def _unknown(location: Location) -> str:
    key = str(location[-1])
    if words := words_for_key(key):
        return words
    if location == ("limits", "volume_gb"):  # the other limits are there, and IAM has no condition for this one
        return "is not a key here; write max_volume_gb below [studio], by which AWS refuses larger volumes"
    model = _model_at(location[:-1])
    known = set(model.model_fields) if model else set()
    if suggestion := nearest(key, known):
        return f"is not a key; did you mean {suggestion}?"
    if homes := [home for home in _homes(key) if home != location[:-1]]:
        return f"is not a key here; {_place(homes[0])}"
    return f"is not a key; write one of: {', '.join(sorted(known))}"


def _place(home: Location) -> str:
    match home:
        case ():
            return "write it at the top of the file, above the first [table]"
        case ("users", *_):
            return "write it below a [[users]]"
        case ("groups", *_):
            return "write it below a [groups.NAME]"
        case _:
            return f"write it below [{path(home)}]"


def _homes(key: str) -> list[Location]:
    found = (location for location, model in _models(EnvironmentConfig, ()) if key in model.model_fields)
    return sorted(found, key=len)  # a section's own key before what differs from it for one user


def _models(model: type[BaseModel], place: Location) -> Iterator[tuple[Location, type[BaseModel]]]:
    yield place, model
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is not None:
            yield from _models(inner, (*place, name))


def _model_at(place: Location) -> type[BaseModel] | None:
    keys = tuple(part for part in place if isinstance(part, str))
    if keys[:1] == ("groups",):  # then comes the name of one
        keys = ("groups", *keys[2:])
    return dict(_models(EnvironmentConfig, ())).get(keys)


def _model_in(annotation: Any) -> type[Model] | None:
    """The model that an annotation is of: `GitHub` in `GitHub | None`, `User` in `tuple[User, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
