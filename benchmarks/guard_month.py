"""A month of a team on the emulator, watched by the guard: `make guard-month`.

People start and stop apps, some forget them, some reach their limit. Two guards run at once, calls are throttled, and
the guard is killed. At the end the ledger is compared with what CloudTrail recorded of every start and end.
"""

import argparse
import contextlib
import json
import random
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.functional.guarded import Guarded, guarded

from studio_emulator import controls, server
from studioctl.catalog.prices import prices
from studioctl.guard.limits import month_of
from studioctl.guard.rates import Rates

TYPES = ("ml.t3.medium", "ml.t3.large", "ml.g4dn.xlarge", "ml.g5.xlarge")
BEGIN = datetime(2036, 12, 1, 6, 0, 1, tzinfo=UTC)
CAP, ALL = 25.0, 400.0


@dataclass(frozen=True)
class Result:
    """The results, in US dollars where they are money."""

    sessions: int
    denied: int
    stopped_by_guard: int
    calls_throttled: int
    kills: int
    truth_usd: float
    ledger_usd: float
    worst_overspend: float
    worst_allowed: float
    wrongly_stopped: int
    seconds: float


def run(users: int, days: int, minutes: int, *, seed: int, throttling: float, kills: int, twice: bool) -> Result:
    """Simulates, and compares.

    Args:
        users: How many people.
        days: How many days from the first of the month on.
        minutes: How often the guard looks.
        seed: Of everybody's behaviour.
        throttling: Share of AWS's calls that are throttled.
        kills: How often the guard is killed in the middle of its work.
        twice: Whether a second guard works at the same time.
    """
    dice, names = random.Random(seed), [f"user{number:02}" for number in range(users)]
    limits = (
        f"monthly_usd_per_user = {CAP}\nmonthly_usd = {ALL}\ncheck_minutes = {minutes}\n"
        'schedule = { stop = "21:00", days = "mon-fri", time_zone = "Europe/Berlin" }'
    )
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory, guarded(Path(directory), names, limits) as team:
        found = _Month(team, minutes, twice=twice)
        moments = sorted(dice.uniform(0.1, 0.9) * days for _ in range(kills))
        fault = {"kind": "throttling", "probability": throttling}
        if throttling:
            server.set_faults(team.emulator, {"faults": [fault], "seed": seed})
        for at, user, what, instance_type in _plan(dice, names, days):
            while moments and (at - BEGIN) / timedelta(days=1) > moments[0]:
                moments.pop(0)
                controls.kill_functions(team.emulator, dice.randint(2, 9))
            found.go_to(at)
            found.do(user, what, instance_type)
        found.go_to(BEGIN + timedelta(days=days))
        throttled = sum(each["hit"] for each in server.faults(team.emulator)["faults"])
        server.set_faults(team.emulator, {})
        found.go_to(BEGIN + timedelta(days=days, minutes=2 * minutes))
        return found.compare(throttled, kills, time.monotonic() - began)


def _plan(dice: random.Random, names: list[str], days: int) -> Iterator[tuple[datetime, str, str, str]]:
    """Starts and stops of everybody, by time. One in five is forgotten."""
    events = []
    for user in names:
        for day in range(days):
            if (BEGIN + timedelta(days=day)).weekday() > 4 and dice.random() < 0.8:
                continue
            at = BEGIN + timedelta(days=day, minutes=dice.randint(30, 300))
            for _ in range(dice.randint(0, 2)):
                events.append((at, user, "start", dice.choice(TYPES)))
                at += timedelta(minutes=dice.randint(20, 300))
                if dice.random() > 0.2:
                    events.append((at, user, "stop", ""))
                at += timedelta(minutes=dice.randint(15, 90))
    return iter(sorted(events))


class _Month:
    def __init__(self, team: Guarded, minutes: int, *, twice: bool) -> None:
        self.team, self.minutes, self.twice = team, minutes, twice
        self.rates = Rates({item: price.usd for item, price in prices("us-east-1").of.items()})
        self.clients = {user: team.client(user) for user in team.users}
        self.sessions = self.denied = 0
        self.next = BEGIN + timedelta(minutes=minutes)

    def go_to(self, at: datetime) -> None:
        """The clock goes there. The second guard is called at the same moments as the first one, beside it."""
        while self.twice and self.next <= at:
            moment, self.next = self.next, self.next + timedelta(minutes=self.minutes)
            second = threading.Thread(target=self._second, args=(moment,))
            self.team.forward(to=(moment - timedelta(seconds=1)).isoformat())
            second.start()
            self.team.forward(to=moment.isoformat())
            second.join()
        self.team.forward(to=at.isoformat())

    def _second(self, moment: datetime) -> None:
        client = self.team.home.client("lambda")
        with contextlib.suppress(ClientError):  # the call itself was throttled: then there is one guard this time
            client.invoke(FunctionName="acme-ml-guard", Payload=json.dumps({"time": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}))

    def do(self, user: str, what: str, instance_type: str) -> None:
        """Starts or stops the user's app. Which runs already, or no longer, is left."""
        client, app = self.clients[user], self.team.app(user)
        try:
            if what == "start":
                client.create_app(**app, ResourceSpec={"InstanceType": instance_type})
                self.sessions += 1
            else:
                client.delete_app(**app)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            self.denied += code == "AccessDeniedException"
            if code not in {"AccessDeniedException", "ResourceInUse", "ValidationException", "ResourceNotFound"}:
                raise

    def compare(self, throttled: int, kills: int, seconds: float) -> Result:
        """The ledger against CloudTrail's record."""
        now = datetime.fromisoformat(self.team.forward(forward=0)).timestamp()
        _, start, _ = month_of(now - 3600)
        lives = self._lives()
        ledger = self.team.ledger()
        end = ledger.sampled
        truth: dict[str, float] = defaultdict(float)
        for user, usd, began, ended in lives:
            truth[user] += max(0.0, min(ended, end) - max(began, start)) / 3600 * usd
        over = {user: usd - CAP for user, usd in truth.items()}
        worst = max(over, key=lambda user: over[user], default="")
        highest = max((usd for user, usd, _, _ in lives if user == worst), default=0.0)
        wrong = sum(not self._is_right(each, lives, start) for each in ledger.stopped)
        return Result(
            sessions=self.sessions,
            denied=self.denied,
            stopped_by_guard=len(ledger.stopped),
            calls_throttled=throttled,
            kills=kills,
            truth_usd=round(sum(truth.values()), 2),
            ledger_usd=round(self.rates.cost(ledger.spans, start, end), 2),
            worst_overspend=round(max(0.0, over.get(worst, 0.0)), 4),
            worst_allowed=round(self.minutes / 60 * highest, 4),
            wrongly_stopped=wrong,
            seconds=round(seconds, 1),
        )

    def _is_right(self, stop: Any, lives: list[tuple[str, float, float, float]], start: float) -> bool:
        """Whether the limit or the time for which something was stopped was reached."""

        def spent(who: str | None) -> float:
            return sum(  # type: ignore[no-any-return]
                max(0.0, min(ended, stop.at) - max(began, start)) / 3600 * usd
                for user, usd, began, ended in lives
                if who in {None, user}
            )

        match stop.why:
            case "monthly_usd_per_user":
                return spent(stop.owner) >= CAP - 0.005
            case "monthly_usd":
                return spent(None) >= ALL - 0.005
            case _:
                return datetime.fromtimestamp(stop.at, UTC).hour >= 20

    def _lives(self) -> list[tuple[str, float, float, float]]:
        """By CloudTrail: user, US dollars an hour, start and end of every app."""
        trail = self.team.home.client("cloudtrail")
        wanted = [{"AttributeKey": "EventSource", "AttributeValue": "sagemaker.amazonaws.com"}]
        pages = trail.get_paginator("lookup_events").paginate(LookupAttributes=wanted)
        records = [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]
        open_, lives = {}, []
        for record in reversed(records):
            if record.get("errorCode") or record["eventName"] not in {"CreateApp", "DeleteApp"}:
                continue
            asked = record["requestParameters"]
            user, at = (
                asked["spaceName"].removesuffix("-editor"),
                datetime.fromisoformat(record["eventTime"]).timestamp(),
            )
            if record["eventName"] == "CreateApp":
                open_[user] = self.rates.usd[asked["resourceSpec"]["instanceType"]], at
            elif user in open_:
                usd, began = open_.pop(user)
                lives.append((user, usd, began, at))
        return [*lives, *((user, usd, began, float("inf")) for user, (usd, began) in open_.items())]


def main() -> None:
    """Prints what came out; exits with 1 where a promise was not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--seed", type=int, default=15)
    parser.add_argument("--throttling", type=float, default=0.2)
    parser.add_argument("--kills", type=int, default=3)
    asked = parser.parse_args()
    found = run(
        asked.users,
        asked.days,
        asked.minutes,
        seed=asked.seed,
        throttling=asked.throttling,
        kills=asked.kills,
        twice=True,
    )
    for name, value in vars(found).items():
        print(f"{name:18} {value}")
    kept = found.truth_usd == found.ledger_usd and found.worst_overspend <= found.worst_allowed
    sys.exit(0 if kept and not found.wrongly_stopped else 1)


if __name__ == "__main__":
    main()
