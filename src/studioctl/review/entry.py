"""The values of a reviewed plan: one entry for each cause in the file."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from studioctl.config.text import Location
from studioctl.review.nouns import Group

# From the loudest to the quietest; a plan shows them in this order.
Weight = Literal[
    "lost",
    "replaced",
    "interrupts",
    "deleted",
    "takes",
    "widens",
    "unprotected",
    "exposed",
    "costs",
    "changed",
    "removed",
    "created",
]
WEIGHTS: tuple[Weight, ...] = get_args(Weight)
QUIET: frozenset[Weight] = frozenset({"changed", "removed", "created"})


@dataclass(frozen=True)
class Entry:
    """The effect of one key of the file, or of one thing in it.

    Args:
        group: The part of the environment.
        key: The location in the file; `("users",)` for what was removed from the file.
        subject: The same for people, without brackets: `studio.volume_gb`, `space grace-gpu`.
        where: The exact place: "studio.toml:14", "people.csv:3"; None if a default holds, or what stood
            there was removed.
        before: The old value as the file would say it; None where there is no single one.
        after: The new value.
        weights: Its importance to people, and why: the heaviest first.
        effect: The effect, in sentences.
        addresses: Terraform's addresses of everything that it concerns.
        is_gone: Whether the file no longer has what it was about.
        people: The people with and without a running app, and what `up` does with each; a line for each.
        copies: Advice to copy first what would be lost; a line for each.
    """

    group: Group
    key: Location
    subject: str
    where: str | None
    before: str | None
    after: str | None
    weights: tuple[Weight, ...]
    effect: str
    addresses: tuple[str, ...]
    is_gone: bool = False
    people: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()

    @property
    def weight(self) -> Weight:
        """The importance of the entry to people."""
        return self.weights[0]

    @property
    def marks(self) -> tuple[Weight, ...]:
        """The reasons to look at it first; none for most."""
        return tuple(weight for weight in self.weights if weight not in QUIET)

    def sentence(self) -> str:
        """The entry in a line, with where it stands."""
        return f"{self.asked()}: {self.effect}"

    def asked(self) -> str:
        """The key, its values and where it stands."""
        values = "" if self.after is None else f" {self.before} -> {self.after}"
        return f"{self.subject}{values}{self.place()}"

    def place(self) -> str:
        """The place in the file, in brackets; a note for a default and for a key no longer in the file; else empty."""
        if self.where is not None:
            return f" ({self.where})"
        if self.after is not None:
            return " (the default)"
        return " (no longer in the file)" if self.is_gone else ""

    def told(self, repeat: Callable[[str], str]) -> "Entry":
        """The same, with `repeat` done to whatever names commands."""
        return replace(
            self,
            effect=repeat(self.effect),
            people=tuple(map(repeat, self.people)),
            copies=tuple(map(repeat, self.copies)),
        )

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
            "marks": list(self.marks),
            "effect": self.effect,
            "people": list(self.people),
            "copies": list(self.copies),
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
        return tuple(entry for entry in self.entries if entry.group == group and not entry.marks)

    @property
    def loud(self) -> tuple[Entry, ...]:
        """The entries to look at first: loss, interruption, and whatever is large or cannot be taken back."""
        return tuple(entry for entry in self.entries if entry.marks)

    def told(self, repeat: Callable[[str], str]) -> "Review":
        """The same, with `repeat` done to whatever names commands."""
        return replace(self, entries=tuple(entry.told(repeat) for entry in self.entries))
