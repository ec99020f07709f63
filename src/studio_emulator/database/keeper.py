"""A program that is started: runs one PostgreSQL server, and ends it with the emulator, however that ends.

    python -I -S keeper.py PROGRAMS DIRECTORY MOST_CONNECTIONS [USER GROUP]

Root names whom the server runs as. It says `ready`, or why not, on its standard output. A line "stop" on its standard
input ends the server with all of its data on disk. When the input is closed, because the emulator is gone, the server
ends at once and the directory goes.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LOCALE = "C.UTF-8"
SECONDS = 30.0
PAUSE = 0.05
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "shared_buffers": "32MB",
    "logging_collector": "off",
}
SET_PARENTS_DEATH_SIGNAL = 1


def main(programs: Path, place: Path, most: int, account: dict[str, Any]) -> int:
    """The exit code."""
    data = place / "data"
    try:
        if not (data / "PG_VERSION").exists():
            _make(programs, data, account)
        settings = {**SETTINGS, "unix_socket_directories": str(place), "max_connections": str(most)}
        server = subprocess.Popen(
            # not in a file: root would write it where others could have put a link
            [programs / "postgres", "-D", data, *(f"--{name}={value}" for name, value in settings.items())],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=2,
            start_new_session=True,
            preexec_fn=_mortal(),  # noqa: PLW1509 (the keeper has one thread)
            **account,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        return _say(f"PostgreSQL cannot be started: {error}")
    try:
        waited: list[Any] = [programs / "pg_isready", "-q", "-t", "1", "-h", place, "-d", "postgres"]
        while subprocess.run(waited, check=False, stdout=2, **account).returncode:
            if server.poll() is not None:
                return _say(f"PostgreSQL ended with code {server.returncode}: {place / 'log'}")
            time.sleep(PAUSE)
        _say("ready")
        told = sys.stdin.readline().strip()
        _end(server, signal.SIGINT if told else signal.SIGQUIT)
    except OSError as error:
        return _say(f"PostgreSQL cannot be asked whether it is ready: {error}")
    finally:
        _end(server, signal.SIGQUIT)
    if not told:
        shutil.rmtree(place.parent, ignore_errors=True)  # snapshots, too: nobody knows of them any more
    return 0


def _mortal() -> Callable[[], object] | None:
    """Lets a child end when its parent is killed, where the kernel offers that."""
    if sys.platform != "linux":
        return None
    kernel = ctypes.CDLL(None)  # loaded before the child is born, which may do little
    return lambda: kernel.prctl(SET_PARENTS_DEATH_SIGNAL, signal.SIGQUIT)


def _end(server: "subprocess.Popen[bytes]", how: signal.Signals) -> None:
    """End a server; do nothing if it has ended."""
    server.send_signal(how)
    try:
        server.wait(SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _make(programs: Path, data: Path, account: dict[str, Any]) -> None:
    wanted: list[Any] = ["-D", data, "-U", "rdsadmin", "-A", "trust", "-E", "UTF8", "--locale", LOCALE, "--no-sync"]
    subprocess.run([programs / "initdb", *wanted], check=True, stdin=subprocess.DEVNULL, stdout=2, **account)


def _say(words: str) -> int:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
    return 1


def _begin() -> int:
    os.environ["LC_ALL"] = LOCALE
    numbers = [int(each) for each in sys.argv[4:]]
    account = {"user": numbers[0], "group": numbers[1], "extra_groups": []} if numbers else {}
    return main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), account)


if __name__ == "__main__":
    raise SystemExit(_begin())
