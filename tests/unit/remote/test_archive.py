"""The program that runs in a space to copy a directory out of it."""

import subprocess
import sys
from pathlib import Path

from studioctl.remote import archive

SCRIPT = Path(archive.__file__).with_name("archive.sh")
SHELLCHECK = Path(sys.executable).parent / "shellcheck"


def run(home: Path, directory: str, path: str = "/usr/bin:/bin") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        ["sh", SCRIPT, directory], env={"HOME": str(home), "PATH": path}, capture_output=True, check=False, timeout=30
    )


def test_shellcheck_has_nothing_to_say() -> None:
    done = subprocess.run([SHELLCHECK, "--shell=sh", SCRIPT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    done = run(tmp_path, "user-default-efs")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"studioctl:absent\n")


def test_a_link_to_a_directory_is_followed_and_no_temporary_file_stays(tmp_path: Path) -> None:
    (tmp_path / "efs").mkdir()
    (tmp_path / "efs" / "notes").write_text("notes")
    (tmp_path / "user-default-efs").symlink_to("efs")

    done = run(tmp_path, "user-default-efs")

    listed = subprocess.run(["tar", "-tz"], input=done.stdout, capture_output=True, check=True).stdout
    assert listed.split() == [b"./", b"./notes"]
    report = archive.REPORT.fullmatch(done.stderr.decode().strip())
    assert report is not None
    assert (report[1], report[3]) == ("0", "1")


def test_an_archive_that_was_not_packed_to_its_end_is_none(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "gzip").write_text("#!/bin/sh\n/bin/cat\nkill -KILL $$\n")
    (programs / "gzip").chmod(0o755)

    done = run(tmp_path, ".", path=f"{programs}:/usr/bin:/bin")

    assert done.returncode
    assert b"studioctl:archive" not in done.stderr


def test_without_tar_it_ends_and_says_so(tmp_path: Path) -> None:
    """Also when something is missing there, nobody waits for ever."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "env", "awk", "gzip", "tee", "mktemp", "mkfifo", "rm", "sha256sum", "cat", "head", "sed"):
        (programs / name).symlink_to(subprocess.check_output(["which", name], text=True).strip())

    done = run(tmp_path, ".", path=str(programs))

    said, report = done.stderr.decode().splitlines()
    assert said.startswith("studioctl:said env: ")
    assert report.startswith("studioctl:archive 127 ")
