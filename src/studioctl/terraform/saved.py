"""A saved plan, as it was shown. While a person reads a plan, somebody else may plan or apply in the same place."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studioctl.errors import RefusedError

AGAIN = "studioctl plan   (shows what is to do now)"


@dataclass(frozen=True)
class Saved:
    """A plan that was shown.

    Args:
        digest: Of the file with the plan. Each plan made in a workspace has the same file.
        state: The lineage and the serial of the state that it was made from: each change of it has a new serial.
    """

    digest: str
    state: tuple[str, int]

    @classmethod
    def of(cls, file: Path, state: Mapping[str, Any]) -> "Saved":
        """A plan that was just saved.

        Args:
            file: The plan.
            state: The state.
        """
        return cls(_digest(file), _version(state))

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
        if _version(state) != self.state:
            raise RefusedError(
                "The environment was changed after the plan that you saw, so it is not applied.", hint=AGAIN
            )


def _digest(file: Path) -> str:
    """The digest of a plan; empty if there is none."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _version(state: Mapping[str, Any]) -> tuple[str, int]:
    return str(state.get("lineage", "")), int(state.get("serial", 0))
