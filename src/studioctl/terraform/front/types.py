"""Find the types of resources and data sources that one Terraform needs to know."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from studioctl.errors import StudioctlError
from studioctl.terraform import records


def in_use(directory: Path, state: Callable[[], Mapping[str, Any]]) -> set[str] | None:
    """The types in the documents of a working directory, and in the state: Terraform reads both with their schema.

    Args:
        directory: The directory of the documents.
        state: Reads Terraform's state.

    Returns:
        Their names; None where the state cannot be read, of which Terraform tells better.
    """
    try:
        stored = {resource["type"] for resource in state().get("resources", ())}
        described = {name for file in directory.glob("*.tf.json") for name in _declared(records.mapping(file))}
    except (OSError, StudioctlError):
        return None
    return stored | described


def _declared(document: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("resource", "data"):
        found = document.get(kind, {})
        # One block of a kind is an object by type; several may be a list of such.
        for blocks in found if isinstance(found, list) else (found,):
            yield from (name for name in blocks if name != "//")
