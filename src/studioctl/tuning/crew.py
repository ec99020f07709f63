"""The crew that runs trials for a controller: processes of this machine, or jobs of SageMaker."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Gone:
    """A worker ended without a result.

    Args:
        how: In words, such as "its worker ended with SIGKILL".
        broken: Why the user's program cannot run at all; None where another try may do better.
    """

    how: str
    broken: str | None = None


@dataclass(frozen=True)
class Heard:
    """A worker's message, or that it has gone."""

    slot: int
    what: Mapping[str, Any] | Gone


class Crew(Protocol):
    """Runs one trial in each of its slots."""

    @property
    def log_of_start(self) -> str:
        """The log in which a program that cannot be loaded says why, for a remedy."""

    @property
    def is_far_away(self) -> bool:
        """Whether a question takes seconds, so that parameters are better sent along with the trial."""

    def may_begin(self) -> bool:
        """Whether there is money for one more trial."""

    def awaits_bills(self) -> bool:
        """Whether there may be money again soon: it is held back for a job that ended, until AWS says its cost."""

    def hire(self, slot: int) -> None:
        """Make a slot ready; it says {"ready": True} when it is."""

    def begin(self, slot: int, trial: Mapping[str, Any]) -> None:
        """Let the slot run a trial."""

    def answer(self, slot: int, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Answer a message of the slot's trial."""

    def done(self, slot: int, message: Mapping[str, Any]) -> None:
        """Forget a message: the study has it."""

    def hear(self, seconds: float) -> Iterable[Heard]:
        """Messages that have come, after waiting at most so long for one."""

    def resumed(self, slot: int, number: int) -> bool:
        """Whether a trial of an earlier controller still runs or has left its result; the slot has it from now on."""

    def end(self, idle: frozenset[int], *, stop: bool) -> frozenset[int]:
        """End every slot, with all that it started; the slots whose trials go on without a controller.

        Args:
            idle: Slots without a trial, which may take a moment to leave.
            stop: Whether trials end, too, that could go on without a controller.
        """
