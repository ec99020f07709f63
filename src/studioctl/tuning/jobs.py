"""Trials as SageMaker training jobs: one job for each trial, and a mailbox in S3.

A job writes its messages as objects below `out/` of the study, numbered, and waits for answers below `in/` where it
needs one. The controller lists `out/`, which is one request for all jobs, and deletes what is in the study. What a
controller has not dealt with is dealt with by the next one: jobs go on without it.
"""

import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from studioctl.aws.training import JobState, NoRoomError
from studioctl.errors import StudioctlError
from studioctl.tuning.cloud import Cloud, parsed
from studioctl.tuning.crew import Gone, Heard
from studioctl.tuning.ledger import Bill, Ledger
from studioctl.tuning.package import OURS
from studioctl.tuning.places import Place

LIST_SECONDS = 2.0  # between looks into the mailbox
STATE_SECONDS = 10.0  # between looks at the jobs
CREATE_SECONDS = 1.1  # AWS takes one CreateTrainingJob a second (quota L-21A1652A)
FULL_SECONDS = 30.0  # before a quota that is used up is tried again
STOP_SECONDS = 300.0  # SIGTERM, 120 s, SIGKILL, and the upload
MAILBOX = "STUDIOCTL_MAILBOX"
TRIAL = "STUDIOCTL_TRIAL"
CODE = "/opt/ml/input/data/code"
LONGEST_NAME = 63
NAME = re.compile(r"[A-Za-z0-9](-*[A-Za-z0-9]){0,62}")  # of jobs
MESSAGE = re.compile(r"(\d{6,})-[0-9a-f]+-\d+")


@dataclass(frozen=True)
class JobPlan:
    """The definition of a study's jobs.

    Args:
        bucket: The bucket of mailbox, code and results.
        root: The study's prefix in it, without a slash at its end.
        code: The prefix of the code, below which is what `CODE` holds.
        name_prefix: The prefix of jobs' names, such as "acme-ml-".
        role_arn: The role that jobs run with.
        image: The address of the container image.
        instance_type: Such as "ml.m5.large".
        volume_gb: Of the job's volume.
        longest_seconds: A job that takes longer is stopped, and its trial tried again.
        is_spot: Whether jobs run on spot instances.
        network: VpcConfig; None without one.
        tags: Of each job.
        usd_per_hour: The instance's price; None where it is not known.
    """

    bucket: str
    root: str
    code: str
    name_prefix: str
    role_arn: str
    image: str
    instance_type: str
    volume_gb: int
    longest_seconds: int
    is_spot: bool
    network: Mapping[str, Any] | None
    tags: Mapping[str, str]
    usd_per_hour: float | None

    def name(self, study: str, number: int) -> str:
        """A job's name: no other job has had it."""
        tail = f"-{number}-{secrets.token_hex(3)}"
        head = f"{self.name_prefix}{study}".replace("_", "-")[: LONGEST_NAME - len(tail)]
        return f"{head.rstrip('-')}{tail}"

    def request(self, name: str, number: int, first: int) -> dict[str, Any]:
        """The request of CreateTrainingJob for one trial.

        Args:
            name: The job's name.
            number: The trial's number.
            first: The trial whose checkpoints it goes on with: its own, or the one that it repeats.
        """
        environment = {MAILBOX: f"s3://{self.bucket}/{self.root}", TRIAL: str(number)}
        return self.job(name, "job.py", str(first), environment)

    def job(self, name: str, program: str, checkpoints: str, environment: Mapping[str, str]) -> dict[str, Any]:
        """The request of CreateTrainingJob.

        Args:
            name: The job's name.
            program: The program, one of `package.PROGRAMS`.
            checkpoints: The place for what it saves while it runs, below `checkpoints/` of the study.
            environment: The variables of the program.
        """
        place = f"s3://{self.bucket}/{self.root}"
        stopping = {"MaxRuntimeInSeconds": self.longest_seconds}
        spot = {"MaxWaitTimeInSeconds": 2 * self.longest_seconds} if self.is_spot else {}
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{self.bucket}/{self.code}/"}
        return {
            "TrainingJobName": name,
            "RoleArn": self.role_arn,
            "AlgorithmSpecification": {
                "TrainingImage": self.image,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ["python3", f"{CODE}/{OURS}{program}"],
            },
            "InputDataConfig": [{"ChannelName": "code", "DataSource": {"S3DataSource": source}}],
            "OutputDataConfig": {"S3OutputPath": f"{place}/results"},
            "CheckpointConfig": {"S3Uri": f"{place}/checkpoints/{checkpoints}"},
            "ResourceConfig": {
                "InstanceType": self.instance_type,
                "InstanceCount": 1,
                "VolumeSizeInGB": self.volume_gb,
            },
            "StoppingCondition": stopping | spot,
            "EnableManagedSpotTraining": self.is_spot,
            "Environment": dict(environment),
            "Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()],
            **({"VpcConfig": dict(self.network)} if self.network else {}),
        }

    def usd(self, seconds: float) -> float | None:
        """The price of so many seconds of a job; None where it is not known."""
        return None if self.usd_per_hour is None else self.usd_per_hour * seconds / 3600

    def affords(self, jobs: int, spent: float, limit: float | None) -> bool:
        """Whether so many jobs, at their longest, stay within the limit, of which some is spent. None is no limit."""
        most = self.usd(self.longest_seconds)
        return limit is None or most is None or spent + jobs * most <= limit

    def bill(self, name: str, state: JobState | None) -> Bill:
        """The bill of a job that is over, or gone."""
        seconds = state.seconds if state else 0.0
        return Bill(name, self.instance_type, seconds, self.usd(seconds))


@dataclass
class Jobs:
    """The jobs of one study. See the module.

    Args:
        cloud: AWS.
        plan: The definition of each job.
        found: The study's place.
        ledger: The cost of jobs.
        max_usd: No job begins that could make it more than this; None is no limit.
    """

    cloud: Cloud
    plan: JobPlan
    found: Place
    ledger: Ledger
    max_usd: float | None = None
    is_far_away: bool = True
    _waiting: dict[int, dict[str, Any]] = field(default_factory=dict)  # a slot's trial that has no job yet
    _names: dict[int, str] = field(default_factory=dict)  # the job of a slot
    _slots: dict[int, int] = field(default_factory=dict)  # the slot of a trial
    _closing: dict[str, int] = field(default_factory=dict)  # jobs with a result, until AWS says what they cost
    _ready: list[int] = field(default_factory=list)
    _states: dict[str, JobState] = field(default_factory=dict)
    _ended: dict[int, JobState] = field(default_factory=dict)  # by slot: over, though no result has come yet
    _is_settled: bool = False  # whether the jobs of earlier controllers are known
    _next_create: float = 0.0
    _next_list: float = 0.0
    _next_state: float = 0.0

    @property
    def log_of_start(self) -> str:
        """The place of the jobs' logs in CloudWatch."""
        return f"the log group /aws/sagemaker/TrainingJobs, streams {self.plan.name_prefix}{self.found.name}-*"

    def may_begin(self) -> bool:
        """Whether one more job, at its longest, stays within the limit."""
        begun = len(self._names) + len(self._waiting) + len(self._closing)
        return self.plan.affords(begun + 1, self.ledger.usd, self.max_usd)

    def awaits_bills(self) -> bool:
        """Whether AWS has not yet said what a job cost whose result is there."""
        return bool(self._closing)

    def hire(self, slot: int) -> None:
        """A slot is ready at once: its trials bring their jobs."""
        self._ready.append(slot)

    def begin(self, slot: int, trial: Mapping[str, Any]) -> None:
        """Leaves the trial in the mailbox. Its job starts when AWS takes it."""
        number = trial["trial"]
        name = self.plan.name(self.found.name, number)
        self._put(f"begin/{number:06}", {**trial, "job": name})
        self._slots[number] = slot
        self._waiting[slot] = {"name": name, "number": number, "first": trial.get("repeats", number)}

    def resumed(self, slot: int, number: int) -> bool:
        """Takes up the job of a trial that an earlier controller began."""
        begun = self._get(f"begin/{number:06}")
        if begun is None:
            return False
        name = str(begun.get("job"))
        if not NAME.fullmatch(name) or self.cloud.job(name) is None:
            self._forget(number)  # if it should come into being yet, it ends at once
            return False
        self.found.note_job(number, name)
        self._slots[number], self._names[slot] = slot, name
        return True

    def answer(self, slot: int, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Leaves an answer where a job waits for one."""
        if "ask" in asked or "refused" in answer:
            self._put(f"in/{asked['id']}", answer)
        elif "report" in asked and answer.get("value"):
            self._put(f"in/{asked['id'].split('-')[0]}-prune", {})

    def done(self, slot: int, message: Mapping[str, Any]) -> None:
        """Deletes a message, and after the last one what else is in the mailbox."""
        self.cloud.delete([self._key(f"out/{message['id']}")])
        if message.keys() & {"values", "pruned", "failed"}:
            number = int(message["id"].split("-")[0])
            self._forget(number)
            self._closing[self._names.pop(slot)] = number
            self._ended.pop(slot, None)

    def hear(self, seconds: float) -> Iterator[Heard]:
        """Messages, and the ends of jobs without a result."""
        time.sleep(seconds)
        ready, self._ready = self._ready, []
        for slot in ready:
            yield Heard(slot, {"ready": True})
        now = time.monotonic()
        if now >= self._next_create and self._waiting:
            self._create(now)
        self._settle()
        if now >= self._next_state and (self._names or self._closing):
            self._next_state = now + STATE_SECONDS
            self._look_at_jobs()
        if now >= self._next_list and self._slots:
            self._next_list = now + LIST_SECONDS
            yield from self._mail()

    def end(self, idle: frozenset[int], *, stop: bool) -> frozenset[int]:  # noqa: ARG002
        """Stops the jobs and waits until none runs; or leaves them running, for another controller."""
        for waiting in self._waiting.values():
            self._forget(waiting["number"])
        self._waiting.clear()
        if not stop:
            return frozenset(self._names)
        self._settle()
        open_jobs = {*self._names.values(), *self._closing}
        for name in self._names.values():
            self.cloud.stop(name)
        until = time.monotonic() + STOP_SECONDS
        while open_jobs:
            for name in tuple(open_jobs):
                state = self.cloud.job(name)
                if state is None or state.is_over:
                    self._pay(name, state)
                    open_jobs.discard(name)
            if open_jobs and time.monotonic() > until:
                raise StudioctlError(
                    f"AWS has been asked to stop these jobs, and they still run: {', '.join(open_jobs)}.",
                    hint=f"studioctl tune stop --study {self.found.name}",
                )
            if open_jobs:
                time.sleep(1)
        for number in tuple(self._slots):
            self._forget(number)
        return frozenset()

    def _forget(self, number: int) -> None:
        """Takes what is left of a trial out of the mailbox: it is over, or queued."""
        self._slots.pop(number, None)
        places = (f"begin/{number:06}", f"in/{number:06}-", f"out/{number:06}-")
        self.cloud.delete([key for place in places for key in self.cloud.keys(self._key(place, whole=False))])

    def _settle(self) -> None:
        """Settle, once, jobs whose results an earlier controller has dealt with, and that it did not see end."""
        if not self._is_settled:
            self._is_settled = True
            living = set(self._names.values())
            noted = self.found.jobs().items()
            self._closing |= {
                name: number for number, name in noted if name not in living and not self.ledger.has(name)
            }

    def _create(self, now: float) -> None:
        slot, wanted = next(iter(self._waiting.items()))
        try:
            self.cloud.create(self.plan.request(wanted["name"], wanted["number"], wanted["first"]))
        except NoRoomError:
            if not self._names and not self._closing:
                raise
            self._next_create = now + FULL_SECONDS
            return
        self._next_create = now + CREATE_SECONDS
        self.found.note_job(wanted["number"], wanted["name"])
        del self._waiting[slot]
        self._names[slot] = wanted["name"]

    def _look_at_jobs(self) -> None:
        for slot, name in self._names.items():
            state = self.cloud.job(name)
            if state is not None:
                self._states[name] = state
            if state is None or state.is_over:
                self._ended[slot] = state or JobState(name, is_over=True, status="deleted", reason="", seconds=0)
        for name in list(self._closing):
            state = self.cloud.job(name)
            if state is None or state.is_over:
                self._pay(name, state)
                del self._closing[name]

    def _mail(self) -> Iterator[Heard]:
        """New messages in their order. A job that was over before they were looked for has sent its last."""
        over = dict(self._ended)
        heard = set()
        for key in self.cloud.keys(self._key("out/", whole=False)):
            identity = key.rsplit("/", 1)[1].removesuffix(".json")
            if (its := MESSAGE.fullmatch(identity)) is None:
                continue  # nothing that a job wrote
            slot = self._slots.get(int(its[1]))
            if slot is None:  # of a trial that is over: a spot job that had begun once more
                self.cloud.delete([key])
                continue
            message = self._get(f"out/{identity}")
            if message is not None:
                heard.add(slot)
                yield Heard(slot, {**message, "id": identity})
        for slot in over.keys() - heard:
            if slot in self._ended:
                yield Heard(slot, self._gone(slot, self._ended.pop(slot)))

    def _gone(self, slot: int, state: JobState) -> Gone:
        self._pay(self._names.pop(slot), state)
        for number in [number for number, its in self._slots.items() if its == slot]:
            self._forget(number)
        return Gone(f"its job {state.name} ended as {state.status}: {state.reason or 'it gave no result'}")

    def _pay(self, name: str, state: JobState | None) -> None:
        self.ledger.add(self.plan.bill(name, state))

    def _key(self, name: str, *, whole: bool = True) -> str:
        return f"{self.plan.root}/{name}" + (".json" if whole else "")

    def _put(self, name: str, content: Mapping[str, Any]) -> None:
        self.cloud.put(self._key(name), json.dumps(content).encode())

    def _get(self, name: str) -> dict[str, Any] | None:
        found = parsed(self.cloud.get(self._key(name)))
        return found if isinstance(found, dict) else None
