"""Setting the emulator's clock forward: what falls due on the way happens in its order."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from studio_emulator.clock import clock
from studio_emulator.install import settle

LONGEST = 3660 * 86400
"""Seconds of one step: more is a slip of the keyboard."""


def change(wanted: Mapping[str, Any], turn: threading.RLock) -> None:
    """Set the clock.

    Args:
        wanted: `{"forward": SECONDS}` or `{"to": "2026-12-24T18:00:00+01:00"}`, or neither; and `{"stand": true}` or
            false: whether the clock only moves when it is set.
        turn: Held while something happens.

    Raises:
        ValueError: It would go back, or too far.
    """
    if unknown := set(wanted) - {"forward", "to", "stand"}:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    with turn:
        now = clock.time()
        until = datetime.fromisoformat(wanted["to"]) if "to" in wanted else None
        if until is not None and until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        end = until.timestamp() if until else now + float(wanted.get("forward", 0))
        if end < now:
            raise ValueError(f"the clock only goes forward, and it is {clock.now().isoformat(timespec='seconds')}")
        if end - now > LONGEST:
            raise ValueError("the clock goes forward by ten years at once at most")
        if wanted.get("stand"):
            clock.stand()
        clock.forward(end - now)
        settle()
        if wanted.get("stand") is False:
            clock.go()


def told() -> dict[str, Any]:
    """The time, and whether the clock stands."""
    return {"now": clock.now().isoformat(timespec="seconds"), "stands": clock.stands}
