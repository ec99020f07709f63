"""The state's safety, on this machine and in a bucket of the emulator. Terraform has no part in it."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import boto3
import pytest

from studio_emulator.server import RunningEmulator
from studioctl.errors import RefusedError, StudioctlError, TerraformError
from studioctl.events import Noted
from studioctl.infrastructure import blueprint
from studioctl.operations import emulation
from studioctl.operations import state as states
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import last_up
from studioctl.operations.provisioning.guards import refuse_another_case, refuse_to_forget
from studioctl.target import Target
from studioctl.terraform import history, runs
from studioctl.terraform.backend import Backend
from studioctl.terraform.executable import Engine
from studioctl.terraform.runner import Terraform
from studioctl.terraform.workspace import Workspace
from tests.environments import environment as config
from tests.unit.emulator.emulated import client

REGION = "eu-west-1"
ENGINE = Engine("terraform", ("false",), "1.11.4")


def text(count: int, *, lineage: str = "ours", version: str = "1.11.4", owner: str = "acme-ml", **more: Any) -> str:
    """A state with one resource."""
    attributes = {"id": f"vpc-{count}", "tags_all": {"studioctl:environment": owner}}
    resource = {"mode": "managed", "type": "aws_vpc", "name": "studio", "instances": [{"attributes": attributes}]}
    content = {
        "version": 4,
        "terraform_version": version,
        "serial": count,
        "lineage": lineage,
        "resources": [resource],
    }
    return json.dumps(content | more)


def environment(tmp_path: Path, emulator: RunningEmulator, backend: Backend) -> Environment:
    target = emulation.target(emulator, REGION)
    described = config(region=REGION)
    workspace = Workspace.beside(tmp_path / "studio.toml", described.name, target)
    workspace.directory.mkdir(parents=True)
    terraform = Terraform.of(workspace, ENGINE, blueprint.build(described), backend)
    return Environment(described, target, terraform)


@pytest.fixture
def local(tmp_path: Path, emulator: RunningEmulator) -> Environment:
    """An environment whose state is on this machine."""
    return environment(tmp_path, emulator, Backend())


@pytest.fixture
def remote(tmp_path: Path, emulator: RunningEmulator) -> Environment:
    """An environment whose state is in a new bucket of its account."""
    bucket = f"tfstate-{os.urandom(4).hex()}"
    assert states.create_bucket(emulation.target(emulator, REGION), bucket)
    return environment(tmp_path, emulator, Backend("s3", {"bucket": bucket, "key": "acme-ml/tf", "region": REGION}))


def store(place: Environment, content: str) -> None:
    """Leave what an apply leaves: the new state, and the one before it in the history."""
    backend = place.terraform.backend
    if backend.kind == "s3":
        s3 = _s3(place)
        s3.put_object(Bucket=backend.settings["bucket"], Key=backend.settings["key"], Body=content.encode())
        return
    history.keep(place.terraform.workspace)
    place.terraform.workspace.state_file.write_text(content)


def _s3(place: Environment) -> Any:
    local = place.target.local
    assert local is not None
    key = {"aws_access_key_id": local.access_key_id, "aws_secret_access_key": local.secret_access_key}
    return boto3.client("s3", region_name=REGION, endpoint_url=local.url, **key)  # type: ignore[call-overload]


@pytest.fixture(params=["local", "remote"])
def place(request: pytest.FixtureRequest) -> Environment:
    """Both."""
    return cast("Environment", request.getfixturevalue(request.param))


def shown(place: Environment) -> list[tuple[int | None, bool, bool]]:
    """Serial, whether it is current, whether it is damaged."""
    return [(found.serial, found.is_current, bool(found.problem)) for found in states.snapshots(place)]


def test_there_is_no_state_at_first(place: Environment) -> None:
    assert states.snapshots(place) == []
    with pytest.raises(RefusedError, match="There is no state with serial 1: none are kept"):
        states.restore(place, 1)


def test_each_change_keeps_what_was_before(place: Environment) -> None:
    for serial in (1, 2, 3):
        store(place, text(serial))

    assert shown(place) == [(3, True, False), (2, False, False), (1, False, False)]


def test_restoring_goes_forward_and_loses_nothing(place: Environment) -> None:
    for serial in (1, 2, 3):
        store(place, text(serial))

    restored = states.restore(place, 1)

    assert (restored.serial, restored.is_current) == (4, True)
    assert shown(place)[:2] == [(4, True, False), (3, False, False)]
    current = states.snapshots(place)[0]
    assert current.resources == 1
    states.restore(place, 3)
    assert shown(place)[0] == (5, True, False)


@pytest.mark.parametrize("damage", ["", '{"version": 4, "ser', "[]", '{"version": 4, "serial": 2, "lineage": "ours"}'])
def test_of_a_damaged_state_an_earlier_one_can_be_restored(place: Environment, damage: str) -> None:
    store(place, text(1))
    store(place, text(2))
    store(place, damage)
    if damage:  # an empty one is none, to Terraform too
        assert shown(place)[0] == (None, True, True)
    states.restore(place, 2)

    assert shown(place)[0] == (3, True, False)


TORN = {
    "empty": "",
    "half": '{"version": 4, "ser',
    "no UTF-8": "\udcff\udcfe" + text(2),
    "no UTF-8 inside": text(2).replace("ours", "ou\udcffrs"),
    "null": "null",
    "a number": "7",
    "a list": "[]",
    "no object": '"state"',
    "nothing in it": "{}",
    "a part is missing": '{"version": 4, "serial": 2, "lineage": "ours"}',
    "a serial of another kind": text(2, serial="2"),
    "resources of another kind": text(2, resources={}),
    "a resource of another kind": text(2, resources=[None]),
    "instances of another kind": text(2, resources=[{"mode": "managed", "type": "a", "name": "b", "instances": {}}]),
    "an id of another kind": text(2).replace('"vpc-2"', "2"),
    "tags of another kind": text(2).replace('{"studioctl:environment": "acme-ml"}', '["acme-ml"]'),
    "outputs of another kind": text(2, outputs={"bucket": "acme"}),
    "more behind it": text(2) + "}",
}


@pytest.mark.parametrize("torn", TORN)
def test_a_torn_state_is_replaced_by_the_one_before_whoever_tore_it(local: Environment, torn: str) -> None:
    store(local, text(1))
    history.keep(local.terraform.workspace)
    file, content = local.terraform.workspace.state_file, TORN[torn].encode("utf-8", "surrogateescape")
    file.write_bytes(content)

    assert local.terraform.state()["serial"] == 1
    assert next(local.terraform.init()) == Noted(
        "Terraform's state is torn, as a full disk or a kill leaves it; the state before is taken. What was made since"
        " is looked for in AWS"
    )
    assert file.read_text() == text(1)
    copies = {copy.read_bytes() for copy in history.copies(local.terraform.workspace)}
    assert copies == {text(1).encode(), content} - {b""}


@pytest.mark.parametrize("torn", [torn for torn in TORN if torn != "empty"])
def test_without_a_state_before_a_torn_one_is_none(local: Environment, torn: str) -> None:
    file = local.terraform.workspace.state_file
    file.write_bytes(TORN[torn].encode("utf-8", "surrogateescape"))

    assert local.terraform.state() == {}
    assert next(local.terraform.init()) == Noted(
        "Terraform's state is torn, as a full disk or a kill leaves it; there is none before it. What was made since"
        " is looked for in AWS"
    )
    assert file.read_text() == ""
    assert local.terraform.state() == {}


def test_another_lineage_is_refused(place: Environment) -> None:
    store(place, text(7, lineage="theirs"))
    store(place, text(2))

    for refuses in (states.require, states.restore):  # before the question, and at last
        with pytest.raises(RefusedError, match="serial 7 is another environment's"):
            refuses(place, 7)
        with pytest.raises(RefusedError, match="serial 2 is the current one"):
            refuses(place, 2)
        with pytest.raises(RefusedError, match="no state with serial 99: 2, 7 are kept"):
            refuses(place, 99)
    assert shown(place)[0] == (2, True, False)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (text(1, version="1.15.5"), "written by Terraform 1.15.5, and this is terraform 1.11.4"),
        (text(1).replace('"version": 4', '"version": 5'), "written by Terraform 1.11.4"),
    ],
)
def test_a_state_that_cannot_be_read_here_is_refused_before_terraform_runs(
    local: Environment, content: str, told: str
) -> None:
    store(local, content)

    with pytest.raises(TerraformError) as refused:
        next(local.terraform.init())

    assert told in refused.value.message
    assert refused.value.hint
    assert local.terraform.workspace.state_file.read_text() == content


def test_a_state_of_a_later_patch_is_taken(local: Environment) -> None:
    store(local, text(1, version="1.11.9"))

    assert local.terraform.state()["serial"] == 1


def test_another_environments_state_is_refused(local: Environment) -> None:
    store(local, text(1, owner="acme-web"))

    with pytest.raises(RefusedError, match="is that of another environment, 'acme-web'"):
        refuse_to_forget(local)


@pytest.mark.parametrize("recorded", [True, False])
def test_a_user_is_not_renamed_by_case(local: Environment, recorded: bool) -> None:
    """AWS takes both names for one profile; Terraform would delete the one and make the other."""
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:user-profile/d-abc/ADA"
    profile = {"id": arn, "user_profile_name": "ADA"}
    resource = {
        "mode": "managed",
        "type": "aws_sagemaker_user_profile",
        "name": "ADA",
        "instances": [{"attributes": profile}],
    }
    store(local, text(1, resources=[resource] if recorded else []))

    with pytest.raises(RefusedError) as refused:
        refuse_another_case(local, {} if recorded else {"aws_sagemaker_user_profile.ada": arn})

    assert "'ada' is 'ADA' in AWS" in refused.value.message
    assert refused.value.hint == 'write name = "ADA" again'
    store(local, text(2))
    refuse_another_case(local, {"aws_sagemaker_user_profile.ada": arn.lower()})


def test_the_history_is_bounded(local: Environment) -> None:
    for serial in range(history.KEPT + 5):
        store(local, text(serial))

    assert len(history.copies(local.terraform.workspace)) == history.KEPT
    assert history.keep(local.terraform.workspace) == history.keep(local.terraform.workspace)


def test_a_clock_that_is_set_back_changes_no_order(local: Environment) -> None:
    workspace = local.terraform.workspace
    workspace.history.mkdir(parents=True)
    (workspace.history / "20991231T235959.000000Z.tfstate").write_text(text(1))
    for count in (2, 3):
        workspace.state_file.write_text(text(count))
        history.keep(workspace)
    workspace.state_file.write_text(text(4)[:-9])

    assert [json.loads(history.text_of(copy))["serial"] for copy in history.copies(workspace)] == [3, 2, 1]
    assert history.before_torn(workspace) == text(3)


@pytest.mark.parametrize("change", [{"serial": -1}, {"serial": 2**64}, {"terraform_version": 7}])
def test_what_no_terraform_reads_is_damaged(local: Environment, change: dict[str, Any]) -> None:
    store(local, text(1))
    store(local, json.dumps(json.loads(text(2)) | change))

    current, *_ = states.snapshots(local)

    assert (current.serial, current.terraform_version) == (None, "")
    assert "damaged" in current.problem
    assert states.restore(local, 1).serial == 2


def hold(place: Environment, **changes: str) -> dict[str, str]:
    """Put a lock there, as Terraform would."""
    settings = place.terraform.backend.settings
    lock = {
        "Path": f"{settings['bucket']}/{settings['key']}",
        "ID": "11111111-2222-3333-4444-555555555555",
        "Operation": "OperationTypeApply",
        "Who": "bob@elsewhere",
        "Created": datetime.now(UTC).isoformat(),
        **changes,
    }
    s3 = _s3(place)
    s3.put_object(Bucket=settings["bucket"], Key=f"{settings['key']}.tflock", Body=json.dumps(lock).encode())
    return lock


def test_a_lock_stops_a_restore_and_is_named(remote: Environment) -> None:
    store(remote, text(1))
    store(remote, text(2))
    lock = hold(remote)

    with pytest.raises(TerraformError) as refused:
        states.restore(remote, 1)

    assert refused.value.message == (
        f"The state is locked by bob@elsewhere (OperationTypeApply) since {lock['Created']}"
    )
    assert refused.value.hint.endswith(f"studioctl state unlock {lock['ID']}")
    assert states.lock(remote) == lock
    assert shown(remote)[0] == (2, True, False)
    states.unlock(remote, lock["ID"])
    states.restore(remote, 1)
    assert states.lock(remote) is None


def test_only_the_lock_that_was_looked_at_is_freed(remote: Environment) -> None:
    hold(remote)

    with pytest.raises(RefusedError, match="No lock another is there"):
        states.unlock(remote, "another")
    assert states.lock(remote) is not None


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"7", b"[]", b"{}", b'{"ID": 7, "Who": null}', b"\xff\xfe", b"[" * 20_000, b'{"ID": ""}'],
)
def test_a_lock_that_cannot_be_read_can_be_freed(remote: Environment, content: bytes) -> None:
    settings = remote.terraform.backend.settings
    store(remote, text(1))
    store(remote, text(2))
    _s3(remote).put_object(Bucket=settings["bucket"], Key=f"{settings['key']}.tflock", Body=content)

    with pytest.raises(TerraformError) as refused:
        states.restore(remote, 1)

    assert refused.value.message == "The state is locked, and its lock does not say by whom"
    held = states.lock(remote)
    assert held is not None
    assert refused.value.hint.endswith(f"studioctl state unlock {held['ID']}")
    assert not states.is_left_behind(remote, held)
    states.unlock(remote, held["ID"])
    assert states.lock(remote) is None
    assert states.restore(remote, 1).serial == 3


def dead_process() -> int:
    ended = subprocess.Popen(["true"])
    ended.wait()
    return ended.pid


@pytest.mark.parametrize(
    ("changes", "ours"),
    [
        ({}, True),
        ({"Who": "bob@elsewhere"}, False),
        ({"Operation": "OperationTypePlan"}, False),
        ({"Created": "2020-01-01T00:00:00Z"}, False),
        ({"Created": "soon"}, False),
        ({"Created": "2026-99-99T00:00:00Z"}, False),
    ],
)
def test_a_lock_is_ours_only_when_everything_says_so(remote: Environment, changes: dict[str, str], ours: bool) -> None:
    runs.begin(remote.terraform.workspace, "apply", dead_process())
    lock = hold(remote, **{"Who": runs.who(), **changes})

    assert states.is_left_behind(remote, lock) is ours


def test_a_lock_of_a_run_that_still_lives_is_not_left_behind(remote: Environment) -> None:
    alive = [sys.executable, "-c", "import time; time.sleep(60)", "terraform", "apply", "plan.tfplan"]
    with subprocess.Popen(alive) as running:
        try:
            runs.begin(remote.terraform.workspace, "apply", running.pid)
            assert not states.is_left_behind(remote, hold(remote, Who=runs.who()))
        finally:
            running.kill()


def test_a_lock_without_a_note_is_not_ours(remote: Environment) -> None:
    assert not states.is_left_behind(remote, hold(remote, Who=runs.who()))


def test_the_bucket_is_safe(emulator: RunningEmulator) -> None:
    s3 = client(emulator, "s3", "us-east-1")
    target, name = emulation.target(emulator, "us-east-1"), f"tfstate-{os.urandom(4).hex()}"

    assert states.create_bucket(target, name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    assert not states.create_bucket(target, name)  # again, which mends it

    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert set(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()) == {True}
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]} == {
        "studioctl:managed-by": "studioctl",
        "studioctl:purpose": "terraform-state",
    }


def test_a_bucket_that_we_did_not_make_is_left_alone(emulator: RunningEmulator) -> None:
    s3 = client(emulator, "s3", "us-east-1")
    name = f"theirs-{os.urandom(4).hex()}"
    s3.create_bucket(Bucket=name)

    with pytest.raises(StudioctlError, match="studioctl did not make it") as refused:
        states.create_bucket(emulation.target(emulator, "us-east-1"), name)

    assert type(refused.value) is RefusedError
    assert "Status" not in s3.get_bucket_versioning(Bucket=name)


def test_the_states_own_region_and_profile(remote: Environment) -> None:
    target = Target("us-west-2", "someone")
    assert states.state_target(target, remote.terraform.backend) == replace(target, region=REGION)
    other = Backend("s3", {"bucket": "b", "key": "k", "profile": "state"})
    assert states.state_target(target, other) == Target("us-west-2", "state")


def test_the_record_of_the_last_up_lies_beside_the_state_and_is_none_of_its_versions(remote: Environment) -> None:
    record = last_up.LastUp("digest", "basis", 7.0, {"aws_sagemaker_space.ada": last_up.Left("rendered", "then")})
    store(remote, text(1))
    assert last_up.read(remote) is None

    last_up.write(remote, record)

    assert last_up.read(remote) == record
    assert [snapshot.serial for snapshot in states.snapshots(remote)] == [1]
    settings = remote.terraform.backend.settings
    _s3(remote).put_object(Bucket=settings["bucket"], Key="acme-ml/tf.last-up", Body=b"\xff torn")
    assert last_up.read(remote) is None
