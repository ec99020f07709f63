"""The state of AWS at this moment, as far as a plan meets it: who works, and what holds files."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Running:
    """An app that runs.

    Args:
        space: Its space; None where it has none.
        owner: The owner; None if AWS does not say.
    """

    space: str | None
    owner: str | None

    @property
    def title(self) -> str:
        """The name that people use: "ada-editor of ada"."""
        of = f" of {self.owner}" if self.owner else ""
        return f"{self.space}{of}" if self.space else f"an app{of}"


@dataclass(frozen=True)
class Now:
    """The things that a plan meets.

    Args:
        running: Every app that runs in the domain.
        using: The apps that use what the plan destroys, by its address.
        held: The amount of data in what the plan destroys, in words, by its address; what holds nothing is not in it.
        owners: The owner of each space.
        unstarted: Spaces of which AWS shows that no app was ever started in them: they have no volume.
        flags: The flags without which `up` refuses the plan.
        zones: The availability zone of each subnet that the plan destroys, by its address.
        same_keys: The parts of the file that are as they were at the last `up`; none where that is not known.
        same_resources: The addresses of what is described as it was then.
        is_unfinished: Whether no `up` of this environment is known to have come to its end.
    """

    running: tuple[Running, ...] = ()
    using: Mapping[str, tuple[Running, ...]] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    unstarted: frozenset[str] = frozenset()
    flags: tuple[str, ...] = ()
    zones: Mapping[str, str] = field(default_factory=dict)
    same_keys: frozenset[str] = frozenset()
    same_resources: frozenset[str] = frozenset()
    is_unfinished: bool = False
