"""Typed access to raw TOML data, for rules that also apply where other things are wrong. Wrong types are ignored."""

from collections.abc import Mapping, Sequence
from typing import Any


def table_in(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The table of this key; empty where there is none."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def list_in(data: Mapping[str, Any], key: str) -> Sequence[Any]:
    """The list of this key; empty where there is none."""
    value = data.get(key)
    return value if isinstance(value, list | tuple) else ()


def whole_in(data: Mapping[str, Any], key: str) -> int | None:
    """The whole number of this key; None where there is none."""
    value = data.get(key)
    return value if type(value) is int else None
