"""Workers that share a study in PostgreSQL: 200 processes at once, and what bare Optuna takes beside.

`make workers-benchmark`. The processes run the program that jobs run, on a real server whose number of connections is
Aurora's for the capacity; the network, TLS and tokens are left out. Counted are trials that are lost or twice, the
database's connections, and memory.
"""

import argparse
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import optuna
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from studio_emulator import facts
from studio_emulator.database.servers import servers
from studioctl.tuning.package import OURS, PROGRAMS

SOURCE = Path(__file__).parents[1] / "src/studioctl/tuning"
NAME = "crowd"
# Processes are forked after the libraries are loaded: two cores cannot do that 200 times.
MAIN = """
import json, os, sys, time
from pathlib import Path
import alembic.command, alembic.runtime.migration, optuna, psycopg2, psycopg2.extras, sqlalchemy
import optuna.storages._rdb.storage, sqlalchemy.dialects.postgresql.psycopg2
import studioctl_runner as runner
import studioctl_again, studioctl_shared
import studioctl_worker as worker

settings = json.loads(sys.argv[1])
for number in range(int(sys.argv[2])):
    if not os.fork():
        break
    time.sleep(settings["apart"])
else:
    codes = [os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(int(sys.argv[2]))]
    sys.exit(sum(code != 0 for code in codes))
if settings["bare"]:  # Optuna alone, for comparison
    storage = optuna.storages.RDBStorage(settings["url"])
    sampler = optuna.samplers.RandomSampler()
    study = optuna.load_study(study_name=settings["study"], storage=storage, sampler=sampler)
    study.optimize(runner.loaded(Path(settings["code"]) / settings["file"]), n_trials=settings["bare"])
    os._exit(0)
work = worker.Worker({**settings, "job": f"worker-{number}"}, settings["url"], lambda *_: None)
work.prepare()
work.run(runner.loaded(Path(settings["code"]) / settings["file"]))
os._exit(bool(work.broken))
"""


@dataclass
class Watched:
    """Connections of a database, looked at ten times a second.

    Args:
        url: The database's address.
        peak: The most that there were.
    """

    url: str
    peak: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Watched":
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        statement = text("SELECT count(*) FROM pg_stat_activity WHERE datname = 'optuna'")
        with create_engine(self.url).connect() as connection:
            while not self._over.wait(0.1):
                self.peak = max(self.peak, connection.execute(statement).scalar_one() - 1)
                connection.commit()


@contextlib.contextmanager
def database(most: int) -> Iterator[str]:
    """The address of a PostgreSQL server with so many connections."""
    server = servers.make("benchmark", "tuner", "optuna", most)
    try:
        server.wait()
        yield f"postgresql+psycopg2://tuner@/optuna?host={quote(str(server.place), safe='')}"
    finally:
        servers.stop()


def lay_programs(directory: Path) -> None:
    """Puts a worker's programs there, as a job has them."""
    for name in PROGRAMS:
        shutil.copyfile(SOURCE / name, directory / f"{OURS}{name}")
    (directory / "main.py").write_text(MAIN, encoding="utf-8")


def begin(
    directory: Path, url: str, workers: int, trials: int, apart: float, *, study: str = NAME, bare: int = 0
) -> "subprocess.Popen[bytes]":
    """Starts workers of `nap.py`; the process that does, which ends with the last one.

    Args:
        directory: Where programs are.
        url: The database.
        workers: How many.
        trials: How many trials in all.
        apart: Seconds between the starts of two.
        study: The study's name.
        bare: How many trials each runs with Optuna alone, in a study that is there; 0 for our workers.

    Returns:
        A process whose exit code is how many workers have failed.
    """
    told = {
        "study": study,
        "name": study,
        "bare": bare,
        "code": str(directory),
        "file": "nap.py",
        "is_script": False,
        "trials": trials,
        "directions": [],
        "sampler": "random",
        "pruner": "none",
        "seed": None,
        "retries": 2,
        "heartbeat_seconds": 60,
        "until": None,
        "longest_seconds": 10**6,
        "url": url,
        "apart": apart,
    }
    with (directory / "log").open("ab") as log:
        command = [sys.executable, str(directory / "main.py"), json.dumps(told), str(workers)]
        return subprocess.Popen(command, cwd=directory, stdout=log, stderr=log)


def memory(parent: int) -> int:
    """Bytes that a process and its children have, what they share once."""
    found = 0
    children = Path(f"/proc/{parent}/task/{parent}/children")
    try:
        processes = [parent, *map(int, children.read_text(encoding="utf-8").split())]
    except OSError:
        return 0
    for each in processes:
        with contextlib.suppress(OSError):  # it has ended
            lines = Path(f"/proc/{each}/smaps_rollup").read_text(encoding="utf-8").splitlines()
            found += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    return found


OBJECTIVE = """\
import os, time

def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    trial.set_user_attr("process", os.getpid())
    time.sleep({nap})
    return (x - 2) ** 2
"""


def crowd(workers: int, each: int, nap: float, acu: float, apart: float) -> dict[str, Any]:
    """Runs so many workers at once; what was found."""
    most, trials = facts.most_connections(0, acu), workers * each
    with tempfile.TemporaryDirectory() as place, database(most) as url, Watched(url) as watched:
        directory = Path(place)
        lay_programs(directory)
        (directory / "nap.py").write_text(OBJECTIVE.format(nap=nap), encoding="utf-8")
        began, largest = time.monotonic(), 0
        process = begin(directory, url, workers, trials, apart)
        while process.poll() is None:
            largest = max(largest, memory(process.pid))
            time.sleep(5)
        took = time.monotonic() - began
        storage = optuna.storages.RDBStorage(url, engine_kwargs={"poolclass": NullPool})
        study = optuna.load_study(study_name=NAME, storage=storage)
        found = study.get_trials()
    numbers = [trial.number for trial in found]
    complete = [trial for trial in found if trial.state == optuna.trial.TrialState.COMPLETE]
    return {
        "workers": workers,
        "trials": trials,
        "complete": len(complete),
        "lost": trials - len(complete),
        "doubled": len(numbers) - len(set(numbers)) + max(0, len(complete) - trials),
        "wrong": sum(trial.value != (trial.params["x"] - 2) ** 2 for trial in complete),
        "processes_with_trials": len({trial.user_attrs["process"] for trial in complete}),
        "failed_processes": process.returncode,
        "connections": watched.peak,
        "most_connections": most,
        "gigabytes": round(largest / 1e9, 2),
        "seconds": round(took, 1),
    }


def main() -> None:
    """Prints what was found as JSON; ends with 1 where a trial is lost, twice or wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=200)
    parser.add_argument("--each", type=int, default=3, help="trials of each worker, on average")
    parser.add_argument("--nap", type=float, default=30.0, help="seconds that a trial sleeps")
    parser.add_argument("--acu", type=float, default=4.0, help="the capacity whose connections the server has")
    parser.add_argument(
        "--apart", type=float, default=0.2, help="seconds between the starts of two; AWS takes one a second"
    )
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    found = crowd(asked.workers, asked.each, asked.nap, asked.acu, asked.apart)
    print(json.dumps(found))
    sys.exit(bool(found["lost"] or found["doubled"] or found["wrong"]))


if __name__ == "__main__":
    main()
