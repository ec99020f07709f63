"""The emulator's clock: the machine's, until it is set forward or told to stand still.

Statuses, dates of resources and schedules go by it. Signatures and sessions go by the machine's, as their clients do.
"""

import time
from datetime import UTC, datetime


class Clock:
    """The time, in two ways: of the calendar, and since some moment, which never goes back."""

    def __init__(self) -> None:
        self._ahead = (0.0, 0.0)
        self._standing: tuple[float, float] | None = None

    def now(self) -> datetime:
        """The calendar's, in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def time(self) -> float:
        """Seconds since 1970."""
        return self._standing[0] if self._standing else time.time() + self._ahead[0]

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self._standing[1] if self._standing else time.monotonic() + self._ahead[1]

    @property
    def stands(self) -> bool:
        """Whether it only moves when it is set."""
        return self._standing is not None

    def forward(self, seconds: float) -> None:
        """Set it forward. Raises ValueError for a step back: what has happened stays."""
        if not 0 <= seconds < float("inf"):
            raise ValueError("the clock only goes forward")
        if self._standing:
            self._standing = (self._standing[0] + seconds, self._standing[1] + seconds)
        else:
            self._ahead = (self._ahead[0] + seconds, self._ahead[1] + seconds)

    def stand(self) -> None:
        """Let it stand still."""
        self._standing = (self.time(), self.monotonic())

    def go(self) -> None:
        """Let it go on from where it stands."""
        if self._standing:
            self._ahead = (self._standing[0] - time.time(), self._standing[1] - time.monotonic())
            self._standing = None

    def reset(self) -> None:
        """The machine's time again."""
        self._ahead, self._standing = (0.0, 0.0), None


clock = Clock()
"""The one of this process."""
