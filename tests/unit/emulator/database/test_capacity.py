"""The capacity of a cluster over time: awake, paused, stopped."""

from collections.abc import Iterator

import pytest

from studio_emulator.clock import clock
from studio_emulator.database.capacity import Capacity

MINUTE = 60.0


@pytest.fixture(autouse=True)
def standing() -> Iterator[None]:
    clock.stand()
    yield
    clock.reset()


def acus(capacity: Capacity, start: float) -> list[float]:
    return [acu for _, acu in capacity.samples(start, clock.time())]


def test_it_pauses_when_nobody_is_connected_and_has_no_value_while_it_is_stopped() -> None:
    start, capacity = clock.time(), Capacity(0.0, 5 * MINUTE)
    capacity.on()
    clock.forward(10 * MINUTE)
    assert acus(capacity, start) == [0.5] * 5 + [0.0] * 5
    capacity.came()
    clock.forward(20 * MINUTE)
    capacity.came()
    clock.forward(20 * MINUTE)
    capacity.went()
    capacity.went()
    clock.forward(10 * MINUTE)
    assert acus(capacity, start)[10:] == [0.5] * 45 + [0.0] * 5
    capacity.off()
    clock.forward(10 * MINUTE)
    assert acus(capacity, start)[60:] == []
    capacity.on()
    clock.forward(2 * MINUTE)
    assert acus(capacity, start)[60:] == [0.5] * 2


def test_it_never_has_less_than_its_least_capacity() -> None:
    start, capacity = clock.time(), Capacity(2.0, 0.0)
    capacity.on()
    clock.forward(3 * MINUTE)
    capacity.change(0.0, 5 * MINUTE)
    clock.forward(9 * MINUTE)
    assert acus(capacity, start) == [2.0] * 3 + [0.5] * 2 + [0.0] * 7
