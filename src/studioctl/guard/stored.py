"""JSON that somebody else may have written, taken apart: what has another type than it should is refused."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

LATEST = 2**35
"""Seconds since 1970, in the year 3058: no date that this reads is later, and Python knows them all."""


class UnreadableError(ValueError):
    """An object of the guard's is none that this guard can read. In words that follow "cannot be read: "."""


def parsed(text: str | bytes) -> Mapping[str, Any]:
    """The JSON object in it."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableError("it is no JSON, or only a part of it") from None
    return table(told, "it")


def table(told: Any, what: str) -> Mapping[str, Any]:
    """An object of JSON."""
    if not isinstance(told, dict):
        raise UnreadableError(f"{what} is no JSON object")
    return told


def sequence(told: Any, what: str) -> Sequence[Any]:
    """An array of JSON."""
    if not isinstance(told, list):
        raise UnreadableError(f"{what} is no list")
    return told


def text(told: Any, what: str) -> str:
    """A string."""
    if not isinstance(told, str):
        raise UnreadableError(f"{what} is no text")
    return told


def number(told: Any, what: str, *, most: float = LATEST) -> float:
    """A number of which nothing becomes absurd: no infinity, nothing below zero."""
    if isinstance(told, bool) or not isinstance(told, int | float) or not math.isfinite(told) or not 0 <= told <= most:
        raise UnreadableError(f"{what} is no number that it can be")
    return told


def numbers(told: Any, what: str) -> dict[str, float]:
    """Numbers by name."""
    return {name: number(value, f"{what}.{name}") for name, value in table(told, what).items()}


def flag(told: Any, what: str) -> bool:
    """True or false."""
    if not isinstance(told, bool):
        raise UnreadableError(f"{what} is neither true nor false")
    return told
