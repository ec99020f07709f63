"""Schedules of EventBridge, by the emulator's clock: each calls its function when it is due.

Sources: EventBridge Scheduler User Guide, "schedule-types", "managing-schedule-context-attributes"; Lambda Developer
Guide, "invocation-async-error-handling" (a call that failed is repeated after one minute and after two more).
"""

import heapq
import itertools
import math
import re
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.logs.models import logs_backends
from moto.rds.models import rds_backends
from moto.sagemaker.models import sagemaker_backends
from moto.scheduler.models import EventBridgeSchedulerBackend, Schedule, scheduler_backends

from studio_emulator.backends import each
from studio_emulator.clock import clock
from studio_emulator.functions.running import Outcome, processes
from studio_emulator.iam.roles import may, refusal_of_service
from studio_emulator.install import settle
from studio_emulator.server import ACCOUNT_ID
from studio_emulator.studio.models import StudioBackend

RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
SERVICE = "scheduler.amazonaws.com"
REPEATED_AFTER = (60.0, 180.0)
LOOK_SECONDS = 0.5
QUIET_SECONDS = 3600.0
"""While nothing costs by the hour, a clock that is set forward makes schedules call this often: see `Timetable.run`."""
DAY = 86400.0
LIVES = frozenset({"Pending", "InService", "Deleting"})
WORKS = frozenset({"InProgress", "Stopping"})


@dataclass(order=True)
class Call:
    """One call that is due."""

    due: float
    number: int
    schedule: Schedule = field(compare=False)
    scheduled: float = field(compare=False)
    attempt: int = field(compare=False, default=0)


class Timetable:
    """All calls that are to come."""

    def __init__(self, turn: threading.RLock) -> None:
        self._turn = turn
        self._working = threading.RLock()
        self._next: dict[tuple[str, str], float] = {}
        self._quiet: dict[tuple[str, str], float] = {}
        self._repeated: list[Call] = []
        self._order = itertools.count()

    def begin(self) -> None:
        """Look again and again, for the rest of the process's life."""
        scheduler_backends.backend = FiringSchedulerBackend

        def look(stopped: threading.Event) -> None:
            while not stopped.wait(LOOK_SECONDS):
                self.run(clock.time())

        threading.Thread(target=look, args=(threading.Event(),), name="timetable", daemon=True).start()

    def run(self, until: float, *, moves: bool = False) -> None:
        """Do what is due by then, in its order; `moves`: the clock goes on to each, in one step.

        While nothing runs that costs by the hour, whoever looks finds the same until it is set further: then one call
        an hour takes place, and in any case the last one before `until` and the first of each day.
        """
        with self._working:
            while True:
                with self._turn:
                    call = self._due(until, rests=moves and not self._repeated and not _runs())
                    if call is None:
                        return
                    if moves and call.due > clock.time():
                        clock.forward(call.due - clock.time())
                        settle()
                self._do(call)

    def _due(self, until: float, *, rests: bool = False) -> Call | None:
        """The first call that is due; it is taken off the list."""
        schedules = _schedules()
        present = {_key(schedule) for schedule in schedules}
        self._next = {key: due for key, due in self._next.items() if key in present}
        found = [call for schedule in schedules if (call := self._of(schedule)) is not None]
        first = min(found, default=None)
        if self._repeated and (first is None or self._repeated[0] < first):
            return heapq.heappop(self._repeated) if self._repeated[0].due <= until else None
        if first is None or first.due > until:
            return None
        steps = _steps(first.due, _period(first.schedule), until) if rests else 1
        self._quiet[_key(first.schedule)] = steps * _period(first.schedule)
        self._next[_key(first.schedule)] += steps * _period(first.schedule)
        return first

    def _of(self, schedule: Schedule) -> Call | None:
        period = _period(schedule)
        if schedule.state != "ENABLED" or not period:
            self._next.pop(_key(schedule), None)  # the calls that it misses are not made up for
            return None
        # A clock that was put back waits no longer than that.
        latest = int(clock.time()) + max(period, self._quiet.get(_key(schedule), 0.0))
        due = self._next[_key(schedule)] = min(self._next.get(_key(schedule), latest), latest)
        return Call(due, next(self._order), schedule, due)

    def _do(self, call: Call) -> None:
        with self._turn:
            function = _function(call.schedule)
        if function is None:
            return
        target = call.schedule.target
        moment = datetime.fromtimestamp(call.scheduled, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        event = str(target.get("Input", "{}")).replace("<aws.scheduler.scheduled-time>", moment)
        outcome = invoke(function, event.encode(), self._turn)
        if outcome.failed and call.attempt < len(REPEATED_AFTER):
            due = call.scheduled + REPEATED_AFTER[call.attempt]
            heapq.heappush(
                self._repeated, Call(due, next(self._order), call.schedule, call.scheduled, call.attempt + 1)
            )


class FiringSchedulerBackend(EventBridgeSchedulerBackend):
    """Refuses what it would never fire, in place of keeping it."""

    @property
    def _url_module(self) -> Any:
        from moto.scheduler import urls  # noqa: PLC0415 (the module has the name of a variable here)

        return urls

    def create_schedule(self, **asked: Any) -> Schedule:  # type: ignore[override]
        """Raises NotImplementedError for what is no rate."""
        _check(asked["schedule_expression"])
        return super().create_schedule(**asked)

    def update_schedule(self, **asked: Any) -> Schedule:  # type: ignore[override]
        """Raises as `create_schedule` does."""
        _check(asked["schedule_expression"])
        return super().update_schedule(**asked)


def invoke(function: LambdaFunction, event: bytes, turn: threading.RLock) -> Outcome:
    """Run a function; its output goes to its log. Not while the turn is held: it asks the emulator."""
    directory = StudioBackend.job_directory
    if directory is None or not StudioBackend.settings.runs_jobs:
        return Outcome(b'{"errorMessage": "This emulator runs no code"}', failed=True)
    outcome, lines = processes.invoke(function, event, StudioBackend.endpoint_url, directory)
    if lines or outcome.failed:
        with turn:
            _log(function, [*lines, *([outcome.payload.decode(errors="replace")] if outcome.failed else [])])
    return outcome


def named(region: str, name: str) -> LambdaFunction | None:
    """A function, by its name or ARN; None where there is none."""
    try:
        found: LambdaFunction = lambda_backends[ACCOUNT_ID][region].get_function(unquote(name))
    except UnknownFunctionException:
        return None
    return found


def _log(function: LambdaFunction, lines: list[str]) -> None:
    logs, group = logs_backends[function.account_id][function.region], f"/aws/lambda/{function.function_name}"
    if group not in logs.groups:
        return
    stream = f"{clock.now():%Y/%m/%d}/[$LATEST]emulator"
    if stream not in logs.groups[group].streams:
        logs.create_log_stream(group, stream)
    moment = int(clock.time() * 1000)
    try:
        logs.put_log_events(group, stream, [{"timestamp": moment, "message": line} for line in lines if line])
    except Exception as error:  # noqa: BLE001 - a log that does not take it: the function goes on
        sys.stderr.write(f"the log of {function.function_name}: {error}\n")


def _schedules() -> list[Schedule]:
    return [
        schedule
        for _, backend in each(scheduler_backends)
        for group in backend.schedule_groups.values()
        for schedule in group.schedules.values()
    ]


def _function(schedule: Schedule) -> LambdaFunction | None:
    """The function that it calls, if it may. What it may not is in the emulator's log."""
    arn, role = schedule.target["Arn"], schedule.target["RoleArn"]
    region = arn.split(":")[3]
    if refused := refusal_of_service(SERVICE, role, ACCOUNT_ID, ["sts:AssumeRole"], {"aws:sourceaccount": ACCOUNT_ID}):
        sys.stderr.write(f"{schedule.arn}: {refused}\n")
        return None
    if not may(role, ACCOUNT_ID, "lambda:InvokeFunction", arn):
        sys.stderr.write(f"{schedule.arn}: {role} may not call {arn}\n")
        return None
    function = named(region, arn)
    return function if function is not None and function.reserved_concurrency != 0 else None


def _key(schedule: Schedule) -> tuple[str, str]:
    return schedule.arn, schedule.schedule_expression


def _check(expression: str) -> None:
    if not RATE.fullmatch(expression):
        raise NotImplementedError(f"no schedule but rate(...), and this is {expression}")


def _steps(due: float, period: float, until: float) -> int:
    """The number of calls until an hour later, the last before `until`, or the next day's first: the earliest."""
    last, midnight = (until - due) // period, math.ceil((DAY - due % DAY) / period)
    return max(1, int(min(QUIET_SECONDS // period, last, midnight)))


def _runs() -> bool:
    """Whether something is there that costs by the hour: an app, a training job, or a database, also one that rests."""
    return any(
        any(app.status in LIVES for app in backend.apps.values())
        or any(job.status in WORKS for job in backend.jobs.values())
        for _, backend in each(sagemaker_backends)
        if isinstance(backend, StudioBackend)
    ) or any(backend.clusters for _, backend in each(rds_backends))


def _period(schedule: Schedule) -> float:
    found = RATE.fullmatch(schedule.schedule_expression)
    return float(found[1]) * SECONDS[found[2]] if found else 0.0
