"""The basis of a saved plan. While a person reads a plan, somebody else may plan or apply in the same place."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studioctl.errors import RefusedError

AGAIN = "studioctl plan   (shows what is to do now)"


@dataclass(frozen=True)
class Basis:
    """The plan that was shown, and the state that it was made from.

    Args:
        digest: Of the file with the plan. Each plan made in a workspace has the same file.
        lineage: The state's.
        serial: The state's number: each change of it is a new one.
    """

    digest: str
    lineage: str
    serial: int

    @classmethod
    def of(cls, file: Path, state: Mapping[str, Any]) -> "Basis":
        """The basis of a plan that was just saved.

        Args:
            file: The plan.
            state: The state.
        """
        return cls(_digest(file), str(state.get("lineage", "")), int(state.get("serial", 0)))

    def refuse_another(self, file: Path) -> None:
        """Refuse to apply another plan than the one that was shown.

        Raises:
            RefusedError: Another one has taken its place, or it is gone.
        """
        if (now := _digest(file)) != self.digest:
            why = "Another plan was made here after the one that you saw" if now else "This plan was applied or deleted"
            raise RefusedError(f"{why}, so it is not applied.", hint=AGAIN)

    def refuse_another_state(self, state: Mapping[str, Any]) -> None:
        """Refuse what Terraform would refuse, before anything is stopped or changed for it.

        Raises:
            RefusedError: The environment was changed.
        """
        if (str(state.get("lineage", "")), int(state.get("serial", 0))) != (self.lineage, self.serial):
            raise RefusedError(
                "The environment was changed after the plan that you saw, so it is not applied.", hint=AGAIN
            )


def _digest(file: Path) -> str:
    """The digest of a plan; empty if there is none."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
