"""The reach of a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reach:
    """The part of everything that a plan looked at.

    Args:
        targets: The things that Terraform looked at, with what they need; everything if empty.
        listed: When AWS last changed what it lists, before anything else was asked: times by address.
        refreshed_at: When Terraform last looked at everything: seconds since 1970.
        marks: Digest of what AWS said of all that users share, before it was looked at; empty where that is not known.
        is_known: Whether the state has all of it as it is, so that Terraform need not ask AWS about anything.
        there: The things that AWS listed then, for others (`aws.changes.LastChanges`); None where there was
            nothing to list.
        strangers: The names of the user profiles among that of which the state did not know.
        domain: AWS's description of the domain at that time; empty where that is not known.
        quotas: Quotas that were read within a day, see `aws.quotas.Limits`, which adds to them.
    """

    targets: frozenset[str] = frozenset()
    listed: Mapping[str, str] = field(default_factory=dict)
    refreshed_at: float = 0.0
    marks: str = ""
    is_known: bool = False
    there: Any = None
    strangers: frozenset[str] = frozenset()
    domain: Mapping[str, Any] = field(default_factory=dict)
    quotas: dict[str, tuple[int, float]] = field(default_factory=dict)

    @property
    def is_settled(self) -> bool:
        """Whether the last run came to its end and nothing was under way: a part is looked at only after such a one."""
        return bool(self.targets) and self.there is not None and not self.there.passing

    @property
    def domain_at_rest(self) -> Mapping[str, Any]:
        """AWS's description of the domain, if nothing was under way; empty if it has to be read again."""
        return self.domain if self.is_settled and self.domain.get("Status") == "InService" else {}

    @property
    def settled_at(self) -> str:
        """A time at which nothing was under way; empty where none is known."""
        return max(self.listed.values(), default="") if self.is_settled else ""

    def covers(self, address: str) -> bool:
        """Whether it looked at this."""
        return not self.targets or address in self.targets
