"""A fast plan says what a full one says. `make agreement` does the same for 500 changes."""

import json
import random
from collections.abc import Iterator

import pytest
from tests.functional.agreement import Crowd, looked_at
from tests.functional.conftest import Shell

from studio_emulator import server
from studio_emulator.settings import EmulatorSettings

pytestmark = pytest.mark.life
SEED, CHANGES, BETWEEN = 17, 12, 3


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    directory = tmp_path_factory.mktemp("agreement")
    shell = Shell(directory, {"STUDIOCTL_EMULATOR_DIR": str(directory / "emulator")})
    server.start(settings=EmulatorSettings(transition_seconds=0), state_dir=directory / "emulator")
    made = Crowd(shell, random.Random(SEED))
    made.write()
    try:
        made.up()
        yield made
    finally:
        server.stop(directory / "emulator")


def test_fast_and_full_plans_agree_on_random_changes(crowd: Crowd) -> None:
    for number in range(1, CHANGES + 1):
        crowd.change()
        fast, full = crowd.plans()
        assert fast == full, crowd.did
        if number % BETWEEN == 0:
            crowd.up()
            crowd.did.append("up")


def test_a_tag_that_somebody_changed_is_seen_by_the_doctor_and_by_a_full_plan_alone(crowd: Crowd) -> None:
    crowd.up()
    assert looked_at(crowd.shell.studioctl("plan", "--local", "-v").err) == 2 * len(crowd.users)
    name = crowd.retag()

    fast, full = crowd.plans()

    assert fast["changes"] == []
    assert [change["address"] for change in full["changes"]] == [f"aws_sagemaker_space.{name}"]
    assert {a["path"].partition(".")[0] for c in full["changes"] for a in c["attributes"]} == {"tags"}

    (remedy,) = other_tags(crowd)
    assert remedy == "studioctl up --refresh --local"
    crowd.shell.studioctl(*remedy.split()[1:], "--yes")
    assert other_tags(crowd) == []


def other_tags(crowd: Crowd) -> list[str]:
    """What the doctor says to do about tags that are not the file's."""
    told = json.loads(crowd.shell.studioctl("doctor", "--local", "--json", expect=None).out)["findings"]
    return [each["remedy"] for each in told if each["id"] == "DRF012" and each["severity"] != "ok"]
