"""The only place in which a process of Terraform is started.

A run writes its events straight into its log, and we follow the log. So nothing is lost when our own process dies: the
child never meets a broken pipe, which would kill it in the middle of its work with its state unwritten, and it never
waits for a slow terminal.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from studioctl.terraform import orphans

POLL_SECONDS = 0.02
_PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(frozen=True)
class Answer:
    """The result of a short command."""

    returncode: int
    stdout: str
    stderr: str


def capture(
    command: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    given: str | None = None,
    held: Collection[int] = (),
) -> Answer:
    """Run a short command to its end, with `given` on its stdin and the descriptors `held` open.

    Its input and output are kept in memory only: they may hold sensitive values.
    """
    done = subprocess.run(
        command,
        cwd=cwd,
        env=dict(environ),
        input=given or "",
        capture_output=True,
        check=False,
        encoding="utf-8",
        pass_fds=held,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


class Run:
    """One run of Terraform, followed by its log.

    Ctrl-C is ours while it lasts: the first passes one SIGINT to Terraform, which then finishes what it has begun and
    writes its state; each further one passes another, on which Terraform gives up at once. The descriptors `held` stay
    open in it while it lives.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        environ: Mapping[str, str],
        log: Path,
        on_start: Callable[[int], None] | None = None,
        held: Collection[int] = (),
    ) -> None:
        self.command = command
        self.cwd = cwd
        self.environ = environ
        self.log = log
        self.on_start = on_start
        self.held = held
        self.interrupts = 0
        self.returncode: int | None = None

    def lines(self) -> Iterator[str]:
        """Each line that it writes, as soon as it is complete, and an empty one when Ctrl-C was passed on.

        Afterwards `returncode` is set. When the caller gives up early, Terraform is asked to stop and waited for.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as written, self.log.open(encoding="utf-8", errors="replace") as followed:
            child = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                pass_fds=self.held,
                start_new_session=True,  # the terminal's Ctrl-C does not reach it a second time
                preexec_fn=end_with(os.getpid()),  # noqa: PLW1509  # see there
            )
            with self._ending(child), orphans.noted(self.cwd, child.pid), self._ending(child):
                if self.on_start:
                    self.on_start(child.pid)
                with self._forwarding(child):
                    yield from self._follow(child, followed.readline)

    @contextmanager
    def _ending(self, child: "subprocess.Popen[bytes]") -> Iterator[None]:
        """Ends with the child, asking it to stop when we give up early: also when a full disk takes no note of it."""
        try:
            yield
        finally:
            if child.poll() is None:
                child.send_signal(signal.SIGINT)
            self.returncode = child.wait()

    def _follow(self, child: "subprocess.Popen[bytes]", readline: Callable[[], str]) -> Iterator[str]:
        told, partial = 0, ""
        while True:
            ended = child.poll() is not None  # asked before reading, so that the last lines are never missed
            while (piece := readline()) or self.interrupts > told:
                if self.interrupts > told:  # before any line that answers it
                    told = self.interrupts
                    yield ""
                partial += piece
                if partial.endswith("\n"):
                    yield partial.rstrip("\n")
                    partial = ""
            if ended:
                break
            time.sleep(POLL_SECONDS)
        if partial:
            yield partial

    @contextmanager
    def _forwarding(self, child: "subprocess.Popen[bytes]") -> Iterator[None]:
        def forward(_signal: int, _frame: FrameType | None) -> None:
            self.interrupts += 1
            child.send_signal(signal.SIGINT)

        if threading.current_thread() is not threading.main_thread():
            yield  # Python delivers signals to the main thread only; whoever runs us elsewhere handles them
            return
        before = signal.signal(signal.SIGINT, forward)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def end_with(parent: int) -> Callable[[], None] | None:
    """Return the function that the child calls before it becomes Terraform.

    On Linux it asks the kernel for a SIGINT when we die, for whatever reason. Terraform then stops cleanly, writes its
    state and releases its lock, instead of continuing unwatched. The kernel watches the thread that started the child,
    which is the one that waits for it here. macOS has no such call; there an orphan finishes its work.
    Python code between fork and exec can deadlock if another thread held a lock at the fork (`subprocess` warns of
    it). The function therefore imports, opens and allocates nothing: the library is loaded before, and it makes two
    system calls.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def prepare() -> None:
        # A shell's background job ignores SIGINT, and would pass that on.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
