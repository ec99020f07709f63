"""The signal that AWS sends before it ends a job, also in programs that use signals themselves."""

import importlib
import signal
import subprocess
import sys
import threading

import pytest

from studioctl.tuning import runner

BEGIN = """\
import asyncio, hashlib, multiprocessing, os, signal, sys, threading, time
from studioctl.tuning import runner
sys.modules["studioctl_runner"] = runner
from studioctl.tuning import job

job.NOTICE_SECONDS = 30.0  # on a busy machine
stopped = threading.Event()

def leave():
    job.let_finish()
    os._exit(job.STOPPED)

def stop():
    os.kill(os.getpid(), signal.SIGTERM)

def handles(*loops):
    for loop in loops:
        loop.add_signal_handler(signal.SIGTERM, loop.stop)

job.on_stop(stopped, leave)
"""
SAVES = """
loop = asyncio.new_event_loop()
handles(loop)
loop.call_later(0.1, stop)
loop.run_forever()
print("saved", job.was_stopped(stopped), flush=True)
job.FINISHED.set()
time.sleep(60)
"""
OVER = """
loop = asyncio.new_event_loop()
handles(loop)
loop.close()
stop()
time.sleep(60)
"""
ENDED = """
child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
child.start()
time.sleep(0.5)
child.terminate()
child.join(10)
print(child.exitcode, stopped.wait(0.5))
child.kill()
"""
LONG = """
threading.Timer(0.1, stop).start()
hashlib.pbkdf2_hmac("sha256", b"x", b"y", 30_000_000)  # Python's own handler waits for its end
print("too late", flush=True)
"""
OTHERS = """
loop = asyncio.new_event_loop()
loop.add_signal_handler(signal.SIGUSR1, loop.stop)
loop.call_later(0.1, os.kill, os.getpid(), signal.SIGUSR1)
loop.run_forever()
loop.close()
try:
    threading.Thread(target=lambda: signal.set_wakeup_fd(-1)).start()
    signal.set_wakeup_fd(999)
except OSError as error:
    print(error.strerror, stopped.is_set())
stop()
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("program", "said", "code"),
    [
        pytest.param(SAVES, "saved True\n", 143, id="asyncio-saves"),
        pytest.param(OVER, "", 143, id="after-asyncio"),
        pytest.param(ENDED, "-15 False\n", 0, id="process-that-is-ended"),
        pytest.param(LONG, "", 143, id="within-a-librarys-long-call"),
        pytest.param(OTHERS, "Bad file descriptor False\n", 143, id="other-signals"),
    ],
)
def test_a_stop_is_noticed_beside_what_a_program_does_with_signals(program: str, said: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + program], stdout=subprocess.PIPE, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.returncode) == (said, code)


def test_a_stop_that_is_noticed_late_is_none_of_the_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "studioctl_runner", runner)
    job = importlib.import_module("studioctl.tuning.job")
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        monkeypatch.setattr(job, "NOTICE_SECONDS", 60.0)
        stopped = threading.Event()
        threading.Timer(0.3, stopped.set).start()
        assert job.was_stopped(stopped)
        monkeypatch.setattr(job, "NOTICE_SECONDS", 0.01)
        assert not job.was_stopped(threading.Event())
    finally:
        signal.signal(signal.SIGTERM, before)
