"""How far a plan looked."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reach:
    """The part of everything that a plan looked at.

    Args:
        targets: What Terraform looked at, with what that needs; everything when empty.
        listed: When AWS last changed what it lists, before anything else was asked: times by address.
        refreshed_at: When Terraform last looked at everything: seconds since 1970.
    """

    targets: frozenset[str] = frozenset()
    listed: Mapping[str, str] = field(default_factory=dict)
    refreshed_at: float = 0.0

    def covers(self, address: str) -> bool:
        """Whether it looked at this."""
        return not self.targets or address in self.targets
