"""Looking at an environment again and again, as long as somebody looks at its page."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from studioctl.errors import StudioctlError

T = TypeVar("T")
LATE = 10.0  # seconds after which a look that has no answer is told of


class Watch(Generic[T]):
    """The newest look at something, kept by a thread that looks while there are listeners.

    Args:
        look: Looks once.
        as_ours: Any exception as an error that says what to do next.
        seconds: Between two looks.
        clock: The time in seconds since 1970.

    Attributes:
        seen: The newest look that succeeded; None where none has.
        seen_at: When that began.
        error: Why a later one failed.
        version: Grows with all that changes here but for times.
    """

    def __init__(
        self,
        look: Callable[[], T],
        as_ours: Callable[[Exception], StudioctlError],
        *,
        seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._look = look
        self._as_ours = as_ours
        self._seconds = seconds
        self._clock = clock
        self._asks_since: float | None = None
        self._listeners = 0
        self._turn = threading.Condition()
        self._asked = False
        self._is_looking = False
        self.seen: T | None = None
        self.seen_at = 0.0
        self.error: StudioctlError | None = None
        self.version = 0

    @property
    def is_listened_to(self) -> bool:
        """Whether somebody looks at its page."""
        return self._listeners > 0

    @property
    def is_late(self) -> bool:
        """Whether a look waits for its answer unusually long."""
        since = self._asks_since
        return since is not None and self._clock() - since > LATE

    def now(self) -> T:
        """A look of this moment, which everybody who listens sees, too."""
        began = self._clock()
        found = self._look()
        self._publish(found, None, began)
        return found

    def first(self, seconds: float) -> T | None:
        """Return what was seen last; where nothing was, what is seen within so many seconds."""
        self.nudge()
        with self._turn:
            self._turn.wait_for(lambda: self.version > 0, timeout=seconds)
            return self.seen

    def nudge(self) -> None:
        """Look soon: something was changed, or somebody comes."""
        with self._turn:
            self._asked = True
            self._turn.notify_all()
            self._begin()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While it lasts, there is a look every few seconds."""
        with self._turn:
            self._listeners += 1
            self._begin()
        try:
            yield
        finally:
            with self._turn:
                self._listeners -= 1
                self._turn.notify_all()

    def _begin(self) -> None:
        if not self._is_looking:
            self._is_looking = True
            threading.Thread(target=self._run, name="look", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._asked or not self._listeners, timeout=self._seconds)
                if not self._asked and not self._listeners:
                    self._is_looking = False
                    return
                self._asked = False
            began = self._asks_since = self._clock()
            try:
                found = self._look()
            except Exception as error:  # noqa: BLE001 (the next look may do better; the page says it)
                self._publish(self.seen, self._as_ours(error), self.seen_at)
            else:
                self._publish(found, None, began)
            self._asks_since = None

    def _publish(self, found: T | None, error: StudioctlError | None, began: float) -> None:
        with self._turn:
            is_news = self.version == 0 or found != self.seen or str(error) != str(self.error)
            self.seen, self.error, self.seen_at = found, error, began
            self.version += is_news
            self._turn.notify_all()
