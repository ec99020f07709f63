"""The values of a reviewed plan: one entry for each cause in the file."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from studioctl.config.text import Location
from studioctl.review.nouns import Group

# From the loudest to the quietest; a plan shows them in this order.
Weight = Literal["lost", "replaced", "interrupts", "widens", "unprotected", "final", "costs", "changed", "created"]
WEIGHTS: tuple[Weight, ...] = get_args(Weight)


@dataclass(frozen=True)
class Entry:
    """The effect of one key of the file, or of one thing in it.

    Args:
        group: The part of the environment.
        key: Where the file says it; `("users",)` for what was removed from the file.
        subject: The same for people, without brackets: `studio.volume_gb`, `space grace-gpu`.
        where: Where exactly it stands: "studio.toml:14", "people.csv:3"; None where a default holds, or what stood
            there was removed.
        before: The old value as the file would say it; None where there is no single one.
        after: The new value.
        weight: How much it matters to people.
        effect: What happens, in a sentence without a full stop.
        addresses: Terraform's addresses of everything that it concerns.
        interrupts: Whether it also stops apps, whatever its weight.
    """

    group: Group
    key: Location
    subject: str
    where: str | None
    before: str | None
    after: str | None
    weight: Weight
    effect: str
    addresses: tuple[str, ...]
    interrupts: bool = False

    def sentence(self) -> str:
        """The entry in one sentence, with where it stands."""
        values = "" if self.after is None else f" {self.before} -> {self.after}"
        return f"{self.subject}{values}{self.place()}: {self.effect}"

    def place(self) -> str:
        """Where it stands, in brackets; that it is a default where a value stands nowhere; else nothing."""
        if self.where is not None:
            return f" ({self.where})"
        if self.after is not None:
            return " (the default)"
        return " (no longer in the file)" if self.weight in {"lost", "interrupts"} else ""

    def to_json(self) -> dict[str, Any]:
        """The stable shape of an entry in `studioctl plan --json`."""
        return {
            "group": self.group,
            "key": list(self.key),
            "subject": self.subject,
            "where": self.where,
            "before": self.before,
            "after": self.after,
            "weight": self.weight,
            "effect": self.effect,
            "addresses": list(self.addresses),
        }


@dataclass(frozen=True)
class Review:
    """A plan in the words of the file.

    Args:
        entries: The loudest first, then by group.
        is_new: Whether there is no environment yet.
    """

    entries: tuple[Entry, ...]
    is_new: bool

    def of(self, group: Group) -> tuple[Entry, ...]:
        """The entries of a group, without those that are told first."""
        return tuple(entry for entry in self.entries if entry.group == group and entry.weight not in LOUD)

    @property
    def loud(self) -> tuple[Entry, ...]:
        """Those to look at first: loss, interruption, and whatever is large or cannot be taken back."""
        return tuple(entry for entry in self.entries if entry.weight in LOUD)


LOUD: frozenset[Weight] = frozenset(WEIGHTS) - {"changed", "created"}
