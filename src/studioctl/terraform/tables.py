"""Outputs with an entry for each user or space, put together from Terraform's state.

Terraform would have to look at every user to store such an output anew for one who comes or goes.
"""

from collections.abc import Mapping
from typing import Any

from studioctl.infrastructure.block import Blueprint, Output, Ref, unescaped
from studioctl.terraform import state
from studioctl.terraform.plan import OutputChange
from studioctl.terraform.state_resources import Estate


def values(blueprint: Blueprint, recorded: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """All outputs in the order of their names, as Terraform has them; none before anything was made.

    Args:
        blueprint: The resources that should exist. Of a table, entries that do not exist yet are left out.
        recorded: The state.
        stored: Terraform's own outputs, as its stream or the state has them.
    """
    own = state.values(stored)
    if not own:
        return own
    known = dict(Estate(recorded).addresses())
    made = {table.name: _entries(table, known) for table in blueprint.tables()}
    return dict(sorted({**own, **made}.items()))


def is_left(blueprint: Blueprint, change: OutputChange) -> bool:
    """Whether this is no more than a table that an earlier version let Terraform store, and that may stay there."""
    return change.action == "delete" and change.name in {table.name for table in blueprint.tables()}


def _entries(table: Output, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    found = {key: _value(value, known) for key, value in table.value.items()}
    return {key: found[key] for key in sorted(found) if found[key] is not None}


def _value(value: Any, known: Mapping[str, Mapping[str, Any]]) -> Any:
    if isinstance(value, Ref):
        address, _, attribute = value.address.rpartition(".")
        return known.get(address, {}).get(attribute)
    return unescaped(value) if isinstance(value, str) else value
