"""A check: what it looks at, what it needs, and the rules that it may find broken."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from studioctl.findings import Finding, Rule
from studioctl.operations.doctor.patient import Patient


class Needs(Enum):
    """The prerequisite of a check."""

    NOTHING = "nothing"
    FILE = "the file"
    ACCOUNT = "an account"
    BOTH = "the file and an account"

    @property
    def file(self) -> bool:
        """Whether the file must be there, and right."""
        return self in {Needs.FILE, Needs.BOTH}

    @property
    def account(self) -> bool:
        """Whether AWS must know who we are."""
        return self in {Needs.ACCOUNT, Needs.BOTH}


@dataclass(frozen=True)
class Check:
    """One look at one thing.

    Args:
        title: The subject of the check, in a few words.
        look: Finds. What it raises becomes a finding, too.
        rules: The rules that it may find broken.
        needs: Without which it is left out.
    """

    title: str
    look: Callable[[Patient], Iterator[Finding]]
    rules: tuple[Rule, ...]
    needs: Needs = Needs.NOTHING


@dataclass(frozen=True)
class Group:
    """Checks that belong together on the screen."""

    title: str
    checks: tuple[Check, ...]
