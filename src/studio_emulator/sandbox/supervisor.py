"""A program of its own: runs one script, and ends whatever came of it. Imports nothing of ours.

    python -I -S supervisor.py SCRIPT LOG

Says `exit CODE` on stdout when the script is over, and ends when nothing that it started is left. When its standard
input is closed, because its owner wants so or is gone, it kills all of it: also what took a session of its own, because
Linux hands orphans to this process (PR_SET_CHILD_SUBREAPER, prctl(2)).
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
# The shell runs a file without a first line `#!` itself, and gives 126 or 127 for a bad one, as the image does.
START = ("/bin/bash", "-c", 'exec "$0"')


def main(script: str, log: str) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, let_go)
    with Path(log).open("ab") as output:
        child = subprocess.Popen(
            [*START, script], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    while reap(child.pid):
        ready = wait_for(woken)
        if woken in ready:
            os.read(woken, 4096)
        if 0 in ready:
            kill_everything(child.pid)
            return


def let_go(*_: object) -> None:
    """As if the owner had let go."""
    with contextlib.suppress(OSError):
        os.close(0)


def wait_for(woken: int) -> list[int]:
    """Until a child ended or the owner let go; standard input that is closed already counts as that."""
    try:
        return select.select([0, woken], [], [])[0]
    except (OSError, ValueError):
        return [0]


def reap(script: int) -> bool:
    """Take note of every child that ended; whether any is left."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True
        if pid == script:
            # the owner may be gone
            with contextlib.suppress(OSError):
                os.write(1, f"exit {os.waitstatus_to_exitcode(status)}\n".encode())


def kill_everything(script: int) -> None:
    """A process may start another while it is being killed, so look again until there is none."""
    while reap(script):
        for pid in descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def descendants(ancestor: int) -> list[int]:
    """All processes below this one, from the kernel's list."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                # the name in brackets may hold anything, even brackets
                parent = int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [*children.get(ancestor, ())]
    for pid in found:
        found.extend(children.get(pid, ()))  # grows while it is walked: a breadth-first search
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
