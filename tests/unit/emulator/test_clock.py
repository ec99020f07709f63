"""The emulator's clock: set forward, standing still, and never back."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from studio_emulator import controls, server
from studio_emulator.clock import Clock
from studio_emulator.errors import EmulatorError
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from tests.unit.emulator.emulated import client, new_studio


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """One of its own: the clock is everybody's."""
    home: Path = tmp_path_factory.mktemp("clock")
    yield server.start(settings=EmulatorSettings(transition_seconds=60), state_dir=home)
    server.stop(home)


def test_a_clock_stands_and_goes_on_from_there() -> None:
    clock = Clock()
    clock.stand()
    begun = clock.time(), clock.monotonic()
    clock.forward(90)
    assert (clock.time(), clock.monotonic()) == (begun[0] + 90, begun[1] + 90)
    clock.go()
    assert 90 <= clock.time() - begun[0] < 190
    clock.reset()
    assert abs(clock.time() - time.time()) < 60


def test_what_falls_due_happens_and_dates_are_the_clocks(running: RunningEmulator) -> None:
    controls.clock(running, {"to": "2030-01-01T12:00:00", "stand": True})
    studio = new_studio(running)
    domain_id = studio.sagemaker.create_domain(
        DomainName="clock",
        AuthMode="IAM",
        DefaultUserSettings={"ExecutionRole": studio.role_arn},
        SubnetIds=studio.subnet_ids,
        VpcId=studio.vpc_id,
    )["DomainId"]
    made = studio.sagemaker.describe_domain(DomainId=domain_id)
    assert (made["Status"], made["CreationTime"]) == ("Pending", datetime(2030, 1, 1, 12, tzinfo=UTC))
    controls.clock(running, {"forward": 61})
    assert studio.sagemaker.describe_domain(DomainId=domain_id)["Status"] == "InService"


def test_cloudtrail_tells_who_did_what_and_when(running: RunningEmulator) -> None:
    controls.clock(running, {"stand": True})
    studio, trail = new_studio(running), client(running, "cloudtrail")
    with pytest.raises(Exception, match="nobody"):
        studio.sagemaker.delete_domain(DomainId="d-nobody")
    studio.sagemaker.describe_domain  # noqa: B018 - what only reads is not recorded
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "DeleteDomain"}]
    (told,) = trail.lookup_events(LookupAttributes=wanted)["Events"]
    assert told["EventTime"] == datetime.fromisoformat(controls.clock(running)["now"])
    assert '"domainId": "d-nobody"' in told["CloudTrailEvent"]
    assert '"errorCode"' in told["CloudTrailEvent"]
    with pytest.raises(Exception, match="only one lookup attribute"):
        trail.lookup_events(LookupAttributes=wanted * 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"to": "2001-01-01T00:00:00"}, "only goes forward"),
        ({"forward": -1}, "only goes forward"),
        ({"forward": 4e9}, "ten years at once"),
        ({"backward": 1}, "unknown: backward"),
    ],
)
def test_what_no_clock_does_is_refused(running: RunningEmulator, change: dict[str, object], said: str) -> None:
    before = controls.clock(running)["now"]
    with pytest.raises(EmulatorError, match=said):
        controls.clock(running, change)
    assert controls.clock(running)["now"] >= before
