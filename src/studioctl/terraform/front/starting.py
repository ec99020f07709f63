"""Starting a front, and ending it."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from studioctl import disk
from studioctl.errors import TerraformError
from studioctl.terraform import front
from studioctl.terraform.front import OFFER, TYPES

START_SECONDS = 60.0
LOG = "log"
# The provider logs whole answers unless it is told not to, by a variable with its name in it.
_LOG_LEVELS = ("TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_PROVIDER_AWS", "TF_LOG_SDK", "TF_LOG_SDK_PROTO")
_PAUSE = 0.02


@dataclass
class Front:
    """A front that was started from here. It ends when nobody holds its lifeline any more, however they ended.

    Args:
        directory: Its own.
        process: It.
        lifeline: The descriptor to hand on to a process that is to keep it alive; -1 once it was let go.
    """

    directory: Path
    process: "subprocess.Popen[bytes]"
    lifeline: int

    def ready(self, seconds: float = START_SECONDS) -> str:
        """Wait until it can be used; the value of TF_REATTACH_PROVIDERS.

        Raises:
            TerraformError: It did not start.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(FileNotFoundError):
                return (self.directory / OFFER).read_text(encoding="utf-8")
            time.sleep(_PAUSE)
        raise TerraformError("The provider did not start", hint=f"Read its log: less '{self.directory / LOG}'")

    def let_go(self) -> None:
        """Hold its lifeline no longer. Whoever else holds it goes on using it."""
        if self.lifeline >= 0:
            with contextlib.suppress(OSError):
                os.close(self.lifeline)
            self.lifeline = -1

    def end(self) -> None:
        """Let it go, and wait until it has ended."""
        self.let_go()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
        self.process.wait()


def start(package: Path, directory: Path, environ: Mapping[str, str], *, lock_file: Path | None = None) -> Front:
    """Start a front for a provider; it is not yet ready.

    Args:
        package: The directory of the provider's package.
        directory: The front's own, open to us alone. Its path is short: a socket's has 107 bytes.
        environ: The environment variables of the provider.
        lock_file: The file that has to name the package's hash; None for none.

    Raises:
        OSError: It cannot be started.
    """
    quiet = dict.fromkeys(_LOG_LEVELS, "OFF")
    reading, lifeline = os.pipe()
    try:
        with (directory / LOG).open("w") as log:
            process = subprocess.Popen(
                # -P: no module comes from the directory in which it works.
                [sys.executable, "-P", "-m", front.__name__, *_words(package, lock_file, front.cache())],
                cwd=directory,
                env={**environ, **quiet, "TMPDIR": str(directory)},  # where the provider's socket belongs
                stdin=reading,
                stdout=log,
                stderr=log,
                start_new_session=True,  # the terminal's Ctrl-C is Terraform's, which then asks the provider to stop
            )
    except BaseException:
        os.close(lifeline)
        raise
    finally:
        os.close(reading)
    threading.Thread(target=process.wait, name="front", daemon=True).start()  # so that none that ended is left over
    return Front(directory, process, lifeline)


def tell_types(directory: Path, types: Collection[str] | None) -> None:
    """Say in which types of resources and data sources the Terraform that comes next is interested; None for all."""
    if types is None:
        (directory / TYPES).unlink(missing_ok=True)
        return
    disk.replace(directory / TYPES, "\n".join(sorted(types)), mode=0o600)


def discard(directory: Path) -> str:
    """Remove what a front left that did not start; the last line of its log."""
    try:
        lines = (directory / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    shutil.rmtree(directory, ignore_errors=True)
    return lines[-1] if lines else "it did not start"


def _words(*paths: Path | None) -> list[str]:
    return [str(path or "") for path in paths]
