"""How much work something is, so that tests can hold how it grows. How fast it is, the benchmarks measure."""

import time
import timeit
from collections.abc import Callable


def effort(work: Callable[[], object]) -> float:
    """Seconds of this process's own time; the least of five, as others may keep the machine busy."""
    return min(timeit.repeat(work, timer=time.process_time, number=1, repeat=5))
