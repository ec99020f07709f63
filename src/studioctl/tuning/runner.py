"""Runs a user's objective in a worker process: the program on the other side of `workers.py`.

It needs Python alone, so that the user's environment decides which libraries are there. The user's file imports nothing
from here: it gets a trial that has Optuna's methods, each of which asks the controller.

Usage: runner.py SOCKET LIFELINE FILE, two inherited descriptors and the user's file. The process ends when the other
side of LIFELINE closes, whatever it is doing: no trial outlives its controller.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import importlib.util
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

OBJECTIVE = "objective"
# Sentences about a program that no other worker would fare better with.
BROKEN = "cannot be loaded: "
FAILED = "trials failed, the last one with: "
OTHERWISE = "exists, and it is to "
OUTDATED = "is what requirements.txt or the image brings, and workers take Optuna "
NOTHING = "ended without a study "
MARK = "[studioctl] trial"  # before a trial's lines in the log of a worker that runs many


def of_trial(lines: Sequence[str], number: int) -> list[str]:
    """The lines of one trial in the log of a worker that ran many."""
    begin, end = f"{MARK} {number} begins", f"{MARK} {number} ended"
    if begin not in lines:
        return []
    after = list(lines[lines.index(begin) + 1 :])
    return after[: after.index(end)] if end in after else after


class Channel:
    """Lines of JSON to the controller and back."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._rest = connection, b""

    def tell(self, **message: Any) -> None:
        """Send a message that has no answer."""
        self._connection.sendall(json.dumps(message).encode() + b"\n")

    def call(self, **message: Any) -> dict[str, Any]:
        """Send a message and return its answer.

        Raises:
            ValueError: Optuna refused, such as a parameter that has another range than before.
        """
        self.tell(**message)
        answer = self.receive()
        if "refused" in answer:
            raise ValueError(answer["refused"])
        return answer

    def receive(self) -> dict[str, Any]:
        """The next message. Ends the process where there is none to come."""
        while b"\n" not in self._rest:
            more = self._connection.recv(65536)
            if not more:
                raise SystemExit(0)
            self._rest += more
        first, self._rest = self._rest.split(b"\n", 1)
        message: dict[str, Any] = json.loads(first)
        return message


class Study:
    """The part of a study that an objective may look at during a trial."""

    def __init__(self, name: str, directions: Sequence[str]) -> None:
        self.study_name, self._directions = name, directions

    @property
    def directions(self) -> list[Any]:
        """One of Optuna's StudyDirection for each objective value."""
        import optuna  # noqa: PLC0415 (who asks for it has it)

        return [getattr(optuna.study.StudyDirection, direction.upper()) for direction in self._directions]

    @property
    def direction(self) -> Any:
        """The direction of a study that has one."""
        return self.directions[0]


class AskingTrial:
    """A trial that asks the controller; it has the methods of `optuna.trial.BaseTrial`."""

    def __init__(self, channel: Channel, begun: dict[str, Any]) -> None:
        self._channel = channel
        self._number: int = begun["trial"]
        self._user_attrs: dict[str, Any] = dict(begun["user_attrs"])
        self._started = datetime.datetime.fromisoformat(begun["started_at"])
        self._params: dict[str, Any] = {}
        self._distributions: dict[str, dict[str, Any]] = {}
        self._constraints: dict[str, float] = {}
        self._offered: dict[str, dict[str, Any]] = begun.get("offered", {})
        self.study = Study(begun["study"], begun["directions"])

    @property
    def number(self) -> int:
        """The trial's number in its study, from 0."""
        return self._number

    @property
    def params(self) -> dict[str, Any]:
        """The parameters suggested so far."""
        return dict(self._params)

    @property
    def distributions(self) -> dict[str, Any]:
        """The range of each parameter suggested so far, as Optuna's distributions."""
        from optuna.distributions import json_to_distribution  # noqa: PLC0415 (who asks for it has it)

        return {name: json_to_distribution(json.dumps(each)) for name, each in self._distributions.items()}

    @property
    def user_attrs(self) -> dict[str, Any]:
        """Notes about the trial."""
        return dict(self._user_attrs)

    @property
    def constraints(self) -> dict[str, float]:
        """The constraints that were set."""
        return dict(self._constraints)

    @property
    def datetime_start(self) -> datetime.datetime:
        """The time at which the controller began the trial."""
        return self._started

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """A number between `low` and `high`, both included."""
        attributes = {"step": step, "low": float(low), "high": float(high), "log": log}
        return float(self._suggested(name, "FloatDistribution", attributes))

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """A whole number between `low` and `high`, both included."""
        attributes = {"log": log, "step": step, "low": low, "high": high}
        return int(self._suggested(name, "IntDistribution", attributes))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of the choices."""
        return choices[self._suggested(name, "CategoricalDistribution", {"choices": list(choices)})]

    def suggest_uniform(self, name: str, low: float, high: float) -> float:
        """Optuna's former name of `suggest_float`."""
        return self.suggest_float(name, low, high)

    def suggest_loguniform(self, name: str, low: float, high: float) -> float:
        """Optuna's former name of `suggest_float(..., log=True)`."""
        return self.suggest_float(name, low, high, log=True)

    def suggest_discrete_uniform(self, name: str, low: float, high: float, q: float) -> float:
        """Optuna's former name of `suggest_float(..., step=q)`."""
        return self.suggest_float(name, low, high, step=q)

    def _suggested(self, name: str, kind: str, attributes: dict[str, Any]) -> Any:
        distribution = {"name": kind, "attributes": attributes}
        offer = self._offered.get(name, {})
        if offer.get("distribution") == json.loads(json.dumps(distribution)):
            value = offer["value"]
            if name not in self._params:
                self._channel.tell(took=name, distribution=distribution, value=value)
        else:
            value = self._channel.call(ask=name, distribution=distribution)["value"]
        self._distributions[name] = distribution
        self._params[name] = attributes["choices"][value] if "choices" in attributes else value
        return value

    def report(self, value: float, step: int) -> None:
        """Note an intermediate value, which pruners look at."""
        self._channel.call(report=float(value), step=int(step))

    def should_prune(self) -> bool:
        """Whether the study's pruner gives this trial up."""
        return bool(self._channel.call(should_prune=True)["value"])

    def set_user_attr(self, key: str, value: Any) -> None:
        """Note something about the trial, which JSON can hold."""
        self._channel.call(note=key, value=value)
        self._user_attrs[key] = value

    def set_constraint(self, key: str, value: float) -> None:
        """Note how far a constraint is violated; 0 or less is not."""
        self._channel.call(constraint=key, value=float(value))
        self._constraints[key] = float(value)


def ends_with(lifeline: int) -> None:
    """Let the system end this process and its children when the other side of this pipe closes.

    By a signal whose default action is that, as a thread could wait long for a library that holds Python's lock.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    with contextlib.suppress(BlockingIOError):  # as long as the other side is there
        if not os.read(lifeline, 1):
            raise SystemExit(0)


def loaded(file: Path) -> Callable[[Any], Any]:
    """The user's objective.

    Raises:
        LookupError: The file defines none.
    """
    sys.argv = [str(file)]
    sys.path[0] = str(file.parent)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018 (a file of Python has both)
    module = sys.modules[file.stem] = importlib.util.module_from_spec(
        spec
    )  # where processes that it starts look for it
    spec.loader.exec_module(module)
    found = getattr(module, OBJECTIVE, None)
    if not callable(found):
        raise LookupError(  # noqa: TRY004 (it may be there, and no function)
            f"it defines no function '{OBJECTIVE}(trial)'"
        )
    function: Callable[[Any], Any] = found
    return function


def of_optunas_kind(trial: type[AskingTrial]) -> type[AskingTrial]:
    """The same class, as one of Optuna's trials where Optuna is there."""
    try:
        from optuna.trial import BaseTrial  # noqa: PLC0415 (it may not be there)
    except ImportError:
        return trial
    return type("Trial", (trial, BaseTrial), {})


def result_of(function: Callable[[Any], Any], trial: AskingTrial) -> dict[str, Any]:
    """The message that says how the trial ended."""
    try:
        returned = function(trial)
        values = returned if isinstance(returned, Sequence) and not isinstance(returned, str) else [returned]
        return {"values": [float(value) for value in values]}
    except BaseException as error:  # noqa: BLE001 (whatever it is, the next trial may do better)
        if type(error).__name__ == "TrialPruned" and type(error).__module__.startswith("optuna"):
            return {"pruned": True}
        traceback.print_exc()
        return {"failed": f"{type(error).__name__}: {error}"[:1000]}


def write_to(log: str) -> None:
    """Let everything that this process and its children write go to this file."""
    sys.stdout.flush()
    sys.stderr.flush()
    number = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    os.dup2(number, 1)
    os.dup2(number, 2)
    os.close(number)


def main(arguments: Sequence[str]) -> None:
    """Runs trials until the controller has no more."""
    descriptor, lifeline, file = int(arguments[0]), int(arguments[1]), Path(arguments[2])
    ends_with(lifeline)
    channel = Channel(socket.socket(fileno=descriptor))
    try:
        function = loaded(file)
    except BaseException as error:  # noqa: BLE001 (it is told where the user sees it)
        traceback.print_exc()
        channel.tell(broken=f"{type(error).__name__}: {error}"[:1000])
        return
    kind = of_optunas_kind(AskingTrial)
    channel.tell(ready=True)
    while True:
        begun = channel.receive()
        write_to(begun["log"])
        told = result_of(function, kind(channel, begun))
        sys.stdout.flush()
        sys.stderr.flush()
        channel.tell(**told)


if __name__ == "__main__":
    main(sys.argv[1:])
