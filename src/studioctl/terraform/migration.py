"""Moving the state from one backend to another without writing over somebody else's."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studioctl.errors import RefusedError, TerraformError
from studioctl.terraform import backend as backends
from studioctl.terraform import diagnostics, process
from studioctl.terraform.backend import BackendChange
from studioctl.terraform.executable import Engine
from studioctl.terraform.state import parse
from studioctl.terraform.stream import Transcript
from studioctl.terraform.workspace import Workspace


def check_destination(
    engine: Engine, workspace: Workspace, environ: Mapping[str, str], change: BackendChange, *, ours: Mapping[str, Any]
) -> None:
    """Refuse to move the state over another one. `-force-copy` would overwrite it without asking.

    Reads the destination from a directory that contains only the new backend, which needs no provider.

    Args:
        engine: The engine that reads the destination.
        workspace: Where the state moves from.
        environ: The environment variables of Terraform's process.
        change: The move.
        ours: The state that moves. An older copy of it may be overwritten.

    Raises:
        RefusedError: The destination has another state, or a newer copy of this one.
        ConfigError: The bucket does not exist.
        TerraformError: The destination cannot be read.
    """
    there = _destination(engine, workspace, environ, change)
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


def _destination(
    engine: Engine, workspace: Workspace, environ: Mapping[str, str], change: BackendChange
) -> dict[str, Any]:
    if change.after.kind == "local":
        file = workspace.state_file
        return parse(file.read_text(encoding="utf-8")) if file.is_file() else {}
    with tempfile.TemporaryDirectory(dir=workspace.directory, prefix=".look-") as place:
        directory = Path(place)
        for name, text in backends.render(change.after, workspace.target).items():
            (directory / name).write_text(text, encoding="utf-8")
        said = Transcript()
        log = workspace.new_log("look")
        run = process.Run((*engine.command, "init", "-input=false", "-json"), cwd=directory, environ=environ, log=log)
        for line in run.lines():
            list(said.read(line))
        if run.returncode != 0:
            raise diagnostics.error_of(said.diagnostics, said.plain, verb="reach the new state", log=log)
        pulled = process.capture((*engine.command, "state", "pull"), cwd=directory, environ=environ)
    if pulled.returncode != 0:
        raise TerraformError(
            f"The state at {change.after} cannot be read, so ours is not moved there:\n{pulled.stderr.strip()}",
            hint="Make sure that you may read it (s3:GetObject, s3:ListBucket), and run the same command again.",
        )
    return parse(pulled.stdout)
