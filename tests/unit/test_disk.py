"""Files that are written whole or not at all, for real: a limit on the size of files in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from studioctl import disk
from studioctl.cli import main

WRITER = """
import resource, sys
from pathlib import Path
from studioctl import disk
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
disk.replace(Path(sys.argv[1]), "x" * 5000)
"""


def test_a_directory_that_is_not_there_is_told_by_the_files_own_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as refused:
        disk.replace(tmp_path / "none" / "studio.toml", "x")

    assert refused.value.filename == str(tmp_path / "none" / "studio.toml")


def test_a_file_that_does_not_fit_leaves_the_one_that_was(tmp_path: Path) -> None:
    file = tmp_path / "record"
    file.write_text("before")
    done = subprocess.run([sys.executable, "-c", WRITER, str(file)], capture_output=True, text=True, check=False)

    assert f"[Errno 27] File too large: '{file}'" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["record"]
    assert file.read_text() == "before"


def test_permissions_are_those_that_were_asked_for(tmp_path: Path) -> None:
    disk.replace(tmp_path / "mine", b"", mode=0o660)

    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o660


def test_nobody_else_reads_a_file_before_its_permissions_are_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(os, "fchmod", lambda file, _: seen.append(os.fstat(file).st_mode & 0o777))
    disk.replace(tmp_path / "secret", b"a key", mode=0o600)

    assert seen == [0o600]


def test_a_pipe_that_nobody_reads_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="nobody reads this pipe") as refused:
        disk.replace(tmp_path / "pipe", "x")
    assert refused.value.filename == str(tmp_path / "pipe")

    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    disk.replace(tmp_path / "pipe", "x")
    assert os.read(reader, 2) == b"x"
    os.close(reader)


def test_a_device_stays_a_device() -> None:
    disk.replace(Path("/dev/null"), "x")

    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("number", disk.REASONS)
def test_what_go_says_of_a_full_disk_is_understood(number: int) -> None:
    assert disk.refusal(f"Error saving state: write a.tfstate: {os.strerror(number).lower()}\n") == number
    assert disk.refusal("BucketAlreadyExists: it is full") is None


@pytest.mark.parametrize("number", disk.REASONS)
def test_a_full_disk_is_told_in_words_wherever_it_is_met(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number), "/home/ada/a file")

    monkeypatch.setattr(main, "tree", lambda: broken)

    assert main.run(["up"]) == 1
    assert capsys.readouterr().err == (
        f"Error: {disk.REASONS[number]}, so '/home/ada/a file' could not be written.\n"
        f"Next:  {disk.REMEDIES[number]}, then run the same command again: it continues from here\n"
    )


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="Linux has it")
@pytest.mark.parametrize("command", ["version --json", "schema", "--help", "editor script"])
def test_a_full_disk_behind_standard_output_is_told(command: str, tmp_path: Path) -> None:
    (tmp_path / "studio.toml").write_text('name = "acme-ml"\nregion = "us-east-1"\n\n[[users]]\nname = "ada"\n')
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "studioctl", *command.split()],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.stderr.startswith("Error: The disk is full.\nNext:  make room there")
    assert len(done.stderr.splitlines()) == 2
    assert done.returncode == 1


STARTER = """
import resource, sys
from pathlib import Path
from studioctl.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
sys.exit(main.run(["emulator", "start"]))
"""


def test_an_emulator_that_a_full_disk_keeps_from_starting(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTER],
        env={**os.environ, "STUDIOCTL_EMULATOR_DIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("Error: The disk is full for this shell: a file would grow beyond its limit"), done
    assert not (tmp_path / "state.json").exists()


def test_what_is_piped_to_us_is_read_under_its_name_too() -> None:
    code = "from pathlib import Path; from studioctl import disk; print(disk.text_named(Path('/dev/stdin')))"
    done = subprocess.run([sys.executable, "-c", code], input="piped", capture_output=True, text=True, check=True)
    assert done.stdout == "piped\n"
