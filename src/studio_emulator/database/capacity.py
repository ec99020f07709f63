"""The capacity of a cluster of Aurora Serverless v2 over time, by the emulator's clock.

Sources: Aurora User Guide, "aurora-serverless-v2-auto-pause" and "aurora-serverless-v2.setting-capacity" (the metric is
0 while an instance pauses). Assumed: a database that somebody is connected to takes half an ACU, or its least capacity.
"""

from bisect import bisect_right
from collections.abc import Iterator

from studio_emulator.clock import clock

IN_USE = 0.5
SAMPLE = 60.0
"""Seconds from one value of the metric to the next."""


class Capacity:
    """The capacity of one cluster's instance, now and before."""

    def __init__(self, least: float, pause: float) -> None:
        self._bounds: list[tuple[float, float | None, float]] = [(0.0, None, pause)]  # from when on, least, pause
        self._uses: list[list[float]] = []  # from, until; the last may go on
        self._open = 0
        self._wanted = (least, pause)

    def on(self, at: float | None = None) -> None:
        """Start the count of capacity, at a moment that may be over. The instance is awake at first."""
        moment = clock.time() if at is None else at
        self._bounds.append((moment, *self._wanted))
        self._uses.append([moment, moment])

    def off(self, at: float | None = None) -> None:
        """Stop the count: the cluster is stopped, or has no instance."""
        self._bounds.append((clock.time() if at is None else at, None, self._wanted[1]))

    def change(self, least: float, pause: float) -> None:
        """Other bounds, from now on."""
        self._wanted = (least, pause)
        if self._bounds[-1][1] is not None:
            self._bounds.append((clock.time(), least, pause))

    def came(self) -> None:
        """Somebody connects."""
        self.used()
        self._open += 1

    def went(self) -> None:
        """Somebody ends a connection."""
        self.used()
        self._open -= 1

    def used(self) -> None:
        """Somebody does something."""
        now = clock.time()
        if self._uses and (self._open or now <= self._uses[-1][1] + SAMPLE):
            self._uses[-1][1] = now
        else:
            self._uses.append([now, now])

    def at(self, moment: float) -> float | None:
        """ACUs at a moment; None where it did not run."""
        place = bisect_right([bound[0] for bound in self._bounds], moment) - 1
        _, least, pause = self._bounds[max(place, 0)]
        if least is None:
            return None
        last = bisect_right([use[0] for use in self._uses], moment) - 1
        if last < 0:
            return least
        until = clock.time() if self._open and last == len(self._uses) - 1 else self._uses[last][1]
        return max(least, IN_USE) if moment < until + pause else least

    def samples(self, start: float, end: float) -> Iterator[tuple[float, float]]:
        """The metric between two moments."""
        moment = start
        while moment < min(end, clock.time()):
            acu = self.at(moment)
            if acu is not None:
                yield moment, acu
            moment += SAMPLE
