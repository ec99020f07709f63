"""How the page reaches an environment: handed to it by the command line, which alone reads flags."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from studioctl.operations.environment import Account

if TYPE_CHECKING:
    from studioctl.audit.examination import Audit
    from studioctl.operations.doctor.patient import Patient
    from studioctl.operations.environment import Environment


class Auditing(Protocol):
    """Makes an audit, which is not begun."""

    def __call__(self, *, offline: bool) -> "Audit": ...


@dataclass(frozen=True)
class OfFile:
    """The ways of an environment that has a studio.toml; each call reads the file anew.

    Args:
        path: The file.
        environment: With the Terraform that works on it.
        audit: What an audit looks at: without the account if it is offline.
        patient: What the doctor looks at.
    """

    path: Path
    environment: Callable[[], "Environment"]
    audit: "Auditing"
    patient: Callable[[], "Patient"]


@dataclass(frozen=True)
class Ways:
    """How the page reaches AWS, or the emulator.

    Args:
        account: An account that is signed in; its environment is the one that the page begins with.
        named: The account of another environment, by its name in the same account and region.
        repeating: A hint with the flags behind its commands that mean this environment again.
        of_file: What the environment's file allows; None without a file.
        is_any: Whether the page begins with the list of all environments.
    """

    account: Account
    named: Callable[[str], Account]
    repeating: Callable[[str, str], str]
    of_file: OfFile | None = None
    is_any: bool = False

    @property
    def home(self) -> str:
        """The name of the environment that the page begins with."""
        return self.account.config.name

    def of(self, environment: str) -> Account:
        """The account of an environment of this name."""
        return self.account if environment == self.home else self.named(environment)

    def file_of(self, environment: str) -> OfFile | None:
        """Return what the file allows, if it is this environment's."""
        return self.of_file if environment == self.home else None
