"""Home directories that `down` kept, and how they come back: every byte, each to its owner."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.functional.conftest import Shell
from tests.functional.living import Living, living
from tests.unit.emulator.emulated import client

from studio_emulator import server
from studio_emulator.settings import EmulatorSettings

NAME = "acme-homes"
FILE = f"""\
name = "{NAME}"
region = "us-east-1"

[editor]
script = "sums.sh"

[[users]]
name = "ada"

[[users]]
name = "mary"

[[users]]
name = "eve"
"""
SUMS = """\
#!/bin/bash
notes=~/user-default-efs/notes
[ -e $notes ] || head -c 200000 /dev/urandom > $notes
sha256sum $notes
for file in /mnt/custom-file-systems/efs/*/*; do [ ! -e $file ] || sha256sum $file; done
"""
SUM = re.compile(r"([0-9a-f]{64}) +(\S+)$", re.MULTILINE)


def sums(shell: Shell, space: str) -> dict[str, str]:
    """The SHA-256 of each file that the space's script saw at its last start, by its path."""
    shell.studioctl("start", space, "--local")
    log = shell.studioctl("logs", space, "--local").out
    shell.studioctl("stop", space, "--local")
    return {path: digest for digest, path in SUM.findall(log)}


@pytest.mark.life
def test_who_is_back_has_the_old_files_with_every_byte(tmp_path: Path) -> None:
    state = tmp_path / "emulator"
    strict = EmulatorSettings(transition_seconds=0.05, run_lifecycle=True, mounts_need_directories=True)
    running = server.start(settings=strict, state_dir=state)
    shell = Shell(tmp_path, {"STUDIOCTL_EMULATOR_DIR": str(state)})
    try:
        (tmp_path / "sums.sh").write_text(SUMS)
        (tmp_path / "studio.toml").write_text(FILE)
        shell.studioctl("up", "--local", "--yes")
        before = {user: sums(shell, f"{user}-editor") for user in ("ada", "eve")}
        shell.studioctl("down", "--local", "--yes", "--delete-data=spaces")
        (tmp_path / "studio.toml").write_text(FILE.partition('\n[[users]]\nname = "eve"')[0])
        shell.studioctl("up", "--local", "--yes")

        done = shell.studioctl("homes", "restore", "--local")
        shell.studioctl("up", "--local", "--yes")
        again = shell.studioctl("plan", "--local")
        restored_file = (tmp_path / "studio.toml").read_text()
        (tmp_path / "studio.toml").write_text(re.sub(r"homes = \{[^}]*\}", "homes = {}", restored_file))
        everybodys = shell.studioctl("plan", "--local", expect=3)
        numbers = dict(re.findall(r"(ada|mary) = (\d+)", restored_file))
        swapped = restored_file.replace(f"ada = {numbers['ada']}", f"ada = {numbers['mary']}")
        (tmp_path / "studio.toml").write_text(swapped.replace(f"mary = {numbers['mary']}", f"mary = {numbers['ada']}"))
        others = shell.studioctl("plan", "--local", expect=3)
        (tmp_path / "studio.toml").write_text(restored_file)
        after = sums(shell, "ada-editor")
        never_there = shell.studioctl("start", "mary-editor", "--local", expect=1)
        file = tmp_path / "studio.toml"
        file.write_text(re.sub(r", mary = \d+", "", file.read_text()))
        shell.studioctl("up", "--local", "--yes")
        shell.studioctl("start", "mary-editor", "--local")
        kept = client(running, "efs", "us-east-1").describe_file_systems()["FileSystems"]
        shell.studioctl("down", "--local", "--yes", "--delete-data")
    finally:
        server.stop(state)

    (mine,) = before["ada"].values()
    restored = {path: digest for path, digest in after.items() if path.startswith("/mnt/custom-file-systems/efs/fs-")}
    assert list(restored.values()) == [mine]
    assert mine not in {after["/home/sagemaker-user/user-default-efs/notes"], *before["eve"].values()}
    assert "holds people's home directories, which others could then read" in everybodys.err
    assert f"the directory of number {numbers['mary']} is mary's" in others.err
    assert "ada: /" in done.err
    assert "Whoever never opened an app may have no directory in it" in done.err
    assert "which is not there if mary never opened an app before" in never_there.err
    assert "delete mary from the homes of fs-" in never_there.err
    assert "Not in the file, so left where they are: eve" in done.err
    assert "No changes" in again.out + again.err
    assert len(kept) == 2


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    with living(tmp_path_factory.mktemp("few"), users={"ada": ("ada-editor",)}) as lived:
        yield lived


def test_what_cannot_come_back_is_told(few: Living) -> None:
    assert few.run("homes", "restore", expect=4).err == (
        "Error: No down of 'acme-ml' has kept home directories.\nNext:  studioctl status --local\n"
    )
    efs = few.client("efs")
    tags = {"studioctl:environment": "acme-ml", "studioctl:kept": "home", "studioctl:homes-1": "grace=200001"}
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    one = efs.create_file_system(CreationToken="one", Tags=listed)["FileSystemId"]
    nobody = few.run("homes", "restore", expect=4)
    assert f"Nobody in the file has a directory in {one}: it is of grace." in nobody.err
    twice = {"Key": "studioctl:homes-1", "Value": "ada=200001 grace=200001"}
    efs.tag_resource(ResourceId=one, Tags=[twice])
    both = few.run("homes", "restore", expect=4)
    assert f"The tags of {one} give the directory /200001 to both ada and grace. Nothing was changed." in both.err
    efs.tag_resource(ResourceId=one, Tags=[{**twice, "Value": "ada=root"}])
    assert "give the directory /root to ada, which is no number" in few.run("homes", "restore", expect=4).err
    efs.tag_resource(ResourceId=one, Tags=[{**twice, "Value": "ada=7"}])
    assert "storage.file_systems[0].homes.ada" in few.run("homes", "restore", expect=3).err
    assert efs.describe_mount_targets(FileSystemId=one)["MountTargets"] == []
    efs.tag_resource(ResourceId=one, Tags=listed)
    two = efs.create_file_system(CreationToken="two", Tags=listed)["FileSystemId"]
    several = few.run("homes", "restore", expect=4)
    assert "2 home file systems were kept." in several.err
    assert {one, two} <= set(re.findall(r"fs-[0-9a-f]+", several.err))
    assert "'fs-1' is none of the kept ones" in few.run("homes", "restore", "fs-1", expect=4).err

    efs.tag_resource(ResourceId=two, Tags=[{**twice, "Value": "Ada=200001 grace=200002"}])
    done = few.run("homes", "restore", two)
    assert "ada: /200001" in done.err
    assert "Not in the file, so left where they are: grace" in done.err
    assert "mount targets" in done.err
    assert "mount targets" not in few.run("homes", "restore", two).err
    status = few.run("status").err
    assert f"Kept from before: home file system '{two}', which spaces of ada mount.\n" in status
    assert f"Kept from before: home file system '{one}'. Getting at its files: studioctl docs" in status
    written = (few.shell.directory / "studio.toml").read_text()
    efs.tag_resource(ResourceId=one, Tags=[{**twice, "Value": "ada=200003"}])
    assert few.run("homes", "restore", one, expect=3).err == (
        "Error: studio.toml is unchanged. With the change it would be wrong:\n"
        '  storage.file_systems[1].homes.ada: "ada" is number 200001 elsewhere, and a user has one number; delete one'
        " of them\nNext:  change studio.toml so that both can be, then run the same command again\n"
    )
    assert (few.shell.directory / "studio.toml").read_text() == written
