"""Copies of volumes and home directories: read by the real ssh from a real server, and whole or not at all."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio_emulator.server import RunningEmulator
from studioctl.aws import copies
from studioctl.aws.copies import Place, Upload
from studioctl.errors import AwsError, RefusedError, StudioctlError
from studioctl.operations.data import backup
from studioctl.operations.data.backup import Copy, Plan
from studioctl.operations.data.inventory import KINDS
from studioctl.operations.provisioning import down
from studioctl.remote.host import Host
from tests.fakes.work import done
from tests.functional.machine import Machine, machine, program
from tests.generated import ROOT
from tests.remedies import claimed, made_from
from tests.unit.operations.conftest import World, furnished
from tests.unit.operations.test_unfinished import faults

LARGE: Any = {"CodeEditorAppSettings": {"DefaultResourceSpec": {"InstanceType": "ml.t3.large"}}}
NOTHING: frozenset[str] = frozenset()
SPACES = frozenset({"space"})
EVERYTHING = frozenset(KINDS.values())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine(tmp_path_factory.mktemp("machine")) as made:
        fill(made.home)
        yield made


def fill(home: Path) -> None:
    """A home as people leave it behind."""
    for name in ("plain", "with space", "two\nlines", "-dash", "quote'\"", os.fsdecode(b"not-utf8-\xff"), "*?[x]"):
        (home / name).write_text(name.encode("utf-8", "replace").decode())
    (home / "empty").touch()
    (home / "run.sh").write_text("#!/bin/sh\n")
    (home / "run.sh").chmod(0o750)
    (home / "to plain").symlink_to("plain")
    (home / "to nowhere").symlink_to("/nowhere/at all")
    (home / "deep" / ("d" * 200) / "empty directory").mkdir(parents=True)
    (home / "deep" / ("d" * 200) / ("f" * 200)).write_text("far down")
    (home / "lost+found").mkdir()
    (home / "user-default-efs").mkdir()
    (home / "user-default-efs" / "notes").write_text("in the home directory")


@pytest.fixture
def world(emulator: RunningEmulator) -> World:
    """One whose domain is found by its name."""
    name = f"acme-{uuid.uuid4().hex[:8]}"
    return furnished(emulator, name, DomainName=name)


@pytest.fixture
def place(
    world: World, server: Machine, emulator_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """A bucket for copies; ssh finds its way to the server."""
    server.plugin()
    config = tmp_path / "ssh_config"
    config.write_text(f"IdentityFile {server.key}\n")
    config.chmod(0o600)
    monkeypatch.setenv("PATH", os.pathsep.join((str(server.programs), os.environ["PATH"])))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STUDIOCTL_SSH_CONFIG", str(config))
    monkeypatch.setenv("STUDIOCTL_EMULATOR_DIR", str(emulator_dir))
    s3 = world.client("s3")
    bucket = f"copies-{world.studio.tag}"
    s3.create_bucket(Bucket=bucket)
    yield Place(bucket, "mine/late")
    for found in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=found["Key"])
    s3.delete_bucket(Bucket=bucket)


def planned(world: World, place: Place, **chosen: Any) -> Plan:
    return backup.plan(world.environment, place, os.environ, **chosen)


def copied(world: World, place: Place, **chosen: Any) -> tuple[Copy, ...]:
    return done(backup.run(world.environment, planned(world, place), os.environ, **chosen))


def stored(world: World, copy: Copy) -> bytes:
    return bytes(world.client("s3").get_object(Bucket=copy.bucket, Key=copy.key)["Body"].read())


def keys(world: World, place: Place) -> list[str]:
    return [found["Key"] for found in world.client("s3").list_objects_v2(Bucket=place.bucket).get("Contents", [])]


def contents(root: Path) -> dict[str, Any]:
    """Everything below a directory by path: where a link leads, or mode and digest of what is there."""
    found: dict[str, Any] = {}
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_dir():
            found[name] = "directory"
        else:
            found[name] = (path.stat().st_mode, hashlib.sha256(path.read_bytes()).hexdigest())
    return found


def status(world: World) -> str:
    apps = world.studio.sagemaker.list_apps(DomainIdEquals=world.domain_id)["Apps"]
    return apps[0]["Status"] if apps else "none"


def put_back() -> str:
    """The command that the how-to tells you to run in the space."""
    page = (ROOT / "docs/how-to/remove-and-come-back.md").read_text()
    return page.split("studioctl ssh ada-editor -- '")[1].split("'")[0]


def allow_remote_access(world: World) -> None:
    world.studio.sagemaker.update_space(
        DomainId=world.domain_id, SpaceName="editor", SpaceSettings={"RemoteAccess": "ENABLED"}
    )
    world.studio.wait_space(world.domain_id)


def used(world: World) -> None:
    """Somebody has worked in the space, and stopped it."""
    world.studio.stop(world.studio.app(world.domain_id))


def test_a_copy_holds_all_that_was_there_and_can_be_put_back(
    world: World, place: Place, server: Machine, tmp_path: Path
) -> None:
    used(world)
    (server.home / "large").write_bytes(os.urandom(20 << 20))

    home, volume = copied(world, place)  # the volume last: AWS cannot keep it, and somebody may still write

    assert (volume.kind, home.kind) == ("volume", "home directory")
    assert volume.key.startswith(f"mine/late/{world.environment.config.name}/editor-20")
    assert home.key.startswith(f"mine/late/{world.environment.config.name}/homes/ada-20")
    assert keys(world, place) == [volume.key, f"{volume.key}.json", home.key, f"{home.key}.json"]
    for copy in (volume, home):
        data = stored(world, copy)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (copy.bytes, copy.sha256)
        manifest = json.loads(world.client("s3").get_object(Bucket=copy.bucket, Key=f"{copy.key}.json")["Body"].read())
        assert manifest == {**backup.manifest(copy), "studioctl": copy.studioctl}
    assert status(world) == "Deleted"  # what had to be started is stopped again
    world.studio.wait_space(world.domain_id)
    settings = world.studio.sagemaker.describe_space(DomainId=world.domain_id, SpaceName="editor")["SpaceSettings"]
    assert settings["RemoteAccess"] == "DISABLED"

    expected = contents(server.home)
    left_out = {name for name in expected if name.split("/")[0] in {"user-default-efs", "lost+found"}}
    files = [name for name in expected.keys() - left_out if expected[name] != "directory"]
    assert (volume.files, home.files) == (len(files), 1)
    restore(world, server, stored(world, volume), into="restored")
    restored = contents(server.home / "restored")
    assert restored == {name: value for name, value in expected.items() if name not in left_out}
    with tarfile.open(fileobj=io.BytesIO(stored(world, home))) as archive:
        assert archive.extractfile("./notes").read() == b"in the home directory"  # type: ignore[union-attr]
    shutil.rmtree(server.home / "restored")
    (server.home / "large").unlink()
    down_goes_on_when_the_copy_holds_all_there_is(world, place, (volume, home))


def down_goes_on_when_the_copy_holds_all_there_is(world: World, place: Place, stale: tuple[Copy, ...]) -> None:
    with pytest.raises(RefusedError, match="these hold files"):  # somebody was in the space since
        done(down.remove(world.environment, NOTHING, stale))
    found = done(down.survey(world.environment))
    plan = planned(world, place)
    after = found.after(plan)
    down.refuse_to_lose(after, is_local=False)
    assert [(h.kind, h.name) for h in after.deleted] == [("space", "editor")]

    made = done(backup.run(world.environment, plan, os.environ, stop=True))
    outcome = done(down.remove(world.environment, NOTHING, made))

    assert outcome.left == ()
    assert [h.kind for h in outcome.kept] == ["home file system"]
    assert len(stored(world, made[0])) == made[0].bytes
    done(down.remove(world.environment, EVERYTHING))


def restore(world: World, server: Machine, data: bytes, *, into: str) -> None:
    """As docs/how-to/remove-and-come-back.md says, without its download: through ssh into the running space."""
    allow_remote_access(world)
    world.studio.app(world.domain_id, ResourceSpec={"InstanceType": "ml.t3.large"})
    details = world.studio.sagemaker.describe_space(DomainId=world.domain_id, SpaceName="editor")
    host = Host.of("editor", details["SpaceArn"], world.environment.config.name, world.environment.target)
    config = os.environ["STUDIOCTL_SSH_CONFIG"]
    (server.home / into).mkdir()
    command = ["ssh", "-F", config, *host.options(), host.alias, f"{put_back()} -C {into}"]
    subprocess.run(command, input=data, check=True)
    world.studio.stop(
        {"DomainId": world.domain_id, "SpaceName": "editor", "AppType": "CodeEditor", "AppName": "default"}
    )


@pytest.mark.parametrize("after_bytes", [0, 3 << 20])
def test_a_copy_that_is_cut_off_changes_nothing_and_stores_nothing_of_itself(
    world: World, place: Place, server: Machine, after_bytes: int
) -> None:
    used(world)
    (server.home / "large").write_bytes(os.urandom(6 << 20))
    server.plugin(cut_after=after_bytes)

    with pytest.raises(AwsError, match="was cut off: ssh ended with 255") as caught:
        copied(world, place, stop=True)

    assert "studioctl ssh editor" in caught.value.hint
    assert not any("/editor-" in key for key in keys(world, place))
    assert bool(keys(world, place)) == bool(after_bytes)  # the small home directory was whole by then
    assert world.client("s3").list_multipart_uploads(Bucket=place.bucket).get("Uploads", []) == []
    (server.home / "large").unlink()
    assert status(world) == "Deleted"
    assert "editor" in str(world.studio.sagemaker.list_spaces(DomainIdEquals=world.domain_id)["Spaces"])


def test_what_cannot_be_read_or_changes_meanwhile_is_no_copy(world: World, place: Place, server: Machine) -> None:
    used(world)
    try:
        for said, code, message in (
            ("tar: ./x: Cannot open: Permission denied", 2, "Not everything in 'editor' could be read"),
            ("tar: ./x: file changed as we read it", 1, "Somebody writes in 'editor' while it is copied: ./x"),
        ):
            disturbed(server, said, code)
            with pytest.raises(AwsError, match=message):
                copied(world, place)
            assert keys(world, place) == []
        # what the editor itself writes all the time is nobody's work
        disturbed(server, "tar: ./sagemaker-code-editor-server-data/data/logs/x: file changed as we read it", 1)
        assert [copy.kind for copy in copied(world, place)] == ["home directory", "volume"]
    finally:
        (server.over_there / "tar").unlink()


def disturbed(server: Machine, said: str, code: int) -> None:
    """A tar in the space that does its work, and then says this."""
    program(server.over_there / "tar", f'#!/bin/sh\n/bin/tar "$@"\necho "{said}" >&2\nexit {code}\n')


def test_what_runs_on_a_large_enough_instance_is_read_as_it_runs(world: World, place: Place) -> None:
    allow_remote_access(world)
    world.studio.app(world.domain_id, ResourceSpec={"InstanceType": "ml.t3.large"})
    plan = planned(world, place)

    assert (plan.stops, plan.starts) == ((), ())
    done(backup.run(world.environment, plan, os.environ))
    assert status(world) == "InService"


def test_a_small_instance_is_read_on_a_larger_one_without_its_script(world: World, place: Place) -> None:
    world.studio.app(world.domain_id)
    plan = planned(world, place)
    seen: list[Any] = []

    assert (plan.stops, plan.starts) == (("editor",), ("editor",))
    work = backup.run(world.environment, plan, os.environ)
    for event in work:
        if "volume" in str(event) and not seen:
            seen += world.studio.sagemaker.list_apps(DomainIdEquals=world.domain_id)["Apps"]
    assert [app["ResourceSpec"]["InstanceType"] for app in seen if app["Status"] == "InService"] == ["ml.t3.large"]


def test_a_bucket_whose_key_goes_with_the_environment_is_refused(world: World, place: Place) -> None:
    key_id = world.client("kms").create_key()["KeyMetadata"]["KeyId"]
    encryption: Any = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": f"arn:aws:kms:us-east-1:123456789012:key/{key_id}"}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": encryption}]}
    world.client("s3").put_bucket_encryption(Bucket=place.bucket, ServerSideEncryptionConfiguration=rules)
    plan = planned(world, place)

    with pytest.raises(RefusedError, match="encrypts with this environment's own key"):
        backup.refuse_doomed_key(plan, [key_id])
    backup.refuse_doomed_key(plan, ["another"])


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        ("", "s3://acme-copies"),
        ("s3://", "s3://acme-copies"),
        ("bucket", "s3://bucket"),
        ("bucket/late", "s3://bucket"),
        ("s3://UPPER", "s3://upper"),
        ("s3://My_Copies/late", "s3://my-copies"),
        ("https://bucket", "s3://bucket"),
        ("s3://a b", "s3://a-b"),
    ],
)
def test_what_is_no_place_in_s3_and_what_may_have_been_meant(text: str, likely: str) -> None:
    with pytest.raises(StudioctlError, match="is not a location in S3") as refused:
        Place.parse(text)

    assert refused.value.hint.endswith(f" such as {likely}")


def test_places_in_s3() -> None:
    assert [str(Place.parse(text)) for text in ("s3://acme", "s3://acme/", "s3://acme//a/b/")] == [
        "s3://acme",
        "s3://acme",
        "s3://acme/a/b",
    ]


def test_a_bucket_that_cannot_take_copies_is_refused_before_anything(world: World, place: Place) -> None:
    used(world)

    with pytest.raises(RefusedError, match="There is no bucket 'acme-nowhere'") as missing:
        planned(world, Place("acme-nowhere"))
    assert missing.value.hint == "name another, or make it: studioctl state bucket create acme-nowhere"
    faults(world, {"kind": "error", "action": "HeadBucket", "code": "AccessDenied", "message": "No.", "status": 403})
    with pytest.raises(RefusedError, match=f"Bucket '{place.bucket}' is not account 123456789012's, or you may not"):
        planned(world, place)
    faults(world, {"kind": "error", "action": "CreateMultipartUpload", "code": "AccessDenied", "message": "No."})
    with pytest.raises(RefusedError, match="or you may not write to it"):
        planned(world, place)
    faults(world)
    with pytest.raises(RefusedError, match="is to be deleted itself"):
        backup.refuse_doomed_place(
            Place(world.bucket), done(down.survey(world.environment, delete=EVERYTHING)).doomed_buckets
        )
    backup.refuse_doomed_place(Place(world.bucket), done(down.survey(world.environment)).doomed_buckets)
    assert status(world) == "Deleted"


def test_what_cannot_be_copied_is_named_and_goes_only_on_the_word(world: World, place: Place) -> None:
    sagemaker = world.studio.sagemaker
    world.studio.profile(world.domain_id, "bob")
    world.studio.space(
        world.domain_id,
        "old",
        CodeEditorAppSettings={"DefaultResourceSpec": {"SageMakerImageVersionAlias": "2.6.0", **image()}},
    )
    world.studio.app(world.domain_id, "old")
    plan = planned(world, place)

    assert [(each.kind, each.name) for each in plan.unreadable] == [("space", "old"), ("home file system", "bob")]
    assert plan.unreadable[1].why == "the user has no space to read it in"
    with pytest.raises(RefusedError) as refused:
        backup.refuse_unreadable(plan, NOTHING)
    assert refused.value.message.startswith("These cannot be copied:\n  space 'old': sagemaker-distribution-cpu")
    assert "bob" not in refused.value.message  # the home file system is kept
    backup.refuse_unreadable(plan, SPACES)
    assert sagemaker.list_spaces(DomainIdEquals=world.domain_id)["Spaces"]


def image() -> dict[str, str]:
    return {"SageMakerImageArn": "arn:aws:sagemaker:us-east-1:885854791233:image/sagemaker-distribution-cpu"}


def test_what_s3_has_is_compared(world: World, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts, in whatever blocks they come; and an object that is not what was sent does not stay."""
    monkeypatch.setattr(copies, "SMALL_PART", 5 << 20)
    data = os.urandom(12 << 20)
    session = world.environment.session
    with Upload(session, place, "whole") as upload:
        for start in range(0, len(data), 700_000):
            upload.add(data[start : start + 700_000])
        upload.complete()
    assert upload.sha256 == hashlib.sha256(data).hexdigest()
    assert bytes(world.client("s3").get_object(Bucket=place.bucket, Key="whole")["Body"].read()) == data

    with Upload(session, place, "wrong") as upload:
        upload.add(data)
        upload.size -= 1
        with pytest.raises(AwsError, match="S3 stored something else"):
            upload.complete()
    assert keys(world, place) == ["whole"]


def test_a_copy_that_arrived_otherwise_is_made_again(
    world: World, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    used(world)
    with monkeypatch.context() as patch:
        patch.setattr(Upload, "sha256", property(lambda _: "0" * 64))
        with pytest.raises(AwsError, match="is not what was sent") as refused:
            copied(world, place)
    assert not keys(world, place)
    walked = made_from(refused.value.hint, "studioctl.operations.data.backup")
    assert copied(world, place)

    here = "tests/unit/operations/test_backup.py::test_a_copy_that_arrived_otherwise_is_made_again"
    assert claimed(here) == walked
