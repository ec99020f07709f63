"""`examples/capped.toml` from its first plan to its end: the guard comes, watches and goes, and its ledger is kept.

It goes although the state is lost.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.functional.conftest import Shell
from tests.functional.warmth import knows_the_provider
from tests.generated import ROOT

from studio_emulator import server

pytestmark = pytest.mark.life

BUCKET = "acme-lab-data-123456789012"
LEDGER = "studioctl-guard/ledger.json"


@pytest.fixture
def cold(tmp_path: Path) -> Iterator[Shell]:
    """With a provider of its own: it reads the guard's archive, which is beside the documents."""
    knows_the_provider(tmp_path)
    yield Shell(tmp_path, {"STUDIOCTL_EMULATOR_DIR": str(tmp_path / "emulator")}, cold=True)
    server.stop(tmp_path / "emulator")


def guards(shell: Shell) -> list[int]:
    """The numbers of functions, schedules, topics and alarms."""
    return [
        len(shell.client("lambda").list_functions()["Functions"]),
        len(shell.client("scheduler").list_schedules()["Schedules"]),
        len(shell.client("sns").list_topics()["Topics"]),
        len(shell.client("cloudwatch").describe_alarms()["MetricAlarms"]),
    ]


def test_the_guard_comes_watches_and_goes_without_a_state_and_leaves_its_ledger(cold: Shell) -> None:
    shell = cold
    shutil.copy(ROOT / "examples/capped.toml", shell.directory / "studio.toml")
    shell.studioctl("emulator", "start", "--quota", "L-8C616CCB=1")  # an account that may have a GPU
    shell.studioctl("up", "--local", "--yes")
    assert guards(shell) == [1, 1, 1, 1]

    shell.studioctl("start", "grace-gpu", "--local")
    shell.studioctl("emulator", "clock", "--forward", "13h")
    told = json.loads(shell.client("s3").get_object(Bucket=BUCKET, Key=LEDGER)["Body"].read())
    (stopped,) = told["stopped"]  # not as this month's are shown: on its last day 13 hours end in the next
    assert (stopped["space"], stopped["why"] in {"max_hours_per_start", "schedule"}) == ("grace-gpu", True)
    assert "No changes" in shell.studioctl("plan", "--local").out

    shutil.rmtree(shell.directory / ".studioctl")  # nothing knows of it any more but AWS
    gone = shell.studioctl("down", "--local", "--yes", "--adopt", "acme-lab", "--delete-data=spaces").err
    assert "'acme-lab' is gone: 0 left." in gone
    assert guards(shell) == [0, 0, 0, 0]
    assert [role["RoleName"] for role in shell.client("iam").list_roles()["Roles"] if "acme" in role["RoleName"]] == []
    kept = shell.client("s3").get_object(Bucket=BUCKET, Key=LEDGER)["Body"].read()
    assert b"grace-gpu" in kept
