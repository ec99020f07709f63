"""Terraform's state, read once and kept until something writes it.

An `up` wants to know a dozen times what is there. A state in S3 costs a download each time, one of a thousand people
half a second.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from studioctl.errors import TerraformError
from studioctl.terraform import history, state
from studioctl.terraform.backend import Backend
from studioctl.terraform.executable import Engine
from studioctl.terraform.workspace import Workspace

_ONLY_READ = {"plan", "show"}  # commands that leave the state as it is; `init` does where it does not move it
MIGRATE = "-migrate-state"


class Reading:
    """The state of one working directory. What it returns is not to be changed.

    Args:
        workspace: The workspace of a local state.
        engine: The engine that is to work with it; a state that a newer one wrote is refused.
    """

    def __init__(self, workspace: Workspace, engine: Engine) -> None:
        self._workspace, self._engine = workspace, engine
        self._elsewhere: tuple[Backend, dict[str, Any]] | None = None
        self._on_disk: tuple[tuple[int, ...], dict[str, Any]] | None = None

    def elsewhere(self, backend: Backend, text: Callable[[Backend], str | None]) -> dict[str, Any]:
        """The state that is not on this machine.

        Args:
            backend: Its backend.
            text: Gets it, as it is stored; None for none.

        Raises:
            StudioctlError: It cannot be had, or is refused; see `state.parse`.
        """
        known = self._elsewhere
        if known is None or known[0] != backend:
            known = self._elsewhere = None  # two of a thousand people at once are too much
            known = self._elsewhere = backend, state.parse(text(backend) or "", engine=self._engine)
        return known[1]

    def forget(self) -> None:
        """Let go of the state that is elsewhere: somebody may have written it."""
        self._elsewhere = None

    @contextmanager
    def around(self, words: Sequence[str]) -> Iterator[None]:
        """Read what is elsewhere anew after a command of Terraform's that may write it.

        Args:
            words: The command.
        """
        try:
            yield
        finally:
            verb = next(word for word in words if not word.startswith("-chdir="))
            if verb not in _ONLY_READ and (verb != "init" or MIGRATE in words):
                self.forget()

    def on_disk(self) -> dict[str, Any]:
        """The state that is on this machine; the one before a torn one. Read again when its file is another.

        Raises:
            TerraformError: It is refused; see `state.parse`.
        """
        file = self._workspace.state_file
        try:
            identity = _identity(file)
            if self._on_disk and self._on_disk[0] == identity:
                return self._on_disk[1]
            self._on_disk = None  # two of a thousand people at once are too much
            text = history.text_of(file)
        except FileNotFoundError:
            return {}
        content, refused = self._parsed(text)
        if content:
            self._on_disk = identity, content
            return content
        earlier = history.before_torn(self._workspace)  # the next `init` mends it
        if earlier is None and refused:
            raise refused
        return state.parse(earlier or "", engine=self._engine)

    def is_known(self) -> bool:
        """Whether the state that is on this machine was read, and is whole."""
        try:
            return self._on_disk is not None and self._on_disk[0] == _identity(self._workspace.state_file)
        except FileNotFoundError:
            return False

    def _parsed(self, text: str) -> tuple[dict[str, Any], Exception | None]:
        """The state, empty for none; and why it is refused, if it is."""
        try:
            return state.parse(text, engine=self._engine), None
        except TerraformError as error:
            return {}, error


def unreachable(backend: Backend) -> str | None:
    """Fail for a state in S3 that nobody told how to read: it must not be taken for none."""
    raise AssertionError(f"nothing reads {backend}")


def _identity(file: Path) -> tuple[int, ...]:
    found = file.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
