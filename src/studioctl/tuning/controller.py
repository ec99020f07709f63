"""The controller of a study: it asks Optuna for each trial, lets a worker run it, and tells Optuna how it ended.

It is the only one that writes into the study, and waits for all workers in one loop, so that nothing in Optuna has to
be safe for threads. A trial whose worker is lost is queued again; one that a killed controller left behind, too, when
the next controller begins.
"""

import json
import math
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    distribution_to_json,
    json_to_distribution,
)
from optuna.trial import FrozenTrial, TrialState

from studioctl.errors import StudioctlError
from studioctl.tuning import studies
from studioctl.tuning.again import ERROR, FIRST, FIXED, LOSSES, again
from studioctl.tuning.crew import Crew, Gone
from studioctl.tuning.places import Place
from studioctl.tuning.records import StudyStatus, TrialRecord
from studioctl.tuning.samplers import InOrder

TICK_SECONDS = 0.2
LOOK_SECONDS = 1.0
# So many objectives that fail, while none succeeds, are taken for a mistake in the program.
FAILURES = 3


@dataclass(frozen=True)
class Goal:
    """The limits of a run.

    Args:
        trials: Total number of finished trials in the study.
        timeout_seconds: No trial begins later than this; those that run are waited for. None: no limit.
        retries: The number of times that a trial is tried again after its worker was lost.
        in_order: Whether the first trial runs alone, so that a seed gives the same trials with any number of workers.
    """

    trials: int
    timeout_seconds: float | None
    retries: int
    in_order: bool


@dataclass(frozen=True)
class TrialEnded:
    """A trial has ended; `status` is the study's afterwards."""

    trial: TrialRecord
    status: StudyStatus


@dataclass(frozen=True)
class Looked:
    """A second has gone by."""

    status: StudyStatus


Progress = TrialEnded | Looked


@dataclass
class Controller:
    """One run of a study.

    Args:
        found: The study's place, which is held.
        study: The study, with sampler and pruner.
        crew: The crew that runs the trials.
        file: The user's file, for messages.
        workers: The number of trials that run side by side.
        goal: The limits of the run.
    """

    found: Place
    study: optuna.Study
    crew: Crew
    file: Path
    workers: int
    goal: Goal
    _idle: set[int] = field(default_factory=set)
    _trials: dict[int, optuna.Trial] = field(default_factory=dict)
    _finished: int = 0
    _succeeded: int = 0
    _failures: int = 0
    _began: float = field(default_factory=time.monotonic)
    _ended: list[TrialRecord] = field(default_factory=list)

    def run(self) -> Generator[Progress, None, StudyStatus]:
        """Runs trials until there are enough, the time is over, or somebody asks to stop; the study's last status.

        Trials that run when it ends early are queued, so that the next run begins with them.

        Raises:
            StudioctlError: The program cannot be loaded, or fails in every trial.
        """
        with self._cleared_up():
            self._take_up()
            for slot in range(min(self.workers, self.goal.trials - self._finished)):
                if slot not in self._trials:
                    self.crew.hire(slot)
            looked = time.monotonic()
            while not self.found.is_asked_to_stop and (self._trials or self._may_begin() or self._may_begin_later()):
                self._begin_trials()
                for heard in self.crew.hear(TICK_SECONDS):
                    self._attend(heard.slot, heard.what)
                for ended in self._ended:
                    yield TrialEnded(ended, self.status())
                self._ended.clear()
                if time.monotonic() - looked >= LOOK_SECONDS:
                    looked = time.monotonic()
                    yield Looked(self.status())
        return self.status()

    def clear_up(self) -> None:
        """Stops what an earlier controller left running, and queues its trials."""
        with self._cleared_up():
            self._take_up()

    def status(self) -> StudyStatus:
        """The study's present status."""
        return studies.status_of(self.found, self.study)

    @property
    def is_over_time(self) -> bool:
        """Whether the time is over."""
        limit = self.goal.timeout_seconds
        return limit is not None and time.monotonic() - self._began >= limit

    def _take_up(self) -> None:
        """Goes on with trials of an earlier controller, or queues them, and counts what there is."""
        past = studies.repeated(self.study.get_trials(deepcopy=False))
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            slot = len(self._trials)
            if trial.number not in past and self.crew.resumed(slot, trial.number):
                self._trials[slot] = self._as_running(trial)
                continue
            if trial.number not in past:  # as it is where the controller was killed right after this
                self._queue(trial, lost=False)
            self.study.tell(trial.number, state=TrialState.FAIL)
        trials = self.study.get_trials(deepcopy=False)
        past = studies.repeated(trials)
        self._finished = sum(trial.state.is_finished() and trial.number not in past for trial in trials)
        self._succeeded = sum(trial.state in {TrialState.COMPLETE, TrialState.PRUNED} for trial in trials)

    def _as_running(self, trial: FrozenTrial) -> optuna.Trial:
        """The trial that an earlier controller asked for, to be told; nothing is drawn for it again."""
        sampler = self.study.sampler
        with sampler.resting() if isinstance(sampler, InOrder) else nullcontext():
            return optuna.Trial(self.study, trial._trial_id)  # noqa: SLF001 (storages know trials by it alone)

    @contextmanager
    def _cleared_up(self) -> Iterator[None]:
        """Stop every worker and running trial on the way out, but for those that go on without a controller."""
        stop = True
        try:
            yield
        except BaseException as error:
            stop = not isinstance(error, KeyboardInterrupt | GeneratorExit)
            raise
        finally:
            going_on = self.crew.end(frozenset(self._idle), stop=stop)
            for slot, trial in self._trials.items():
                if slot not in going_on:
                    self._queue(self._frozen(trial), lost=False)
                    self.study.tell(trial, state=TrialState.FAIL)

    def _may_begin(self) -> bool:
        return self._is_wanted() and self.crew.may_begin()

    def _may_begin_later(self) -> bool:
        return self._is_wanted() and self.crew.awaits_bills()

    def _is_wanted(self) -> bool:
        """Whether one more trial is."""
        return self._finished + len(self._trials) < self.goal.trials and not self.is_over_time

    def _begin_trials(self) -> None:
        for slot in sorted(self._idle):
            if not self._may_begin() or (self._trials and self._waits_for_the_first()):
                return
            trial = self.study.ask()
            self._idle.remove(slot)
            self._trials[slot] = trial
            self.crew.begin(
                slot,
                {
                    "trial": trial.number,
                    "study": self.found.name,
                    "directions": studies.directions_of(self.study),
                    "user_attrs": trial.user_attrs,
                    "started_at": trial.datetime_start.isoformat() if trial.datetime_start else None,
                    "file": self.file.name,
                    "repeats": self._frozen(trial).system_attrs.get(FIRST, trial.number),
                    "offered": offers(self.study, trial) if self.crew.is_far_away else {},
                },
            )

    def _waits_for_the_first(self) -> bool:
        sampler = self.study.sampler
        return self.goal.in_order and isinstance(sampler, InOrder) and not sampler.knows_the_order(self.study)

    def _attend(self, slot: int, what: Mapping[str, Any] | Gone) -> None:
        """Deals with what a worker says, or with its end."""
        if isinstance(what, Gone):
            self._lost(slot, what)
            if self._is_wanted():
                self.crew.hire(slot)
            return
        if "ready" in what:
            self._idle.add(slot)
        elif "broken" in what:
            raise self._broken(what["broken"])
        elif (trial := self._trials.get(slot)) is None:
            return
        elif what.keys() & {"values", "pruned", "failed"}:
            self._tell(self._trials.pop(slot), what)
            self.crew.done(slot, what)
            self._idle.add(slot)
        else:
            self.crew.answer(slot, what, answer(trial, what))
            self.crew.done(slot, what)

    def _tell(self, trial: optuna.Trial, message: Mapping[str, Any]) -> None:
        failed = message["failed"] if "failed" in message else self._wrong(message.get("values"))
        if failed:
            trial.set_user_attr(ERROR, str(failed))
            self._count(self.study.tell(trial, state=TrialState.FAIL))
        elif "pruned" in message:
            self._count(self.study.tell(trial, state=TrialState.PRUNED))
        else:
            self._count(self.study.tell(trial, message["values"]))

    def _wrong(self, values: Any) -> str:
        """The reason why these are no result; empty if they are one."""
        if values is None:
            return ""
        if not isinstance(values, list) or not all(type(value) in {int, float} for value in values):
            return "its result is no list of numbers"
        if len(values) != len(self.study.directions):
            return f"it returned {len(values)} values, and the study has {len(self.study.directions)} directions"
        return "it returned nan" if any(math.isnan(value) for value in values) else ""

    def _count(self, trial: FrozenTrial) -> None:
        self._finished += 1
        if trial.state == TrialState.FAIL:
            self._failures += 1
        else:
            self._succeeded += 1
        self._ended.append(studies.record(trial))
        if self._failures >= FAILURES and not self._succeeded:
            raise StudioctlError(
                f"The first {self._failures} trials failed, the last one with: {self._ended[-1].error}."
                " No more were begun.",
                hint=f"studioctl tune logs --study {self.found.name} --trial {trial.number}",
            )

    def _lost(self, slot: int, gone: Gone) -> None:
        """A worker has gone: its trial is queued again, as often as may be."""
        self._idle.discard(slot)
        trial = self._trials.pop(slot, None)
        if gone.broken is not None:
            raise self._broken(gone.broken)
        if trial is None:
            return
        trial.set_user_attr(ERROR, gone.how)
        if self._frozen(trial).system_attrs.get(LOSSES, 0) >= self.goal.retries:
            self._count(self.study.tell(trial, state=TrialState.FAIL))
            return
        self._queue(self._frozen(trial), lost=True)
        self._ended.append(studies.record(self.study.tell(trial, state=TrialState.FAIL)))

    def _frozen(self, trial: optuna.Trial) -> FrozenTrial:
        return self.study.get_trials(deepcopy=False)[trial.number]

    def _queue(self, trial: FrozenTrial, *, lost: bool) -> None:
        """Lets another trial take this one's place, with its parameters.

        Done before this one is told to have failed: a controller that is killed in between does no harm.
        """
        sampler = self.study.sampler
        drawn = sampler.drawn(trial.number) if isinstance(sampler, InOrder) else {}
        self.study.add_trial(again(trial, lost=lost, drawn=drawn))

    def _broken(self, why: str) -> StudioctlError:
        return StudioctlError(
            f"'{self.file.name}' cannot be loaded: {why}. No trial was begun with it.",
            hint=f"read {self.crew.log_of_start}; what the file imports belongs in a requirements.txt beside it",
        )


def offers(study: optuna.Study, trial: optuna.Trial) -> dict[str, dict[str, Any]]:
    """Values for the parameters of the first complete trial, so that a trial far away need not ask for them.

    Only what it takes is noted. Of a choice, the value is its place.
    """
    trials = study.get_trials(deepcopy=False)
    frozen = trials[trial.number]
    known = next((each.distributions for each in trials if each.state == TrialState.COMPLETE), {})
    fixed = frozen.system_attrs.get(FIXED, {})
    found = {}
    for name, distribution in known.items():
        if name in fixed:
            value = fixed[name]
        elif name in trial.relative_params:
            value = trial.relative_params[name]
        else:
            value = study.sampler.sample_independent(study, frozen, name, distribution)
        described = json.loads(distribution_to_json(distribution))
        found[name] = {"distribution": described, "value": _internal(distribution, value)}
    return found


def _internal(distribution: BaseDistribution, value: Any) -> Any:
    """The form in which values are sent: a choice's place, else the value."""
    return distribution.to_internal_repr(value) if isinstance(distribution, CategoricalDistribution) else value


def answer(trial: optuna.Trial, message: Mapping[str, Any]) -> dict[str, Any]:
    """Does what a trial asks for; what Optuna refuses is told the objective as its own mistake."""
    try:
        return {"value": _done(trial, message)}
    except (ValueError, TypeError, KeyError, NotImplementedError) as error:
        return {"refused": str(error)}


def _done(trial: optuna.Trial, message: Mapping[str, Any]) -> Any:
    match message:
        case {"ask": str(name), "distribution": dict(described)}:
            distribution = json_to_distribution(json.dumps(described))
            value = trial._suggest(name, distribution)  # noqa: SLF001 (Optuna has no public one for all kinds)
            return _internal(distribution, value)
        case {"took": str(name), "distribution": dict(described), "value": value}:
            distribution = json_to_distribution(json.dumps(described))
            is_choice = isinstance(distribution, CategoricalDistribution)
            offered = distribution.to_external_repr(value) if is_choice else value
            trial._fixed_params[name] = offered  # noqa: SLF001 (Optuna notes what a queued trial brings along)
            trial._suggest(name, distribution)  # noqa: SLF001
        case {"report": float(value), "step": int(step)}:
            trial.report(value, step)
            if "judge" in message:
                return bool(trial.should_prune())
        case {"should_prune": True}:
            return bool(trial.should_prune())  # some pruners return numpy's
        case {"note": str(key), "value": value}:
            trial.set_user_attr(key, value)
        case {"constraint": str(key), "value": float(value)}:
            trial.set_constraint(key, value)
        case _:
            raise ValueError(f"there is no message {sorted(message)}")
    return None
