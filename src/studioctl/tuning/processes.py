"""Trials in processes of this machine."""

import selectors
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from studioctl.tuning.crew import Gone, Heard
from studioctl.tuning.places import Place
from studioctl.tuning.workers import LEAVE_SECONDS, Program, Worker, start

# So many processes that end before their first trial are taken for a mistake in the program.
STILLBORN = 3


@dataclass
class Processes:
    """Long-lived processes, each of which runs one trial after the other.

    Args:
        found: The study's place, for logs.
        program: The program that they run.
    """

    found: Place
    program: Program
    is_far_away: bool = False
    _workers: dict[int, Worker] = field(default_factory=dict)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _ready: set[int] = field(default_factory=set)
    _stillborn: int = 0

    @property
    def log_of_start(self) -> str:
        """The first worker's log."""
        return str(self.found.worker_log(0))

    def may_begin(self) -> bool:
        """Always: they cost nothing."""
        return True

    def awaits_bills(self) -> bool:
        """Never."""
        return False

    def hire(self, slot: int) -> None:
        """Starts a process."""
        worker = start(self.program, slot, self.found.worker_log(slot))
        self._workers[slot] = worker
        self._selector.register(worker, selectors.EVENT_READ, worker)

    def begin(self, slot: int, trial: Mapping[str, Any]) -> None:
        """Sends the trial to the slot's process, which writes into the trial's log from then on."""
        log = self.found.log(trial["trial"])
        log.unlink(missing_ok=True)
        self._workers[slot].send({**trial, "log": str(log)})

    def answer(self, slot: int, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Sends the answer."""
        self._workers[slot].send(answer)

    def done(self, slot: int, message: Mapping[str, Any]) -> None:
        """Keep nothing."""

    def hear(self, seconds: float) -> Iterator[Heard]:
        """Messages, and the ends of processes."""
        for key, _ in self._selector.select(seconds):
            worker: Worker = key.data
            messages = worker.messages()
            if messages is None:
                yield Heard(worker.slot, self._buried(worker))
                continue
            for message in messages:
                if "ready" in message:
                    self._ready.add(worker.slot)
                    self._stillborn = 0
                yield Heard(worker.slot, message)

    def resumed(self, slot: int, number: int) -> bool:  # noqa: ARG002
        """Never: processes end with their controller."""
        return False

    def end(self, idle: frozenset[int], *, stop: bool) -> frozenset[int]:  # noqa: ARG002
        """Lets idle processes leave, and kills the others."""
        for slot in idle & self._workers.keys():
            self._workers[slot].dismiss()
        for slot, worker in self._workers.items():
            worker.end(patience=LEAVE_SECONDS if slot in idle else 0)
        self._selector.close()
        return frozenset()

    def _buried(self, worker: Worker) -> Gone:
        self._selector.unregister(worker)
        how = worker.end()
        del self._workers[worker.slot]
        if worker.slot in self._ready:
            self._ready.discard(worker.slot)
            return Gone(f"its worker ended with {how}")
        self._stillborn += 1
        return Gone(how, f"the process ended with {how}" if self._stillborn >= STILLBORN else None)
