"""A run and its log: signals, and what happens when we die."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from studioctl.terraform.process import Run

HERE = Path(__file__).parent
FAKE = (sys.executable, str(HERE / "fake_terraform.py"))
# Ignores the first Ctrl-C, and tells how many it heard on the second.
STUBBORN = """
import signal, sys, time
heard = []
signal.signal(signal.SIGINT, lambda *_: heard.append(1))
print("ready", flush=True)
while len(heard) < 2:
    time.sleep(0.01)
print(f"heard {len(heard)}", flush=True)
"""
FOLLOWER = """
import os, sys
from pathlib import Path
from studioctl.terraform.process import Run
run = Run(sys.argv[2:], cwd=Path(sys.argv[1]), environ=os.environ, log=Path(sys.argv[1]) / "log.jsonl")
for line in run.lines():
    print(line, flush=True)
"""


def run(command: tuple[str, ...], tmp_path: Path) -> Run:
    return Run(command, cwd=tmp_path, environ=os.environ, log=tmp_path / "logs/run.jsonl")


def test_each_line_is_told_and_kept(tmp_path: Path) -> None:
    written = run((sys.executable, "-c", "print('one'); print('two'); print('three', end='')"), tmp_path)

    assert list(written.lines()) == ["one", "two", "three"]
    assert written.returncode == 0
    assert written.log.read_text(encoding="utf-8") == "one\ntwo\nthree"


def test_errors_go_to_the_same_log(tmp_path: Path) -> None:
    failing = run((sys.executable, "-c", "import sys; sys.exit('no')"), tmp_path)

    assert list(failing.lines()) == ["no"]
    assert failing.returncode == 1


def test_a_second_ctrl_c_is_passed_on_too(tmp_path: Path) -> None:
    stubborn = run((sys.executable, "-c", STUBBORN), tmp_path)
    heard = []
    for line in stubborn.lines():
        heard.append(line)
        if line in {"ready", ""} and stubborn.interrupts < 2:
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
            time.sleep(0.2)

    assert [line for line in heard if line] == ["ready", "heard 2"]
    assert stubborn.interrupts == 2


if sys.platform == "linux":  # elsewhere a process cannot ask to be told that its parent died

    def test_when_we_are_killed_terraform_stops_in_good_order(tmp_path: Path) -> None:
        command = (*FAKE, str(HERE / "recordings/interrupted"), "apply")
        log = tmp_path / "log.jsonl"
        with subprocess.Popen(
            [sys.executable, "-c", FOLLOWER, str(tmp_path), *command], stdout=subprocess.PIPE
        ) as follower:
            assert follower.stdout is not None
            follower.stdout.readline()
            follower.stdout.readline()
            follower.kill()

        for _ in range(1200):
            if "execution halted" in log.read_text(encoding="utf-8"):
                return
            time.sleep(0.05)
        pytest.fail("it did not stop")


def test_a_run_of_which_a_full_disk_takes_no_note_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr("studioctl.disk.replace", full)
    waiting = run((sys.executable, "-c", "import time; time.sleep(300)"), tmp_path)

    with pytest.raises(OSError, match="No space left"):
        list(waiting.lines())
    assert waiting.returncode == -signal.SIGINT
