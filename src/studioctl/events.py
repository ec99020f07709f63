"""Events of long work. This module imports no other module of studioctl.

Work is a generator that yields events and returns its result. An operation passes on another's events with
`result = yield from other()`, and only the presentation decides how they look.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar


@dataclass(frozen=True)
class Stage:
    """A new part of the work begins, such as "Planning"."""

    title: str


@dataclass(frozen=True)
class Started:
    """Work on one thing begins. `subject` names the thing ("aws_vpc.studio"), `action` the verb ("create")."""

    subject: str
    action: str


@dataclass(frozen=True)
class Progressed:
    """The thing is still being worked on, `elapsed` seconds after it began."""

    subject: str
    action: str
    elapsed: float


@dataclass(frozen=True)
class Finished:
    """The thing is done, after `elapsed` seconds. `detail` says what came of it, such as an id."""

    subject: str
    action: str
    elapsed: float
    detail: str = ""


@dataclass(frozen=True)
class Failed:
    """The thing failed. The error that is raised later says why.

    Args:
        is_stopped: Whether the user's Ctrl-C ended the wait for it. AWS may go on with it.
    """

    subject: str
    action: str
    elapsed: float
    is_stopped: bool = False


@dataclass(frozen=True)
class Noted:
    """Something that a person should know, in one line; a detail only if they asked for details."""

    message: str
    is_detail: bool = False


@dataclass(frozen=True)
class Said:
    """A line that a program of the user's wrote, such as a container engine while it builds."""

    line: str


@dataclass(frozen=True)
class Expected:
    """So much work lies ahead: `things` that are going to be `Finished`, and about how many `seconds` it will take.

    `seconds` is None where no earlier run tells.
    """

    things: int
    seconds: float | None


Event: TypeAlias = Expected | Stage | Started | Progressed | Finished | Failed | Noted | Said
E = TypeVar("E")
T = TypeVar("T")
Work: TypeAlias = Generator[Event, None, T]


def result_of(work: Generator[E, None, T], on_event: Callable[[E], object] | None) -> T:
    """Runs work to its end; its result.

    Args:
        work: It, not yet begun.
        on_event: Called with each event; None for nobody.
    """
    while True:
        try:
            event = next(work)
        except StopIteration as stop:
            result: T = stop.value
            return result
        if on_event is not None:
            on_event(event)
