"""Trials are asked, run by processes, and told: each once, whatever goes."""

import os
import signal
import statistics
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest

from studioctl.errors import StudioctlError
from studioctl.tuning import controller, studies
from studioctl.tuning.controller import TrialEnded
from tests.unit.tuning.conftest import Project, eventually, is_alive, nothing_runs


def plain_optuna(trials: int, seed: int) -> list[tuple[dict[str, Any], float]]:
    """The trials of Optuna with the same objective in one process."""

    def objective(trial: optuna.Trial) -> float:
        x, y = trial.suggest_float("x", -10, 10), trial.suggest_int("y", 0, 5)
        kind = trial.suggest_categorical("kind", ["a", None, 3])
        return x * x + y + (kind == "a")

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed))
    study.optimize(objective, trials)
    return [(trial.params, trial.values[0]) for trial in study.trials]


def ours(project: Project) -> list[tuple[dict[str, Any], float]]:
    """The complete trials, in the order in which they were first asked for."""
    complete = [trial for trial in project.tuner.trials() if trial.state == "complete"]
    complete.sort(key=lambda trial: trial.number if trial.retry_of is None else trial.retry_of)
    return [(dict(trial.params), trial.values[0]) for trial in complete if trial.values]


def test_random_trials_are_those_of_plain_optuna(project: Project) -> None:
    result = project.run(20, workers=4, sampler="random", seed=7)

    assert (result.reason, result.status.finished, result.status.complete) == ("finished", 20, 20)
    assert ours(project) == plain_optuna(20, 7)
    assert nothing_runs(project)


def test_and_so_they_are_when_workers_are_killed_and_the_run_in_two_parts(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAP", "0.3")
    killed: list[int] = []

    def kill_some(event: object) -> None:
        # Two trials may end at once, so that a number is never told.
        if isinstance(event, TrialEnded) and len(killed) < 2 and event.status.finished >= (2, 5)[len(killed)]:
            process = next(each for each in project.begun().values() if is_alive(each) and each not in killed)
            os.kill(process, signal.SIGKILL)
            killed.append(process)

    project.run(8, workers=3, sampler="random", seed=3, on_progress=kill_some)
    status = project.run(14, workers=2, sampler="random", seed=3).status

    assert len(killed) == 2
    assert (status.finished, status.complete, status.failed, status.running) == (14, 14, 0, 0)
    assert ours(project) == plain_optuna(14, 3)
    numbers = [trial.number for trial in project.tuner.trials()]
    assert numbers == list(range(14 + status.retried))


def test_a_trial_whose_worker_always_goes_is_tried_again_within_a_bound(project: Project) -> None:
    project.write(
        "import os\ndef objective(trial):\n    x = trial.suggest_int('x', 0, 100)\n"
        "    first = trial.number == 0 or x == int(open('first').read())\n"
        "    if first:\n        open('first', 'w').write(str(x))\n        os.kill(os.getpid(), 11)\n    return x\n"
    )
    status = project.run(4, workers=1, retries=2, seed=1, sampler="random").status

    assert (status.finished, status.complete, status.failed, status.retried) == (4, 3, 1, 2)
    lost = [trial for trial in project.tuner.trials() if trial.state == "failed"]
    assert [(trial.error, trial.retry_of) for trial in lost] == [
        ("its worker ended with SIGSEGV", None),
        ("its worker ended with SIGSEGV", 0),
        ("its worker ended with SIGSEGV", 0),
    ]
    assert len({trial.params["x"] for trial in lost}) == 1


def test_pruning_reports_and_notes_reach_the_study(project: Project) -> None:
    project.write(
        "import optuna\n"
        "def objective(trial):\n"
        "    x = trial.suggest_float('x', 0.01, 1, log=True)\n"
        "    assert isinstance(trial, optuna.trial.BaseTrial)\n"
        "    assert trial.study.direction == optuna.study.StudyDirection.MAXIMIZE\n"
        "    assert trial.params == {'x': x} and list(trial.distributions) == ['x']\n"
        "    trial.set_user_attr('note', {'deep': [1]})\n"
        "    for step in range(3):\n"
        "        trial.report(-trial.number, step)\n"
        "        if trial.should_prune():\n"
        "            raise optuna.TrialPruned\n"
        "    return -trial.number\n"
    )
    status = project.run(12, workers=1, directions=("maximize",), pruner="median").status

    assert (status.complete, status.pruned, status.failed) == (5, 7, 0)
    assert (status.best[0].number, status.best[0].user_attrs) == (0, {"note": {"deep": [1]}})
    study = studies.opened(project.place())
    assert study.trials[0].intermediate_values == {0: 0.0, 1: 0.0, 2: 0.0}


def test_several_objectives_have_several_best_trials(project: Project) -> None:
    project.write("def objective(trial):\n    x = trial.suggest_int('x', 0, 9)\n    return x, 9 - x\n")

    status = project.run(6, workers=2, directions=("minimize", "minimize"), sampler="nsga2", seed=1).status

    assert status.directions == ("minimize", "minimize")
    assert len(status.best) == 6  # the less of one, the more of the other
    assert all(trial.values and sum(trial.values) == 9 for trial in status.best)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("raise KeyError('gone')", "KeyError: 'gone'"),
        ("return None", "TypeError: float() argument must be a string or a real number, not 'NoneType'"),
        ("return float('nan')", "it returned nan"),
        ("return 1, 2", "it returned 2 values, and the study has 1 directions"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("return trial.suggest_float('x', 2, 1)", "ValueError: `low <= high` must hold"),
        ("trial.suggest_int('x', 0, 1); return trial.suggest_float('x', 0, 1)", "ValueError: Cannot set different"),
    ],
)
def test_an_objective_that_always_fails_ends_the_run(project: Project, body: str, error: str) -> None:
    project.write(f"def objective(trial):\n    {body}\n")

    with pytest.raises(StudioctlError) as raised:
        project.run(50, workers=1)

    assert raised.value.message.startswith(f"The first 3 trials failed, the last one with: {error}")
    assert raised.value.hint == "studioctl tune logs --study objective --trial 2"
    assert project.tuner.status().failed == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("x = (", "SyntaxError: '(' was never closed (objective.py, line 1)"),
        ("def other(trial): return 1", "LookupError: it defines no function 'objective(trial)'"),
        ("import os; os._exit(9)", "the process ended with exit code 9"),
    ],
)
def test_a_file_that_cannot_be_loaded_begins_no_trial(project: Project, text: str, why: str) -> None:
    project.write(text)

    with pytest.raises(StudioctlError) as raised:
        project.run(5, workers=2)

    assert raised.value.message == f"'objective.py' cannot be loaded: {why}. No trial was begun with it."
    assert project.tuner.trials() == ()


def test_what_a_trial_starts_ends_with_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop from another process leaves neither workers nor their children."""
    project.write(
        "import os, subprocess, time\n"
        "def objective(trial):\n"
        "    child = subprocess.Popen(['sleep', '600'])\n"
        "    for process in (os.getpid(), child.pid):\n"
        "        open(f'begun-{process}-{process}', 'w').close()\n"
        "    time.sleep(600)\n"
    )
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(project.run(5, workers=2)))
    thread.start()
    eventually(lambda: len(project.begun()) == 4)

    assert project.tuner.stop() is True
    thread.join()

    assert nothing_runs(project)
    assert (results[0].reason, results[0].status.finished, results[0].status.waiting) == ("stopped", 0, 2)
    assert project.tuner.stop() is False


def test_no_trial_begins_after_the_time_and_those_that_run_are_waited_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is over when four trials have begun, however long a busy machine takes to start a worker."""
    now, hour = time.monotonic, 3600
    clock = SimpleNamespace(monotonic=lambda: now() + hour * (len(project.begun()) >= 4))
    monkeypatch.setattr(controller, "time", clock)

    result = project.run(1000, workers=2, timeout_seconds=hour)

    assert result.reason == "timeout"
    assert len(project.begun()) == result.status.finished
    assert 4 <= result.status.finished <= 6
    assert (result.status.running, result.status.waiting) == (0, 0)


def test_parallel_tpe_is_better_than_random_sampling(project: Project) -> None:
    """Of sixty trials: with fewer, three seeds may fail by chance."""
    project.write("def objective(trial):\n    return sum(trial.suggest_float(n, -5, 5) ** 2 for n in 'ab')\n")
    best = [project.run(60, workers=4, seed=seed, study=f"s{seed}").status.best[0].values[0] for seed in range(3)]

    def sphere(trial: optuna.Trial) -> float:
        return sum(trial.suggest_float(name, -5, 5) ** 2 for name in "ab")

    theirs = []
    for seed in range(3):
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed))
        study.optimize(sphere, 60)
        theirs.append(study.best_value)
    assert statistics.median(best) < statistics.median(theirs)


def test_libraries_share_the_cores(project: Project) -> None:
    project.write("import os\ndef objective(trial):\n    return int(os.environ['OMP_NUM_THREADS'])\n")

    status = project.run(1, workers=1).status

    assert status.best[0].values == (float(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)),)


def test_the_journal_is_optunas_own(project: Project) -> None:
    project.run(2)
    backend = optuna.storages.journal.JournalFileBackend(str(Path(project.directory, "tuning/objective/journal.log")))

    study = optuna.load_study(study_name="objective", storage=optuna.storages.JournalStorage(backend))

    assert len(study.trials) == 2
