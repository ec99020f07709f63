"""Optuna's samplers and pruners by name, and random sampling that many workers do not disturb."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from studioctl.tuning.again import FIXED


class InOrder(RandomSampler):
    """Draws each trial's parameters when it is asked for, in the order of the first complete trial.

    Workers suggest side by side, so that parameters of several trials would be drawn alternately, and a seed would
    give other trials at each run. Drawn trial by trial, they are those that `study.optimize` draws in one process.
    A parameter that the first complete trial does not have is drawn when it is suggested.
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(seed)
        self._order: Mapping[str, BaseDistribution] = {}
        self._drawn: dict[int, dict[str, tuple[BaseDistribution, Any]]] = {}
        self._rests = False

    def knows_the_order(self, study: optuna.Study) -> bool:
        """Whether a trial is complete, so that others can be drawn beside each other."""
        if not self._order:
            trials = study.get_trials(deepcopy=False)
            complete = (dict(trial.distributions) for trial in trials if trial.state == TrialState.COMPLETE)
            self._order = next(complete, {})
        return bool(self._order)

    def drawn(self, number: int) -> dict[str, Any]:
        """The values that were drawn for a trial so far, whether it has suggested them or not."""
        return {name: value for name, (_, value) in self._drawn.get(number, {}).items()}

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Within it, nothing is drawn when a trial is made: it is one that was asked for before."""
        self._rests = True
        try:
            yield
        finally:
            self._rests = False

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Draws the trial's parameters; those that it brings along are not drawn."""
        if self._rests or FIXED in trial.system_attrs or not self.knows_the_order(study):
            return
        self._drawn[trial.number] = {
            name: (distribution, super(InOrder, self).sample_independent(study, trial, name, distribution))
            for name, distribution in self._order.items()
        }

    def sample_independent(self, study: optuna.Study, trial: FrozenTrial, name: str, asked: BaseDistribution) -> Any:
        """The value that was drawn, or one that is drawn now."""
        distribution, value = self._drawn.get(trial.number, {}).get(name, (None, None))
        return value if distribution == asked else super().sample_independent(study, trial, name, asked)

    def go_on_after(self, study: optuna.Study) -> None:
        """Draws once more what the study's trials were drawn from, so that a seed's next trial is a new one."""
        self.knows_the_order(study)
        for trial in study.get_trials(deepcopy=False):
            if FIXED not in trial.system_attrs:
                for name, distribution in (self._order or trial.distributions).items():
                    super().sample_independent(study, trial, name, distribution)


# Those that need no further library.
SAMPLERS: Mapping[str, Callable[[int | None], BaseSampler]] = {
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "random": InOrder,
    "nsga2": lambda seed: optuna.samplers.NSGAIISampler(seed=seed),
}
PRUNERS: Mapping[str, Callable[[], BasePruner]] = {
    "median": optuna.pruners.MedianPruner,
    "hyperband": optuna.pruners.HyperbandPruner,
    "none": optuna.pruners.NopPruner,
}
