"""Long-lived workers: how many are begun, replaced and stopped, and what a second controller does beside the first."""

import gzip
import json
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import optuna
import pytest

from studioctl.aws.training import JobState, ListedJob
from studioctl.errors import StudioctlError
from studioctl.events import Noted
from studioctl.tuning import copies, fleet, places, runs, studies
from studioctl.tuning.controller import Goal
from studioctl.tuning.fleet import Fleet
from studioctl.tuning.jobnames import WorkerNames
from studioctl.tuning.ledger import Ledger
from studioctl.tuning.places import Place
from tests.unit.tuning.test_jobs import PLAN

TOLD: dict[str, Any] = {"until": None, "directions": [], "seed": 7, "optuna": "optuna==5.0.0"}


@dataclass
class Account:
    """SageMaker and S3 in memory. Each worker runs `work` when it is first listed, which says how it ended."""

    work: Callable[[str], str]
    objects: dict[str, bytes] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    moments: int = 0

    def put(self, key: str, content: bytes) -> None:
        self.objects[key] = content

    def put_new(self, key: str, content: bytes) -> bool:
        return self.objects.setdefault(key, content) is content

    def get(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def keys(self, prefix: str) -> list[str]:
        return sorted(key for key in self.objects if key.startswith(prefix))

    def delete(self, keys: Collection[str]) -> None:
        for key in keys:
            self.objects.pop(key, None)

    def create(self, request: Mapping[str, Any]) -> None:
        self.asked.append(request["TrainingJobName"])
        self.status.setdefault(request["TrainingJobName"], "InProgress")

    def listed(self, prefix: str) -> list[ListedJob]:
        for name, status in tuple(self.status.items()):
            if status == "InProgress":
                self.status[name] = self.work(name)
        return [
            ListedJob(name, status, datetime.now(UTC))
            for name, status in self.status.items()
            if name.startswith(prefix)
        ]

    def job(self, name: str) -> JobState | None:
        status = self.status[name]
        return JobState(name, status != "InProgress", status, self.reasons.get(name, ""), 36.0)

    def stop(self, name: str) -> None:
        self.status[name] = "Stopped"

    def copy(self, trials: int, *, minutes: int = 5, prefix: str = copies.PREFIX, database: str = "") -> None:
        """Leave the copy of a worker, some minutes from now, of a study with so many finished trials."""
        study = optuna.create_study(study_name="square")
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), trials)
        ended, content = copies.journal_of(study, "square")
        self.moments += 1
        moment = datetime.now(UTC) + timedelta(minutes=minutes, seconds=self.moments)
        self.put(f"{PLAN.root}/{prefix}{copies.Written(moment, ended, database).name('w')}", content)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("LOOK_SECONDS", "TICK_SECONDS", "CREATE_SECONDS"):
        monkeypatch.setattr(fleet, name, 0.0)
    (tmp_path / "square.py").write_text("def objective(trial): ...\n", encoding="utf-8")
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def crew(
    account: Account, *, workers: int = 2, trials: int = 4, more: dict[str, Any] | None = None, **others: Any
) -> Callable[[Place], Fleet]:
    goal, told = Goal(trials, None, 1, in_order=False), {**TOLD, **(more or {})}
    return lambda found: Fleet(account, PLAN, found, Ledger(found.bills), told, workers, goal, **others)


def shared(tmp_path: Path, account: Account, **changes: Any) -> runs.RunResult:
    settings = runs.Settings(tmp_path / "square.py", trials=changes.get("trials", 4), workers=2, retries=1)
    told = changes.pop("told", [])
    work = runs.share(tmp_path / "studio.toml", settings, crew(account, **changes))
    while True:
        try:
            told.append(next(work))
        except StopIteration as stop:
            result: runs.RunResult = stop.value
            return result


def place(tmp_path: Path) -> Place:
    return places.place(tmp_path / "studio.toml", "square")


def test_workers_begin_and_the_copy_tells_when_it_is_enough(tmp_path: Path) -> None:
    turns = iter(range(3, 100))
    account = Account(lambda _: "InProgress" if next(turns) < 8 else "Completed")
    account.copy(4)

    result = shared(tmp_path, account, trials=4)

    assert (result.reason, result.status.finished, result.status.live) == ("finished", 4, 0)
    assert account.asked == []  # the copy had all trials already
    account.copy(6)
    result = shared(tmp_path, account, trials=7)
    assert result.reason == "workers"  # each left without the seventh trial, and so did the one that replaced it
    assert result.status.finished == 6
    assert set(account.asked) == {f"acme--tune-square-w0-{number}" for number in (1, 2)} | {
        f"acme--tune-square-w1-{number}" for number in (1, 2)
    }
    assert result.status.usd == pytest.approx(len(account.asked) * 36 * 0.1 / 3600, abs=1e-4)
    assert not [key for key in account.objects if "/workers/" in key]


def test_each_worker_is_told_its_own_seed(tmp_path: Path) -> None:
    told: dict[str, Any] = {}

    def noted(name: str) -> str:
        told[name] = json.loads(account.objects[f"{PLAN.root}/workers/{name}.json"])["seed"]
        account.copy(4)
        return "Completed"

    account = Account(noted)
    assert shared(tmp_path, account).reason == "finished"
    assert told["acme--tune-square-w0-1"] == 1007
    assert told.get("acme--tune-square-w1-1", 1008) == 1008


def test_a_second_controller_begins_no_worker_twice(tmp_path: Path) -> None:
    account = Account(lambda _: "InProgress")
    ours, theirs = (crew(account)(Place(tmp_path / name / "square")) for name in ("a", "b"))
    for each in (ours, theirs):
        each.found.directory.joinpath("logs").mkdir(parents=True)
    for _ in range(4):
        for each in (ours, theirs):
            each._hire(each.look())

    assert set(account.status) == {"acme--tune-square-w0-1", "acme--tune-square-w1-1"}


def test_a_program_that_cannot_be_loaded_ends_the_run_and_every_worker(tmp_path: Path) -> None:
    def broken(name: str) -> str:
        if not name.endswith("-w0-1"):
            return "InProgress"
        account.reasons[name] = "AlgorithmError: 'square.py' cannot be loaded: ImportError: torch, exit code: 1"
        return "Failed"

    account = Account(broken)
    with pytest.raises(StudioctlError) as raised:
        shared(tmp_path, account)
    assert str(raised.value) == (
        "'square.py' cannot be loaded: ImportError: torch. Every worker of study 'square' has been stopped."
    )
    assert "InProgress" not in account.status.values()


def test_what_aws_fails_is_told_and_replaced_and_a_mistake_ends_the_run(tmp_path: Path) -> None:
    def failed(name: str) -> str:
        account.reasons[name] = why
        return "Failed"

    account, why = Account(failed), "InternalServerError: We encountered an internal error. Please try again."
    told: list[Any] = []
    result = shared(tmp_path, account, told=told)
    assert (result.reason, len(account.asked)) == ("workers", 4)
    notes = sorted(each.message for each in told if isinstance(each, Noted))
    assert notes == [f"The worker {name} failed: {why}" for name in sorted(account.asked)]
    why = "ClientError: Cannot pull algorithm container."
    with pytest.raises(StudioctlError, match="Cannot pull algorithm container"):
        shared(tmp_path, account)


def test_no_worker_begins_that_could_cost_too_much(tmp_path: Path) -> None:
    result = shared(tmp_path, Account(lambda _: "InProgress"), max_usd=0.05)
    assert (result.reason, result.status.jobs) == ("money", 0)


def test_an_older_copy_does_not_replace_a_newer_one(tmp_path: Path) -> None:
    account = Account(lambda _: "Completed")
    account.copy(4)
    account.copy(2, minutes=4)
    assert shared(tmp_path, account).status.finished == 4
    assert len(studies.opened(place(tmp_path)).trials) == 4
    for key in account.keys(f"{PLAN.root}/{copies.PREFIX}")[1:]:
        account.delete([key])  # the newest one
    assert shared(tmp_path, account).status.finished == 4


def test_a_newer_copy_with_fewer_trials_is_taken_and_what_it_lacks_is_kept(tmp_path: Path) -> None:
    account, told = Account(lambda _: "Completed"), list[Any]()
    account.copy(4)
    shared(tmp_path, account)
    account.copy(2, minutes=9)
    result = shared(tmp_path, account, trials=2, told=told)

    assert result.status.finished == 2
    (kept,) = (each for each in places.places(tmp_path / "studio.toml") if each.name != "square")
    assert len(studies.opened(kept).trials) == 4
    (note,) = (each.message for each in told if isinstance(each, Noted))
    assert note == (
        "4 trials of study 'square' that had ended are not in the database any more, as after it was restored from an"
        f" older backup. They are kept here, in study '{kept.name}'."
    )


def test_what_workers_have_kept_is_taken_once(tmp_path: Path) -> None:
    account, told = Account(lambda _: "Completed"), list[Any]()
    account.copy(4, prefix=copies.KEPT)
    account.copy(2)
    shared(tmp_path, account, trials=2, told=told)
    (first,) = account.keys(f"{PLAN.root}/{copies.PREFIX}")
    account.put(first.replace("-w", "-x"), account.objects[first])  # the same, later
    shared(tmp_path, account, trials=2, told=told)

    assert [each.message[:37] for each in told if isinstance(each, Noted)] == ["4 trials of study 'square' that had e"]
    assert [each.finished for each in studies.all_of(tmp_path / "studio.toml") if each.study != "square"] == [4]


def test_a_copy_that_is_no_journal_replaces_nothing(tmp_path: Path) -> None:
    account = Account(lambda _: "Completed")
    account.copy(4)
    shared(tmp_path, account)
    account.copy(0, minutes=9)
    broken = account.keys(f"{PLAN.root}/{copies.PREFIX}")[-1]
    account.put(broken, gzip.compress(b"{}\n"))
    with pytest.raises(StudioctlError, match="The copy of study 'square' in the bucket cannot be read") as raised:
        shared(tmp_path, account)
    assert raised.value.hint == f"aws s3 rm s3://acme-data/{broken}   (workers write a better one)"
    assert len(studies.opened(place(tmp_path)).trials) == 4


def test_a_copy_of_another_database_is_not_believed_before_a_worker_has_looked(tmp_path: Path) -> None:
    def looks(_: str) -> str:
        account.copy(2, minutes=9, database="usteronb")
        return "Completed"

    account = Account(looks)
    account.copy(4, database="clustera")
    result = shared(tmp_path, account, trials=2, more={"database": {"id": "cluster-ONB"}})
    assert (account.asked, result.status.finished) == (["acme--tune-square-w0-1"], 2)


def test_a_study_that_was_deleted_and_run_again_has_its_workers(tmp_path: Path) -> None:
    """AWS gives out a name once, lists what was before, and what failed then is no news."""
    account = Account(lambda _: "Failed")
    assert shared(tmp_path, account).reason == "workers"
    before = set(account.asked)
    account.objects.clear()
    shutil.rmtree(place(tmp_path).directory)

    def works(_: str) -> str:
        account.copy(4)
        return "Completed"

    account.work = works
    result = shared(tmp_path, account)
    assert (result.reason, result.status.finished) == ("finished", 4)
    assert result.status.jobs == len(set(account.asked) - before) == len(account.asked) - len(before) > 0
    assert result.status.usd == pytest.approx(result.status.jobs * 36 * 0.1 / 3600, abs=1e-4)


@pytest.mark.parametrize("content", [b"[" * 99_999, b"{}", b"null", b"\xff", b"Infinity", b"-1", b"true", b"9" * 70])
def test_garbage_in_the_bucket_stops_nobody_and_hides_no_worker(tmp_path: Path, content: bytes) -> None:
    turns = iter(range(100))
    account = Account(lambda _: "InProgress" if next(turns) < 8 else "Completed")
    account.copy(4)
    for name in (fleet.BEFORE, fleet.STOPPED, f"{copies.PREFIX}~", f"{copies.KEPT}~"):
        account.put(f"{PLAN.root}/{name}", content)
    result = shared(tmp_path, account, trials=5)
    assert (result.reason, result.status.finished, result.status.jobs) == ("workers", 4, 4)


def test_without_a_database_what_is_in_the_bucket_is_deleted(tmp_path: Path) -> None:
    account = Account(lambda _: "Completed")
    account.copy(4)
    shared(tmp_path, account)
    runs.delete(tmp_path / "studio.toml", "square", lambda found: crew(account)(found).erase())
    assert (account.objects, account.asked, places.places(tmp_path / "studio.toml")) == ({}, [], ())


def test_who_stops_a_study_stops_the_controllers_of_other_machines_too(tmp_path: Path) -> None:
    account, looks = Account(lambda _: "InProgress"), count()
    theirs = crew(account)(Place(tmp_path / "other" / "square"))
    theirs.found.directory.joinpath("logs").mkdir(parents=True)

    def lives(_: str) -> str:
        if next(looks) == 4:
            theirs.stop()
        return "InProgress"

    account.work = lives
    result = shared(tmp_path, account)
    assert (result.reason, "InProgress" in account.status.values()) == ("stopped", False)
    account.work = lambda _: "Completed"
    assert shared(tmp_path, account).reason == "workers"  # the mark of then does not mean this run


@pytest.mark.parametrize("name", ["a_b", "a-b", "x" * 63, "a"], ids=["underscore", "hyphen", "long", "short"])
def test_names_of_jobs_are_legal_and_tell_studies_apart(name: str) -> None:
    heads = {study: WorkerNames(PLAN.name_prefix, study).head for study in ("a_b", "a-b", "x" * 63, "a")}
    assert len(set(heads.values())) == 4
    assert len(f"{heads[name]}-w199-99999") <= 63
    assert "_" not in heads[name]
