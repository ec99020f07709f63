"""Long-lived workers that share a study in a database: each is a training job that runs one trial after the other.

The workers decide by the database what comes next (`worker.py`, `shared.py`). The controller only sees to it that there
are enough of them. It never reaches the database, which is private: what it knows of the study is the copy that workers
leave in the bucket, and of the workers what AWS lists. A job's name says whose it is and which one, and AWS gives a
name out once. So a controller may go at any moment, and two that run at once start no job twice.
"""

import json
import secrets
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import optuna

from studioctl.aws.training import JobState, ListedJob, NoRoomError
from studioctl.errors import StudioctlError
from studioctl.events import Noted
from studioctl.tuning import studies
from studioctl.tuning.cloud import Cloud, parsed
from studioctl.tuning.controller import Goal, Looked, Progress, TrialEnded
from studioctl.tuning.copies import identity
from studioctl.tuning.jobnames import WorkerNames
from studioctl.tuning.jobs import CREATE_SECONDS, FULL_SECONDS, STOP_SECONDS, JobPlan
from studioctl.tuning.latest import Latest
from studioctl.tuning.ledger import Ledger
from studioctl.tuning.places import Place
from studioctl.tuning.records import StudyStatus, TrialRecord
from studioctl.tuning.runner import BROKEN, FAILED, NOTHING, OTHERWISE, OUTDATED

LOOK_SECONDS = 5.0
TICK_SECONDS = 1.0
MISTAKES = ("AlgorithmError", "ClientError")  # what AWS calls those of programs, images and permissions
STILLBORN = 3  # so many workers that fail while no trial ends are taken for a mistake
BEFORE = "before.json"  # the last number of a worker of an earlier study of this name, which has been deleted
MOST_NUMBERS = 99_999  # of workers, as far as names have room for them
STOPPED = "stopped"  # the mark of whoever stopped the study last


class BrokenError(StudioctlError):
    """No other worker would do better."""


@dataclass
class Fleet:
    """The workers of one study, and its copy here.

    Args:
        cloud: AWS.
        plan: The definition of each job.
        found: The study's place, which is held or only looked at.
        ledger: The cost of jobs.
        settings: The settings that every worker gets; see `worker.py`.
        workers: The number of workers that run side by side.
        goal: The limits of the run.
        max_usd: No worker begins that could make it cost more; None is no limit.
    """

    cloud: Cloud
    plan: JobPlan
    found: Place
    ledger: Ledger
    settings: Mapping[str, Any]
    workers: int
    goal: Goal
    max_usd: float | None = None
    notes: list[str] = field(default_factory=list)  # of the copy, to be told
    _jobs: dict[str, ListedJob] = field(default_factory=dict)
    _last: dict[int, int] = field(default_factory=dict)  # the highest number that AWS knows, by slot
    _before: int = 0
    _over: set[str] | None = None  # jobs that have been seen to be over; None before the first look
    _begun: dict[int, int] = field(default_factory=dict)  # how many workers this run has begun, by slot
    _failed: list[JobState] = field(default_factory=list)
    _through: set[int] = field(default_factory=set)  # slots whose script has ended by itself in this run
    _study: tuple[tuple[int, ...], optuna.Study] | None = None  # and which copy it is
    _mark: bytes | None = None
    _is_stopped: bool = False
    _known: int = -1
    _next_create: float = 0.0
    _stillborn: int = 0

    def __post_init__(self) -> None:
        """Names of jobs, and the copy here."""
        self._names = WorkerNames(self.plan.name_prefix, self.found.name)
        self._latest = Latest(self.cloud, self.plan.root, self.plan.bucket, self.found)

    def run(self) -> Generator[Progress | Noted, None, StudyStatus]:
        """Begins workers until the study has its trials and none is left; the study's last status.

        Raises:
            StudioctlError: The program cannot be loaded, or fails in every trial, or AWS refuses.
        """
        self._prepare()
        self._mark = self.cloud.get(self._key(STOPPED))  # whoever stopped it before did not mean this run
        until = self.settings["until"]
        looked, seen, status = 0.0, self._ended_trials(), self.status()
        try:
            while not self.is_asked_to_stop:
                if time.monotonic() - looked >= LOOK_SECONDS:
                    looked = time.monotonic()
                    status = self.look()
                    for failed in self._failed:
                        yield Noted(f"The worker {failed.name} failed: {failed.reason}")
                    yield from self.told()
                    ended = self._ended_trials()
                    for number in sorted(ended.keys() - seen.keys()):
                        yield TrialEnded(ended[number], status)
                    seen = ended
                    if not self._live() and not self._may_begin(status):
                        break
                self._hire(status)
                yield Looked(status)
                time.sleep(TICK_SECONDS)
                if until and time.time() > until and not self._live():
                    break
        except BrokenError:
            self.stop()
            raise
        if self.found.is_asked_to_stop:
            self.stop()
        elif self._is_stopped:
            self._end_all()
        status = self.look()
        yield from self.told()
        return status

    def told(self) -> Generator[Noted]:
        """Notes about the copy, each once."""
        while self.notes:
            yield Noted(self.notes.pop(0))

    @property
    def has_workers(self) -> bool:
        """Whether any ran at the last look."""
        return bool(self._live())

    @property
    def is_over_time(self) -> bool:
        """Whether the time is over."""
        return bool(self.settings["until"]) and time.time() > self.settings["until"]

    @property
    def is_asked_to_stop(self) -> bool:
        """Whether somebody asked for an end, here or at another machine."""
        return self._is_stopped or self.found.is_asked_to_stop

    def status(self) -> StudyStatus:
        """The study's present status, as far as its copy tells."""
        return studies.status_of(self.found, self._opened())

    def look(self) -> StudyStatus:
        """Asks AWS for the workers and for a newer copy."""
        self._prepare()
        numbered = [(each, place) for each in self._listed() if (place := self._names.place_of(each.name))]
        # Afterwards: another controller that begins at this moment has noted it before it began a worker.
        self._before = self._number_before(max((number for _, (_, number) in numbered), default=0))
        self._jobs = {each.name: each for each, (_, number) in numbered if number > self._before}
        self._last = {}
        for _, (slot, number) in numbered:
            self._last[slot] = max(number, self._last.get(slot, 0))
        self._bury()
        self._fetch()
        self._is_stopped = self._is_stopped or self.cloud.get(self._key(STOPPED)) != self._mark
        live, now = self._live(), datetime.now(UTC)
        self.found.note_shared(
            live=len(live),
            jobs=len(self._jobs),
            seen_at=now.isoformat(),
            usd_running=self.plan.usd(sum((now - each.created).total_seconds() for each in live)) or 0.0,
        )
        return self.status()

    def stop(self) -> None:
        """Stops every worker and waits until none runs; their trials are queued by themselves.

        Raises:
            StudioctlError: AWS does not stop them in time.
        """
        self._mark = secrets.token_hex(8).encode()
        self.cloud.put(self._key(STOPPED), self._mark)  # other controllers begin no worker in their place
        self._end_all()

    def _end_all(self) -> None:
        self.look()
        asked: set[str] = set()
        until = time.monotonic() + STOP_SECONDS
        while live := self._live():
            for each in live:
                if each.name not in asked:
                    self.cloud.stop(each.name)
                    asked.add(each.name)
            if time.monotonic() > until:
                raise StudioctlError(
                    "AWS has been asked to stop these jobs, and they still run:"
                    f" {', '.join(each.name for each in live)}.",
                    hint=f"studioctl tune stop --study {self.found.name}",
                )
            time.sleep(TICK_SECONDS)
            self.look()

    def erase(self) -> None:
        """Deletes the study from the database, by a job as nobody else gets there, and what is in the bucket.

        Without a database, what is in the bucket alone.

        Raises:
            StudioctlError: The job fails.
        """
        self.look()
        if "database" in self.settings:
            self._erase_from_database()
        self.cloud.delete(self.cloud.keys(self._key("")))

    def _erase_from_database(self) -> None:
        name = f"{self._names.head}-erase-{secrets.token_hex(3)}"
        self.cloud.put(self._key(f"workers/{name}.json"), json.dumps({**self.settings, "erase": True}).encode())
        self.cloud.create(self._request(name))
        while (state := self.cloud.job(name)) is None or not state.is_over:
            time.sleep(LOOK_SECONDS)
        if state.status != "Completed":
            raise StudioctlError(
                f"The job {name}, which was to delete study '{self.found.name}' from the database, ended as"
                f" {state.status}: {state.reason}. The study is still there.",
                hint=f"studioctl tune delete --study {self.found.name}",
            )

    def _prepare(self) -> None:
        if not self.found.is_shared:
            studies.created(self.found, self.settings["directions"] or None)
            self.found.note_shared(live=0, jobs=0, usd_running=0.0)

    def _listed(self) -> list[ListedJob]:
        return self.cloud.listed(f"{self._names.head}-w")

    def _number_before(self, last: int) -> int:
        """The last number of a worker of a deleted study of this name: AWS gives out a name once.

        Args:
            last: The highest number that AWS knows, which is it where the study begins now.
        """
        known = self.cloud.get(self._key(BEFORE))
        if known is None:
            self.cloud.put_new(self._key(BEFORE), json.dumps(last).encode())
            known = self.cloud.get(self._key(BEFORE))
        number = parsed(known)
        # What is no number is taken for none: then no worker is overlooked.
        return number if type(number) is int and 0 <= number <= MOST_NUMBERS else 0

    def _key(self, name: str) -> str:
        return f"{self.plan.root}/{name}"

    def _live(self) -> list[ListedJob]:
        return [each for each in self._jobs.values() if not each.is_over]

    def _opened(self) -> optuna.Study:
        """The copy, read once until there is another one."""
        edition = self.found.edition
        if self._study is None or self._study[0] != edition:
            self._study = edition, studies.opened(self.found)
        return self._study[1]

    def _ended_trials(self) -> dict[int, TrialRecord]:
        """The trials that have ended, by number."""
        found = studies.records_of(self._opened().get_trials(deepcopy=False))
        return {each.number: each for each in found if each.state in {"complete", "pruned", "failed"}}

    def _fetch(self) -> None:
        """Takes the newest copy, if there is one that is newer."""
        self.notes += self._latest.take()

    def _bury(self) -> None:
        """Bills jobs that are over, and draws conclusions from those that ended under this run's eyes."""
        over = {name for name, each in self._jobs.items() if each.is_over}
        is_first, known = self._over is None, self._over or set()
        for name in sorted(over - known):
            if is_first and self.ledger.has(name):
                continue
            state = self.cloud.job(name)
            self.ledger.add(self.plan.bill(name, state))
            self.cloud.delete([self._key(f"workers/{name}.json")])
            if not is_first and state is not None:
                self._judge(state)
        self._over = over

    def _judge(self, state: JobState) -> None:
        place = self._names.place_of(state.name)
        if state.status == "Completed" and self.settings.get("is_script") and place:
            self._through.add(place[0])
        if state.status == "Failed":
            self._failed.append(state)

    def _wanted(self, status: StudyStatus) -> int:
        """The number of workers that should run.

        One where the copy is of another database than there is now: it alone says what it has.
        """
        left = max(0, self.goal.trials - status.finished)
        written, now = self._latest.written, self.settings.get("database")
        is_unsure = written is not None and now is not None and written.database != identity(now["id"])
        return min(self.workers, max(left, is_unsure))

    def _may_begin(self, status: StudyStatus) -> bool:
        """Whether this run may begin one more worker for what is left."""
        return self._wanted(status) > 0 and not self.is_over_time and self.has_money() and bool(self._open_slots())

    def _open_slots(self) -> list[int]:
        """The slots that may have one more worker in this run."""
        return [
            slot
            for slot in range(self.workers)
            if self._begun.get(slot, 0) <= self.goal.retries and slot not in self._through
        ]

    def has_money(self) -> bool:
        """Whether one more worker, at its longest, stays within the limit."""
        return self.plan.affords(len(self._live()) + 1, self.ledger.usd, self.max_usd)

    def _hire(self, status: StudyStatus) -> None:
        """Begins a worker where one is lacking; one a second is all that AWS takes."""
        self._refuse_broken(status)
        live = {place[0] for each in self._live() if (place := self._names.place_of(each.name))}
        now = time.monotonic()
        if len(live) >= self._wanted(status) or now < self._next_create or not self._may_begin(status):
            return
        slot = next((each for each in self._open_slots() if each not in live), None)
        if slot is None:
            return
        self._is_stopped = self.cloud.get(self._key(STOPPED)) != self._mark
        if self._is_stopped:
            return
        number = 1 + max(self._before, self._last.get(slot, 0))
        name = self._names.of(slot, number)
        seed = None if self.settings["seed"] is None else self.settings["seed"] + 1000 * number + slot
        told = {**self.settings, "job": name, "seed": seed}
        self.cloud.put(self._key(f"workers/{name}.json"), json.dumps(told).encode())
        try:
            self.cloud.create(self._request(name))
        except NoRoomError:
            if not live:
                raise
            self._next_create = now + FULL_SECONDS
            return
        self._next_create = now + CREATE_SECONDS
        self._begun[slot], self._last[slot] = self._begun.get(slot, 0) + 1, number
        self._jobs[name] = ListedJob(name, "InProgress", datetime.now(UTC))

    def _request(self, name: str) -> dict[str, Any]:
        place = f"s3://{self.plan.bucket}/{self.plan.root}"
        environment = {
            "STUDIOCTL_PLACE": place,
            "STUDIOCTL_WORKER": name,
            "STUDIOCTL_OPTUNA": self.settings["optuna"],
        }
        return self.plan.job(name, "worker.py", name, environment)

    def _refuse_broken(self, status: StudyStatus) -> None:
        """Ends the run where no other worker would do better."""
        while self._failed:
            reason = self._failed.pop(0).reason
            if not reason.startswith(MISTAKES):
                continue  # AWS's own troubles, and lost instances
            if status.finished != self._known:
                self._known, self._stillborn = status.finished, 0
            self._stillborn += 1
            is_ours = any(each in reason for each in (BROKEN, FAILED, NOTHING, OTHERWISE, OUTDATED))
            if is_ours or self._stillborn >= STILLBORN:
                told = reason.removeprefix("AlgorithmError: ").rpartition(", exit code")[0] or reason
                raise BrokenError(
                    f"{told.rstrip('.')}. Every worker of study '{self.found.name}' has been stopped.",
                    hint=f"read the log group /aws/sagemaker/TrainingJobs, streams {self._names.head}-*",
                )
