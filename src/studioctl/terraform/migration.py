"""Moving the state from one backend to another without writing over somebody else's."""

from collections.abc import Mapping
from typing import Any

from studioctl.errors import RefusedError
from studioctl.terraform.backend import BackendChange
from studioctl.terraform.workspace import Workspace


def check_destination(
    workspace: Workspace, change: BackendChange, *, ours: Mapping[str, Any], there: Mapping[str, Any]
) -> None:
    """Refuse to move the state over another one. `-force-copy` would overwrite it without asking.

    Args:
        workspace: The workspace that the state moves from.
        change: The move.
        ours: The state that moves. An older copy of it may be overwritten.
        there: The state at the destination; empty if there is none.

    Raises:
        RefusedError: The destination has another state, or a newer copy of this one.
    """
    if there.get("lineage") == ours.get("lineage"):
        _refuse_to_go_back(workspace, change, there, ours)
    elif there.get("resources"):
        raise RefusedError(
            f"There is a state at {change.after} already, and moving ours there would destroy it",
            hint=_way_out(workspace, change, "Choose another key in [state], or, if that state is this environment's,"),
        )


def _refuse_to_go_back(
    workspace: Workspace, change: BackendChange, there: Mapping[str, Any], ours: Mapping[str, Any]
) -> None:
    """Terraform counts a state's changes in its `serial`, so a greater one of the same lineage is a later one."""
    theirs, own = there.get("serial", 0), ours.get("serial", 0)
    if theirs > own:
        raise RefusedError(
            f"The state at {change.after} is newer than ours (change {theirs}, ours is {own}): somebody went on there,"
            " and moving ours there would undo what Terraform knows of it",
            hint=_way_out(workspace, change, "To go on with the newer one,"),
        )


def _way_out(workspace: Workspace, change: BackendChange, words: str) -> str:
    if change.after.kind == "local":  # it lies in the workspace, which must stay then
        return f'If it is no longer needed, move "{workspace.state_file}" away and run the same command again.'
    return f'{words} move "{workspace.directory}" away and run the same command again.'
