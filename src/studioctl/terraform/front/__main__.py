"""`python -m studioctl.terraform.front PROGRAM HASH CACHE`: the front, for as long as its standard input is open.

It works in a private directory, writes `OFFER` there once it listens, and reads `TYPES` there for each Terraform.
The provider is its child, has its environment, and ends with it.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from studioctl import disk
from studioctl.terraform.front import OFFER, SOCKET, TYPES, offers
from studioctl.terraform.process import end_with

_OFFERED = re.compile(r"TF_REATTACH_PROVIDERS='(\{.*\})'")
_PATIENCE = 5.0  # seconds that a provider gets to end


def main() -> None:
    """Serve until nobody holds the other end of our standard input, or the provider has ended."""
    program, digest, cache = sys.argv[1:]
    here = Path.cwd()
    done = threading.Event()
    with _provider(program, here) as provider:
        from studioctl.terraform.front import relay  # noqa: PLC0415  # while the provider starts
        from studioctl.terraform.front.answers import Answers  # noqa: PLC0415

        offered = _offered(provider)
        threading.Thread(target=_told, args=(done, provider.wait), daemon=True).start()
        threading.Thread(target=_told, args=(done, sys.stdin.buffer.read), daemon=True).start()
        answers = Answers(Path(cache) if cache else None, digest)
        front = relay.Relay(offers.socket_of(offered), answers, lambda: _types(here))
        server = relay.serving(front, here / SOCKET)
        disk.replace(here / OFFER, offers.moved(offered, here / SOCKET, os.getpid()), mode=0o600)
        done.wait()
        (here / OFFER).unlink(missing_ok=True)
        server.stop(0)


@contextmanager
def _provider(program: str, here: Path) -> "Iterator[subprocess.Popen[str]]":
    """The provider as its developers start it in a debugger: it says where it listens, and ends at a SIGINT."""
    child = subprocess.Popen(
        [program, "-debug"],
        cwd=here,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=end_with(os.getpid()),  # noqa: PLW1509  # see there
    )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_PATIENCE)
        child.kill()
        child.wait()


def _offered(provider: "subprocess.Popen[str]") -> str:
    """Where it listens, in the words of TF_REATTACH_PROVIDERS. The rest of its output is advice to developers."""
    for line in provider.stdout or ():
        if found := _OFFERED.search(line):
            return found[1]
    sys.exit(f"the provider ended without saying where it listens: {provider.wait()}")


def _told(done: threading.Event, wait: Callable[[], object]) -> None:
    wait()
    done.set()


def _types(here: Path) -> list[str] | None:
    try:
        return (here / TYPES).read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    main()
