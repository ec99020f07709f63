"""Nothing of a study is lost while workers, controllers and the database are killed."""

import contextlib
import time
from collections import Counter
from collections.abc import Generator, Iterator
from itertools import cycle

import pytest
from tests.functional.sharing import IMAGE, Sharing, sharing

from studio_emulator import server
from studio_emulator.errors import EmulatorError
from studioctl.cli import context
from studioctl.operations.tuning import workers
from studioctl.operations.tuning.jobs import JobSettings
from studioctl.tuning import package, runs, studies

SQUARE = """\
import time

def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    time.sleep(1)
    return (x - 2) ** 2
"""


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sharing]:
    with sharing(tmp_path_factory.mktemp("chaos")) as made:
        (made.shell.directory / "square.py").write_text(SQUARE, encoding="utf-8")
        yield made


def test_nothing_is_lost_while_workers_controllers_and_the_database_are_killed(
    world: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something is killed every two seconds, twelve times, with signs of life as often."""
    for name, value in world.shell.environment.items():
        monkeypatch.setenv(name, value)
    config = world.shell.directory / "studio.toml"
    settings = runs.Settings(world.shell.directory / "square.py", trials=40, workers=4, study="chaos", retries=30)
    account = context.account(config, local=True)
    wanted = JobSettings(image=IMAGE, heartbeat_seconds=2)
    kinds, kills = cycle(("worker", "database", "worker", "controller")), Counter[str]()

    def controller() -> Generator[object, None, runs.RunResult]:
        packed = package.packed(settings.file)
        return runs.share(config, settings, workers.fleet_of(account, packed, settings, wanted))

    work, struck = controller(), time.monotonic()
    result: runs.RunResult | None = None
    while result is None:
        try:
            next(work)
        except StopIteration as stop:
            result = stop.value
            continue
        if kills.total() == 12 or time.monotonic() - struck < 2:
            continue
        struck = time.monotonic()
        what = next(kinds)
        if what == "controller":
            work.close()  # jobs go on, as after a kill
            work = controller()
        elif what == "database":
            world.client("rds").reboot_db_instance(DBInstanceIdentifier="acme-ml-tuning")
        elif found := world.running():
            with contextlib.suppress(EmulatorError):  # it has just ended
                server.disturb_job(world.emulator, "us-east-1", found[0], "internal-error")
        kills[what] += 1

    assert len(kills) == 3, kills
    assert (result.reason, result.status.finished, world.running()) == ("finished", 40, [])
    rows = world.trials("chaos")
    assert [row[0] for row in rows] == list(range(len(rows)))
    trials = {each.number: each for each in studies.records(config, "chaos")}
    complete = [row for row in rows if row[1] == "COMPLETE"]
    assert [row[2] for row in complete] == [(trials[row[0]].params["x"] - 2) ** 2 for row in complete]
    assert (len(complete), result.status.failed) == (40, 0)
