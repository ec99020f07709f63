"""The page's access to an environment, handed to it by the command line, which alone reads flags."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from studioctl.operations.environment import Account
from studioctl.target import Target

if TYPE_CHECKING:
    from studioctl.audit.examination import Audit
    from studioctl.operations.doctor.patient import Patient
    from studioctl.operations.environment import Environment


MARK = "@"  # which no environment's name has


class Auditing(Protocol):
    """Makes an audit, which is not begun."""

    def __call__(self, *, offline: bool) -> "Audit": ...


@dataclass(frozen=True)
class OfFile:
    """The ways of an environment that has a studio.toml; each call reads the file anew.

    Args:
        path: The file.
        environment: With the Terraform that works on it.
        audit: The scope of an audit: without the account if it is offline.
        patient: The environment that the doctor examines.
    """

    path: Path
    environment: Callable[[], "Environment"]
    audit: "Auditing"
    patient: Callable[[], "Patient"]


@dataclass(frozen=True)
class Other:
    """An environment that was made from another directory of this machine, or another file of this one.

    Args:
        name: The environment's.
        account: Its account, signed in, as it is now.
        of_file: The actions that its file allows.
        is_at: Whether it is in this account and region, as far as its file tells without signing in.
    """

    name: str
    account: Callable[[], Account]
    of_file: OfFile
    is_at: Callable[[Target], bool]

    @property
    def key(self) -> str:
        """Its name among all of the page: two directories may describe environments of one name."""
        digest = hashlib.sha256(str(self.of_file.path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        return f"{self.name}{MARK}{digest}"


@dataclass(frozen=True)
class Ways:
    """The page's access to AWS, or to the emulator.

    Args:
        home: The name of the environment that the page begins with.
        account: Its account, signed in, as it is now: an emulator that was started anew has another address.
        named: The account of another environment there, by its name.
        repeating: A hint with the flags behind its commands that mean this environment again.
        of_file: The actions that the environment's file allows; None without a file.
        is_any: Whether the page begins with the list of all environments.
        others: Those that were made from other files of this machine, as they are now.
    """

    home: str
    account: Callable[[], Account]
    named: Callable[[Account, str], Account]
    repeating: Callable[[str, str], str]
    of_file: OfFile | None = None
    is_any: bool = False
    others: Callable[[], Sequence[Other]] = tuple

    def file_of(self, environment: str) -> OfFile | None:
        """Return what the environment's file allows, if there is one on this machine."""
        other = self.other(environment)
        return other.of_file if other else self.of_file if environment == self.home else None

    def other(self, environment: str) -> Other | None:
        """The environment of another file, by its key; None where it is none, or is gone."""
        if MARK not in environment:
            return None
        return next((other for other in self.others() if other.key == environment), None)
