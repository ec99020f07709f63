"""`python -m studioctl.terraform.front PACKAGE LOCK_FILE CACHE`: the front, while its standard input is open.

PACKAGE is the directory of the provider's package, LOCK_FILE the file that has to name its hash, or nothing. The front
works in a private directory, writes `OFFER` there once it listens, reads `TYPES` there for each Terraform, and removes
it at the end if `DISPOSABLE` is in it. The provider is its child, has its environment, and ends with it.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from studioctl import disk
from studioctl.terraform.front import DISPOSABLE, OFFER, SOCKET, TYPES, offers, package
from studioctl.terraform.front.package import Package
from studioctl.terraform.process import end_with

_OFFERED = re.compile(r"TF_REATTACH_PROVIDERS='(\{.*\})'")
_PATIENCE = 5.0  # seconds that a provider gets to end


def main() -> None:
    """Serve until nobody holds the other end of our standard input, or the provider has ended."""
    directory, lock_file, cache = (Path(word) if word else None for word in sys.argv[1:])
    here, done = Path.cwd(), threading.Event()
    threading.Thread(target=_told, args=(done, partial(os.read, 0, 1)), daemon=True).start()
    found = _package(directory or here, lock_file, cache)
    if not done.is_set():
        # Documents name files by paths from the directory that Terraform works in, where its lock file is.
        with _provider(found.program, lock_file.parent if lock_file else here) as provider:
            _serve(provider, found, cache, done, here)
    if (here / DISPOSABLE).exists():
        shutil.rmtree(here, ignore_errors=True)


def _package(directory: Path, lock_file: Path | None, cache: Path | None) -> Package:
    if lock_file is None:
        found = package.package(directory, cache=cache)
    else:
        found = package.locked(directory, lock_file, cache=cache)
    if found is None:
        sys.exit("the provider's package is not the one that the lock file names")
    return found


def _serve(
    provider: "subprocess.Popen[str]", found: Package, cache: Path | None, done: threading.Event, here: Path
) -> None:
    from studioctl.terraform.front import relay  # noqa: PLC0415  # while the provider starts
    from studioctl.terraform.front.answers import Answers  # noqa: PLC0415

    offered = _offered(provider)
    threading.Thread(target=_told, args=(done, provider.wait), daemon=True).start()
    front = relay.Relay(offers.socket_of(offered), Answers(cache, found.hash), lambda: _types(here))
    with front.serving(here / SOCKET):
        disk.replace(here / OFFER, offers.moved(offered, here / SOCKET, os.getpid()), mode=0o600)
        done.wait()
        (here / OFFER).unlink(missing_ok=True)


@contextmanager
def _provider(program: Path, works_in: Path) -> "Iterator[subprocess.Popen[str]]":
    """The provider as its developers start it in a debugger: it says where it listens, and ends at a SIGINT."""
    child = subprocess.Popen(
        [program, "-debug"],
        cwd=works_in,
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
    """The provider's address in the form of TF_REATTACH_PROVIDERS. The rest of its output is advice to developers."""
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
