"""Measure the amount of work, so that tests can limit how it grows. Benchmarks measure the time."""

import time
import timeit
from collections.abc import Callable


def effort(work: Callable[[], object]) -> float:
    """Seconds of this process's own time; the least of five, as others may keep the machine busy."""
    return min(timeit.repeat(work, timer=time.process_time, number=1, repeat=5))
