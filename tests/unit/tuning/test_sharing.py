"""The rules of workers that share a database: the number of trials, lost trials, and the copy for others."""

import gzip
import importlib
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import optuna
import pytest
import sqlalchemy

from studioctl.tuning import again, copies, runner
from tests.unit.tuning.conftest import at_once

pytestmark = [
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore:Heartbeat of storage"),  # here, no study runs by itself
]

URL = "sqlite:///{}?timeout=60"


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module that is sent into jobs; its limit does not outlive the test."""
    monkeypatch.setitem(sys.modules, "studioctl_again", again)
    module = importlib.import_module("studioctl.tuning.shared")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield module
    module.Storage.terms = module.Storage.ours = None


def opened(shared: Any, tmp_path: Path, trials: int = 7, retries: int = 1) -> optuna.Study:
    shared.keep_to(shared.Terms("s", trials, retries, 60))
    storage = shared.Storage(URL.format(tmp_path / "study.db"))
    return optuna.create_study(storage=storage, study_name="s", load_if_exists=True)


def test_no_trial_begins_beyond_the_limit_whoever_asks_at_once(shared: Any, tmp_path: Path) -> None:
    opened(shared, tmp_path)
    begun: list[int] = []

    def ask() -> None:
        study = optuna.load_study(storage=shared.Storage(URL.format(tmp_path / "study.db")), study_name="s")
        begun.extend(study.ask().number for _ in range(3))

    refused = at_once(ask, 4)

    assert sorted(begun) == list(range(7))
    assert {(type(error), str(error)) for error in refused} == {(shared.EnoughError, "the study has its 7 trials")}


def test_a_trial_that_is_tried_again_does_not_count_twice(shared: Any, tmp_path: Path) -> None:
    study = opened(shared, tmp_path, trials=2)
    lost = study.ask()
    x = lost.suggest_float("x", 0, 1)
    lose(study, lost)

    repeated, other = study.ask(), study.ask()
    assert repeated.suggest_float("x", 0, 1) == x
    assert study.trials[repeated.number].system_attrs[again.HISTORY] == [0]
    with pytest.raises(shared.EnoughError):
        study.ask()

    lose(study, repeated)
    assert [(trial.number, trial.state.name) for trial in study.trials] == [  # once is as often as it may
        (0, "FAIL"),
        (repeated.number, "FAIL"),
        (other.number, "RUNNING"),
    ]
    assert study.trials[repeated.number].datetime_complete > study.trials[repeated.number].datetime_start  # type: ignore[operator]


def lose(study: optuna.Study, trial: optuna.Trial) -> None:
    """Lets a trial's last sign of life be an old one, and the next worker look."""
    storage = study._storage._backend  # type: ignore[attr-defined]
    storage.record_heartbeat(trial._trial_id)
    old = sqlalchemy.text("UPDATE trial_heartbeats SET heartbeat = '2020-01-01 00:00:00.000000' WHERE trial_id = :id")
    with storage.engine.begin() as connection:
        connection.execute(old, {"id": trial._trial_id})
    optuna.storages.fail_stale_trials(study)


class KilledError(BaseException):
    """The end of a worker."""


def killed_after(method: Callable[..., Any]) -> Callable[..., None]:
    def killed(*arguments: Any) -> None:
        method(*arguments)
        raise KilledError

    return killed


def test_a_worker_that_ends_while_it_queues_others_trials_loses_none(
    shared: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each of its steps; then the next one does it."""
    study = opened(shared, tmp_path)
    lost = [study.ask(), study.ask()]
    for last in ("_get_prepared_new_trial", "get_study_name_from_id", "_build_frozen_trial_from_trial_model"):
        with monkeypatch.context() as patched:
            patched.setattr(shared.Storage, last, killed_after(getattr(shared.Storage, last)))
            for each in lost:
                with pytest.raises(KilledError):
                    lose(study, each)
        assert [trial.state.name for trial in study.trials] == ["RUNNING"] * 2

    lose(study, lost[1])
    assert [trial.state.name for trial in study.trials] == ["FAIL", "FAIL", "WAITING", "WAITING"]
    assert [trial.system_attrs[again.HISTORY] for trial in study.trials[2:]] == [[0], [1]]


def test_a_trial_that_several_queue_at_once_has_one_copy(shared: Any, tmp_path: Path) -> None:
    study = opened(shared, tmp_path)
    lost = study.ask()
    storages = [shared.Storage(URL.format(tmp_path / "study.db")) for _ in range(6)]

    assert at_once(lambda: storages.pop().end_and_queue(lost._trial_id, lost=True), 6) == []
    assert [trial.state.name for trial in study.trials] == ["FAIL", "WAITING"]


def test_a_scripts_own_way_with_lost_trials_stays(shared: Any, tmp_path: Path) -> None:
    opened(shared, tmp_path)
    told: list[int] = []
    storage = shared.Storage(
        URL.format(tmp_path / "study.db"), heartbeat_stale_trial_callback=lambda _, trial: told.append(trial.number)
    )
    study = optuna.load_study(storage=storage, study_name="s")
    lose(study, study.ask())
    assert (told, [trial.state.name for trial in study.trials]) == ([0], ["FAIL"])


def test_a_trial_whose_worker_gave_no_sign_gets_a_first_one(shared: Any, tmp_path: Path) -> None:
    study = opened(shared, tmp_path)
    study.ask()
    storage = study._storage._backend  # type: ignore[attr-defined]
    assert list(storage.beats(study._study_id).values()) == [None]
    assert list(storage.beats(study._study_id).values()) != [None]


def test_a_copy_is_the_same_study(shared: Any, tmp_path: Path) -> None:
    study = opened(shared, tmp_path, trials=4)
    study.set_user_attr("about", "digits")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1) + trial.suggest_int("n", 1, 3), n_trials=3)
    running = study.ask()
    running.report(0.5, 1)

    number, content = copies.journal_of(study, "other")

    (tmp_path / "journal.log").write_bytes(gzip.decompress(content))
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "journal.log"))
    copy = optuna.load_study(study_name="other", storage=optuna.storages.JournalStorage(backend))
    assert number == 3
    assert copy.user_attrs == {"about": "digits"}
    assert [(t.number, t.state, t.values, t.params, t.intermediate_values) for t in copy.trials] == [
        (t.number, t.state, t.values, t.params, t.intermediate_values) for t in study.trials
    ]


class Bucket:
    """The objects of a study, by name."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put(self, name: str, content: bytes) -> None:
        self.objects[name] = content

    def get(self, name: str) -> bytes:
        return self.objects[name]

    def names(self, prefix: str) -> list[tuple[str, Any]]:
        return [(name, datetime.now(UTC)) for name in sorted(self.objects) if name.startswith(prefix)]

    def delete(self, names: list[str]) -> None:
        for name in names:
            del self.objects[name]


def test_a_newer_copy_takes_the_place_of_older_ones_and_keeps_what_the_database_has_lost(
    shared: Any, tmp_path: Path
) -> None:
    study, bucket = opened(shared, tmp_path), Bucket()

    def copier() -> copies.Copier:
        return copies.Copier(bucket, "s", "w0", "cluster-AB12", lambda: opened(shared, tmp_path))

    for _ in range(2):
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
        time.sleep(1)  # SQLite's clock has seconds
        copier().copy()
    ((four, _),) = bucket.names("")
    assert copies.Written.of(four) == copies.Written(copies.Written.of(four).moment, 4, "sterab12")  # type: ignore[union-attr]

    optuna.delete_study(study_name="s", storage=study._storage)  # as an older backup has it
    content = bucket.objects[four]
    opened(shared, tmp_path).optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    time.sleep(1)
    copier().copy()
    kept, one = sorted(bucket.objects, reverse=True)
    assert (kept, bucket.objects[kept]) == (four.replace(copies.PREFIX, copies.KEPT), content)
    assert one.startswith(copies.PREFIX)
    assert copies.Written.of(one).ended == 1  # type: ignore[union-attr]


def test_a_storage_outlives_connections_that_go(shared: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In any statement, also where the commit was done and nobody could say so."""
    monkeypatch.setattr(shared.time, "sleep", lambda _: None)
    study = opened(shared, tmp_path)
    engine, left, after = study._storage._backend.engine, [0], [False]  # type: ignore[attr-defined]

    def breaks(*_: object) -> None:
        if left[0]:
            left[0] -= 1
            raise sqlalchemy.exc.OperationalError("server closed the connection", {}, Exception())

    sqlalchemy.event.listen(engine, "before_cursor_execute", breaks)
    sqlalchemy.event.listen(engine, "commit", lambda *_: breaks() if after[0] else None)

    def objective(trial: optuna.Trial) -> float:
        left[0] = 2
        x = trial.suggest_float("x", 0, 1)
        left[0] = 1
        trial.report(x, 1)
        left[0] = 1
        return x

    study.optimize(objective, n_trials=2)
    assert [(trial.state.name, trial.intermediate_values) for trial in study.trials] == [
        ("COMPLETE", {1: trial.params["x"]}) for trial in study.trials
    ]

    frozen = study.ask()
    study._storage.set_trial_state_values(frozen._trial_id, optuna.trial.TrialState.COMPLETE, [1.0])
    storage = study._storage._backend  # type: ignore[attr-defined]
    assert storage.has_ended(frozen._trial_id, optuna.trial.TrialState.COMPLETE, [1.0])
    left[0] = 1000
    with pytest.raises(optuna.exceptions.StorageInternalError):
        study.get_trials()
    left[0] = 0


def test_a_connection_that_goes_hides_no_end_of_a_trial(
    shared: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was asked of a trial that others took for lost meanwhile, Optuna's own refusal is heard."""
    monkeypatch.setattr(shared.time, "sleep", lambda _: None)
    study = opened(shared, tmp_path)
    storage = study._storage._backend  # type: ignore[attr-defined]
    trial_id, left = study.ask()._trial_id, [0]
    storage.set_trial_state_values(trial_id, optuna.trial.TrialState.FAIL)

    def breaks(*_: object) -> None:
        if left[0]:
            left[0] -= 1
            raise sqlalchemy.exc.OperationalError("server closed the connection", {}, Exception())

    sqlalchemy.event.listen(storage.engine, "before_cursor_execute", breaks)
    states, real = optuna.trial.TrialState, optuna.distributions.FloatDistribution(0, 1)
    requests: tuple[Callable[[], Any], ...] = (
        lambda: storage.set_trial_param(trial_id, "x", 0.5, real),
        lambda: storage.set_trial_intermediate_value(trial_id, 1, 0.5),
        lambda: storage.set_trial_user_attr(trial_id, "a", 1),
        lambda: storage.set_trial_system_attr(trial_id, "a", 1),
        lambda: storage.set_trial_state_values(trial_id, states.COMPLETE, [1.0]),
        lambda: storage.set_trial_state_values(trial_id, state=states.COMPLETE, values=[1.0]),
    )
    for asked in requests:
        left[0] = 1
        with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
            asked()
        assert left[0] == 0
    left[0] = 1
    assert storage.set_trial_state_values(trial_id, state=states.FAIL)  # as if its commit had been done


def test_other_studies_of_a_script_are_left_alone(shared: Any, tmp_path: Path) -> None:
    opened(shared, tmp_path, trials=1).ask()
    other = optuna.create_study(storage=shared.Storage(URL.format(tmp_path / "study.db")), study_name="other")
    other.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    assert len(other.trials) == 3
    shared.Storage.ours = URL.format(tmp_path / "study.db")
    memory = optuna.create_study(storage=shared.Storage("sqlite://"), study_name="s")
    memory.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    assert len(memory.trials) == 3


def test_a_trials_lines_are_those_between_its_marks() -> None:
    lines = ["a", f"{runner.MARK} 1 begins", "b", "c", f"{runner.MARK} 1 ended", f"{runner.MARK} 2 begins", "d"]
    assert runner.of_trial(lines, 1) == ["b", "c"]
    assert runner.of_trial(lines, 2) == ["d"]
    assert runner.of_trial(lines, 3) == []
