"""The run of a script, its duration, and that nothing outlives it."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from studio_emulator.sandbox.room import Room
from studio_emulator.sandbox.run import Run
from tests.fakes.processes import nap, napping


def eventually(wanted: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not wanted():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_lines_come_as_they_are_written(room: Room) -> None:
    script = "#!/bin/bash\nprintf 'one\\r\\n'\nsleep 2\nprintf 'two\\n\\xff three' >&2\nexit 7\n"
    with Run(room, script, room.environment()) as run:
        lines = list(run.lines())
    assert [line.text for line in lines] == ["one", "two", "\N{REPLACEMENT CHARACTER} three"]
    assert lines[1].seconds - lines[0].seconds >= 1  # the first may be read late
    assert (run.exit_code, run.timed_out) == (7, False)
    assert run.elapsed >= 2
    assert room.log_path.read_bytes().startswith(b"one\r\n")


@pytest.mark.parametrize(
    ("script", "codes"),
    [
        ("exit 0", {0}),
        ('# no first line for the kernel\n[ -n "$BASH_VERSION" ]\n', {0}),
        ("#!/usr/bin/env python3\nimport sys\nsys.exit(5)\n", {5}),
        ("#!/bin/bash\r\ntrue\r\n", {126, 127}),  # versions of bash differ
        ("kill -9 $$", {137}),
    ],
)
def test_the_exit_code_is_a_shells(room: Room, script: str, codes: set[int]) -> None:
    with Run(room, script, room.environment()) as run:
        run.finish()
    assert run.exit_code in codes


def test_its_time_is_limited(room: Room) -> None:
    seconds = nap()
    script = f"trap '' TERM INT HUP; setsid sleep {seconds} & echo began; while true; do sleep 1; done"
    with Run(room, script, room.environment(), seconds=3) as run:
        assert [line.text for line in run.lines()] == ["began"]
        assert (run.exit_code, run.timed_out) == (None, True)
        assert 3 <= run.elapsed < 60
    assert not napping(seconds)


def test_output_without_an_end_is_limited_and_ends_in_time(room: Room) -> None:
    with Run(room, "echo began; yes", room.environment(), seconds=3) as run:
        lines = [line.text for line in run.lines()]
        assert (run.exit_code, run.timed_out) == (None, True)
        assert run.elapsed < 60
    assert lines[:2] == ["began", "y"]
    assert lines[-1] == "The rest of the output is not kept: it is more than 2 MB."
    assert room.log_path.stat().st_size < 2.1 * 1024**2


def test_the_first_process_outlives_every_signal_of_a_script(room: Room) -> None:
    signals = "for signal in $(seq 1 64); do kill -$signal 1 2> /dev/null; sudo kill -$signal 1 2> /dev/null; done"
    ended = "(trap 'echo interrupted; exit 3' INT; kill -INT $BASHPID; sleep 5); echo $?"
    with Run(room, f"{signals}; echo alive; sudo true && echo served; {ended}", room.environment()) as run:
        assert [line.text for line in run.lines()] == ["alive", "served", "interrupted", "3"]
    assert run.exit_code == 0


def test_a_command_that_cannot_be_started_is_told_so(room: Room) -> None:
    """By a script that speaks with sudo's door itself."""
    script = """exec python3 - <<'PYTHON'
import array, json, socket
for wrong in ({"command": ["a\\0b"]}, {"environment": 5}, {"directory": []}, {"directory": "/nowhere"}):
    door = socket.socket(socket.AF_UNIX)
    door.connect("/run/room/sudo")
    asked = {"command": ["true"], "environment": {}, "directory": "/", "root": True, **wrong}
    files = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 1]))]
    door.sendmsg([json.dumps(asked).encode() + b"\\n"], files)
    print(door.recv(16).decode(), flush=True)
PYTHON
"""
    with Run(room, script, room.environment()) as run:
        lines = [line.text for line in run.lines()]
    assert [line for line in lines if line.isdecimal()] == ["127"] * 4


def test_what_came_before_the_end_is_told_before_it(room: Room) -> None:
    with Run(room, "seq 100000; echo last", room.environment()) as run:
        assert [line.text for line in run.lines()][-1] == "last"


def test_a_script_cannot_take_all_processes_of_the_machine(room: Room) -> None:
    with Run(room, "ulimit -Hu; sudo -s ulimit -Hu; ulimit -u 5000 || echo refused", room.environment()) as run:
        lines = [line.text for line in run.lines()]
    assert [int(line) <= 4096 for line in lines[:2]] == [True, True]
    assert lines[-1] == "refused"


def test_the_background_goes_on_until_the_end(room: Room) -> None:
    seconds = nap()
    daemon = f"setsid nohup sleep {seconds} > /dev/null 2>&1 &"
    with Run(room, f"({daemon})\necho over\n", room.environment()) as run:
        assert [line.text for line in run.lines()] == ["over"]
        eventually(lambda: napping(seconds))
        assert run.wait_for_background(0.2) is False
        assert napping(seconds)
    assert not napping(seconds)


def test_it_is_told_when_the_background_is_done(room: Room) -> None:
    with Run(room, "(setsid sleep 0.3 &) ; true", room.environment()) as run:
        run.finish()
        assert run.wait_for_background(60) is True


def test_all_of_it_ends_when_its_owner_is_killed(room: Room) -> None:
    seconds = nap()
    code = (
        "import sys, time; from pathlib import Path\n"
        "from studio_emulator.sandbox.image import Image; from studio_emulator.sandbox.room import Room\n"
        "from studio_emulator.sandbox.run import Run\n"
        "room = Room(Path(sys.argv[1]), Image(4, 0))\n"
        f"run = Run(room, 'setsid sleep {seconds} & sudo sleep {seconds}; wait', room.environment())\n"
        "time.sleep(60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", code, str(room.root)])
    eventually(lambda: napping(seconds))
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    eventually(lambda: not napping(seconds))


def test_other_processes_are_left_alone(room: Room) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        with Run(room, "sleep 60", room.environment(), seconds=0.2) as run:
            run.finish()
        assert other.poll() is None
        other.kill()
