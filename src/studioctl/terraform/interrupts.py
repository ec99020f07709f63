"""Messages about Ctrl-C while Terraform runs."""

from studioctl.errors import InterruptedByUserError
from studioctl.terraform import diagnostics
from studioctl.terraform.stream import Transcript


def patience(interrupts: int) -> str:
    if interrupts == 1:
        return "Stopping: Terraform finishes what it has begun. Ctrl-C again gives up at once and may lose track."
    return "Giving up at once"


def interrupted(verb: str, said: Transcript, returncode: int | None) -> InterruptedByUserError:
    if returncode == 0 and verb in {"apply", "destroy"}:
        message = "Terraform had finished before it could be stopped"
    else:
        changes = "1 change was" if said.completed == 1 else f"{said.completed} changes were"
        message = "Stopped" if verb == "plan" else f"Stopped cleanly; {changes} made"
    return InterruptedByUserError(message, hint=f"studioctl {diagnostics.command_of(verb)}   (continues from here)")
