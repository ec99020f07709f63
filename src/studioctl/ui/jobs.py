"""Long work that a click began: it runs in a thread, and says the same lines as the command says in a pipe."""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from studioctl.errors import StudioctlError
from studioctl.events import Expected, Finished, Work
from studioctl.presentation.console import Terminal, telling
from studioctl.presentation.progress import COUNTED, follow

KEPT = 200  # jobs that are over; the oldest are forgotten
LINES = 2000  # the newest of a job
Outcome = Literal["running", "done", "failed"]


@dataclass
class Job:
    """One piece of work.

    Args:
        id: Its number in this start of the page.
        title: A heading for the work: "Start 'ada-editor'".
        environment: The environment that it changes.
        space: The space that it is about; None where it is about all of it.
        verb: The word in a row while it lasts: "starting".
        outcome: Its outcome, if it has ended.
        lines: All that it said.
        error: Why it failed.
        summary: A sentence for the person, when it is done.
        done: The number of things that are done.
        expected: The number of things expected, if that is known.
        began: When it began.
        ended: When it ended.
        version: Grows with all that changes here.
        after: Address and text of a link, when it is done.
        back: Address and text of a link to where it was begun; None for the spaces.
    """

    id: int
    title: str
    environment: str
    space: str | None
    verb: str
    outcome: Outcome = "running"
    lines: list[str] = field(default_factory=list)
    error: StudioctlError | None = None
    summary: str = ""
    done: int = 0
    expected: Expected | None = None
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    version: int = 0
    after: tuple[str, str] | None = None
    back: tuple[str, str] | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.outcome != "running"

    @property
    def seconds(self) -> float:
        """The seconds that it has taken so far."""
        return (self.ended or time.monotonic()) - self.began

    def tell(self, text: str) -> None:
        """Add what the work says, line by line."""
        self.lines += [line for line in text.splitlines() if line.strip()]
        del self.lines[:-LINES]
        self.version += 1


class BusyError(StudioctlError):
    """Something else is being done to the same thing."""


class Jobs:
    """All of them, by number.

    Args:
        as_ours: Any exception as an error that says what to do next.
    """

    def __init__(self, as_ours: Callable[[Exception], StudioctlError]) -> None:
        self._as_ours = as_ours
        self._jobs: dict[int, Job] = {}
        self._numbers = itertools.count(1)
        self._turn = threading.Lock()
        self.version = 0

    def get(self, number: int) -> Job | None:
        """The job of this number."""
        return self._jobs.get(number)

    def of(self, environment: str, space: str | None) -> Job | None:
        """The latest job of a space, or with None of the whole environment."""
        found = [job for job in list(self._jobs.values()) if (job.environment, job.space) == (environment, space)]
        return found[-1] if found else None

    def latest(self, environment: str) -> dict[str, Job]:
        """The latest job of each space, by its name."""
        return {job.space: job for job in list(self._jobs.values()) if job.environment == environment and job.space}

    @property
    def running(self) -> list[Job]:
        """The jobs that have not ended."""
        return [job for job in list(self._jobs.values()) if not job.is_over]

    def begin(
        self,
        work: Work[str],
        *,
        title: str,
        environment: str,
        verb: str,
        space: str | None = None,
        then: Callable[[], object] = lambda: None,
        after: tuple[str, str] | None = None,
        back: tuple[str, str] | None = None,
    ) -> Job:
        """Runs work in a thread.

        Args:
            work: It, not yet begun; its result is a sentence for the person.
            title: A heading for the work.
            environment: Of which environment.
            verb: The action, in a word.
            space: Of which space.
            then: Called when it is over.
            after: Address and text of a link to follow then.
            back: Address and text of a link to where it was begun; None for the spaces.

        Raises:
            BusyError: Something is being done to it already.
        """
        with self._turn:
            self.refuse_if_busy(environment, space)
            job = Job(next(self._numbers), title, environment, space, verb, after=after, back=back)
            self._jobs[job.id] = job
            self._forget()
            self.version += 1
        threading.Thread(target=self._run, args=(job, work, then), name=title, daemon=True).start()
        return job

    def refuse_if_busy(self, environment: str, space: str | None) -> None:
        """Refuses to begin a second thing.

        Raises:
            BusyError: Something is being done to it already.
        """
        before = self.of(environment, space)
        if before and not before.is_over:
            said = f"'{space}' is {before.verb} already." if space else f"Not over yet: {before.title}."
            raise BusyError(said, hint="wait until that is done")

    def _forget(self) -> None:
        over = [number for number, job in self._jobs.items() if job.is_over]
        for number in over[:-KEPT]:
            del self._jobs[number]

    def _run(self, job: Job, work: Work[str], then: Callable[[], object]) -> None:
        try:
            job.summary = follow(_seen(work, job), Terminal(err=telling(job.tell)))
            outcome: Outcome = "done"
        except Exception as error:  # noqa: BLE001 (whatever it is, the page says it)
            job.error, outcome = self._as_ours(error), "failed"
        job.ended, job.outcome = time.monotonic(), outcome
        job.version += 1
        self.version += 1
        then()


def _seen(work: Work[str], job: Job) -> Work[str]:
    """The work, of whose events those are noted that tell how much is done."""
    while True:
        try:
            event = next(work)
        except StopIteration as stop:
            return str(stop.value)
        if isinstance(event, Expected):
            job.expected = event
        job.done += isinstance(event, Finished) and event.action in COUNTED
        yield event
