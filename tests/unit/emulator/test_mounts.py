"""File systems of EFS that spaces mount: who may, what they need, and whose files are in them."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio_emulator import server
from studio_emulator.server import RunningEmulator
from studio_emulator.settings import EmulatorSettings
from tests.unit.emulator.emulated import Studio, eventually, new_studio, refusal
from tests.unit.emulator.starting import Editor

SETTINGS = EmulatorSettings(transition_seconds=0.05, run_lifecycle=True, lifecycle_seconds=30)
WORK = """#!/bin/bash
[ -e ~/user-default-efs/notes ] || head -c 100000 /dev/urandom > ~/user-default-efs/notes
cd ~/user-default-efs && sha256sum *
cd /mnt/custom-file-systems/efs 2>/dev/null && sha256sum */*
exit 0
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    home = tmp_path_factory.mktemp("running")
    yield server.start(settings=SETTINGS, state_dir=home)
    server.stop(home)


def mounted(studio: Studio, its_id: str, subnets: list[str], groups: list[str]) -> None:
    for subnet in subnets:
        studio.efs.create_mount_target(FileSystemId=its_id, SubnetId=subnet, SecurityGroups=groups)


def inbound(studio: Studio, domain_id: str) -> str:
    name = f"security-group-for-inbound-nfs-{domain_id}"
    found = studio.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"]
    return found[0]["GroupId"]


def permitted(its_id: str, path: str, uid: int = 200001) -> dict[str, Any]:
    return {
        "CustomFileSystemConfigs": [{"EFSFileSystemConfig": {"FileSystemId": its_id, "FileSystemPath": path}}],
        "CustomPosixUserConfig": {"Uid": uid, "Gid": 1001},
    }


def test_a_space_mounts_what_its_owner_may_and_an_app_starts_where_it_is_reached(running: RunningEmulator) -> None:
    studio = new_studio(running)
    domain_id = studio.domain()
    its_id = studio.efs.create_file_system(CreationToken="shared")["FileSystemId"]
    mount: Any = {"CustomFileSystems": [{"EFSFileSystem": {"FileSystemId": its_id}}]}
    absent = permitted("fs-00000000", "/")
    assert refusal(lambda: studio.profile(domain_id, "eve", **absent)) == (
        "ValidationException",
        "The file system 'fs-00000000' does not exist",
    )
    studio.profile(domain_id)
    assert refusal(lambda: studio.space(domain_id, **mount)) == (
        "ValidationException",
        f"The file system '{its_id}' is not in the owner's CustomFileSystemConfigs",
    )
    studio.profile(domain_id, "mary", **permitted(its_id, "/"))
    studio.space(domain_id, owner="mary", **mount)
    first, *others = studio.subnet_ids
    assert refusal(lambda: studio.app(domain_id))[1] == (
        f"The file system '{its_id}' has no mount target in subnet '{first}'"
    )
    closed = studio.ec2.create_security_group(GroupName="closed", Description="-", VpcId=studio.vpc_id)["GroupId"]
    mounted(studio, its_id, [first], [closed])
    mounted(studio, its_id, others, [inbound(studio, domain_id)])
    assert "lets no NFS traffic in" in refusal(lambda: studio.app(domain_id))[1]
    nfs: Any = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    studio.ec2.authorize_security_group_ingress(GroupId=closed, IpPermissions=[nfs])
    studio.app(domain_id)


def test_a_home_of_another_domain_is_mounted_by_its_directory_with_every_byte(running: RunningEmulator) -> None:
    before = Editor(running, WORK)
    assert before.start()["Status"] == "InService"
    (kept,) = before.log()
    before.stop()
    home = before.studio.sagemaker.describe_domain(DomainId=before.domain_id)["HomeEfsFileSystemId"]
    number = before.studio.sagemaker.describe_user_profile(DomainId=before.domain_id, UserProfileName="ada")
    uid = number["HomeEfsFileSystemUid"]

    after = Editor(running, WORK)
    studio = after.studio
    for target in studio.efs.describe_mount_targets(FileSystemId=home)["MountTargets"]:
        studio.efs.delete_mount_target(MountTargetId=target["MountTargetId"])
    mounted(studio, home, studio.subnet_ids, [inbound(studio, after.domain_id)])
    update: Any = studio.sagemaker.update_user_profile
    update(DomainId=after.domain_id, UserProfileName="ada", UserSettings=permitted(home, f"/{uid}", int(uid)))
    mount: Any = {"CustomFileSystems": [{"EFSFileSystem": {"FileSystemId": home}}]}
    studio.sagemaker.update_space(DomainId=after.domain_id, SpaceName="editor", SpaceSettings=mount)
    studio.wait_space(after.domain_id)
    assert after.start()["Status"] == "InService"
    new, restored = after.log()

    points = studio.efs.describe_access_points(FileSystemId=home)["AccessPoints"]
    (point,) = [it for it in points if it["RootDirectory"] == {"Path": f"/{uid}"} and "CreationInfo" not in str(it)]
    assert point["PosixUser"] == {"Uid": int(uid), "Gid": 1001}
    sha, name = restored.split()
    assert (sha, name) == (kept.split()[0], f"{home}_{point['AccessPointId']}/notes")
    assert new.split()[0] != sha
    file = running.log_path.parent / "spaces/file-systems" / home / uid / "notes"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == sha
    after.stop()


def test_the_files_of_a_file_system_go_with_it(running: RunningEmulator) -> None:
    editor = Editor(running, WORK)
    editor.start()
    editor.stop()
    home = editor.studio.sagemaker.describe_domain(DomainId=editor.domain_id)["HomeEfsFileSystemId"]
    files = running.log_path.parent / "spaces/file-systems" / home
    assert files.is_dir()
    for target in editor.studio.efs.describe_mount_targets(FileSystemId=home)["MountTargets"]:
        editor.studio.efs.delete_mount_target(MountTargetId=target["MountTargetId"])
    editor.studio.efs.delete_file_system(FileSystemId=home)
    assert not files.exists()


def test_a_directory_that_nobody_ever_mounted_fails_an_app_where_that_is_asked_for(tmp_path: Path) -> None:
    strict = server.start(
        settings=EmulatorSettings(transition_seconds=0.05, mounts_need_directories=True), state_dir=tmp_path
    )
    try:
        studio = new_studio(strict)
        old, domain_id = studio.domain(), studio.domain(DomainName="second")
        home = studio.sagemaker.describe_domain(DomainId=old)["HomeEfsFileSystemId"]
        for target in studio.efs.describe_mount_targets(FileSystemId=home)["MountTargets"]:
            groups = [
                *studio.efs.describe_mount_target_security_groups(MountTargetId=target["MountTargetId"])[
                    "SecurityGroups"
                ],
                inbound(studio, domain_id),
            ]
            studio.efs.modify_mount_target_security_groups(MountTargetId=target["MountTargetId"], SecurityGroups=groups)
        studio.profile(old)
        studio.space(old)
        studio.profile(domain_id, **permitted(home, "/200001"))
        mount: Any = {"CustomFileSystems": [{"EFSFileSystem": {"FileSystemId": home}}]}
        studio.space(domain_id, **mount)
        studio.sagemaker.create_app(DomainId=domain_id, SpaceName="editor", AppType="CodeEditor", AppName="default")
        key: Any = {"DomainId": domain_id, "SpaceName": "editor", "AppType": "CodeEditor", "AppName": "default"}
        failed = eventually(lambda: studio.sagemaker.describe_app(**key), lambda app: app["Status"] != "Pending")
        assert (failed["Status"], failed["FailureReason"]) == (
            "Failed",
            f"EFS mount failed: access point root directory /200001 of {home} does not exist",
        )
        studio.app(old)
        studio.app(domain_id)
    finally:
        server.stop(tmp_path)
