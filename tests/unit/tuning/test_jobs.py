"""Each trial as a training job: asked through the mailbox, taken up by another controller, stopped, paid for."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

from studioctl.errors import AwsError, StudioctlError
from studioctl.tuning import jobs, places, runs, studies
from studioctl.tuning.jobs import JobPlan, Jobs
from studioctl.tuning.ledger import Ledger
from studioctl.tuning.places import Place
from tests.fakes.training import FakeCloud, stand_in

__all__ = ["stand_in"]

PLAN = JobPlan(
    bucket="acme-data",
    root="tuning/shared/study",
    code="tuning/shared/study/code/1",
    name_prefix="acme--tune-",
    role_arn="arn:aws:iam::123456789012:role/acme-execution",
    image="683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-py312",
    instance_type="ml.m5.large",
    volume_gb=5,
    longest_seconds=3600,
    is_spot=False,
    network=None,
    tags={},
    usd_per_hour=0.1,
)


def square(trial: Any) -> float:
    x = trial.suggest_float("x", -5, 5)
    kind = trial.suggest_categorical("kind", ["a", None])
    return float((x - 2) ** 2 + (kind == "a"))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stand_in: None) -> Iterator[None]:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    for name in ("LIST_SECONDS", "STATE_SECONDS", "CREATE_SECONDS", "FULL_SECONDS"):
        monkeypatch.setattr(jobs, name, 0.01)
    monkeypatch.setattr("studioctl.tuning.controller.TICK_SECONDS", 0.01)
    (tmp_path / "square.py").write_text("def objective(trial): ...\n", encoding="utf-8")
    return iter(())


def crew(cloud: FakeCloud, **changes: Any) -> Any:
    def make(found: Place) -> Jobs:
        return Jobs(cloud, PLAN, found, Ledger(found.bills), **changes)

    return make


def begin(tmp_path: Path, cloud: FakeCloud, *, crew_changes: dict[str, Any] | None = None, **settings: Any) -> Any:
    wanted = runs.Settings(tmp_path / "square.py", **{"trials": 6, "workers": 3, **settings})
    return runs.run(tmp_path / "studio.toml", wanted, crew(cloud, **(crew_changes or {})))


def ended(work: Any) -> Any:
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def place(tmp_path: Path) -> Place:
    return places.place(tmp_path / "studio.toml", "square")


def test_trials_are_jobs_with_optunas_parameters(tmp_path: Path) -> None:
    cloud = FakeCloud(square)

    result = ended(begin(tmp_path, cloud, sampler="random", seed=1))

    assert (result.reason, result.status.complete, len(cloud.jobs)) == ("finished", 6, 6)
    plain = optuna.create_study(sampler=optuna.samplers.RandomSampler(1))
    plain.optimize(square, 6)
    study = studies.opened(place(tmp_path))
    assert [(t.params, t.value) for t in study.trials] == [(t.params, t.value) for t in plain.trials]
    assert cloud.objects == {}  # the mailbox is empty
    assert result.status.usd == pytest.approx(6 * 36 * 0.1 / 3600, abs=1e-4)
    names = [place(tmp_path).job_of(number) for number in range(6)]
    assert sorted(map(str, names)) == sorted(cloud.jobs)
    assert all(name and name.startswith(f"acme--tune-square-{number}-") for number, name in enumerate(names))


def test_only_what_a_trial_takes_is_noted(tmp_path: Path) -> None:
    def branches(trial: Any) -> float:
        if trial.suggest_categorical("kind", ["deep", "flat"]) == "deep":
            return float(trial.suggest_int("layers", 1, 9))
        return 0.5

    ended(begin(tmp_path, FakeCloud(branches), trials=20, sampler="random"))

    trials = studies.opened(place(tmp_path)).trials
    assert {len(trial.params) for trial in trials} == {1, 2}
    assert all(("layers" in trial.params) == (trial.params["kind"] == "deep") for trial in trials)


def test_another_controller_takes_running_jobs_up(tmp_path: Path) -> None:
    go_on = threading.Event()

    def waiting(trial: Any) -> float:
        x = trial.suggest_float("x", 0, 1)
        go_on.wait(120)
        return float(x)

    cloud = FakeCloud(waiting)
    work = begin(tmp_path, cloud, trials=3)
    while len(studies.opened(place(tmp_path)).trials if place(tmp_path).exists else ()) < 3 or len(cloud.running()) < 3:
        next(work)
    work.close()  # as a controller's end by Ctrl-C
    status = studies.status(tmp_path / "studio.toml", "square")
    assert (status.is_running, status.running, len(cloud.running())) == (False, 3, 3)
    go_on.set()

    result = ended(begin(tmp_path, cloud, trials=3))

    assert (result.status.complete, result.status.retried, len(cloud.jobs)) == (3, 0, 3)
    assert cloud.objects == {}


def test_stop_ends_jobs_with_and_without_a_controller(tmp_path: Path) -> None:
    def endless(trial: Any) -> float:
        trial.suggest_float("x", 0, 1)
        threading.Event().wait(120)
        return 0.0

    cloud = FakeCloud(endless)
    work = begin(tmp_path, cloud, trials=3)
    while len(cloud.running()) < 3:
        next(work)
    work.close()

    wanted = runs.Settings(tmp_path / "square.py", trials=3, study="square")
    runs.stop_jobs(tmp_path / "studio.toml", wanted, crew(cloud))

    assert cloud.running() == []
    status = studies.status(tmp_path / "studio.toml", "square")
    assert (status.running, status.waiting, status.failed) == (0, 3, 0)
    errors = [each.error for each in studies.records(tmp_path / "studio.toml", "square")]
    assert errors == 3 * ["its worker was stopped, and the trial was queued again"] + 3 * [None]


def test_a_job_that_fails_in_aws_is_tried_again_with_its_parameters(tmp_path: Path) -> None:
    cloud = FakeCloud(square, failing={"1": "CapacityError: Unable to provision requested ML compute capacity."})

    status = ended(begin(tmp_path, cloud, trials=3, workers=1)).status

    assert (status.complete, status.retried, status.failed) == (3, 1, 0)
    lost = studies.records(tmp_path / "studio.toml", "square")[1]
    assert lost.error == (
        f"its job {place(tmp_path).job_of(1)} ended as Failed: "
        "CapacityError: Unable to provision requested ML compute capacity."
    )


def test_a_full_quota_is_waited_for_while_own_jobs_run(tmp_path: Path) -> None:
    assert ended(begin(tmp_path, FakeCloud(square, room=1), trials=4, workers=3)).status.complete == 4


def test_a_quota_of_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(AwsError, match="service limit"):
        ended(begin(tmp_path, FakeCloud(square, room=0)))
    assert studies.status(tmp_path / "studio.toml", "square").running == 0


def test_a_run_with_a_limit_waits_for_the_bill_of_its_last_job(tmp_path: Path) -> None:
    cloud = FakeCloud(square, closing_seconds=0.2)

    result = ended(begin(tmp_path, cloud, trials=5, workers=2, crew_changes={"max_usd": 0.15}))

    assert (result.reason, result.status.finished, result.status.usd) == ("finished", 5, 0.005)


def test_no_job_begins_that_could_cost_too_much(tmp_path: Path) -> None:
    """At 0.10 an hour and an hour at most, a quarter of a dollar is enough for two at once, and each costs 0.001."""
    result = ended(begin(tmp_path, FakeCloud(square), trials=500, workers=5, crew_changes={"max_usd": 0.105}))

    assert result.reason == "money"
    assert result.status.usd <= 0.105
    assert 0 < result.status.finished < 500


def test_a_script_has_nothing_to_load_in_a_trials_own_job(tmp_path: Path) -> None:
    (tmp_path / "square.py").write_text("import os\nos.environ['OPTUNA_STORAGE']\n", encoding="utf-8")
    with pytest.raises(StudioctlError, match="loads its study itself, from OPTUNA_STORAGE"):
        next(begin(tmp_path, FakeCloud(square)))
    assert not place(tmp_path).directory.exists()


def test_a_study_stays_with_files_of_its_kind(tmp_path: Path) -> None:
    place(tmp_path).directory.mkdir(parents=True)
    place(tmp_path).database.touch()
    with pytest.raises(StudioctlError, match="belongs to a file that loads it itself"):
        next(begin(tmp_path, FakeCloud(square)))
