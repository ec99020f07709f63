"""Tune on this machine, and compare with plain Optuna: 40 trials with 4 workers, and the plots at the end.

Random trials have to be those of Optuna in one process, and the best of TPE not worse than with Optuna's n_jobs=4. Ten
seeds tell a large difference only: it fails when our median is worse than three quarters of theirs.
"""

import shutil
import statistics
import sys
from pathlib import Path

import optuna

from studioctl import Tuner

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".demo" / "tuning"
TRIALS, WORKERS, SEEDS = 40, 4, 10
OBJECTIVE = """\
import time

def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    y = trial.suggest_float("y", 1e-3, 10, log=True)
    kind = trial.suggest_categorical("kind", ["flat", "steep"])
    time.sleep(0.05)  # so that trials overlap on both sides
    return (x - 1) ** 2 + (y - 2) ** 2 * (10 if kind == "steep" else 1)
"""


def main() -> int:
    """Prints what it finds; 0 when all of it is as promised."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    file = PLACE / "paraboloid.py"
    file.write_text(OBJECTIVE, encoding="utf-8")
    space: dict[str, object] = {}
    exec(OBJECTIVE, space)
    objective = space["objective"]
    tuner = Tuner(PLACE / "studio.toml")

    result = tuner.run(file, trials=TRIALS, workers=WORKERS, sampler="random", seed=1)
    ours = [(dict(trial.params), trial.values) for trial in tuner.trials()]
    plain = optuna.create_study(sampler=optuna.samplers.RandomSampler(1))
    plain.optimize(objective, TRIALS)  # type: ignore[arg-type]
    same = ours == [(trial.params, tuple(trial.values)) for trial in plain.trials]
    print(f"{result.status.finished} trials with {WORKERS} workers; those of plain Optuna in one process: {same}")

    theirs, parallel = [], []
    for seed in range(SEEDS):
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
        study.optimize(objective, TRIALS, n_jobs=WORKERS)  # type: ignore[arg-type]
        theirs.append(study.best_value)
        found = tuner.run(file, trials=TRIALS, workers=WORKERS, seed=seed, study=f"tpe-{seed}").status
        parallel.append((found.best[0].values or ())[0])
    ours_median, their_median, limit = statistics.median(parallel), *statistics.quantiles(theirs, n=4)[1:]
    print(f"TPE, median best of {SEEDS} seeds: {ours_median:.4f}; Optuna's own n_jobs={WORKERS}: {their_median:.4f}")
    print(f"  three quarters of Optuna's are better than {limit:.4f}")

    for drawn in tuner.plot("paraboloid"):
        print(f"Wrote {drawn}")
    return int(not same or ours_median > limit)


if __name__ == "__main__":
    sys.exit(main())
