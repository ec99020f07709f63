"""One provider for all Terraforms of a command.

Terraform that reattaches to a running provider neither compares its package with the lock file nor encrypts what it
says to it. So the package is compared here, and the socket is in a directory that nobody else can open.

The front holds out for as long as somebody holds its lifeline: this process, and each Terraform that uses it. When we
are killed, Terraform stops cleanly and still has its provider; then nobody holds it, and the provider goes.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from studioctl import homes
from studioctl.catalog.provider import DEFAULT, LOCK_FILE, NAME, USUAL, Constraint, locked_version
from studioctl.errors import StudioctlError
from studioctl.target import Target
from studioctl.terraform import records, warm
from studioctl.terraform.environment import about_logs
from studioctl.terraform.executable import Engine
from studioctl.terraform.front import DISPOSABLE, starting
from studioctl.terraform.front.starting import Front
from studioctl.terraform.provider import platform_name
from studioctl.terraform.tree import PROVIDERS

OFF = "STUDIOCTL_OWN_PROVIDERS"
OTHER_VERSION = f"sharing was tried with version {DEFAULT} of the provider only"


@dataclass(frozen=True)
class Surroundings:
    """The surroundings of a process of Terraform.

    Args:
        environ: Its environment.
        lifeline: Descriptors that it holds for as long as it lives.
    """

    environ: Mapping[str, str]
    lifeline: tuple[int, ...] = ()


@contextmanager
def given(
    own: Mapping[str, str],
    environ: Mapping[str, str],
    target: Target,
    types: Callable[[], Collection[str] | None],
    shared: "SharedProvider",
) -> Iterator[Surroundings]:
    """The surroundings of a Terraform that needs a provider: that of our tests, the shared one, or none that runs.

    Args:
        own: Our own environment, which names that of our tests.
        environ: The environment variables of Terraform otherwise.
        target: The target of Terraform.
        types: Tells the types of resources and data sources that its documents and its state hold; None for any.
        shared: The provider of its working directory.

    Raises:
        ConfigError: See `warm.borrowed`.
    """
    if shared.other_version:
        yield Surroundings(environ)
        return
    with warm.borrowed(own, environ, target, types) as borrowed:
        if borrowed is not environ:
            yield Surroundings(borrowed)
            return
        with shared.used(environ, types) as surroundings:
            yield surroundings


class SharedProvider:
    """The provider of one working directory. Started when it is first wanted; it ends with this value.

    Args:
        directory: The directory in which Terraform works.
        engine: The Terraform.
        wanted: The versions of the provider that may be used. Each of the two that run already is the default one.
    """

    def __init__(self, directory: Path, engine: Engine, wanted: Constraint = USUAL) -> None:
        self._directory, self._engine = directory, engine
        self.other_version = not wanted.admits(DEFAULT)
        self._front: Front | None = None
        self._environ: Mapping[str, str] = {}
        self.why_not = ""  # each Terraform starts its own
        if self.other_version:
            self.why_not = OTHER_VERSION

    def begin(self, environ: Mapping[str, str]) -> None:
        """Start it, if it can be used and does not run yet. Nobody waits for it.

        Args:
            environ: The environment of the Terraform that will use it.
        """
        if self._front or self.why_not:
            return
        self.why_not = _unfit(self._engine, environ) or self._other_version()
        if self.why_not:
            return
        package = self._directory / PROVIDERS / self._engine.registry / NAME / DEFAULT / platform_name()
        if not package.is_dir():
            self.why_not = f"there is no provider in {package}"
            return
        try:
            directory = Path(tempfile.mkdtemp(prefix="studioctl-"))
            (directory / DISPOSABLE).touch()
            self._front = starting.start(package, directory, environ, lock_file=self._directory / LOCK_FILE)
        except OSError as error:
            self.why_not = str(error)
            return
        self._environ = dict(environ)
        weakref.finalize(self, self._front.let_go)

    def _other_version(self) -> str:
        """The reason, if Terraform took another version of the range than the default one; else empty."""
        taken = locked_version(records.text(self._directory / LOCK_FILE) or "")
        return OTHER_VERSION if taken not in {None, DEFAULT} else ""

    @contextmanager
    def used(self, environ: Mapping[str, str], types: Callable[[], Collection[str] | None]) -> Iterator[Surroundings]:
        """The surroundings of a Terraform while it uses the provider; nothing but `environ` where it starts its own.

        Args:
            environ: Its environment otherwise.
            types: Tells the types of resources and data sources that its documents and its state hold; None for any.
        """
        self.begin(environ)
        running = self._front
        if running is None or environ != self._environ:
            yield Surroundings(environ)
            return
        try:
            offer = running.ready()
            starting.tell_types(running.directory, types())
        except (OSError, StudioctlError):
            self._give_up(running)
            yield Surroundings(environ)
            return
        yield Surroundings({**environ, "TF_REATTACH_PROVIDERS": offer}, (running.lifeline,))

    def lost(self) -> bool:
        """Whether it has died since it was used; if so, it is used no longer."""
        if self._front is None:
            return False
        with suppress(subprocess.TimeoutExpired):
            self._front.process.wait(0.2)  # its end may take a moment longer than Terraform's
            self._give_up(self._front)
        return self._front is None

    def _give_up(self, running: Front) -> None:
        running.end()
        self._front, self.why_not = None, starting.discard(running.directory)


def _unfit(engine: Engine, environ: Mapping[str, str]) -> str:
    """The reason why each Terraform has to start its own provider; empty if one can be shared."""
    if environ.get(OFF):
        return f"{OFF} is set"
    if engine.kind != "terraform" or sys.platform != "linux":
        return f"sharing was tried with Terraform on Linux only, not with {engine} on {sys.platform}"
    if importlib.util.find_spec("hpack") is None:
        return "the Python package hpack is not installed"
    if place := _bundle(environ):
        return f"{place} is set, which the provider reads only once"
    if names := about_logs(environ):
        return f"{names[0]} is set, and Terraform collects the log only of a provider that it started"
    return ""


def _bundle(environ: Mapping[str, str]) -> str:
    """The place that names a CA bundle for any profile. Version 5 of the provider then cannot be configured again.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html
    """
    if environ.get("AWS_CA_BUNDLE"):
        return "AWS_CA_BUNDLE"
    home = homes.person()
    file = Path(environ.get("AWS_CONFIG_FILE") or (home / ".aws/config" if home else os.devnull))
    try:
        text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    except OSError:
        text = ""
    return f"ca_bundle in {file}" if "ca_bundle" in text else ""
