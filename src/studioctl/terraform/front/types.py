"""Which types of resources and data sources one Terraform needs to know."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from studioctl.errors import StudioctlError
from studioctl.terraform import records


def in_use(directory: Path, stored: Callable[[], str]) -> set[str] | None:
    """The types in the documents of a working directory, and in the state: Terraform reads both with their schema.

    Args:
        directory: Where the documents are.
        stored: Reads Terraform's state as it is stored; empty for none.

    Returns:
        Their names; None where the state cannot be read, of which Terraform tells better.
    """
    try:
        known = {resource["type"] for resource in json.loads(_text(stored) or "{}").get("resources", ())}
    except (OSError, StudioctlError, ValueError, RecursionError, AttributeError, KeyError, TypeError):
        return None
    documents = map(records.mapping, sorted(directory.glob("*.tf.json")))
    return known | {name for document in documents for name in _declared(document)}


def _text(stored: Callable[[], str]) -> str:
    try:
        return stored()
    except FileNotFoundError:
        return ""


def _declared(document: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("resource", "data"):
        found = document.get(kind, {})
        # One block of a kind is an object by type; several may be a list of such.
        for blocks in found if isinstance(found, list) else (found,):
            yield from (name for name in blocks if name != "//")
