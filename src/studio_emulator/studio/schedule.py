"""Work that falls due later and is done when somebody next looks: no threads, no sleeping."""

import heapq
import itertools
from collections.abc import Callable

from studio_emulator.clock import clock


class Schedule:
    """A queue of actions by the time when they fall due. The caller holds the lock."""

    def __init__(self) -> None:
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._running_at: float | None = None

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do `action` in so many seconds, counted from the due time of the action that asks for it, if one does."""
        start = clock.monotonic() if self._running_at is None else self._running_at
        heapq.heappush(self._queue, (start + seconds, next(self._order), action))

    def settle(self) -> None:
        """Do all that is due by now, in the order of its time."""
        now = clock.monotonic()
        while self._queue and self._queue[0][0] <= now:
            due, _, action = heapq.heappop(self._queue)
            self._running_at = due
            try:
                action()
            finally:
                self._running_at = None
