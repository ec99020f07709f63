"""Setting the emulator's clock forward: what falls due on the way happens in its order."""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from studio_emulator.clock import clock
from studio_emulator.install import settle

LONGEST = 3660 * 86400
"""Seconds of one step: more is a slip of the keyboard."""


def change(wanted: Mapping[str, Any], turn: threading.RLock, run: Callable[..., None]) -> None:
    """Set the clock.

    Args:
        wanted: `{"forward": SECONDS}` or `{"to": "2026-12-24T18:00:00+01:00"}`, or neither; and `{"stand": true}` or
            false: whether the clock only moves when it is set.
        turn: Held while something happens.
        run: Does what schedules want up to a time, in steps, each at its time.

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
    run(end, moves=True)
    with turn:
        clock.forward(max(0.0, end - clock.time()))
        settle()
        if wanted.get("stand") is False:
            clock.go()


def answer(request: Request, turn: threading.RLock, run: Callable[..., None]) -> Response:
    """GET tells the time, POST sets it, see `change`, DELETE has the machine's again."""
    try:
        if request.method == "POST":
            change(json.loads(request.get_data() or b"{}"), turn, run)
        elif request.method == "DELETE":
            clock.reset()
    except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        return Response(f"{error}\n", 400)
    return Response(json.dumps(told()) + "\n", content_type="application/json")


def told() -> dict[str, Any]:
    """The time, and whether the clock stands."""
    return {"now": clock.now().isoformat(timespec="seconds"), "stands": clock.stands}
