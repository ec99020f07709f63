"""Kill workers, controllers and the database while a study is tuned, under faults of the API: `make tune-chaos`.

Workers are training jobs of the emulator, which share the study in its PostgreSQL. Kills are spread over the trials, so
that a slow machine has as many. Afterwards each trial's number is there once, each value is right, as many trials
have ended as were wanted, no job runs, and each is in the bill. There is no proxy to kill: the product has none.
"""

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from botocore.exceptions import BotoCoreError, ClientError
from tests.functional.sharing import IMAGE, Sharing, sharing

from studio_emulator import server
from studio_emulator.errors import EmulatorError
from studioctl.cli import context
from studioctl.events import result_of
from studioctl.operations.tuning import workers
from studioctl.operations.tuning.jobs import JobSettings
from studioctl.tuning import package, runs, studies

STUDY = "chaos"
SQUARE = """\
import time

def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    time.sleep(3)
    return (x - 2) ** 2
"""
FAULTS = (
    {"kind": "throttling", "probability": 0.05},
    {"kind": "server-error", "probability": 0.02},
    {"kind": "reset", "probability": 0.01},
    {"kind": "lost-answer", "probability": 0.01},
)
VICTIMS = ("worker", "worker", "database", "worker", "controller")
FAILURES = 20  # so many controllers that end by themselves, one after the other, are a mistake here
ENDED = (
    "SELECT count(*) FROM trials t JOIN studies s USING (study_id)"
    f" WHERE s.study_name = '{STUDY}' AND t.state = 'COMPLETE'"
)


@dataclass(frozen=True)
class Result:
    """The end: trials by what became of them, kills and jobs; controllers that ended by themselves, by a fault."""

    trials: int
    complete: int
    failed: int
    rows: int
    twice: int
    wrong: int
    kills: dict[str, int]
    controllers_failed: int
    jobs: int
    running: int
    unbilled: int
    seconds: float

    @property
    def is_well(self) -> bool:
        """Whether nothing is lost, twice, wrong, or left."""
        amiss = self.twice or self.wrong or self.running or self.unbilled or self.failed
        return not amiss and self.complete == self.trials


def program_of(directory: Path) -> Path:
    """The objective, in a directory of its own: all of that goes into jobs."""
    return directory / "code/square.py"


def controller(directory: Path, trials: int, count: int) -> None:
    """Watches over the study until it ends: the program that is killed."""
    config = directory / "studio.toml"
    settings = runs.Settings(program_of(directory), trials=trials, workers=count, study=STUDY, retries=1000)
    account = context.account(config, local=True)
    wanted = JobSettings(image=IMAGE, heartbeat_seconds=2)
    fleet = workers.fleet_of(account, package.packed(settings.file), settings, wanted)
    result_of(runs.share(config, settings, fleet), None)


@dataclass
class Chaos:
    """A study that something happens to.

    Args:
        world: Where.
        trials: How many it shall have.
        count: How many workers.
    """

    world: Sharing
    trials: int
    count: int
    failed: int = 0
    _in_a_row: int = 0
    _process: "subprocess.Popen[bytes] | None" = None

    def tend(self) -> bool:
        """Begins a controller where there is none; whether the study has come to its end."""
        if self._process is not None and self._process.poll() is None:
            return False
        if self._process is not None and self._process.returncode == 0:
            return True
        if self._process is not None and self._process.returncode > 0:  # else it was killed
            self.failed, self._in_a_row = self.failed + 1, self._in_a_row + 1
            if self._in_a_row == FAILURES:
                raise RuntimeError(self._log.read_text(encoding="utf-8")[-2000:])
        arguments = ("--controller", str(self.world.shell.directory), str(self.trials), str(self.count))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.tuning_chaos", *arguments],
            env={**os.environ, **self.world.shell.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log.open("ab"),
        )
        return False

    @property
    def _log(self) -> Path:
        return self.world.shell.directory / "controller.log"

    def share(self) -> float:
        """Of the trials, how many have ended; 0 while the database does not answer."""
        with contextlib.suppress(BotoCoreError, ClientError):
            ((ended,),) = self.world.rows(ENDED)
            return float(ended) / self.trials
        return 0.0

    def strike(self, what: str) -> bool:
        """Kills something; whether there was something to kill."""
        if what == "controller":
            if self._process is None or self._process.poll() is not None:
                return False
            self._process.kill()
            self._process.wait()
            self._in_a_row = 0
            return True
        with contextlib.suppress(EmulatorError):  # a worker has just ended
            if what == "database":
                self.world.client("rds").reboot_db_instance(DBInstanceIdentifier="acme-ml-tuning")
                return True
            if running := self.world.running():
                server.disturb_job(self.world.emulator, "us-east-1", random.choice(running), "internal-error")
                return True
        return False


def run(trials: int, kills: int, count: int, gap: float, seed: int) -> Result:
    """Tunes and kills; what came out."""
    random.seed(seed)
    began, struck, done = time.monotonic(), time.monotonic(), Counter[str]()
    with tempfile.TemporaryDirectory() as place, sharing(Path(place)) as world:
        program_of(world.shell.directory).parent.mkdir()
        program_of(world.shell.directory).write_text(SQUARE, encoding="utf-8")
        faults: dict[str, Any] = {"seed": seed, "faults": list(FAULTS)}
        chaos = Chaos(world, trials, count)
        server.set_faults(world.emulator, faults)
        while not chaos.tend():
            time.sleep(0.2)
            if done.total() >= kills or time.monotonic() - struck < gap:
                continue
            struck, share = time.monotonic(), chaos.share()
            print(f"{time.monotonic() - began:.0f} s: {share:.0%} of the trials, {dict(done)}", file=sys.stderr)
            if done.total() > share * kills:
                continue
            what = VICTIMS[done.total() % len(VICTIMS)]
            server.set_faults(world.emulator, {})  # what we do ourselves is not what is tried
            done[what] += chaos.strike(what)
            server.set_faults(world.emulator, faults)
        server.set_faults(world.emulator, {})
        return _result(chaos, done, time.monotonic() - began)


def _result(chaos: Chaos, kills: "Counter[str]", seconds: float) -> Result:
    world = chaos.world
    rows = world.trials(STUDY)
    config = world.shell.directory / "studio.toml"
    status = studies.status(config, STUDY)
    params = {each.number: each.params for each in studies.records(config, STUDY)}
    complete = [row for row in rows if row[1] == "COMPLETE"]
    bills = {json.loads(line)["job"] for line in (status.directory / "jobs.jsonl").read_text().splitlines()}
    jobs = world.jobs()
    return Result(
        trials=chaos.trials,
        complete=len(complete),
        failed=status.failed,
        rows=len(rows),
        twice=len(rows) - len({row[0] for row in rows}),
        wrong=sum(row[2] != (params[row[0]]["x"] - 2) ** 2 for row in complete),
        kills=dict(kills),
        controllers_failed=chaos.failed,
        jobs=len(jobs),
        running=len(world.running()),
        unbilled=len(set(jobs) - bills),
        seconds=round(seconds, 1),
    )


def main() -> None:
    """Prints the result as JSON; ends with 1 unless all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--workers", type=int, default=6)
    parser.add_argument("--gap", type=float, default=2.0, help="seconds between two kills, at least")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--controller", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.controller:
        directory, trials, count = asked.controller
        controller(Path(directory), int(trials), int(count))
        return
    result = run(asked.trials, asked.kills, asked.workers, asked.gap, asked.seed)
    print(json.dumps(asdict(result)))
    sys.exit(not result.is_well)


if __name__ == "__main__":
    main()
