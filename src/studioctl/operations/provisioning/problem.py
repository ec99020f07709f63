"""A problem that blocks a plan, found before anything is created."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One reason why AWS would refuse, or Studio could not live.

    Args:
        place: The location in the file; empty if no single key decides it.
        words: The problem; then, after a semicolon, the next step.
        is_note: Whether it is only told: nothing is refused yet.
    """

    place: tuple[str | int, ...]
    words: str
    is_note: bool = False
