"""The copy of a study that workers share, where several look at once, and where one is interrupted."""

import gzip
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import optuna
import pytest

from studioctl import disk
from studioctl.errors import StudioctlError
from studioctl.tuning import copies, fleet, latest, places, studies
from studioctl.tuning.copies import Written
from studioctl.tuning.latest import Latest
from studioctl.tuning.places import Place
from tests.unit.tuning.conftest import at_once
from tests.unit.tuning.test_fleet import Account, crew
from tests.unit.tuning.test_jobs import PLAN


@pytest.fixture
def account() -> Account:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return Account(lambda _: "Completed")


@pytest.fixture
def found(tmp_path: Path) -> Place:
    place = places.place(tmp_path / "studio.toml", "square")
    place.directory.mkdir(parents=True)
    studies.created(place, None)
    place.note_shared(live=0)
    return place


def looks(account: Account, found: Place) -> Latest:
    return Latest(account, PLAN.root, PLAN.bucket, found)


def renew(account: Account, found: Place) -> None:
    """Takes a copy with four trials, and leaves a newer one with two in the bucket: the database was restored."""
    account.copy(4)
    looks(account, found).take()
    account.copy(2, minutes=9)


def kept_by(found: Place) -> list[Place]:
    return [each for each in places.places(found.directory.parent.parent / "studio.toml") if each.name != found.name]


def test_many_who_look_at_once_all_have_the_newest_copy(
    account: Account, found: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew(account, found)
    account.copy(3, prefix=copies.KEPT)
    replace = disk.replace
    told: list[str] = []

    def slowly(*arguments: Any, **named: Any) -> None:
        replace(*arguments, **named)
        time.sleep(0.02)

    monkeypatch.setattr(disk, "replace", slowly)
    failed = at_once(lambda: told.extend(looks(account, found).take()), 6)

    assert (failed, len(told), len(kept_by(found))) == ([], 2, 2)
    assert len(studies.opened(found).trials) == 2


def test_who_takes_a_copy_that_another_is_about_to_take_goes_on_with_what_is_here(
    account: Account, found: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latest, "TAKE_SECONDS", 0.1)
    account.copy(4)
    with found.taking():
        assert looks(account, found).take() == []
    assert looks(account, found).written is None


def test_what_is_interrupted_is_kept_by_the_next_look(
    account: Account, found: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew(account, found)
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if target.parent != found.directory:
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        looks(account, found).take()
    assert (kept_by(found), len(studies.opened(found).trials)) == ([], 4)
    monkeypatch.undo()
    assert len(looks(account, found).take()) == 1
    assert [len(studies.opened(each).trials) for each in kept_by(found)] == [4]

    os.utime(found.journal)
    found.note_shared(copy="")  # as before it was taken: what was kept then is not kept twice
    assert looks(account, found).take() == []


def test_two_kept_copies_of_one_second_are_two_studies(account: Account, found: Place) -> None:
    account.copy(4, prefix=copies.KEPT)
    (first,) = account.keys(PLAN.root)
    written = Written.of(first)
    assert written is not None
    second = Written(written.moment + timedelta(microseconds=1000), written.ended, "").name("w")
    account.put(f"{PLAN.root}/{copies.KEPT}{second}", account.objects[first])
    account.copy(2)
    assert len(looks(account, found).take()) == 2
    assert [len(studies.opened(each).trials) for each in kept_by(found)] == [4, 4]


def test_without_a_name_the_study_is_meant_and_not_what_was_kept_of_it(account: Account, found: Place) -> None:
    beside = found.directory.parent.parent / "studio.toml"
    renew(account, found)
    looks(account, found).take()
    assert [each.name for each in kept_by(found)] != []
    assert places.chosen(beside, None) == found


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"no archive",
        lambda _: gzip.compress(b"{}\n"),
        lambda _: gzip.compress(b"[]\n"),
        lambda _: gzip.compress(b"[" * 99_999),
        lambda _: gzip.compress(b'{"op_code": 4, "worker_id": "w", "trial_id": 7}\n'),
        lambda content: content[:-20],
    ],
    ids=["bytes", "object", "list", "deep", "odd", "cut-off"],
)
def test_what_cannot_be_read_is_told_and_a_kept_one_hinders_nobody(
    account: Account, found: Place, spoil: Callable[[bytes], bytes]
) -> None:
    account.copy(4, prefix=copies.KEPT)
    (kept,) = account.keys(PLAN.root)
    account.put(kept, spoil(account.objects[kept]))
    account.copy(2)
    looker = looks(account, found)
    (told,) = looker.take()
    assert told.startswith("The copy of study 'square' in the bucket cannot be read: ")
    assert told.endswith(f" It is left where it is: s3://{PLAN.bucket}/{kept}")
    account.copy(3, minutes=9)
    assert not any("cannot be read" in each for each in looker.take())

    account.copy(4, minutes=10)
    newest = account.keys(f"{PLAN.root}/{copies.PREFIX}")[-1]
    account.put(newest, spoil(account.objects[newest]))
    with pytest.raises(StudioctlError, match="in the bucket cannot be read"):
        looker.take()
    assert len(studies.opened(found).trials) == 3


def test_a_look_sees_the_copy_that_another_process_took(account: Account, found: Place) -> None:
    ours = crew(account)(found)
    account.copy(4)
    assert ours.look().finished == 4
    account.copy(6)
    (theirs,) = (crew(account)(found),)
    assert theirs.look().finished == 6
    assert ours.look().finished == 6
    assert fleet.BEFORE in {key.rpartition("/")[2] for key in account.objects}


def test_who_reads_a_copy_is_not_disturbed_by_the_next_one(account: Account, found: Place) -> None:
    account.copy(4)
    looks(account, found).take()
    study = studies.opened(found)
    account.copy(40)
    looks(account, found).take()
    assert len(study.get_trials()) == 4
    assert len(studies.opened(found).get_trials()) == 40
