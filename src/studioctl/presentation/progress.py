"""Long work as it happens: live rows on a terminal, plain lines in a pipe."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from studioctl.catalog.kinds import KINDS
from studioctl.errors import InterruptedByUserError
from studioctl.events import Event, Expected, Failed, Finished, Noted, Progressed, Said, Stage, Started, T, Work
from studioctl.presentation.console import Terminal
from studioctl.terraform.state import PARKED

PLAIN_REMINDER = 9.0  # seconds: in a pipe, nothing is silent for more than ten
HEAD_START = 5.0  # seconds that may have passed in silence before something is followed
SLOW = 5.0  # seconds after which a thing has a row, where all that lies ahead is counted
ROWS = 12  # live rows at most; more scroll a small terminal away

# What an action is called while it lasts, and when it is over.
WORDS = {
    "create": ("creating", "created"),
    "update": ("changing", "changed"),
    "delete": ("destroying", "destroyed"),
    "replace": ("replacing", "replaced"),
    "read": ("reading", "read"),
    "refresh": ("refreshing", "refreshed"),
    "start": ("starting", "started"),
    "stop": ("stopping", "stopped"),
    "ask to stop": ("asking AWS to stop", "stopping"),
    "empty": ("emptying", "emptied"),
    "init": ("preparing", "prepared"),
    "run": ("running", "ran"),
    "background": ("in the background:", "in the background:"),
    "build": ("building", "built"),
    "push": ("pushing", "pushed"),
    "tag": ("naming", "named"),
    "sign in to": ("signing in to", "signed in to"),
    "settle": ("waiting for AWS to finish with", "settled"),
    "finish": ("waiting for the", "finished:"),
    "allow": ("allowing", "allowed"),
    "open": ("opening", "opened"),
    "copy": ("copying", "copied"),
    "look for": ("looking for", "looked for"),
}
COUNTED = {"create", "update", "delete"}  # by Terraform
INTERRUPTS = "stop"  # somebody's work: always told by name
QUIET = {"read", "refresh"}  # shown only while they last, or with --verbose


def follow(work: Work[T], terminal: Terminal, *, verbose: bool = False) -> T:
    """Runs the work to its end, shows what it says, and returns its result.

    Raises:
        InterruptedByUserError: Ctrl-C. What AWS has begun goes on there.
    """
    display = _display(terminal, verbose=verbose)
    with display:
        while True:
            try:
                event = next(work)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            except KeyboardInterrupt:
                raise InterruptedByUserError("Stopped.", hint="run the same command again to go on") from None
            display.show(event)


@contextmanager
def waiting(terminal: Terminal, title: str) -> Iterator[None]:
    """Shows that something is waited for which yields no events, such as a call to AWS; quick ones leave no trace."""
    display = _display(terminal, verbose=False)
    with display:
        display.wait_for(title)
        yield


def _display(terminal: Terminal, *, verbose: bool) -> "_Display":
    return _Live(terminal.err, verbose=verbose) if terminal.err.is_terminal else _Plain(terminal.err, verbose=verbose)


class _Display(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def show(self, event: Event) -> None: ...
    def wait_for(self, title: str) -> None: ...


class _Lines:
    """The lines that both displays write when a step ends."""

    def __init__(self, console: Console, *, verbose: bool) -> None:
        self.console = console
        self.verbose = verbose
        self._title = ""
        self._stage_began = time.monotonic()
        self._running: dict[tuple[str, str], float] = {}
        self._expected: Expected | None = None
        self._done = 0
        self._began = time.monotonic()

    def wait_for(self, title: str) -> None:
        self._title, self._stage_began = title, time.monotonic()

    def note(self, event: Event) -> None:
        """Keep account of what is being worked on."""
        match event:
            case Started(subject, action):
                self._running[subject, action] = time.monotonic()
            case Progressed(subject, action, elapsed):
                self._running.setdefault((subject, action), time.monotonic() - elapsed)
            case Finished(subject, action) | Failed(subject, action):
                self._running.pop((subject, action), None)
                self._done += isinstance(event, Finished) and action in COUNTED
            case Expected():
                self._expected, self._began = event, time.monotonic()
            case Stage(title):
                self.wait_for(title)
            case Noted() | Said():
                pass

    def write(self, text: str, style: str = "") -> None:
        self.console.print(Text(text, style=style), soft_wrap=True)

    def write_row(self, text: str, style: str) -> None:
        """A row stays one row: on a terminal a long id is cut, in a pipe nothing is."""
        self.console.print(Text(text, style=style), no_wrap=True, overflow="ellipsis")

    def is_hidden(self, action: str) -> bool:
        return action in QUIET and not self.verbose

    @property
    def counts(self) -> str:
        """The share that is done of all that was expected: "12/34"; empty if nothing was counted."""
        things = self._expected.things if self._expected else 0
        return f"{min(self._done, things)}/{things}" if things else ""

    def show_end(self, event: Stage | Finished | Failed | Noted | Said) -> None:
        match event:
            case Stage(title):
                self.write(title, "bold")
            case Noted(message, is_detail):
                if self.verbose or not is_detail:
                    self.write(f"  note: {message}")
            case Said(line):
                self.write(f"    {line}", "dim")
            case Finished(subject, action, elapsed, detail):
                if not self.is_hidden(action):
                    about = f"  {detail}" if detail else ""
                    done = f"{_done(action)} {self._called(subject)}"
                    self.write_row(f"  ✓ {done}  {duration(elapsed)}{about}", "green")
            case Failed(subject, action, _, is_stopped=True):
                self.write(f"  - {_doing(action)} {self._called(subject)} stopped; the next run looks for it")
            case Failed(subject, action, elapsed):
                self.write(f"  ✗ {_doing(action)} {self._called(subject)} failed after {duration(elapsed)}", "red")

    def _called(self, subject: str) -> str:
        return subject if self.verbose else called(subject)


class _Plain(_Lines):
    """A line for each thing that is over, and a reminder whenever nothing was said for a while, whoever is silent."""

    def __init__(self, console: Console, *, verbose: bool) -> None:
        super().__init__(console, verbose=verbose)
        self._last_line = time.monotonic() - HEAD_START
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._reminder = threading.Thread(target=self._remind, daemon=True)

    def __enter__(self) -> Self:
        self._reminder.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._reminder.join()

    def show(self, event: Event) -> None:
        with self._turn:
            self.note(event)
            is_unseen = isinstance(event, Finished) and self.is_hidden(event.action)
            is_detail = isinstance(event, Noted) and event.is_detail and not self.verbose
            if not is_unseen and not is_detail and not isinstance(event, Expected | Started | Progressed):
                self.show_end(event)
                self._last_line = time.monotonic()

    def _remind(self) -> None:
        while not self._over.wait(0.2):
            with self._turn:
                if time.monotonic() - self._last_line >= PLAIN_REMINDER:
                    self.write(f"  … {self._longest()}")
                    self._last_line = time.monotonic()

    def _longest(self) -> str:
        """Return the step that has been running longest."""
        now = time.monotonic()
        if not self._running:
            return f"{self._title or 'working'}  {duration(now - self._stage_began)}"
        (subject, action), began = min(self._running.items(), key=lambda item: item[1])
        others = f", and {len(self._running) - 1} more" if len(self._running) > 1 else ""
        counts = f"  ({self.counts})" if self.counts else ""
        return f"{_doing(action)} {self._called(subject)}  {duration(now - began)}{others}{counts}"


class _Live(_Lines):
    """Rows that tick while things are worked on; what is over scrolls up above them."""

    def __init__(self, console: Console, *, verbose: bool) -> None:
        super().__init__(console, verbose=verbose)
        self._live = Live(self, console=console, refresh_per_second=8, transient=True)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        now = time.monotonic()
        running = [(key, began) for key, began in self._running.items() if now - began >= self._patience]
        spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"[int(now * 8) % 10]
        if self.counts:
            yield Text(f"  {spinner} {self._summary(now)}", style="cyan", no_wrap=True, overflow="ellipsis")
        for (subject, action), began in running[:ROWS]:
            sign = "  " if self.counts else spinner
            row = f"  {sign} {_doing(action)} {self._called(subject)}  {duration(now - began)}"
            yield Text(row, style="cyan", no_wrap=True, overflow="ellipsis")
        if not running and not self.counts:
            waited = duration(now - self._stage_began)
            yield Text(f"  {spinner} {self._title}  {waited}", style="cyan")
        if len(running) > ROWS:
            yield Text(f"    and {len(running) - ROWS} more", style="cyan")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        if self.counts and kind is None:
            self.write(f"  ✓ {self.counts} done  {duration(time.monotonic() - self._began)}", "green")

    @property
    def _patience(self) -> float:
        """The seconds that something takes before it gets a row."""
        return SLOW if self.counts and not self.verbose else 0.0

    def _summary(self, now: float) -> str:
        """The one line about everything: "12/34  1m 05s of about 3m  Applying"."""
        about = self._expected.seconds if self._expected else None
        of = f" of about {duration(about)}" if about else ""
        return f"{self.counts}  {duration(now - self._began)}{of}  {self._title}"

    def show(self, event: Event) -> None:
        self.note(event)
        if isinstance(event, Expected | Started | Progressed):
            return
        if isinstance(event, Finished) and event.elapsed < self._patience and event.action != INTERRUPTS:
            return
        self.show_end(event)


def called(subject: str) -> str:
    """A thing in plain words, if it is an address of Terraform: "space ada-editor"; "(old)" for a replaced one."""
    kind, _, label = subject.partition(".")
    label, parked, _ = label.partition(PARKED)
    if not label or kind not in KINDS:
        return subject
    words = label.lstrip("_").replace("_", " ")  # a name that people gave has no underscore
    return f"{KINDS[kind].title} {words}{' (old)' if parked else ''}"


def _doing(action: str) -> str:
    return WORDS.get(action, (action, action))[0]


def _done(action: str) -> str:
    return WORDS.get(action, (action, action))[1]


def duration(elapsed: float) -> str:
    """Seconds as "42s" or "2m 05s"."""
    whole = round(elapsed)
    return f"{whole}s" if whole < 60 else f"{whole // 60}m {whole % 60:02}s"
