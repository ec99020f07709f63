"""Every SageMaker request against AWS's own service model, as botocore ships it, with AWS's words.

botocore's ParamValidator knows neither patterns nor enumerations, and runs in the client; this runs in the server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.utils import parse_timestamp

from studio_emulator.studio.exceptions import SerializationException, ValidationException

JSON_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
    "blob": (str,),
}
JSON_NAMES = {dict: "START_OBJECT", list: "START_ARRAY", str: "STRING_VALUE", bool: "TRUE_VALUE"}

JAVA_CLASSES = {
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\p{L}": r"\w",
    r"\p{M}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": r"\s",
    r"\p{P}": r"!-/:-@\[-`{-~",
    r"\p{S}": "$+<=>^`|~",
}
"""Java's character classes in Python's words, near enough: Python has no class of all letters."""


def validate(shape: StructureShape | None, request: Any) -> None:
    """Check a request's JSON. Raises SerializationException (types) or ValidationException (all else, all at once)."""
    if shape is None:
        return
    check_types(shape, request, "")
    if said := told(list(violations(shape, request, ""))):
        raise ValidationException(said)


def told(found: list[str]) -> str:
    """AWS's one sentence about all violations; "" for none."""
    plural = "" if len(found) == 1 else "s"
    return f"{len(found)} validation error{plural} detected: {'; '.join(found)}" if found else ""


def check_types(shape: Shape, value: Any, path: str, *, strict: bool = True) -> None:
    """Raises SerializationException and, if `strict`, ValidationException for a member that does not exist."""
    if value is None:
        return
    if not _has_type(shape, value) or (shape.type_name == "timestamp" and not _is_moment(value)):
        name = JSON_NAMES.get(type(value), "NUMBER_VALUE")
        raise SerializationException(f"{name} can not be converted to {shape.type_name.capitalize()} at '{path}'")
    if isinstance(shape, StructureShape):
        _check_members(shape, value, path, strict=strict)
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, start=1):
            check_types(shape.member, item, f"{path}.{number}.member", strict=strict)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            check_types(shape.value, item, f"{path}.{key}", strict=strict)


def _is_moment(value: Any) -> bool:
    """Whether a number of seconds, or a text, is a time that there is."""
    try:
        parse_timestamp(value)
    except (ValueError, OverflowError, RuntimeError):
        return False
    return True


def _check_members(shape: StructureShape, value: dict[str, Any], path: str, *, strict: bool) -> None:
    for name, item in value.items():
        if name in shape.members:
            check_types(shape.members[name], item, _join(path, name), strict=strict)
        elif strict:  # botocore refuses it in the client; the server's text is assumed
            raise ValidationException(f"Unknown parameter in input: '{_join(path, name)}'")


def _has_type(shape: Shape, value: Any) -> bool:
    """Python's bool is an int; AWS's is not."""
    if isinstance(value, bool):
        return bool(shape.type_name == "boolean")
    return isinstance(value, JSON_TYPES.get(shape.type_name, (object,)))


def violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """AWS's words for each constraint of the model that a value breaks."""
    for constraint in _broken(shape, value):
        yield f"Value {_shown(shape, value)} at '{path}' failed to satisfy constraint: {constraint}"
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            item = value.get(name)
            if item is not None:
                yield from violations(member, item, _join(path, name))
            elif name in shape.required_members:
                yield _null(_join(path, name))
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, start=1):
            where = f"{path}.{number}.member"
            yield from [_null(where)] if item is None else violations(shape.member, item, where)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from violations(shape.key, key, f"{path}.key")
            yield from violations(shape.value, item, f"{path}.{key}.member")


def _null(path: str) -> str:
    return f"Value null at '{path}' failed to satisfy constraint: Member must not be null"


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    rules = shape.metadata
    if shape.type_name == "string" and rules.get("enum") and value not in rules["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(rules['enum'])}]"
    if shape.type_name == "string" and "pattern" in rules and not _pattern(rules["pattern"]).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {rules['pattern']}"
    if shape.type_name in {"string", "list", "map", "blob"}:
        size = len(value) if shape.type_name != "blob" else len(value.rstrip("=")) * 3 // 4  # it comes in base64
        if size > rules.get("max", size):
            yield f"Member must have length less than or equal to {rules['max']}"
        if size < rules.get("min", 0):
            yield f"Member must have length greater than or equal to {rules['min']}"
    elif shape.type_name in {"integer", "long", "float", "double"}:
        if value > rules.get("max", value):
            yield f"Member must have value less than or equal to {rules['max']}"
        if value < rules.get("min", value):
            yield f"Member must have value greater than or equal to {rules['min']}"


def _shown(shape: Shape, value: Any) -> str:
    if shape.metadata.get("sensitive"):
        return "'***Sensitive Information***'"
    return f"'[{', '.join(map(str, value))}]'" if isinstance(value, list) else f"'{value}'"


def small(name: str) -> str:
    """AWS writes members with a small first letter, though they have a big one on the wire."""
    return name[:1].lower() + name[1:]


def _join(path: str, name: str) -> str:
    return f"{path}.{small(name)}" if path else small(name)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    for java, python in JAVA_CLASSES.items():
        text = text.replace(java, python)
    try:
        return re.compile(text, re.DOTALL)
    except re.error:  # a few patterns that have nothing to do with Studio are Java's alone
        return re.compile(".*", re.DOTALL)
