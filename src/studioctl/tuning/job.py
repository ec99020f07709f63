"""The program of a training job: one trial, whose questions go through a mailbox in S3. See `jobs.py`.

It is in the job's channel `code`, beside `runner.py` and `code.tar.gz`, the user's files. There, names begin with
`studioctl_`, so that a module of the user's is never taken for ours. It needs Python and boto3, which AWS's images
have; in others it is installed with the user's requirements.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import studioctl_runner as runner  # type: ignore[import-not-found] # beside it, in the job

HERE = Path(__file__).resolve().parent
CODE = Path("/opt/ml/code")
FAILURE = Path("/opt/ml/output/failure")
ASK_SECONDS = 1.0
SAVE_SECONDS = 90.0  # of the 120 that AWS gives
NOTICE_SECONDS = 1.0  # within which a thread notices what the system has told
FINISHED = threading.Event()  # the user's program has ended
OPTUNA = "STUDIOCTL_OPTUNA"  # which one, where the user says nothing
STOPPED = 128 + signal.SIGTERM


class Mailbox:
    """The channel to the controller, with the methods of `runner.Channel`."""

    def __init__(self, place: str, number: int) -> None:
        import boto3  # noqa: PLC0415 (it may have been installed just now)

        self._s3: Any = boto3.client("s3")
        self._bucket, _, self._root = place.removeprefix("s3://").partition("/")
        self._number = f"{number:06}"
        self._attempt = f"{int(time.time()):010x}"  # a spot job begins anew, after its earlier messages
        self._sent = 0

    def begun(self) -> dict[str, Any]:
        """The trial."""
        found = self._get(f"begin/{self._number}")
        if found is None:  # its result is known already
            raise SystemExit(0)
        return found

    def tell(self, **message: Any) -> str:
        """Leave a message; its identity."""
        self._sent += 1
        identity = f"{self._number}-{self._attempt}-{self._sent:06}"
        self._s3.put_object(Bucket=self._bucket, Key=self._key(f"out/{identity}"), Body=json.dumps(message).encode())
        return identity

    def call(self, **message: Any) -> dict[str, Any]:
        """Leave a message, and wait for its answer where it has one.

        Raises:
            ValueError: Optuna refused.
        """
        if "should_prune" in message:
            return {"value": self._get(f"in/{self._number}-prune") is not None}
        identity = self.tell(**message, **({"judge": True} if "report" in message else {}))
        if "ask" not in message:
            return {"value": None}
        while (answer := self._get(f"in/{identity}")) is None:
            time.sleep(ASK_SECONDS)
        if "refused" in answer:
            raise ValueError(answer["refused"])
        return answer

    def _get(self, name: str) -> dict[str, Any] | None:
        try:
            content = self._s3.get_object(Bucket=self._bucket, Key=self._key(name))["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return None
        found: dict[str, Any] = json.loads(content)
        return found

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}.json"


def on_stop(stopped: threading.Event, leave: Callable[[], None]) -> None:
    """Let a thread leave at once when AWS announces the end of the job.

    Python runs handlers between two steps of the main thread, which a library's long call keeps from taking one. The
    system's handler writes to a descriptor without waiting for it.
    """
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    others = _beside(theirs, stopped)

    def watch() -> None:
        while numbers := os.read(ours, 1):
            if signal.SIGTERM in numbers:
                stopped.set()
            with contextlib.suppress(OSError):  # nobody else wants to know, or no more
                os.write(others[0], numbers)

    def end() -> None:
        stopped.wait()
        leave()

    for thread in (watch, end):
        threading.Thread(target=thread, daemon=True).start()


def _beside(ours: int, stopped: threading.Event) -> list[int]:
    """Writes to this descriptor what signals come, whatever the program does with them itself.

    asyncio takes the descriptor for its own and, once its loop is closed, lets SIGTERM end the process at once. A
    process that the program forks is its own: it ends when the program wants it to, and tells us nothing.

    Returns:
        The program's descriptor, which is to be told, too; -1 where it has none.
    """
    others = [-1]
    handle, take = signal.signal, signal.set_wakeup_fd

    def noticed(*_: object) -> None:
        stopped.set()

    def handled(number: int, handler: Any) -> Any:
        return handle(number, noticed if number == signal.SIGTERM and handler == signal.SIG_DFL else handler)

    def taken(descriptor: int, *, warn_on_full_buffer: bool = True) -> int:
        if descriptor >= 0:
            take(descriptor, warn_on_full_buffer=warn_on_full_buffer)  # raises where it cannot be
        take(ours, warn_on_full_buffer=False)
        before, others[0] = others[0], descriptor
        return before

    def forked() -> None:
        signal.signal, signal.set_wakeup_fd = handle, take
        take(-1)
        if signal.getsignal(signal.SIGTERM) is noticed:
            handle(signal.SIGTERM, signal.SIG_DFL)

    taken(-1)
    handled(signal.SIGTERM, signal.SIG_DFL)
    signal.signal, signal.set_wakeup_fd = handled, taken  # type: ignore[assignment] # it takes the same
    os.register_at_fork(after_in_child=forked)
    return others


def has_own_handler() -> bool:
    """Whether the user's program handles SIGTERM itself."""
    return getattr(signal.getsignal(signal.SIGTERM), "__module__", __name__) != __name__


def let_finish() -> None:
    """Wait for a program that handles SIGTERM itself, and saves what it has: AWS gives two minutes."""
    if has_own_handler():
        FINISHED.wait(SAVE_SECONDS)


def was_stopped(stopped: threading.Event) -> bool:
    """Whether a program that has just failed was stopped: its handler may have raised before our thread could notice.

    A library may have taken its handler back by now, so that everybody is given a moment.
    """
    return stopped.wait(NOTICE_SECONDS if has_own_handler() else NOTICE_SECONDS / 10)


def other_optuna() -> str:
    """The reason why this Optuna will not do for workers; empty if it does."""
    import studioctl_private as private  # type: ignore[import-not-found] # noqa: PLC0415 (it takes an Optuna to look at)

    wanted, _, version = os.environ.get(OPTUNA, "").partition("==")
    has, needed = importlib.metadata.version("optuna"), version.partition(".")[0]
    if wanted and has.partition(".")[0] != needed:
        return f"Optuna {has} {runner.OUTDATED}{needed}"
    changed = private.changed()
    return f"Optuna {has} {runner.OUTDATED}{private.TRIED}, which has another {changed}" if changed else ""


class InstallError(Exception):
    """pip cannot install the needs of the user's files."""


def install(*modules: str) -> None:
    """Unpacks the user's files, and installs what they need, and boto3 and these modules where they are missing.

    Raises:
        InstallError: pip cannot.
    """
    with tarfile.open(HERE / "code.tar.gz") as archive:
        archive.extractall(CODE)  # noqa: S202 (it is packed by us; `filter` is not in every image's Python)
    wanted = ["-r", "requirements.txt"] if (CODE / "requirements.txt").is_file() else []
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for _ in range(2):
        if wanted:
            done = subprocess.run([*pip, *wanted], cwd=CODE, stderr=subprocess.PIPE, check=False)
            said = done.stderr.decode(errors="replace")
            sys.stderr.write(said)
            if done.returncode:
                errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
                why = errors[0] if errors else f"exit code {done.returncode}"
                raise InstallError(f"{' '.join(wanted)} could not be installed: {why}")
            importlib.invalidate_caches()
        # Afterwards: the user may want another version than ours.
        packages = {"optuna": os.environ.get(OPTUNA, "optuna"), "psycopg2": "psycopg2-binary"}
        wanted = [packages.get(name, name) for name in ("boto3", *modules) if not importlib.util.find_spec(name)]


def main() -> None:
    """Runs the trial."""
    # A container's first process does not notice SIGTERM by itself. No exception: the objective could catch it, and a
    # trial that was stopped is no trial that failed.
    stopped = threading.Event()

    def leave() -> None:
        let_finish()
        os._exit(STOPPED)

    on_stop(stopped, leave)
    try:
        install()
    except (OSError, InstallError) as error:
        is_pip = isinstance(error, InstallError)
        FAILURE.write_text(
            str(error) if is_pip else f"The user's files could not be unpacked: {error}", encoding="utf-8"
        )
        raise SystemExit(1) from None
    mailbox = Mailbox(os.environ["STUDIOCTL_MAILBOX"], int(os.environ["STUDIOCTL_TRIAL"]))
    begun = mailbox.begun()
    os.chdir(CODE)
    sys.path.insert(0, str(CODE))
    try:
        function = runner.loaded(CODE / begun["file"])
    except BaseException as error:
        mailbox.tell(broken=f"{type(error).__name__}: {error}"[:1000])
        raise
    kind = runner.of_optunas_kind(runner.AskingTrial)
    told = runner.result_of(function, kind(mailbox, begun))
    if "failed" in told and was_stopped(stopped):  # the user's own handler has ended it
        os._exit(STOPPED)
    mailbox.tell(**told)


if __name__ == "__main__":
    main()
