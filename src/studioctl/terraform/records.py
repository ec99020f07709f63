"""Records beside the documents, read back: one that is torn, or was never ours, says nothing and is made anew."""

import json
from pathlib import Path
from typing import Any

from studioctl import disk


def text(file: Path) -> str | None:
    """Return the file's text; None if there is no such file, or it is not UTF-8."""
    try:
        with disk.open_regular(file) as stream:
            return stream.read().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return None
    except OSError as error:
        if error.errno:
            raise
        return None  # a pipe or a device, which nobody waits for


def content(file: Path, *, only: str | None = None) -> Any:
    """The JSON in the file; None where there is none.

    Args:
        file: The file.
        only: The one key of an object that is wanted: all others are not kept in memory.
    """
    hook = None if only is None else lambda pairs: {key: value for key, value in pairs if key == only}
    try:
        return json.loads(text(file) or "", object_pairs_hook=hook)
    except (ValueError, RecursionError):
        return None


def mapping(file: Path) -> dict[str, Any]:
    """The JSON object in the file; empty where there is none."""
    found = content(file)
    return found if isinstance(found, dict) else {}


def is_text_by_name(value: Any) -> bool:
    """Whether this is an object whose values are all text."""
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
