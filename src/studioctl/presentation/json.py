"""Results as JSON: dates in ISO 8601, values as mappings of their fields."""

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import Any


def dumps(value: Any) -> str:
    """The JSON text of a value: mappings, sequences, dataclasses, dates and paths."""
    return json.dumps(value, indent=2, default=_plain)


def line(value: Any) -> str:
    """The JSON text of a value on one line, for output that goes on and on."""
    return json.dumps(value, default=_plain)


def _plain(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
