"""Starting a front, and ending it."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from studioctl import disk
from studioctl.errors import TerraformError
from studioctl.terraform.front import OFFER, TYPES
from studioctl.terraform.front.package import Package

START_SECONDS = 60.0
_LOG = "log"
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

    def ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until it can be used.

        Raises:
            TerraformError: It did not start.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            if (self.directory / OFFER).exists():
                return
            time.sleep(_PAUSE)
        raise TerraformError("The provider did not start", hint=f"Read its log: less '{self.directory / _LOG}'")

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


def start(package: Package, directory: Path, environ: Mapping[str, str], *, cache: Path | None) -> Front:
    """Start a front for a provider; it is not yet ready.

    Args:
        package: The provider, found to be the right one.
        directory: Its own, open to us alone. Its path is short: a socket's has 107 bytes.
        environ: What the provider sees.
        cache: Where it keeps what the provider is known to answer; None for nowhere.
    """
    reading, lifeline = os.pipe()
    try:
        with (directory / _LOG).open("w") as log:
            process = subprocess.Popen(
                # -P: no module comes from the directory in which it works.
                [sys.executable, "-P", "-m", __package__, str(package.program), package.hash, str(cache or "")],
                cwd=directory,
                env=dict(environ),
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
    return Front(directory, process, lifeline)


def tell_types(directory: Path, types: Collection[str] | None) -> None:
    """Say in which types of resources and data sources the Terraform that comes next is interested; None for all."""
    if types is None:
        (directory / TYPES).unlink(missing_ok=True)
        return
    disk.replace(directory / TYPES, "\n".join(sorted(types)), mode=0o600)
