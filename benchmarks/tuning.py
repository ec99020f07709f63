"""Measure the time that the controller adds to each trial, beside bare Optuna on the same storage.

Bare Optuna: as many processes as workers, each with the storage open and its share of the trials. In a journal, ours is
the controller with its processes; in PostgreSQL, the workers that jobs run, without the network. Both sides run one
sleeping objective, which notes its process. The time of a trial is what its process takes from its first trial's
beginning to its last one's end, by the number of its trials: the start of processes, which both have, is left out.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.pool import NullPool

from benchmarks import workers as crowd
from studioctl import Tuner

OBJECTIVE = """\
import os, time

def objective(trial):
    trial.set_user_attr("process", os.getpid())
    trial.suggest_float("x", 0, 1)
    trial.suggest_int("y", 0, 9)
    trial.suggest_categorical("z", ["a", "b"])
    time.sleep(float(os.environ["NAP"]))
    return 0.0
"""
BARE = (
    OBJECTIVE
    + """
import sys
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.pool import NullPool

optuna.logging.set_verbosity(optuna.logging.ERROR)
storage = JournalStorage(JournalFileBackend(sys.argv[1]))
study = optuna.load_study(study_name="bare", storage=storage, sampler=optuna.samplers.RandomSampler())
study.optimize(objective, n_trials=int(sys.argv[2]))
"""
)


def each_takes(trials: Sequence[tuple[Mapping[str, Any], float, float]]) -> float:
    """Seconds of a trial, on average over processes: of each trial its notes, its beginning and its end."""
    by_process: dict[int, list[tuple[float, float]]] = {}
    for notes, begin, end in trials:
        by_process.setdefault(notes["process"], []).append((begin, end))
    return statistics.mean(
        (max(end for _, end in times) - min(begin for begin, _ in times)) / len(times) for times in by_process.values()
    )


def bare(directory: Path, workers: int, each: int) -> float:
    """Seconds that a trial takes with plain Optuna."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    program, journal = directory / "bare.py", directory / "bare.log"
    program.write_text(BARE, encoding="utf-8")
    optuna.create_study(study_name="bare", storage=JournalStorage(JournalFileBackend(str(journal))))
    processes = [subprocess.Popen([sys.executable, program, journal, str(each)]) for _ in range(workers)]
    assert [process.wait() for process in processes] == [0] * workers
    study = optuna.load_study(study_name="bare", storage=JournalStorage(JournalFileBackend(str(journal))))
    return each_takes(
        [
            (trial.user_attrs, trial.datetime_start.timestamp(), trial.datetime_complete.timestamp())
            for trial in study.trials
            if trial.datetime_start and trial.datetime_complete
        ]
    )


def ours(directory: Path, workers: int, each: int) -> float:
    """Seconds that a trial takes with the controller."""
    file = directory / "sleep.py"
    file.write_text(OBJECTIVE, encoding="utf-8")
    tuner = Tuner(directory / "studio.toml")
    tuner.run(file, trials=workers * each, workers=workers, sampler="random")
    trials = tuner.trials()
    assert [trial.number for trial in trials] == list(range(workers * each))
    begun = [(trial, trial.started_at.timestamp()) for trial in trials if trial.started_at]
    return each_takes([(trial.user_attrs, begin, begin + (trial.seconds or 0)) for trial, begin in begun])


def in_database(directory: Path, workers: int, each: int) -> tuple[float, float]:
    """Seconds that a trial takes with plain Optuna, and with workers, in one PostgreSQL."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    crowd.lay_programs(directory)
    (directory / "nap.py").write_text(OBJECTIVE, encoding="utf-8")
    found = []
    with crowd.database(most=823) as url:
        storage = optuna.storages.RDBStorage(url, engine_kwargs={"poolclass": NullPool})
        for name, own in (("bare", each), ("ours", 0)):
            optuna.create_study(study_name=name, storage=storage)
            process = crowd.begin(directory, url, workers, workers * each, 0.0, study=name, bare=own)
            assert process.wait() == 0
            trials = optuna.load_study(study_name=name, storage=storage).get_trials()
            assert [trial.number for trial in trials] == list(range(workers * each))
            found.append(
                each_takes(
                    [
                        (trial.user_attrs, trial.datetime_start.timestamp(), trial.datetime_complete.timestamp())
                        for trial in trials
                        if trial.datetime_start and trial.datetime_complete
                    ]
                )
            )
    return found[0], found[1]


def in_journal(directory: Path, workers: int, each: int) -> tuple[float, float]:
    """Seconds that a trial takes with plain Optuna, and with the controller, in a journal."""
    return bare(directory, workers, each), ours(directory, workers, each)


STORAGES = {"journal": in_journal, "database": in_database}


def main() -> None:
    """Prints a table, and the same as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nap", type=float, default=5.0, help="seconds that a trial sleeps")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 10, 50])
    parser.add_argument("--each", type=int, default=6, help="trials of each worker")
    parser.add_argument("--storages", nargs="*", choices=STORAGES, default=list(STORAGES))
    asked = parser.parse_args()
    os.environ["NAP"] = str(asked.nap)
    rows: list[dict[str, Any]] = []
    print("storage    workers    bare s    ours s  ms added    added  trials/s")
    for storage, workers in itertools.product(asked.storages, asked.workers):
        with tempfile.TemporaryDirectory() as place:
            plain, controlled = STORAGES[storage](Path(place), workers, asked.each)
        rows.append(
            {
                "storage": storage,
                "workers": workers,
                "nap_seconds": asked.nap,
                "bare_seconds": plain,
                "ours_seconds": controlled,
            }
        )
        print(
            f"{storage:<8}  {workers:>7}  {plain:>8.3f}  {controlled:>8.3f}  {(controlled - plain) * 1000:>8.0f}"
            f"  {(controlled - plain) / plain:>7.1%}  {workers / controlled:>8.2f}"
        )
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
