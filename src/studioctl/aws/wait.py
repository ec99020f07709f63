"""Waiting for AWS, aloud: no botocore waiter exists for any Studio resource."""

import time
from collections.abc import Callable

from studioctl.errors import AwsError, StudioctlError
from studioctl.events import Failed, Finished, Progressed, Started, Work

FIRST_PAUSE = 0.2  # seconds; the emulator is done in less than one, AWS in minutes
LONGEST_PAUSE = 5.0


def until(done: Callable[[], bool], *, subject: str, action: str, timeout: float) -> Work[None]:
    """Asks `done` again and again until it says yes.

    Args:
        done: Whether it is over. What it raises ends the waiting.
        subject: The thing that is waited for.
        action: The action on it: "delete".
        timeout: Seconds after which waiting ends.

    Raises:
        AwsError: The time is over.
    """
    began = time.monotonic()
    pause = FIRST_PAUSE
    yield Started(subject, action)
    while not (yield from _asked(done, subject, action, began)):
        elapsed = time.monotonic() - began
        if elapsed > timeout:
            yield Failed(subject, action, elapsed)
            raise AwsError(
                f"{subject} was not finished within {timeout / 60:.0f} minutes ({action}).",
                hint="AWS may still be at it: run the same command again",
            )
        yield Progressed(subject, action, elapsed)
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)
    yield Finished(subject, action, time.monotonic() - began)


def _asked(done: Callable[[], bool], subject: str, action: str, began: float) -> Work[bool]:
    try:
        return done()
    except StudioctlError:
        yield Failed(subject, action, time.monotonic() - began)
        raise
