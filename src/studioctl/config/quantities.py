"""Amounts as people write them, "2h" or "1 TB", in the unit that a key counts in."""

import math
import re

# A volume's GB are counted in 1024s, as they are by those who write "1TB".
_SIZES = {"b": 1 / 1024**3, "k": 1 / 1024**2, "m": 1 / 1024, "g": 1.0, "t": 1024.0}
_MINUTES = {"s": 1 / 60, "m": 1.0, "h": 60.0, "d": 1440.0, "w": 10080.0}
_SIZE = r"[kmgt]i?b?|b"
_TIME = r"s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?"
_NUMBER = r"[0-9]{1,18}(?:\.[0-9]{1,9})?"
_BARE = re.compile(rf"\s*{_NUMBER}\s*", re.ASCII)
_AMOUNT = re.compile(rf"({_NUMBER})\s*({_TIME}|{_SIZE}|%)(?![a-z])", re.ASCII | re.IGNORECASE)
_AMOUNTS = re.compile(rf"\s*(?:{_AMOUNT.pattern}[\s,]*)+", re.ASCII | re.IGNORECASE)


def is_quantity(text: str) -> bool:
    """Whether this is a number, with a unit or without."""
    return bool(_BARE.fullmatch(text) or _AMOUNTS.fullmatch(text))


def meant(text: str, key: str) -> int | None:
    """The whole number to write for this amount, rounded up; None where it is none, or of something else.

    Args:
        text: Such as "2h", "1 day", "1h 30min", "50GB", "5".
        key: The key that it was written for; its end is the unit.
    """
    if _BARE.fullmatch(text):
        return math.ceil(float(text))
    if not _AMOUNTS.fullmatch(text):
        return None
    total = 0.0
    for number, unit in _AMOUNT.findall(text):
        factor = _factor(unit.lower(), key)
        if factor is None:
            return None
        total += float(number) * factor
    return math.ceil(round(total, 6))


def _factor(unit: str, key: str) -> float | None:
    """The factor from this unit to the key's own; None if they measure different things."""
    if key.endswith("_gb"):
        return _SIZES[unit[0]] if re.fullmatch(_SIZE, unit) else None
    if key.endswith("_minutes"):
        return _MINUTES[unit[0]] if re.fullmatch(_TIME, unit) else None
    if key.endswith("_days"):
        return _MINUTES[unit[0]] / _MINUTES["d"] if re.fullmatch(_TIME, unit) else None
    return 1.0
