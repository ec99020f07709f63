"""A problem that blocks a plan, found before anything is created."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One reason why AWS would refuse, or Studio could not live.

    Args:
        place: Where it stands in the file; empty where no single key decides it.
        words: What is wrong; then, after a semicolon, what to do.
        is_note: Whether it is only told: nothing is refused yet.
    """

    place: tuple[str | int, ...]
    words: str
    is_note: bool = False
